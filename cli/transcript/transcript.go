package transcript

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"
)

// World is what a transcript runs against.
type World interface {
	// Session opens the terminal of an operator. Names are "1", "2", "console"
	// and whatever the world knows. Run closes the streams it got.
	Session(name string) (io.ReadWriteCloser, error)
	// Do carries out a `#:` line and gives what the world has to say.
	Do(command string) (string, error)
}

// promptLine is a line of input: Router>, Router#, Router(config-if)#.
var promptLine = regexp.MustCompile(`^((?:\d[\d-]*)?[A-Za-z][\w.-]*(?:\([\w-]+\))?[>#])(.*)$`)

// Run runs the transcript in a file. With update the file is rewritten with
// what was found; otherwise the first difference is the error.
func Run(file string, w World, update bool) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	r := &runner{file: file, world: w, update: update, session: "1", screens: map[string]*screen{}}
	defer r.close()
	rest, err := r.all(strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"))
	if update { // up to where it could not go on
		err = errors.Join(err, os.WriteFile(file, []byte(strings.Join(append(r.out, rest...), "\n")+"\n"), 0o644))
	}
	return err
}

type runner struct {
	file    string
	world   World
	update  bool
	out     []string
	session string
	screens map[string]*screen
}

func (r *runner) close() {
	for _, s := range r.screens {
		_ = s.rw.Close()
	}
}

// all runs the lines; with an error come those that were not run.
func (r *runner) all(lines []string) (rest []string, err error) {
	for i := 0; i < len(lines); {
		line := lines[i]
		var n int
		var err error
		switch {
		case strings.HasPrefix(line, "#:"):
			n, err = r.directive(i, lines)
		case strings.HasPrefix(line, "#"), strings.TrimSpace(line) == "":
			r.out, n = append(r.out, line), 1
		default:
			n, err = r.step(i, lines)
		}
		if err != nil {
			return lines[i:], fmt.Errorf("%s:%d: %w", r.file, i+1, err)
		}
		i += n
	}
	return nil, nil
}

// block is the output written below lines[i].
func block(i int, lines []string) []string {
	n := i + 1
	for n < len(lines) && !strings.HasPrefix(lines[n], "#") && !promptLine.MatchString(lines[n]) {
		n++
	}
	return lines[i+1 : n]
}

// directive carries out a `#:` line and returns how many lines it took.
func (r *runner) directive(i int, lines []string) (int, error) {
	command := strings.TrimSpace(lines[i][2:])
	word, rest, _ := strings.Cut(command, " ")
	want := block(i, lines)
	var got []string
	var err error
	switch word {
	case "session":
		if r.session = strings.TrimSpace(rest); r.session == "" {
			return 0, fmt.Errorf("session needs a name")
		}
	case "connect":
		if s := r.screens[r.session]; s != nil && s.gone() {
			_ = s.rw.Close()
			delete(r.screens, r.session)
		} else if s != nil {
			return 0, fmt.Errorf("session %s is open already", r.session)
		}
		if _, got, err = r.screen(want); err != nil {
			return 0, err
		}
	case "sees":
		s, _, err := r.screen(nil)
		if err != nil {
			return 0, err
		}
		if got, err = s.sees(want); err != nil {
			return 0, err
		}
	case "closed":
		if got, err = r.closed(); err != nil {
			return 0, err
		}
	case "hangup":
		if s := r.screens[r.session]; s != nil {
			_ = s.rw.Close()
			delete(r.screens, r.session)
		}
	default:
		said, err := r.world.Do(command)
		if err != nil {
			return 0, err
		}
		if said != "" {
			got = strings.Split(strings.TrimSuffix(said, "\n"), "\n")
		}
		if len(got) == 0 && strings.TrimSpace(strings.Join(want, "")) == "" {
			got = want // nothing said: blank lines are layout
		}
	}
	return len(want) + 1, r.result(lines[i], want, got)
}

// closed waits until the box has closed the session and gives what it said.
func (r *runner) closed() ([]string, error) {
	s := r.screens[r.session]
	if s == nil {
		return nil, fmt.Errorf("session %s is not open", r.session)
	}
	for limit := time.Now().Add(patience); !s.gone(); s.change(50 * time.Millisecond) {
		if time.Now().After(limit) {
			return nil, fmt.Errorf("the box has not closed session %s in %v", r.session, patience)
		}
	}
	delete(r.screens, r.session)
	return s.take(), nil
}

// step types one line and compares what follows it.
func (r *runner) step(i int, lines []string) (int, error) {
	m := promptLine.FindStringSubmatch(lines[i])
	if m == nil {
		return 0, fmt.Errorf("a prompt was expected here: %q", lines[i])
	}
	want := block(i, lines)
	s, _, err := r.screen(nil)
	if err != nil {
		return 0, err
	}
	if err := s.at(m[1]); err != nil {
		return 0, err
	}
	got, err := s.run(m[1], m[2], want)
	if err != nil {
		return 0, err
	}
	if s.gone() {
		delete(r.screens, r.session)
	}
	return len(want) + 1, r.result(lines[i], want, got)
}

func (r *runner) result(head string, want, got []string) error {
	got = escape(got)
	r.out = append(r.out, head)
	if r.update {
		r.out = append(r.out, merge(want, got)...)
		return nil
	}
	return compare(want, got)
}

// screen is that of the operator who types now; he comes in if he has not, and
// got is how he was greeted.
func (r *runner) screen(want []string) (s *screen, got []string, err error) {
	if s := r.screens[r.session]; s != nil {
		return s, nil, nil
	}
	rw, err := r.world.Session(r.session)
	if err != nil {
		return nil, nil, err
	}
	s = newScreen(rw)
	r.screens[r.session] = s
	got, err = s.talk(want, 0)
	return s, got, err
}
