package terminal

import (
	"io"
	"strings"
	"testing"
)

const rep7, rep7blank = "\b\b\b\b\b\b\b", "       "

// vectors are keys, the line they make and the bytes that are drawn, at the
// prompt Router# with the history "show clock", "show version".
var vectors = []struct {
	name, keys, line, out string
	end                   End
}{
	{"typed", "show version\r", "show version", "Router#show version\r\n", Enter},
	{"backspace", "shox\x7fw\r", "show", "Router#shox\b \bw\r\n", Enter},
	{"^H", "shox\bw\r", "show", "Router#shox\b \bw\r\n", Enter},
	{"insert", "abc\x02\x02X\r", "aXbc", "Router#abc\b\bXbc\b\bbc\r\n", Enter},
	{"help", "sh ?ver\r", "sh ver", "Router#sh ?\r\n  help for \"sh \"\r\n\r\nRouter#sh ver\r\n", Enter},
	{"help in the middle", "abc\x02?\r", "abc", "Router#abc\bc?\r\n  help for \"ab\"\r\n\r\nRouter#abc\bc\r\n", Enter},
	{"tab", "sh\t\r", "show ", "Router#sh\r\nRouter#show \r\n", Enter},
	{"tab fails", "zz\t\r", "zz", "Router#zz\a\r\nRouter#zz\r\n", Enter},
	{"^P", "\x10\r", "show version", "Router#show version\r\n", Enter},
	{"up up", "\x1b[A\x1b[A\r", "show clock", "Router#show version" + rep7 + "clock  \b\b\r\n", Enter},
	{"up too far", "\x10\x10\x10\r", "show clock", "Router#show version" + rep7 + "clock  \b\b\a\r\n", Enter},
	{"draft comes back", "ab\x10\x0e\r", "ab", "Router#abshow version"[:9] + "\b\bshow version" + strings.Repeat("\b", 12) + "ab" + strings.Repeat(" ", 10) + strings.Repeat("\b", 10) + "\r\n", Enter},
	{"down at the newest", "\x0ea\r", "a", "Router#\aa\r\n", Enter},
	{"^W", "show version\x17clock\r", "show clock", "Router#show version" + rep7 + rep7blank + rep7 + "clock\r\n", Enter},
	{"^W keeps what follows", "show version\x02\x02\x02\x02\x02\x02\x02\x02\x17\r", " version",
		"Router#show version" + strings.Repeat("\b", 8) + "\b\b\b\b version    \b\b\b\b" + strings.Repeat("\b", 8) + " version\r\n", Enter},
	{"^T alone", "a\x14b\r", "ab", "Router#a\ab\r\n", Enter},
	{"^T", "ab\x14\r", "ba", "Router#ab\b\bba\r\n", Enter},
	{"^V", "a\x16?b\r", "a?b", "Router#a?b\r\n", Enter},
	{"Esc-Q", "a\x1bq?b\r", "a?b", "Router#a?b\r\n", Enter},
	{"^V Enter", "a\x16\r", "a", "Router#a\r\n", Enter},
	{"NUL and CR LF", "\x00a\x00b\r\n", "ab", "Router#ab\r\n", Enter},
	{"^D", "abc\x01\x04\r", "bc", "Router#abc\b\b\bbc \b\b\bbc\r\n", Enter},
	{"^D on nothing", "\x04\r", "", "Router#\a\r\n", Enter},
	{"delete", "abc\x01\x1b[3~\r", "bc", "Router#abc\b\b\bbc \b\b\bbc\r\n", Enter},
	{"kill and yank", "abc\x01\x0b\x19\x19\r", "abcabc", "Router#abc\b\b\b   \b\b\babcabc\r\n", Enter},
	{"paste marks", "a\x1b[200~b\x1b[201~\x1b[5~\r", "ab", "Router#ab\r\n", Enter},
	{"long escape", "\x1b[" + strings.Repeat("1", 76) + "x\r", "", "Router#\r\n", Enter},
	{"^Z", "show\x1a", "show", "Router#show^Z\r\n", CtrlZ},
	{"^C", "show\x03", "", "Router#show^C\r\n", CtrlC},
	{"SS3", "\x1bOAX\r", "show versionX", "Router#show versionX\r\n", Enter},
	{"modified arrow", "abc\x1b[1;5DX\r", "abXc", "Router#abc\bXc\bc\r\n", Enter},
	{"Esc-DEL", "show ver\x1b\x7fX\r", "show X", "Router#show ver\b\b\b   \b\b\bX\r\n", Enter},
	{"Esc-DEL keeps what follows", "show\x02\x02\x1b\x7f\r", "ow", "Router#show\b\b\b\bow  \b\b\b\bow\r\n", Enter},
	{"^X", "abc\x18x\r", "x", "Router#abc\b\b\b   \b\b\bx\r\n", Enter},
	{"^U", "abc\x15x\r", "x", "Router#abc\b\b\b   \b\b\bx\r\n", Enter},
	{"^R", "abc\x12d\r", "abcd", "Router#abc\r\nRouter#abcd\r\n", Enter},
	{"^L", "abc\x0cd\r", "abcd", "Router#abc\r\nRouter#abcd\r\n", Enter},
	{"private rune", "a\uE001b\r", "ab", "Router#ab\r\n", Enter},
	{"C1 control", "a\u009bb\r", "ab", "Router#ab\r\n", Enter},
	{"Latin-1", "caf\xe9\r", "caf", "Router#caf\r\n", Enter},
	{"Latin-1 inside", "caf\xe9x\r", "cafx", "Router#cafx\r\n", Enter},
	{"UTF-8", "café\x7fe\r", "cafe", "Router#café\b \be\r\n", Enter},
	{"ESC CR", "ab\x1b\r", "ab", "Router#ab\r\n", Enter},
	{"ESC [ CR", "ab\x1b[\r", "ab", "Router#ab\r\n", Enter},
	{"F1 is not Home", "ab\x1b[11~c\r", "abc", "Router#abc\r\n", Enter},
	{"F5 is not Home", "ab\x1b[15~c\r", "abc", "Router#abc\r\n", Enter},
	{"Home", "ab\x1b[1~c\r", "cab", "Router#ab\b\bcab\b\bab\r\n", Enter},
	{"End", "ab\x01\x1b[4~c\r", "abc", "Router#ab\b\babc\r\n", Enter},
	{"Esc-B Esc-F", "one two\x1bbX\x1bfY\r", "one XtwoY", "Router#one two\b\b\bXtwo\b\b\btwoY\r\n", Enter},
	{"Esc-D", "one two\x01\x1bd\r", " two", "Router#one two" + rep7 + " two   \b\b\b\b\b\b\b two\r\n", Enter},
	{"Esc-C", "abc\x01\x1bc\r", "Abc", "Router#abc\b\b\bAbc\r\n", Enter},
	{"Esc-U", "abc\x01\x1bu\r", "ABC", "Router#abc\b\b\bABC\r\n", Enter},
	{"Esc-L", "ABC\x01\x1bl\r", "abc", "Router#ABC\b\b\babc\r\n", Enter},
	{"Esc-Y", "a b\x17\x17\x19\x1by\r", "b", "Router#a b\b \b\b\b  \b\ba \b\bb \b\r\n", Enter},
	{"Esc-Y elsewhere", "a\x1byb\r", "ab", "Router#a\ab\r\n", Enter},
	{"bare LF", "ab\n", "ab", "Router#ab\r\n", Enter},
	{"CR NUL", "ab\r\x00", "ab", "Router#ab\r\n", Enter},
	{"ignored controls", "a\x07\x0f\x11\x13\x1c\x1d\x1e\x1fb\r", "ab", "Router#ab\r\n", Enter},
}

func TestVectors(t *testing.T) {
	for _, v := range vectors {
		for _, typed := range []string{"pasted", "typed"} {
			t.Run(v.name+"/"+typed, func(t *testing.T) {
				bubble(t, nil, func(t *testing.T, w *wire, term *Terminal) {
					h := &History{}
					h.Add("show clock")
					h.Add("show version")
					done := readLine(term, "Router#", h)
					if typed == "pasted" {
						w.keys(v.keys)
					} else {
						for i := range len(v.keys) {
							w.keys(v.keys[i : i+1])
							wait()
						}
					}
					got := <-done
					wait()
					if got.line != v.line || got.end != v.end || got.err != nil {
						t.Errorf("line %q, %v, %v; want %q, %v", got.line, got.end, got.err, v.line, v.end)
					}
					if out := w.screen(); out != v.out {
						t.Errorf("drawn\n %q, want\n %q", out, v.out)
					}
				})
			})
		}
	}
}

// TestScroll: a long line moves by ten, shows $ where it is cut and costs 671
// bytes; the row ends with $.
func TestScroll(t *testing.T) {
	bubble(t, nil, func(t *testing.T, w *wire, term *Terminal) {
		digits := strings.Repeat("0123456789", 12)
		done := readLine(term, "Router#", nil)
		w.keys(digits + "\x01\r")
		if got := <-done; got.line != digits {
			t.Errorf("line %q", got.line)
		}
		wait()
		out := w.screen()
		if len(out) != 671 {
			t.Errorf("%d bytes drawn, want 671", len(out))
		}
		if !strings.HasSuffix(out, "$\r\n") || strings.Contains(out, "\x1b") {
			t.Errorf("drawn %q", out)
		}
	})
}

// TestHangUp: a half-typed line is thrown away, and stays thrown away.
func TestHangUp(t *testing.T) {
	for _, err := range []error{io.EOF, io.ErrUnexpectedEOF} {
		bubble(t, nil, func(t *testing.T, w *wire, term *Terminal) {
			done := readLine(term, "Router#", nil)
			w.keys("reload")
			wait()
			w.hangUp(err)
			if got := <-done; got.line != "" || got.err != io.EOF {
				t.Errorf("%+v", got)
			}
			if got := <-readLine(term, "Router#", nil); got.err != io.EOF {
				t.Errorf("again: %+v", got)
			}
			if _, err := term.ReadPassword("Password: "); err != io.EOF {
				t.Errorf("password: %v", err)
			}
		})
	}
}

func TestSynchronous(t *testing.T) {
	const msg = "%SYS-5-CONFIG_I: Configured from console by vty0"
	for _, c := range []struct {
		redraw    bool
		text, out string
	}{
		{true, msg, "Router#show ver\r\n" + msg + "\r\nRouter#show version\r\n"},
		{false, msg, "Router#show ver\r\n" + msg + "\r\nsion\r\n"},
		{true, msg + "\n" + msg, "Router#show ver\r\n" + msg + "\r\n" + msg + "\r\nRouter#show version\r\n"},
	} {
		bubble(t, nil, func(t *testing.T, w *wire, term *Terminal) {
			done := readLine(term, "Router#", nil)
			w.keys("show ver")
			wait()
			term.Async(c.text, c.redraw)
			w.keys("sion\r")
			if got := <-done; got.line != "show version" {
				t.Errorf("line %q", got.line)
			}
			wait()
			if out := w.screen(); out != c.out {
				t.Errorf("drawn %q, want %q", out, c.out)
			}
		})
	}
}
