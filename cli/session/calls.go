package session

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"option150/cli/language"
	"option150/cli/terminal"
)

// call is a connection with what pumps its output. While the operator is not
// connected nobody takes from out: the other machine waits.
type call struct {
	language.Call
	out  chan []byte
	gone chan struct{} // closed when the session hangs up
	once sync.Once
}

// calls are the connections of this session, oldest first.
type calls struct {
	list []*call
	last *call
}

// Directory implements language.Operator.
func (s *Session) Directory() string { return s.directory }

// SetDirectory implements language.Operator.
func (s *Session) SetDirectory(d string) { s.directory = d }

// Message implements language.Operator.
func (s *Session) Message() (string, error) {
	if s.term == nil {
		return "", io.EOF
	}
	lines, err := s.term.ReadText("", nil)
	text := ""
	for _, l := range lines {
		text += l + "\n"
	}
	return text, err
}

// Calls implements language.Operator.
func (s *Session) Calls() (out []language.Call) {
	for _, c := range s.calls.list {
		one := c.Call
		one.Last = c == s.calls.last
		out = append(out, one)
	}
	return out
}

// Call implements language.Operator.
func (s *Session) Call(c language.Call) error {
	if s.term == nil {
		_ = c.Stream.Close()
		return terminal.ErrNoTerminal
	}
	for c.Number = 1; s.calls.at(c.Number) != nil; c.Number++ {
	}
	one := &call{Call: c, out: make(chan []byte), gone: make(chan struct{})}
	s.calls.list = append(s.calls.list, one)
	go one.pump()
	return s.connect(one)
}

// Resume implements language.Operator.
func (s *Session) Resume(number int) error {
	c := s.calls.at(number)
	if c == nil || s.term == nil {
		return language.Answer("% Connection is not open")
	}
	fmt.Fprintf(s.term.Writer(), "[Resuming connection %d to %s ... ]\n\n", c.Number, c.Host)
	return s.connect(c)
}

// Disconnect implements language.Operator.
func (s *Session) Disconnect(number int) bool {
	c := s.calls.at(number)
	if c != nil {
		s.calls.drop(c)
	}
	return c != nil
}

// at is a connection by its number, 0 the one that was used last; nil = none.
func (l *calls) at(number int) *call {
	if number == 0 {
		return l.last
	}
	for _, c := range l.list {
		if c.Number == number {
			return c
		}
	}
	return nil
}

// drop hangs up.
func (l *calls) drop(c *call) {
	c.once.Do(func() { close(c.gone) })
	_ = c.Stream.Close()
	for i, x := range l.list {
		if x == c {
			l.list = append(l.list[:i:i], l.list[i+1:]...)
		}
	}
	if l.last == c {
		if l.last = nil; len(l.list) > 0 {
			l.last = l.list[len(l.list)-1]
		}
	}
}

// hangUp ends all connections with the session.
func (l *calls) hangUp() {
	for len(l.list) > 0 {
		l.drop(l.list[0])
	}
}

// pump carries what the other machine says into out.
func (c *call) pump() {
	defer close(c.out)
	buf := make([]byte, 4096)
	for {
		n, err := c.Stream.Read(buf)
		if n > 0 {
			select {
			case c.out <- append([]byte(nil), buf[:n]...):
			case <-c.gone:
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// connect connects the operator until one of the two ends it.
func (s *Session) connect(c *call) error {
	s.calls.last = c
	err := s.term.Relay(c.out, func(b []byte) error { _, err := c.Stream.Write(b); return err })
	switch {
	case errors.Is(err, terminal.ErrEscaped):
		return nil
	case errors.Is(err, terminal.ErrNoTerminal):
		s.calls.drop(c)
		return language.Answer("% A connection needs a terminal: lines of a script go nowhere else")
	}
	s.calls.drop(c)
	by := "foreign host"
	if errors.Is(err, terminal.ErrIdle) || errors.Is(err, terminal.ErrHangup) {
		by = "this box: nobody typed"
	}
	_, err = fmt.Fprintf(s.term.Writer(), "[Connection to %s closed by %s]\n", c.Host, by)
	return err
}
