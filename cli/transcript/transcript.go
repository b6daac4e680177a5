// Package transcript runs transcripts: the CLI's tests and the user's bug
// reports. A transcript is what an engineer sees on his screen:
//
//	Router#show clock
//	<*>
//	#: hold tcp 6970                    the world: another process takes the port
//	Router(config-telephony)#hfs enable port 6970
//	Invalid port number or port in use by other application
//
// A line that begins with a prompt is input, every other line is expected
// output. <?>, <TAB>, <^Z>, <^C> at the end of input are keys. Lines that begin
// with `#:` drive the world, `#` alone begins a comment. <*> stands for any
// text within a line, a line of three dots for any number of lines. Blanks at
// the end of lines do not count.
//
// World commands known to every world: `answers "a" "b"` types answers to the
// questions of the next command, `session N` changes to another operator.
//
// Follows DESIGN 8 and reference/exemplars.md 6.7. Failure: a difference names
// file and line. With Update the output found is written back.
package transcript

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"
)

// World is what a transcript runs against.
type World interface {
	// Session opens the terminal of operator n, or gives the one that is open.
	Session(n int) (io.ReadWriter, error)
	// Do carries out a `#:` line.
	Do(command string) error
}

// patience bounds the wait for a prompt.
const patience = 20 * time.Second

var (
	promptLine = regexp.MustCompile(`^([A-Za-z][\w.-]*(?:\([\w-]+\))?[>#])(.*)$`)
	waiting    = regexp.MustCompile(`(?:^|\n)(?:[A-Za-z][\w.-]*(?:\([\w-]+\))?[>#]| --More-- )$`)
	question   = regexp.MustCompile(`(?:\[confirm\]|[?:] |\[yes/no\]: )$`)
)

var keys = strings.NewReplacer("<?>", "?", "<TAB>", "\t", "<^Z>", "\x1a", "<^C>", "\x03", "<SPACE>", " ", "<UP>", "\x10")

// Run runs the transcript in a file. With update the file is rewritten with
// what was found; otherwise the first difference is the error.
func Run(file string, w World, update bool) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	r := &runner{file: file, world: w, update: update, screens: map[int]*screen{}}
	if err := r.all(strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")); err != nil {
		return err
	}
	if update {
		return os.WriteFile(file, []byte(strings.Join(r.out, "\n")+"\n"), 0o644)
	}
	return nil
}

type runner struct {
	file    string
	world   World
	update  bool
	out     []string
	answers []string
	session int
	screens map[int]*screen
}

func (r *runner) all(lines []string) error {
	for i := 0; i < len(lines); {
		line := lines[i]
		switch {
		case strings.HasPrefix(line, "#:"):
			r.out = append(r.out, line)
			if err := r.do(strings.TrimSpace(line[2:])); err != nil {
				return fmt.Errorf("%s:%d: %w", r.file, i+1, err)
			}
			i++
		case strings.HasPrefix(line, "#"), strings.TrimSpace(line) == "" && len(r.screens) == 0:
			r.out = append(r.out, line)
			i++
		default:
			n, err := r.step(i, lines)
			if err != nil {
				return fmt.Errorf("%s:%d: %w", r.file, i+1, err)
			}
			i += n
		}
	}
	return nil
}

func (r *runner) do(command string) error {
	word, rest, _ := strings.Cut(command, " ")
	switch word {
	case "answers":
		for _, q := range regexp.MustCompile(`"([^"]*)"`).FindAllStringSubmatch(rest, -1) {
			r.answers = append(r.answers, q[1])
		}
		return nil
	case "session":
		_, err := fmt.Sscanf(rest, "%d", &r.session)
		return err
	}
	return r.world.Do(command)
}

// step types one line and compares what follows it.
func (r *runner) step(i int, lines []string) (int, error) {
	m := promptLine.FindStringSubmatch(lines[i])
	if m == nil {
		return 0, fmt.Errorf("a prompt was expected here: %q", lines[i])
	}
	want := []string{}
	n := 1
	for i+n < len(lines) && !strings.HasPrefix(lines[i+n], "#") && promptLine.FindString(lines[i+n]) == "" {
		want = append(want, lines[i+n])
		n++
	}
	s, err := r.screen()
	if err != nil {
		return 0, err
	}
	if at := s.prompt(); at != m[1] {
		return 0, fmt.Errorf("the prompt is %q, the transcript has %q", at, m[1])
	}
	got, err := s.run(keys.Replace(m[2]), r.takeAnswers())
	if err != nil {
		return 0, err
	}
	r.out = append(r.out, lines[i])
	if r.update {
		r.out = append(r.out, merge(want, got)...)
		return n, nil
	}
	return n, compare(want, got)
}

func (r *runner) takeAnswers() []string {
	a := r.answers
	r.answers = nil
	return a
}

func (r *runner) screen() (*screen, error) {
	if s := r.screens[r.session]; s != nil {
		return s, nil
	}
	rw, err := r.world.Session(r.session)
	if err != nil {
		return nil, err
	}
	s := &screen{rw: rw, wake: make(chan struct{}, 1)}
	go s.read()
	r.screens[r.session] = s
	_, err = s.await(false)
	return s, err
}

// screen is the far end of a terminal.
type screen struct {
	rw   io.ReadWriter
	wake chan struct{}
	mu   sync.Mutex
	buf  []byte
	last string // the prompt that stands
	err  error
}

func (s *screen) read() {
	b := make([]byte, 4096)
	for {
		n, err := s.rw.Read(b)
		s.mu.Lock()
		s.buf = append(s.buf, b[:n]...)
		if err != nil {
			s.err = err
		}
		s.mu.Unlock()
		select {
		case s.wake <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

func (s *screen) prompt() string { return s.last }

// await waits until the terminal waits for us and returns what it printed,
// with the prompt.
func (s *screen) await(questions bool) (string, error) {
	deadline := time.After(patience)
	for {
		s.mu.Lock()
		text, err := string(bytes.ReplaceAll(s.buf, []byte("\r"), nil)), s.err
		s.mu.Unlock()
		if waiting.MatchString(text) || questions && question.MatchString(text) || err != nil {
			s.mu.Lock()
			s.buf = nil
			s.mu.Unlock()
			if i := strings.LastIndexByte(text, '\n'); err == nil {
				s.last = text[i+1:]
			}
			return text, nil
		}
		select {
		case <-s.wake:
		case <-deadline:
			return text, fmt.Errorf("no prompt after %v, the screen shows %q", patience, text)
		}
	}
}

// run types a line and gives the lines printed up to the next prompt.
func (s *screen) run(input string, answers []string) ([]string, error) {
	if !strings.ContainsAny(input, "\x1a\x03?\t") || strings.HasSuffix(input, "\r") {
		input += "\r"
	}
	clear := strings.HasSuffix(input, "?") || strings.HasSuffix(input, "\t")
	if _, err := io.WriteString(s.rw, input); err != nil {
		return nil, err
	}
	var all string
	if clear { // help shows the line again: wait for it, then erase it
		all = s.awaitLine(strings.TrimRight(input, "?\t"))
	}
	for {
		text, err := s.finish(clear)
		clear = false
		if err != nil {
			return nil, err
		}
		all += text
		if waiting.MatchString(text) || s.err != nil {
			break
		}
		if len(answers) == 0 {
			return nil, fmt.Errorf("the box asks %q and the transcript has no answer", strings.TrimSpace(s.last))
		}
		if _, err := io.WriteString(s.rw, answers[0]+"\r"); err != nil {
			return nil, err
		}
		answers = answers[1:]
	}
	lines := strings.Split(all, "\n")
	if len(lines) > 0 {
		lines = lines[1:] // the echo of what was typed
	}
	if n := len(lines); n > 0 {
		lines = lines[:n-1] // the next prompt
	}
	return lines, nil
}

func (s *screen) finish(erase bool) (string, error) {
	if erase {
		if _, err := io.WriteString(s.rw, "\x15"); err != nil {
			return "", err
		}
		s.mu.Lock()
		s.buf = nil
		s.mu.Unlock()
		if _, err := io.WriteString(s.rw, "\r"); err != nil {
			return "", err
		}
		return s.await(false)
	}
	return s.await(true)
}

// awaitLine waits until the line typed so far is shown again after help.
func (s *screen) awaitLine(line string) string {
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		s.mu.Lock()
		text := string(bytes.ReplaceAll(s.buf, []byte("\r"), nil))
		s.mu.Unlock()
		if i := strings.LastIndexByte(text, '\n'); i > 0 && strings.HasPrefix(text[i+1:], s.last+line) {
			return text[:i+1]
		}
		select {
		case <-s.wake:
		case <-time.After(100 * time.Millisecond):
		}
	}
	return ""
}
