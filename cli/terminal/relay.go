package terminal

import (
	"errors"
	"io"
)

// ErrEscaped: the operator typed Ctrl-^ x to come back from a connection.
var ErrEscaped = errors.New("terminal: escaped")

// ErrNoTerminal: a script cannot be connected with another machine.
var ErrNoTerminal = errors.New("terminal: a connection needs a terminal")

// maxRelay is the number of bytes that are handed on in one piece.
const maxRelay = 1024

// keyEscapeNext follows keyBreak to leave a connection.
const keyEscapeNext = 'x'

// Relay connects the operator with another machine: what comes in through from,
// until it is closed, goes to his screen as it is, and what he types to send. It
// returns nil when from is closed, ErrEscaped for Ctrl-^ x, ErrIdle, ErrHangup,
// or the error of send or of the stream. Output that is not taken waits at the
// other machine. Nothing of it is recorded.
func (t *Terminal) Relay(from <-chan []byte, send func([]byte) error) error {
	t.reading.Lock()
	defer t.reading.Unlock()
	if !t.cfg.Echo {
		return ErrNoTerminal
	}
	t.screen.flush()
	old := t.in.relaying(modeRelay)
	typed := make(chan error, 1)
	go func() { typed <- t.relayKeys(send) }()
	var err error
	for open := true; open; {
		select {
		case b, ok := <-from:
			if open = ok; !ok {
				t.in.endRelay()
				err = <-typed
				if errors.Is(err, errRelayOver) {
					err = nil
				}
			} else if err = t.screen.relay(b); err != nil {
				open = false
				t.in.endRelay()
				<-typed
			}
		case err = <-typed:
			open = false
		}
	}
	t.in.relaying(old)
	t.screen.relay([]byte("\r\n"))
	return err
}

// relayKeys hands on what is typed until it ends.
func (t *Terminal) relayKeys(send func([]byte) error) error {
	escaping := false
	for {
		keys, err := t.in.takeRelay()
		if err != nil {
			return err
		}
		var out []byte
		escaped := false
		for i, c := range keys {
			if !escaping {
				if escaping = rune(c) == keyBreak; !escaping {
					out = append(out, c)
				}
				continue
			}
			escaping = false
			if c == keyEscapeNext || c == keyEscapeNext-'a'+'A' {
				escaped = true
				t.in.putBack(keys[i+1:])
				break
			}
			if rune(c) != keyBreak { // twice is the key itself
				out = append(out, byte(keyBreak))
			}
			out = append(out, c)
		}
		if len(out) > 0 {
			if err := send(out); err != nil {
				return err
			}
		}
		if escaped {
			return ErrEscaped
		}
	}
}

// errRelayOver never leaves this package.
var errRelayOver = errors.New("the other machine is gone")

func (in *input) relaying(m mode) mode {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.relayOver = false
	return in.enter(m)
}

func (in *input) endRelay() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.relayOver = true
	in.cond.Broadcast()
}

// takeRelay takes what is typed, waiting for the first byte.
func (in *input) takeRelay() ([]byte, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	c, err := in.await(modeRelay)
	if err != nil {
		return nil, err
	}
	out := []byte{c}
	for in.size() > 0 && len(out) < maxRelay {
		out = append(out, in.pop())
	}
	return out, nil
}

// putBack returns bytes to the front of the queue.
func (in *input) putBack(b []byte) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.queue = append(append([]byte(nil), b...), in.queue[in.head:]...)
	in.head = 0
}

// relay writes what another machine says, at once. The cursor is followed as far
// as control characters let it be.
func (s *screen) relay(b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.raw(string(b))
	s.write()
	if s.closed {
		return io.EOF
	}
	return s.err
}
