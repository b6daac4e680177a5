package terminal

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
)

func plainMode(c *Config) { c.Echo = false }

// TestPlain: lines of a script, without a prompt or an echo on the output.
func TestPlain(t *testing.T) {
	bubble(t, plainMode, func(t *testing.T, w *wire, term *Terminal) {
		w.keys("show version\r\n\x00what?\n\nbanner \x03x\ty\x03\nca\xe9f\u00e9\x1b[\nend\x1a" +
			strings.Repeat("x", MaxPlainLine) + "\n" + strings.Repeat("x", MaxPlainLine+1) + "\nlast")
		w.hangUp(io.EOF)
		h := &History{}
		for _, want := range []lineResult{
			{line: "show version"}, {line: "what?"}, {line: ""}, {line: "banner \x03x y\x03"}, {line: "café["},
			{line: "end", end: CtrlZ}, {line: strings.Repeat("x", MaxPlainLine)}, {err: ErrTooLong},
			{line: "last"}, {err: io.EOF}, {err: io.EOF},
		} {
			if got := <-readLine(term, "Router#", h); got != want {
				t.Errorf("%.60q, want %.60q", fmt.Sprint(got), fmt.Sprint(want))
			}
			fmt.Fprintln(term.Writer(), "ok")
		}
		_ = term.Flush()
		if out := w.screen(); out != strings.Repeat("ok\n", 11) {
			t.Errorf("written %q", out)
		}
	})
}

// A stream that breaks takes its half line along.
func TestPlainBroken(t *testing.T) {
	bubble(t, plainMode, func(t *testing.T, w *wire, term *Terminal) {
		w.keys("show version\nreload")
		w.hangUp(io.ErrUnexpectedEOF)
		if got := <-readLine(term, "", nil); got.line != "show version" {
			t.Errorf("%+v", got)
		}
		if got := <-readLine(term, "", nil); got.err != io.EOF || got.line != "" {
			t.Errorf("%+v", got)
		}
	})
}

func TestPlainDialogs(t *testing.T) {
	bubble(t, func(c *Config) { c.Echo, c.CRLF = false, true }, func(t *testing.T, w *wire, term *Terminal) {
		w.keys("\nsecret\ny\n\nwho?\n\tthere@\n")
		if got, err := term.ReadAnswer("Destination filename [startup-config]? "); got != "" || err != nil {
			t.Errorf("%q %v", got, err)
		}
		if got, err := term.ReadPassword("Password: "); got != "secret" || err != nil {
			t.Errorf("%q %v", got, err)
		}
		if got, err := term.ReadKey("Continue? [confirm]"); got != 'y' || err != nil {
			t.Errorf("%q %v", got, err)
		}
		if got, err := term.ReadKey("Continue? [confirm]"); got != '\r' || err != nil {
			t.Errorf("%q %v", got, err)
		}
		got, err := term.ReadText("", func(l string) bool { return strings.HasSuffix(l, "@") })
		if strings.Join(got, "|") != "who?|\tthere@" || err != nil {
			t.Errorf("%q %v", got, err)
		}
		_ = term.Flush()
		want := "Destination filename [startup-config]? \r\nPassword: \r\nContinue? [confirm]\r\nContinue? [confirm]\r\n"
		if out := w.screen(); out != want {
			t.Errorf("written %q", out)
		}
	})
}

// Nothing in a script cancels a command.
func TestPlainRun(t *testing.T) {
	bubble(t, plainMode, func(t *testing.T, w *wire, term *Terminal) {
		w.keys("\x03\x1enext\n")
		w.hangUp(io.EOF)
		err := term.Run(t.Context(), func(ctx context.Context) error {
			wait()
			return ctx.Err()
		})
		if err != nil {
			t.Error(err)
		}
		if got := <-readLine(term, "", nil); got.line != "\x03next" {
			t.Errorf("%+v", got)
		}
	})
}

const transcript = `Router#sh <?>
  help for "sh "

Router#sh<TAB>
Router#show clock
10:11:12 UTC
line 1
line 2
line 3
Router#conf t<^Z>
Password: <password>
Destination filename [x]? y
Erase? [confirm]y
[OK]
Router#abc<^C>
Router#
%SYS-5-CONFIG_I: Configured
Router#exit
`

func TestRecord(t *testing.T) {
	bubble(t, func(c *Config) { c.Height = 3 }, func(t *testing.T, w *wire, term *Terminal) {
		var rec bytes.Buffer
		term.Record(&rec)
		w.keys("sh ?\x7f\tclocx\x7fk\r\rconf t\x1asecret\ry\ryabc\x03\rexit\r")
		line := func() { <-readLine(term, "Router#", nil) }
		line()
		fmt.Fprint(term.Writer(), "10:11:12 UTC\n")
		fmt.Fprint(term.Pager(), numbered(1, 3))
		line()
		_, _ = term.ReadPassword("Password: ")
		_, _ = term.ReadAnswer("Destination filename [x]? ")
		_, _ = term.ReadKey("Erase? [confirm]")
		fmt.Fprint(term.Writer(), "[OK]\n")
		line()
		line()
		term.Async("%SYS-5-CONFIG_I: Configured", true)
		line()
		if rec.String() != transcript {
			t.Errorf("recorded\n%s", rec.String())
		}
		term.Record(nil)
		w.keys("x\r")
		line()
		if rec.String() != transcript {
			t.Errorf("recorded after the end\n%s", rec.String())
		}
	})
}

// TestPlainShown: a script is read back with its prompts; a line that ends in
// `?` is answered and is no command; secrets are not shown.
func TestPlainShown(t *testing.T) {
	shown := func(c *Config) {
		c.Echo, c.Shown = false, true
		c.Help = func(line string) string { return "help of <" + line + ">\n" }
	}
	bubble(t, shown, func(t *testing.T, w *wire, term *Terminal) {
		w.keys("show ?\nsh?\nshow version\nsecret\nyes\nend\x1alast?")
		w.hangUp(io.EOF)
		h := &History{}
		if got := <-readLine(term, "Router#", h); got.line != "show version" {
			t.Errorf("%+v", got)
		}
		fmt.Fprint(term.Writer(), "ok")
		if got, err := term.ReadPassword("\nPassword: "); got != "secret" || err != nil {
			t.Errorf("%q %v", got, err)
		}
		if got, err := term.ReadAnswer("Sure? "); got != "yes" || err != nil {
			t.Errorf("%q %v", got, err)
		}
		if got := <-readLine(term, "Router(config)#", h); got.line != "end" || got.end != CtrlZ {
			t.Errorf("%+v", got)
		}
		if got := <-readLine(term, "Router#", h); got.err != io.EOF {
			t.Errorf("%+v", got)
		}
		_ = term.Flush()
		want := "Router#show ?\nhelp of <show >\nRouter#sh?\nhelp of <sh>\nRouter#show version\nok\nPassword: \nSure? yes\nRouter(config)#end^Z\nRouter#last?\nhelp of <last>\n"
		if out := w.screen(); out != want {
			t.Errorf("written %q\nwant    %q", out, want)
		}
		if l := h.Lines(); len(l) != 2 {
			t.Errorf("history %q", l)
		}
	})
}

// TestTextToCtrlZ: a message to others ends with ^Z and is broken off with ^C.
func TestTextToCtrlZ(t *testing.T) {
	bubble(t, nil, func(t *testing.T, w *wire, term *Terminal) {
		w.keys("reload?\rat noon\x1a")
		if got, err := term.ReadText("", nil); err != nil || strings.Join(got, "|") != "reload?|at noon" {
			t.Errorf("%q %v", got, err)
		}
		w.keys("no\r\x03")
		if got, err := term.ReadText("", nil); err != ErrInterrupt {
			t.Errorf("%q %v", got, err)
		}
	})
}

// TestRelay: what another machine says is written as it is, what is typed goes
// there, Ctrl-^ twice is the key itself and with x the way back.
func TestRelay(t *testing.T) {
	bubble(t, nil, func(t *testing.T, w *wire, term *Terminal) {
		from := make(chan []byte, 1)
		var sent bytes.Buffer
		from <- []byte("\x1b[1mhello\x1b[0m")
		w.keys("show\r\x03\x1e\x1e\x1eyz\x1exnext\r")
		if err := term.Relay(from, func(b []byte) error { sent.Write(b); return nil }); err != ErrEscaped {
			t.Errorf("%v", err)
		}
		if sent.String() != "show\r\x03\x1e\x1eyz" {
			t.Errorf("sent %q", sent.String())
		}
		if got := <-readLine(term, "Router#", nil); got.line != "next" {
			t.Errorf("behind it: %+v", got)
		}
		close(from)
		if err := term.Relay(from, func([]byte) error { return nil }); err != nil {
			t.Errorf("the other end is gone: %v", err)
		}
		if !strings.Contains(w.screen(), "\x1b[1mhello\x1b[0m") {
			t.Errorf("screen %q", w.screen())
		}
	})
}
