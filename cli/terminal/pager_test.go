package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func numbered(from, to int) string {
	var b strings.Builder
	for i := from; i <= to; i++ {
		fmt.Fprintf(&b, "line %d\n", i)
	}
	return b.String()
}

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

const more = " --More-- "
const erased = more + "\b\b\b\b\b\b\b\b\b        \b\b\b\b\b\b\b\b\b"

// TestPager: the keys at --More-- and the exact bytes, at a height of 5.
func TestPager(t *testing.T) {
	const page = "line 1\nline 2\nline 3\nline 4\n"
	for _, p := range []struct {
		name, keys, text, out string
		err                   error
	}{
		{"fits", "", numbered(1, 4), page, nil},
		{"space", " ", numbered(1, 7), page + erased + "line 5\nline 6\nline 7\n", nil},
		{"two pages", "  ", numbered(1, 9), page + erased + numbered(5, 8) + erased + "line 9\n", nil},
		{"Enter", "\r\r ", numbered(1, 7), page + erased + "line 5\n" + erased + "line 6\n" + erased + "line 7\n", nil},
		{"q", "q", numbered(1, 7), page + erased, ErrStopped},
		{"^C", "\x03", numbered(1, 7), page + erased, ErrStopped},
		{"^Z", "\x1a", numbered(1, 7), page + erased, ErrStopped},
		{"^^", "\x1e", numbered(1, 7), page + erased, ErrStopped},
		{"lone ESC", "\x1b", numbered(1, 7), page + erased, ErrStopped},
		{"arrow is one key", "\x1b[A", numbered(1, 7), page + erased, ErrStopped},
		{"search", "/7\r", numbered(1, 8), page + erased + "/7\nfiltering...\nline 7\nline 8\n", nil},
		{"only", "+[68]\r", numbered(1, 9), page + erased + "+[68]\nfiltering...\nline 6\nline 8\n", nil},
		{"all but", "-[5678]\r", numbered(1, 9), page + erased + "-[5678]\nfiltering...\nline 9\n", nil},
		{"edited expression", "/5x\x7f\r", numbered(1, 5), page + erased + "/5x\b \b\nfiltering...\nline 5\n", nil},
		{"expression given up", "/5\x03 ", numbered(1, 5), page + erased + "/5\n" + erased + "line 5\n", nil},
		{"bad expression", "/(\rq", numbered(1, 5), page + erased + "/(\n% Failed to compile regular expression.\n" + erased, ErrStopped},
		{"? explains", "? ", numbered(1, 5), page + erased + moreHelp + erased + "line 5\n", nil},
		{"rows that wrap", " ", strings.Repeat("x", 200) + "\na\nb\n", strings.Repeat("x", 200) + "\na\n" + erased + "b\n", nil},
	} {
		t.Run(p.name, func(t *testing.T) {
			for _, step := range []int{1, 7, 1 << 20} {
				bubble(t, func(c *Config) { c.Height = 5 }, func(t *testing.T, w *wire, term *Terminal) {
					w.keys(p.keys)
					var err error
					for text := p.text; text != "" && err == nil; {
						n := min(step, len(text))
						_, err = term.Pager().Write([]byte(text[:n]))
						text = text[n:]
					}
					if !errors.Is(err, p.err) {
						t.Errorf("error %v, want %v", err, p.err)
					}
					if p.err != nil {
						if _, again := term.Pager().Write([]byte("x")); !errors.Is(again, p.err) {
							t.Errorf("written after the stop: %v", again)
						}
					}
					_ = term.Flush()
					if out := w.screen(); out != crlf(p.out) {
						t.Errorf("step %d: drawn\n%q, want\n%q", step, out, crlf(p.out))
					}
				})
			}
		})
	}
}

// TestPagerClose: a filter holds the rest of a line until Close, which asks for
// a key when the screen is full, as every other line does.
func TestPagerClose(t *testing.T) {
	bubble(t, func(c *Config) { c.Height = 3 }, func(t *testing.T, w *wire, term *Terminal) {
		p := term.Pager()
		w.keys(" +2\r ")
		fmt.Fprint(p, "a\nb\nc\nd\n1\n2\n3\n22 unfinished")
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		_ = term.Flush()
		want := "a\nb\n" + erased + "c\nd\n" + erased + "+2\nfiltering...\n2\n" + erased + "22 unfinished\n"
		if out := w.screen(); out != crlf(want) {
			t.Errorf("drawn %q, want %q", out, crlf(want))
		}
	})
}

func TestPagerEnds(t *testing.T) {
	off := func(c *Config) { c.Height = 0 }
	plain := func(c *Config) { c.Echo = false }
	for name, change := range map[string]func(*Config){"length 0": off, "plain": plain} {
		t.Run(name, func(t *testing.T) {
			bubble(t, change, func(t *testing.T, w *wire, term *Terminal) {
				if _, err := fmt.Fprint(term.Pager(), numbered(1, 5000)); err != nil {
					t.Error(err)
				}
			})
		})
	}
	t.Run("hang-up", func(t *testing.T) {
		bubble(t, nil, func(t *testing.T, w *wire, term *Terminal) {
			w.hangUp(io.EOF)
			_, err := fmt.Fprint(term.Pager(), numbered(1, 50))
			if !errors.Is(err, ErrStopped) || !errors.Is(err, io.EOF) {
				t.Error(err)
			}
		})
	})
	t.Run("a cancelled command prints no more", func(t *testing.T) {
		bubble(t, off, func(t *testing.T, w *wire, term *Terminal) {
			err := term.Run(t.Context(), func(ctx context.Context) error {
				w.keys("\x03")
				<-ctx.Done()
				_, err := fmt.Fprint(term.Pager(), numbered(1, 50))
				return err
			})
			if !errors.Is(err, ErrStopped) || w.screen() != "" {
				t.Errorf("%v %q", err, w.screen())
			}
		})
	})
	t.Run("the next prompt begins a page", func(t *testing.T) {
		bubble(t, nil, func(t *testing.T, w *wire, term *Terminal) {
			for range 3 {
				fmt.Fprint(term.Pager(), numbered(1, 20))
				w.keys("\r")
				<-readLine(term, "Router#", nil)
			}
		})
	})
}

// TestPagedHelp: help longer than the screen is paged; keys behind ? wait.
func TestPagedHelp(t *testing.T) {
	long := func(c *Config) {
		c.Height = 5
		c.Help = func(string) string { return numbered(1, 6) + "\n" }
	}
	for _, v := range []struct{ keys, out, line string }{
		{"sh ? ver\r", "Router#sh ?\n" + numbered(1, 4) + erased + numbered(5, 6) + "\nRouter#sh ver\n", "sh ver"},
		{"sh ?qver\r", "Router#sh ?\n" + numbered(1, 4) + erased + "Router#sh ver\n", "sh ver"},
	} {
		bubble(t, long, func(t *testing.T, w *wire, term *Terminal) {
			w.keys(v.keys)
			if got := <-readLine(term, "Router#", nil); got.line != v.line {
				t.Errorf("%+v", got)
			}
			wait()
			if out := w.screen(); out != crlf(v.out) {
				t.Errorf("drawn %q, want %q", out, crlf(v.out))
			}
		})
	}
}

func TestFilterSyntax(t *testing.T) {
	for _, f := range []struct {
		expr, line string
		want       bool
	}{
		{"^interface|ip access", "interface Gi0/0", true},
		{"_150_", "option 150 ip", true},
		{"_150_", "option 1500 ip", false},
		{"a_b", "a_b", true},
		{`a\_b`, "a b", false},
		{"[_]", " ", false},
	} {
		match, err := CompileFilter(f.expr)
		if err != nil || match(f.line) != f.want {
			t.Errorf("%q on %q: %v", f.expr, f.line, err)
		}
	}
	if _, err := CompileFilter("("); err == nil {
		t.Error("( compiles")
	}
}
