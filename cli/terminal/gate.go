package terminal

import (
	"errors"
	"io"
	"sync"
	"unicode/utf8"
)

// gate is the standard input of the engine. One Read is one key, so the
// engine's own buffer never reads ahead, and it answers only while a line is
// being edited: what is typed while a command runs stays in the queue, unseen.
//
// The table in bytes is the safety of the whole process: the engine works in
// goroutines where nothing of ours can recover.
type gate struct {
	in      *input
	rest    []byte
	once    sync.Once
	started chan struct{} // closed by the first Read
}

func newGate(in *input) *gate { return &gate{in: in, started: make(chan struct{})} }

func (g *gate) Read(p []byte) (int, error) {
	g.once.Do(func() { close(g.started) })
	g.in.mu.Lock()
	defer g.in.mu.Unlock()
	for len(g.rest) == 0 {
		c, err := g.in.await(modeEdit)
		switch {
		case errors.Is(err, ErrIdle):
			g.rest = g.in.finish(stopIdle)
			continue
		case errors.Is(err, ErrHangup):
			g.rest = g.in.finish(stopHangup)
			continue
		case err != nil:
			return 0, io.EOF
		}
		if key, ok := g.in.dec.feed(c); ok {
			g.rest = g.in.bytes(key)
		}
	}
	n := copy(p, g.rest)
	g.rest = g.rest[n:]
	return n, nil
}

func (g *gate) Close() error { return nil }

// finish ends the editing in the same locked step in which the engine gets the
// byte that ends its line: nothing typed behind it can be echoed any more.
func (in *input) finish(stop rune) []byte {
	in.mode, in.stop = modeRun, stop
	if stop == keyCR {
		return []byte{'\r'}
	}
	return []byte{byte(keyInterrupt)} // ^Z itself never reaches the engine
}

// bytes is what the engine gets for a key; nothing for most control keys.
func (in *input) bytes(key rune) []byte {
	switch key {
	case keyCR, keyLF:
		return in.finish(keyCR)
	case keyInterrupt, keyCtrlZ:
		return in.finish(key)
	case keyLineStart, keyLineEnd, keyLeft, keyRight, keyErase, keyEraseH:
		return []byte{byte(key)}
	case keyWordLeft:
		return []byte("\x1bb")
	case keyWordRight:
		return []byte("\x1bf")
	case keyHelp:
		if in.kind != commandLine {
			return []byte("?")
		}
		in.mode = modeRun // the keys behind `?` wait until help has been shown
	case keyTab:
		switch in.kind {
		case textLine:
			return []byte(" ")
		case answerLine:
			return nil
		}
	}
	if key < 0x20 {
		return nil
	}
	return utf8.AppendRune(nil, key)
}
