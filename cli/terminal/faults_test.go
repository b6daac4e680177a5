package terminal

import (
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// TestEngineFaults feeds what breaks chzyer/readline v1.5.1 used as documented,
// one row per fault, and expects a terminal that goes on working.
func TestEngineFaults(t *testing.T) {
	for _, f := range []struct {
		name, keys string
		lines      []string
	}{
		{"1: ^T panics", "a\x14b\r", []string{"ab"}},
		{"1: ^T panics on an empty line", "\x14\x14\r", []string{""}},
		{"3: left arrow at width 0", "abc\x1b[D\r", []string{"abc"}},
		{"4: NUL is end of file", "\x00show version\r\x00next\r", []string{"show version", "next"}},
		{"7: a dropped key reads ahead", "sh?ow ver\rnext\r", []string{"show ver", "next"}},
		{"8: ^W takes what follows", "show version\x02\x02\x02\x02\x02\x02\x02\x02\x17\r", []string{" version"}},
		{"9: CR LF is two Enters", "one\r\ntwo\r\n", []string{"one", "two"}},
		{"9: every ending counts once", "a\rb\nc\r\nd\r\x00e\r\x00\nf\r", []string{"a", "b", "c", "d", "e", "f"}},
		{"^D on an empty line is no end of file", "\x04\x04ok\r", []string{"ok"}},
		{"search keys", "a\x12b\x13c\r", []string{"abc"}},
		{"meta transpose", "ab\x1b\x14\r", []string{"ba"}},
	} {
		t.Run(f.name, func(t *testing.T) {
			for _, width := range []int{0, 1, 7, 8, 19, 20, 21, 80} {
				bubble(t, func(c *Config) { c.Width = width }, func(t *testing.T, w *wire, term *Terminal) {
					w.keys(f.keys)
					for _, want := range f.lines {
						if got := <-readLine(term, "Router#", nil); got.line != want || got.err != nil {
							t.Errorf("width %d: %+v, want %q", width, got, want)
						}
					}
					wait()
					if strings.Contains(w.screen(), "\x1b") {
						t.Errorf("escape sequence on the wire: %q", w.screen())
					}
				})
			}
		})
	}
}

// Fault 2: ^Z stops the process and its parent.
func TestCtrlZSendsNoSignal(t *testing.T) {
	stop := make(chan os.Signal, 4)
	signal.Notify(stop, syscall.SIGTSTP)
	defer signal.Stop(stop)
	w := newWire()
	term := New(Config{Stream: w, Echo: true})
	defer w.Close()
	defer term.Close()
	for range 3 {
		w.keys("show\x1a")
		if line, end, err := term.ReadLine("Router#", nil); line != "show" || end != CtrlZ || err != nil {
			t.Errorf("%q %v %v", line, end, err)
		}
	}
	select {
	case s := <-stop:
		t.Errorf("signal %v", s)
	case <-time.After(20 * time.Millisecond):
	}
}

// Fault 6: every key repaints the row.
func TestEchoIsTheKeyAlone(t *testing.T) {
	bubble(t, nil, func(t *testing.T, w *wire, term *Terminal) {
		done := readLine(term, "Router#", nil)
		wait()
		if got := w.take(); got != "Router#" {
			t.Fatalf("prompt %q", got)
		}
		for _, k := range "show version" {
			w.keys(string(k))
			wait()
			if got := w.take(); got != string(k) {
				t.Fatalf("echo of %q is %q", k, got)
			}
		}
		w.keys("\r")
		<-done
	})
}

// Fault 7: what is typed while a command runs is neither read nor echoed.
func TestTypeAheadIsNotEchoed(t *testing.T) {
	bubble(t, nil, func(t *testing.T, w *wire, term *Terminal) {
		w.keys("sh?ow ver\r")
		<-readLine(term, "Router#", nil)
		wait()
		w.take()
		w.keys("typed ahead")
		wait()
		if got := w.take(); got != "" {
			t.Errorf("echoed %q", got)
		}
		done := readLine(term, "Router#", nil)
		wait()
		if got := w.take(); got != "Router#typed ahead" {
			t.Errorf("drawn %q", got)
		}
		w.keys("\r")
		<-done
	})
}

// Fault 10: closing hangs or leaks. The bubble of each round fails on a leak.
func TestCloseLeavesNothing(t *testing.T) {
	for round := range 50 {
		synctest.Test(t, func(t *testing.T) {
			w := newWire()
			term := New(Config{Stream: w, Echo: true})
			var done chan lineResult
			if round%5 > 0 {
				done = readLine(term, "Router#", nil)
			}
			switch round % 5 {
			case 2:
				w.keys("half a line")
				wait()
			case 3:
				w.keys("one\r")
				<-done
				done = nil
			case 4:
				w.keys("\x1b[1;")
				wait()
			}
			start := time.Now()
			term.Close()
			term.Close()
			if time.Since(start) > 0 {
				t.Errorf("round %d: Close took %v", round, time.Since(start))
			}
			if done != nil {
				if got := <-done; got.err != io.EOF {
					t.Errorf("round %d: %+v", round, got)
				}
			}
			if got := <-readLine(term, "Router#", nil); got.err != io.EOF {
				t.Errorf("round %d: after Close: %+v", round, got)
			}
			w.Close()
		})
	}
}

// Fault 11: an escape sequence without end takes memory.
func TestEndlessEscape(t *testing.T) {
	w := newWire()
	term := New(Config{Stream: w, Echo: true})
	defer w.Close()
	defer term.Close()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	go func() {
		w.keys("\x1b[")
		chunk := strings.Repeat("1", 1<<16)
		for range 32 {
			w.keys(chunk)
			for !term.in.empty() {
				runtime.Gosched()
			}
		}
		w.keys("xok\r")
	}()
	line, _, err := term.ReadLine("Router#", nil)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if line != "ok" || err != nil {
		t.Errorf("%q %v", line, err)
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("heap grew by %d bytes", grown)
	}
}

// (b): a hang-up while the reader flushes must not be missed.
func TestHangUpDuringFlush(t *testing.T) {
	for range 300 {
		w := newWire()
		term := New(Config{Stream: w, Echo: true})
		done := readLine(term, "Router#", nil)
		w.keys("x")
		go w.hangUp(io.EOF)
		if got := <-done; got.err != io.EOF {
			t.Fatalf("%+v", got)
		}
		term.Close()
		w.Close()
	}
}

// (c): a pasted line that is too long rings once, in few packets, and the
// terminal recovers from any garbage behind it.
func TestTooLongLine(t *testing.T) {
	bubble(t, nil, func(t *testing.T, w *wire, term *Terminal) {
		n := 200_000
		if slow {
			n = 20_000
		}
		w.keys(strings.Repeat("x", n))
		for c := byte(1); c < 32; c++ {
			if !strings.ContainsRune("\x03\n\r\x11\x13\x1a", rune(c)) {
				w.keys(string(rune(c)))
			}
		}
		w.keys("\x1b[200~\x1b[5~\x1bOz\x15show ver\r")
		got := <-readLine(term, "Router#", nil)
		if got.line != "show ver" {
			t.Errorf("line %d runes, %q", len(got.line), got.line[:min(len(got.line), 40)])
		}
		wait()
		if n := strings.Count(w.screen(), "\a"); n > 3 {
			t.Errorf("%d bells", n)
		}
		if w.writes > 200 {
			t.Errorf("%d packets", w.writes)
		}
	})
}

// (e): yanking cannot pass the longest line.
func TestYankIsBounded(t *testing.T) {
	bubble(t, nil, func(t *testing.T, w *wire, term *Terminal) {
		w.keys(strings.Repeat("x", 1000) + strings.Repeat("\x01\x0b\x19\x19", 8) + "\r")
		if got := <-readLine(term, "Router#", nil); len(got.line) != MaxLine {
			t.Errorf("line of %d", len(got.line))
		}
		w.keys(strings.Repeat("x", 300) + strings.Repeat("\x01\x0b\x19\x19", 8) + "\r")
		if got := <-readLine(term, "Router#", nil); len(got.line) > MaxLine {
			t.Errorf("line of %d", len(got.line))
		}
	})
}

// (d): a Latin-1 letter does not join two lines.
func TestLatin1KeepsItsEnter(t *testing.T) {
	bubble(t, nil, func(t *testing.T, w *wire, term *Terminal) {
		w.keys("caf\xe9\rnext\r")
		for _, want := range []string{"caf", "next"} {
			if got := <-readLine(term, "Router#", nil); got.line != want {
				t.Errorf("%+v, want %q", got, want)
			}
		}
	})
}

// A help or completion function that panics costs the line, not the process.
func TestPanickingHelp(t *testing.T) {
	bubble(t, func(c *Config) {
		c.Help = func(string) string { panic("help") }
		c.Complete = func(string) (string, bool) { panic("complete") }
	}, func(t *testing.T, w *wire, term *Terminal) {
		w.keys("abc?d\te\r")
		if got := <-readLine(term, "Router#", nil); got.line != "e" || got.err != nil {
			t.Errorf("%+v", got)
		}
	})
}

type panicky struct{}

func (panicky) Read([]byte) (int, error)  { panic("read") }
func (panicky) Write([]byte) (int, error) { panic("write") }

// A stream whose code fails ends its session and nothing else.
func TestPanickingStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		term := New(Config{Stream: panicky{}, Echo: true})
		defer term.Close()
		if _, _, err := term.ReadLine("Router#", nil); err != io.EOF {
			t.Error(err)
		}
		if err := term.Flush(); err == nil {
			t.Error("the write went through")
		}
	})
}

// What is typed ahead is bounded: the stream is not read any more.
func TestBackPressure(t *testing.T) {
	bubble(t, func(c *Config) { c.QueueSize = 10_000 }, func(t *testing.T, w *wire, term *Terminal) {
		w.keys(strings.Repeat("show version\r", 10_000))
		wait()
		w.mu.Lock()
		taken := 130_000 - len(w.in)
		w.mu.Unlock()
		if taken <= 10_000 || taken > 10_000+4096 {
			t.Errorf("%d bytes taken", taken)
		}
		for range 1000 {
			if got := <-readLine(term, "Router#", nil); got.line != "show version" {
				t.Fatalf("%+v", got)
			}
		}
	})
}
