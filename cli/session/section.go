package session

import (
	"errors"

	"option150/cli/language"
	"option150/platform/config"
)

// errGone answers a line typed in a section that another operator removed. The
// line is not carried out: it would go nowhere, or make the object again
// without what it held.
var errGone error = language.Answer("% This section was removed by another session")

// find is the section a line is to be carried out in, as it is in the
// candidate: another operator may have changed its header. While nobody changed
// anything since the last look, it is as it was then.
func (s *Session) find(c *config.Config, stack []language.Section) (language.Section, error) {
	if s.opt.Store.Current() == s.seen {
		return top(stack), nil
	}
	for i := 1; i < len(stack); i++ {
		sec, there := s.opt.Language.Find(c, stack[i-1], stack[i])
		if !there && stack[i].There {
			return sec, errGone
		}
		if i == len(stack)-1 {
			return sec, nil
		}
	}
	return top(stack), nil
}

// look brings the stack up to date after a line. After errGone the operator
// stands in the innermost section that is left.
func (s *Session) look(err error) {
	c := s.opt.Store.Current()
	s.seen = nil
	for i := 1; i < len(s.stack); i++ {
		sec, there := s.opt.Language.Find(c, s.stack[i-1], s.stack[i])
		if errors.Is(err, errGone) && !there && s.stack[i].There {
			s.stack = s.stack[:i]
			return
		}
		sec.There = there
		s.stack[i] = sec
	}
	s.seen = c
}
