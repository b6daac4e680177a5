package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// TestDialogs: questions take what was typed ahead, as Ansible's
// "copy running-config startup-config CR CR" expects.
func TestDialogs(t *testing.T) {
	for _, d := range []struct {
		name, keys string
		ask        func(*Terminal) (string, error)
		want       string
		err        error
		out        string
	}{
		{"answer", "x?y\r", answer("Destination filename [startup-config]? "), "x?y", nil,
			"Destination filename [startup-config]? x?y\r\n"},
		{"default", "\r", answer("Destination filename [startup-config]? "), "", nil,
			"Destination filename [startup-config]? \r\n"},
		{"no history, no tab", "\x10sh\t\r", answer("Save? [yes/no]: "), "sh", nil,
			"Save? [yes/no]: \ash\r\n"},
		{"answer ^C", "ye\x03", answer("Save? [yes/no]: "), "", ErrInterrupt, "Save? [yes/no]: ye^C\r\n"},
		{"several lines", "\r", answer("\n\nSave?\nReally? "), "", nil, "\r\n\r\nSave?\r\nReally? \r\n"},
		{"confirm y", "y", confirm("Continue? [confirm]"), "y", nil, "Continue? [confirm]y"},
		{"confirm Enter", "\r\n", confirm("Continue? [confirm]"), "\r", nil, "Continue? [confirm]\r\n"},
		{"confirm ?", "?", confirm("Continue? [confirm]"), "?", nil, "Continue? [confirm]?"},
		{"confirm arrow", "\x1b[A", confirm("Continue? [confirm]"), "\x1b", nil, "Continue? [confirm]\r\n"},
		{"confirm lone ESC", "\x1b", confirm("Continue? [confirm]"), "\x1b", nil, "Continue? [confirm]\r\n"},
		{"confirm ^C", "\x03", confirm("Continue? [confirm]"), "\x03", nil, "Continue? [confirm]\r\n"},
		{"password", "secret\r", password, "secret", nil, "Password: \r\n"},
		{"password edited", "wrong\x15sex\x7fcret?\x10\t\x1b[A\r", password, "secret?", nil, "Password: \r\n"},
		{"password erased too far", "a\b\b\bb\r", password, "b", nil, "Password: \r\n"},
		{"password ^C", "se\x03", password, "", ErrInterrupt, "Password: \r\n"},
	} {
		t.Run(d.name, func(t *testing.T) {
			bubble(t, nil, func(t *testing.T, w *wire, term *Terminal) {
				w.keys(d.keys)
				got, err := d.ask(term)
				wait()
				if got != d.want || !errors.Is(err, d.err) {
					t.Errorf("%q, %v; want %q, %v", got, err, d.want, d.err)
				}
				if out := w.screen(); out != d.out {
					t.Errorf("drawn %q, want %q", out, d.out)
				}
			})
		})
	}
}

func answer(q string) func(*Terminal) (string, error) {
	return func(t *Terminal) (string, error) { return t.ReadAnswer(q) }
}

func confirm(q string) func(*Terminal) (string, error) {
	return func(t *Terminal) (string, error) {
		b, err := t.ReadKey(q)
		return string(rune(b)), err
	}
}

func password(t *Terminal) (string, error) { return t.ReadPassword("Password: ") }

// TestDialogHangUp: no question survives a hang-up, and half an answer is none.
func TestDialogHangUp(t *testing.T) {
	for _, ask := range []func(*Terminal) (string, error){answer("x? "), confirm("x [confirm]"), password} {
		bubble(t, nil, func(t *testing.T, w *wire, term *Terminal) {
			w.hangUp(io.EOF)
			if got, err := ask(term); err != io.EOF || got != "" && got != "\x00" {
				t.Errorf("%q %v", got, err)
			}
		})
	}
	bubble(t, nil, func(t *testing.T, w *wire, term *Terminal) {
		w.keys("ye")
		w.hangUp(io.EOF)
		if got, err := term.ReadAnswer("Save? [yes/no]: "); got != "" || err != io.EOF {
			t.Errorf("%q %v", got, err)
		}
	})
}

// TestText: banner lines are literal, key-string lines have a prompt.
func TestText(t *testing.T) {
	bubble(t, nil, func(t *testing.T, w *wire, term *Terminal) {
		w.keys("Who goes there?\r! no comment\r\r\ttab@\rshow clock\r")
		lines, err := term.ReadText("", func(l string) bool { return strings.Contains(l, "@") })
		if err != nil || strings.Join(lines, "|") != "Who goes there?|! no comment|| tab@" {
			t.Errorf("%q %v", lines, err)
		}
		if got := <-readLine(term, "Router#", nil); got.line != "show clock" {
			t.Errorf("%+v", got)
		}
		w.keys("AAAA\r\r")
		lines, err = term.ReadText("Router(conf-ssh-pubkey-data)#", func(l string) bool { return l == "" })
		if err != nil || strings.Join(lines, "|") != "AAAA|" {
			t.Errorf("%q %v", lines, err)
		}
		w.keys("text\x03")
		if lines, err = term.ReadText("", func(string) bool { return false }); lines != nil || err != ErrInterrupt {
			t.Errorf("%q %v", lines, err)
		}
		w.keys(strings.Repeat(strings.Repeat("x", 900)+"\r", 74) + "@\r")
		if lines, err = term.ReadText("", func(l string) bool { return l == "@" }); lines != nil || err != ErrTooLong {
			t.Errorf("%d lines %v", len(lines), err)
		}
		wait()
		want := "Who goes there?\r\n! no comment\r\n\r\n tab@\r\nRouter#show clock\r\nRouter(conf-ssh-pubkey-data)#AAAA\r\n"
		if out := w.screen(); !strings.HasPrefix(out, want) {
			t.Errorf("drawn %q", out[:min(len(out), 200)])
		}
	})
}

// TestRun: ^C and ^^ cancel the command and drop what was typed ahead.
func TestRun(t *testing.T) {
	for _, key := range []string{"\x03", "\x1e"} {
		bubble(t, nil, func(t *testing.T, w *wire, term *Terminal) {
			done := make(chan error, 1)
			go func() {
				done <- term.Run(t.Context(), func(ctx context.Context) error {
					fmt.Fprint(term.Writer(), "!!")
					<-ctx.Done()
					if !Interrupted(ctx) {
						t.Error("not told why")
					}
					fmt.Fprint(term.Writer(), ".\n")
					return ctx.Err()
				})
			}()
			w.keys("show priv\r")
			wait()
			time.Sleep(flushDelay)
			wait()
			if out := w.take(); out != "!!" {
				t.Errorf("while it runs: %q", out)
			}
			w.keys(key)
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("run: %v", err)
			}
			line := readLine(term, "Router#", nil)
			w.keys("next\r")
			if got := <-line; got.line != "next" {
				t.Errorf("type-ahead survived: %+v", got)
			}
			wait()
			if out := w.take(); out != ".\r\nRouter#next\r\n" {
				t.Errorf("drawn %q", out)
			}
		})
	}
}

// TestIdle: exec-timeout runs while somebody should type, not while a command
// works, and a key starts it anew.
// TestIdleTimeThatGetsShorter: the patience of a login prompt, then
// exec-timeout.
func TestIdleTimeThatGetsShorter(t *testing.T) {
	bubble(t, nil, func(t *testing.T, w *wire, term *Terminal) {
		term.Idle(time.Minute)
		done := readLine(term, "Username: ", nil)
		w.keys("lab\r")
		if got := <-done; got.line != "lab" {
			t.Errorf("%+v", got)
		}
		term.Idle(0)
		term.Idle(3 * time.Second)
		start := time.Now()
		if got := <-readLine(term, "Router>", nil); got.err != ErrIdle || time.Since(start) != 3*time.Second {
			t.Errorf("%+v after %v", got, time.Since(start))
		}
	})
}

func TestIdle(t *testing.T) {
	bubble(t, nil, func(t *testing.T, w *wire, term *Terminal) {
		term.Idle(10 * time.Minute)
		time.Sleep(time.Hour) // a long command
		start := time.Now()
		done := readLine(term, "Router#", nil)
		time.Sleep(9 * time.Minute)
		w.keys("s")
		time.Sleep(9 * time.Minute)
		w.keys("\x00") // a keep-alive is not a key
		got := <-done
		if got.err != ErrIdle || got.line != "" || time.Since(start) != 19*time.Minute {
			t.Errorf("%+v after %v", got, time.Since(start))
		}
		start = time.Now()
		if _, err := term.ReadKey("[confirm]"); err != ErrIdle || time.Since(start) != 10*time.Minute {
			t.Errorf("key: %v after %v", err, time.Since(start))
		}
		if _, err := term.Pager().Write([]byte(strings.Repeat("x\n", 30))); !errors.Is(err, ErrStopped) || !errors.Is(err, ErrIdle) {
			t.Errorf("pager: %v", err)
		}
		start = time.Now()
		if got := <-readLine(term, "Router#", nil); got.err != ErrIdle || time.Since(start) != 0 {
			t.Errorf("after the pager: %+v after %v", got, time.Since(start))
		}
		term.Idle(0)
		done = readLine(term, "Router#", nil)
		time.Sleep(24 * time.Hour)
		w.keys("ok\r")
		if got := <-done; got.line != "ok" {
			t.Errorf("never: %+v", got)
		}
	})
}

// TestDeafPeer: who writes to a peer that reads nothing waits, and nobody else;
// Close gives up after its grace and the rest ends with the stream.
func TestDeafPeer(t *testing.T) {
	t.Parallel()
	live(func(w *wire, term *Terminal) {
		w.listen(true)
		done := make(chan error, 1)
		go func() {
			var err error
			for err == nil {
				_, err = fmt.Fprintln(term.Writer(), strings.Repeat("x", 100))
			}
			done <- err
		}()
		for w.waiting() == 0 {
			time.Sleep(time.Millisecond)
		}
		start := time.Now()
		term.Resize(40, 10)
		term.SetHeight(0)
		if quick := time.Since(start); quick > closeGrace/2 {
			t.Errorf("a change of size waited %v for the peer", quick)
		}
		term.Close()
		if waited := time.Since(start); waited < closeGrace {
			t.Errorf("Close took %v", waited)
		}
		w.Close()
		if err := <-done; err == nil {
			t.Error("the write went through")
		}
	})
}

// TestSlowPeer: 8,000 commands sent by a peer that reads nothing for a while
// are all answered, in order.
func TestSlowPeer(t *testing.T) {
	t.Parallel()
	live(func(w *wire, term *Terminal) {
		lines := 8000
		if slow {
			lines = 1000
		}
		w.listen(true)
		time.AfterFunc(time.Second, func() { w.listen(false) })
		var want strings.Builder
		for i := range lines {
			w.keys(fmt.Sprintf("show %d\r", i))
			fmt.Fprintf(&want, "R#show %d\r\n%d\r\n", i, i)
		}
		for i := range lines {
			got := <-readLine(term, "R#", nil)
			if got.line != fmt.Sprintf("show %d", i) {
				t.Fatalf("%d: %+v", i, got)
			}
			fmt.Fprintln(term.Writer(), i)
		}
		if err := term.Flush(); err != nil || w.screen() != want.String() {
			t.Errorf("%v, %d bytes, want %d", err, len(w.screen()), want.Len())
		}
	})
}

// TestPaste: 5,000 lines of 45 bytes arrive whole and in order.
func TestPaste(t *testing.T) {
	w := newWire()
	term := New(Config{Stream: w, Width: 80, Height: 24, Echo: true})
	defer w.Close()
	defer term.Close()
	var want strings.Builder
	lines := 5000
	if slow {
		lines = 500
	}
	for i := range lines {
		w.keys(fmt.Sprintf("description line %-26d.\r\n", i))
		fmt.Fprintf(&want, "Router(config)#description line %-26d.\r\n", i)
	}
	start := time.Now()
	for i := range lines {
		line, _, err := term.ReadLine("Router(config)#", nil)
		if err != nil || line != fmt.Sprintf("description line %-26d.", i) {
			t.Fatalf("%d: %q %v", i, line, err)
		}
	}
	t.Logf("%v", time.Since(start))
	if err := term.Flush(); err != nil || w.screen() != want.String() {
		t.Errorf("%v: echo differs", err)
	}
}

func TestResizeWhileEditing(t *testing.T) {
	bubble(t, nil, func(t *testing.T, w *wire, term *Terminal) {
		done := readLine(term, "Router#", nil)
		w.keys("show ip dhcp binding 10.0.0.1 with a long tail")
		wait()
		w.take()
		term.Resize(40, 10)
		time.Sleep(redrawDelay)
		wait()
		if out := w.take(); !strings.Contains(out, "$") {
			t.Errorf("drawn %q", out)
		}
		w.keys("\r")
		<-done
		term.SetWidth(512)
		term.Resize(30, 5)
		if width, height := term.Size(); width != 512 || height != 5 {
			t.Errorf("%dx%d", width, height)
		}
		term.SetWidth(-1)
		if width, _ := term.Size(); width != 30 {
			t.Errorf("width %d", width)
		}
	})
}

// TestControlCharacters: text from elsewhere cannot drive the terminal.
func TestControlCharacters(t *testing.T) {
	bubble(t, nil, func(t *testing.T, w *wire, term *Terminal) {
		fmt.Fprint(term.Writer(), "SEP\x1b[2J\x9b\u009b\x00é\x7f\tx\r\ny\a\u202epdf\u2066"+"\xe2\x80", "\n")
		term.Async("\x1b]0;title\a", false)
		if out := w.screen(); out != "SEP.[2J...é.\tx\r\ny\a.pdf.\xe2.\r\n.]0;title\a\r\n" {
			t.Errorf("drawn %q", out)
		}
	})
}

func TestHistory(t *testing.T) {
	var h History
	for i := range 12 {
		h.Add(fmt.Sprint(i, "  "))
		h.Add(fmt.Sprint(i))
		h.Add(" ")
	}
	if got := strings.Join(h.Lines(), " "); got != "2 3 4 5 6 7 8 9 10 11" || h.Limit() != DefaultHistory {
		t.Errorf("%q", got)
	}
	h.SetLimit(2)
	if got := strings.Join(h.Lines(), " "); got != "10 11" {
		t.Errorf("%q", got)
	}
	h.SetLimit(0)
	h.Add("x")
	if got := h.Lines(); len(got) != 0 {
		t.Errorf("%q", got)
	}
	h.SetLimit(1000)
	if h.Limit() != MaxHistory {
		t.Errorf("limit %d", h.Limit())
	}
	if (*History)(nil).Lines() != nil {
		t.Error("nil history")
	}
}
