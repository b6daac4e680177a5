package terminal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"
)

// FuzzKeys types anything at a terminal, in pieces, through every reading call,
// until the stream ends. The bubble fails on a hang and on a goroutine left
// behind; a panic of the engine ends the test process, which is its point.
func FuzzKeys(f *testing.F) {
	f.Add(uint16(80), byte(0), []byte("show version\r"))
	f.Add(uint16(20), byte(3), []byte("a\x14b\r?\x1b[A\x1b[1;5D\x17\x19\x1by\r"))
	f.Add(uint16(0), byte(7), []byte("caf\xe9\r\x1b\r\x1b[\rab\x16?\x1a"))
	f.Add(uint16(40), byte(14), []byte("\x00\r\n\x03\x1e/x\r \r+y\r?q"))
	for _, v := range vectors {
		f.Add(uint16(80), byte(len(v.keys)), []byte(v.keys))
	}
	f.Fuzz(func(t *testing.T, width uint16, steps byte, keys []byte) {
		synctest.Test(t, func(t *testing.T) { fuzzSession(t, int(width%200), steps, keys) })
	})
}

func fuzzSession(t *testing.T, width int, steps byte, keys []byte) {
	w := newWire()
	term := New(Config{
		Stream: w, Width: width, Height: int(steps % 6), Echo: steps&0x40 == 0, QueueSize: 64,
		Help:     func(l string) string { return testHelp(l) + numbered(1, len(l)%9) },
		Complete: testComplete,
	})
	defer w.Close()
	defer term.Close()
	term.Record(io.Discard)
	term.Idle(time.Hour)
	go func() {
		size := int(steps%7) + 1
		for rest := keys; len(rest) > 0; {
			n := min(size, len(rest))
			w.keys(string(rest[:n]))
			rest = rest[n:]
			if steps&0x20 != 0 {
				time.Sleep(time.Second)
			}
		}
		w.hangUp(io.EOF)
	}()
	h := &History{}
	for i := 0; ; i++ {
		line, err := fuzzRead(t, term, h, i*int(steps|1))
		if len(line) > MaxLine*utf8.UTFMax && steps&0x40 == 0 {
			t.Fatalf("line of %d bytes", len(line))
		}
		for _, r := range line {
			if privateUse(r) || r == utf8.RuneError || r < 0x20 && r != '\t' && r != '\r' && r != 0x1b && r != 3 {
				t.Fatalf("%U in %q", r, line)
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if i%3 == 0 {
			term.Async("%SYS-5-CONFIG_I: Configured", i%2 == 0)
			term.Resize(width+i%20, int(steps%6))
		}
		if i > 2*len(keys)+20 {
			t.Fatal("input does not end")
		}
	}
	_ = term.Flush()
	if out := w.screen(); bytes.ContainsRune([]byte(out), 0x1b) {
		t.Fatalf("escape on the wire: %q", out)
	}
}

// fuzzRead takes turns among the reading calls. Control characters that are an
// answer to ReadKey are not looked at.
func fuzzRead(t *testing.T, term *Terminal, h *History, turn int) (string, error) {
	switch turn % 6 {
	case 0, 1:
		line, _, err := term.ReadLine("Router#", h)
		return line, err
	case 2:
		return term.ReadAnswer("Save?\n[yes/no]: ")
	case 3:
		word, err := term.ReadPassword("Password: ")
		return strings.ReplaceAll(word, "\x03", ""), err
	case 4:
		_, err := term.ReadKey("Continue? [confirm]")
		return "", err
	}
	err := term.Run(t.Context(), func(ctx context.Context) error {
		_, err := fmt.Fprint(term.Pager(), numbered(1, 5))
		return errors.Join(err, term.Pager().Close())
	})
	if errors.Is(err, io.EOF) {
		return "", io.EOF
	}
	return "", nil
}

// FuzzDecoder: whatever comes, a byte below blank is never swallowed, and no
// key is a rune that nobody should be able to type.
func FuzzDecoder(f *testing.F) {
	f.Add([]byte("\x1b[1;5D\x1bOA\xc3\xa9\x16?"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var d decoder
		for _, c := range append(b, '\r') {
			key, ok := d.feed(c)
			if c == '\r' && (!ok || key != keyCR) {
				t.Fatalf("Enter became %U, %v", key, ok)
			}
			if ok && (key > keyTooLong && key <= 0xF8FF && privateUse(key) || !utf8.ValidRune(key)) {
				t.Fatalf("key %U", key)
			}
		}
	})
}
