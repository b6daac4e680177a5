package transcript_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"

	"option150/cli/terminal"
)

// shell is a small operator's session on a real terminal: what a transcript
// needs of a box.
type shell struct {
	mu      sync.Mutex
	doing   []string
	terms   map[string]*terminal.Terminal
	record  io.Writer
	height  int
	waiting sync.WaitGroup
}

// Do implements transcript.World.
func (w *shell) Do(command string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.doing = append(w.doing, command)
	word, rest, _ := strings.Cut(command, " ")
	switch word {
	case "say":
		return rest + "\n", nil
	case "log":
		for _, t := range w.terms {
			t.Async(rest, true)
		}
		return "", nil
	case "break":
		return "", errors.New("broken")
	}
	return "", nil
}

// Session implements transcript.World.
func (w *shell) Session(name string) (io.ReadWriteCloser, error) {
	if name == "nobody" {
		return nil, errors.New("no such operator")
	}
	far, near := net.Pipe()
	t := terminal.New(terminal.Config{Stream: near, Width: 60, Height: w.height, Echo: true,
		Help:     func(line string) string { return "  help for " + line + "\n\n" },
		Complete: func(line string) (string, bool) { return strings.TrimPrefix("configure", line), line == "conf" },
	})
	if w.record != nil {
		t.Record(w.record)
	}
	w.mu.Lock()
	if w.terms == nil {
		w.terms = map[string]*terminal.Terminal{}
	}
	w.terms[name] = t
	w.mu.Unlock()
	w.waiting.Add(1)
	go func() {
		defer w.waiting.Done()
		defer near.Close()
		defer t.Close()
		fmt.Fprintf(t.Writer(), "\nhello %s\n", name)
		w.serve(t)
	}()
	return far, nil
}

func (w *shell) serve(t *terminal.Terminal) {
	h := &terminal.History{}
	prompt := "Box#"
	for {
		line, end, err := t.ReadLine(prompt, h)
		if err != nil {
			return
		}
		if end == terminal.CtrlC {
			prompt = "Box#"
			continue
		}
		done := false
		_ = t.Run(context.Background(), func(context.Context) error {
			done = command(t, line, &prompt)
			return nil
		})
		if done {
			return
		}
		if end == terminal.CtrlZ {
			prompt = "Box#"
		}
	}
}

// command carries out one line and reports that the session is over.
func command(t *terminal.Terminal, line string, prompt *string) bool {
	out := t.Writer()
	word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	switch word {
	case "echo":
		fmt.Fprintln(out, rest)
	case "mode":
		*prompt = "Box(" + rest + ")#"
	case "ask":
		a, err := t.ReadAnswer("Name [none]? ")
		fmt.Fprintf(out, "answer %q %v\n", a, err)
	case "secret":
		a, err := t.ReadPassword("Password: ")
		fmt.Fprintf(out, "%d characters %v\n", len(a), err)
	case "sure":
		k, _ := t.ReadKey("Sure? [confirm]")
		fmt.Fprintf(out, "[%d]\n", k)
	case "text":
		fmt.Fprintln(out, "Enter TEXT message.  End with the character '#'.")
		lines, err := t.ReadText("", func(l string) bool { return strings.Contains(l, "#") })
		fmt.Fprintf(out, "%d lines %v\n", len(lines), err)
	case "pages":
		p := t.Pager()
		for i := range 12 {
			if _, err := fmt.Fprintf(p, "line %d\n", i+1); err != nil {
				break
			}
		}
		p.Close()
	case "odd":
		fmt.Fprint(out, "# comment?\nRouter#prompt?\n...\n\\back\n")
	case "umlauts":
		fmt.Fprintln(out, "Zürich → Bärn")
	case "bye":
		fmt.Fprint(out, "see you")
		return true
	}
	return false
}
