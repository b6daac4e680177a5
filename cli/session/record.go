package session

import (
	"errors"
	"io"

	"option150/cli/language"
)

// maxRecord bounds a recording: an hour of somebody who lists files of
// configuration, but not a console that is forgotten for a year.
const maxRecord = 4 << 20

// recording is the transcript of this session that is being written.
type recording struct {
	file language.File
	left int
	err  error
}

// Write implements io.Writer for the terminal, which cannot be told of a full
// disk in the middle of a row: the end of the recording tells.
func (r *recording) Write(p []byte) (int, error) {
	if r.err == nil && len(p) > r.left {
		r.err = errors.New("the recording is longer than 4 MB")
	}
	if r.err == nil {
		r.left -= len(p)
		_, r.err = r.file.Write(p)
	}
	return len(p), nil
}

// Record implements language.Operator.
func (s *Session) Record(to language.File) (was bool, err error) {
	if s.term == nil {
		if to != nil {
			to.Abort()
		}
		return false, io.EOF
	}
	if old := s.record; old != nil {
		s.term.Record(nil)
		s.record, was = nil, true
		if err = old.err; err == nil {
			err = old.file.Commit()
		} else {
			old.file.Abort()
		}
	}
	if to != nil {
		s.record = &recording{file: to, left: maxRecord}
		s.term.Record(s.record)
	}
	return was, err
}
