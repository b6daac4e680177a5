package session

import (
	"errors"

	"option150/cli/language"
	"option150/platform/config"
)

// find is the section a line is to be carried out in, as it is in the candidate: another operator may have changed its header. While nobody changed
// anything since the last look, it is as it was then.
func (s *Session) find(c *config.Config, p language.Placement) (language.Section, error) {
	in, open := p.In, s.cur.Within(p.Depth)
	if s.opt.Store.Current() == s.seen {
		return in, nil
	}
	for i := 1; i < len(open); i++ {
		sec, there := s.opt.Language.Find(c, open[i-1], open[i])
		if !there && open[i].There {
			return sec, language.ErrGone
		}
		if !in.Kept() && i == len(open)-1 {
			in = sec
		}
	}
	return in, nil
}

// look brings the sections up to date after a line. After language.ErrGone the operator
// stands in the innermost section that is left.
func (s *Session) look(err error) {
	c := s.opt.Store.Current()
	s.seen = nil
	gone := false
	s.cur.Each(func(around, sec language.Section) (language.Section, bool) {
		now, there := s.opt.Language.Find(c, around, sec)
		if errors.Is(err, language.ErrGone) && !there && sec.There {
			gone = true
			return sec, false
		}
		now.There = there
		return now, true
	})
	if !gone {
		s.seen = c
	}
}
