package transcript

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

var (
	promptRow = regexp.MustCompile(`^(?:\d[\d-]*)?[A-Za-z][\w.-]*(?:\([\w-]+\))?[>#]$`)
	// question is a row behind which the box may be waiting for an answer.
	question = regexp.MustCompile(`(?:\[confirm\]|[?:]|started\.|appliance\))$`)
	moreRow  = regexp.MustCompile(`^ ?--More--$`)
	textHead = regexp.MustCompile(`^Enter TEXT message\.  End with the character '(.+)'\.$`)
	secret   = regexp.MustCompile(`^<hidden ?([^>]*)>$`)
)

// at checks that the prompt is the one the transcript has.
func (s *screen) at(prompt string) error {
	_, _, row, ended := s.look()
	switch {
	case ended:
		return fmt.Errorf("the box has closed the session")
	case s.typed != "" && strings.HasPrefix(row, prompt), row == prompt:
		return nil
	case row == "": // a log line came behind the prompt: Enter brings it back
		if err := s.write("\r"); err != nil {
			return err
		}
		if _, err := s.talk(nil, 1); err != nil {
			return err
		}
		if _, _, row, _ = s.look(); row == prompt {
			return nil
		}
	}
	return fmt.Errorf("the prompt is %q, the transcript has %q", row, prompt)
}

// run types a line at the prompt that stands and gives the lines printed up to
// the next one.
func (s *screen) run(prompt, input string, want []string) ([]string, error) {
	text, ends, err := press(input)
	if err != nil {
		return nil, err
	}
	help := ends == "?" || ends == "TAB"
	switch ends {
	case "?", "TAB", "^Z", "^C", "CR", "LF": // they act at once
	default:
		text += "\r"
	}
	typing := text
	if s.typed != "" {
		switch rest, ok := strings.CutPrefix(text, s.typed); {
		case ok:
			typing = rest
		case text == strings.TrimRight(s.typed, " ")+"\r": // an editor cut the blank
			typing = "\r"
		case s.tab:
			return nil, fmt.Errorf("after <TAB> the line is %q, the transcript goes on with %q", s.typed, strings.TrimSuffix(text, "\r"))
		default:
			typing = "\x15" + text
		}
	}
	s.typed, s.tab = "", false
	before := s.take()
	if err := s.write(typing); err != nil {
		return nil, err
	}
	if help {
		stands := prompt + strings.TrimRight(text[:len(text)-1], " ")
		if err := s.awaitHelp(stands, ends == "TAB"); err != nil {
			return nil, err
		}
		_, _, row, _ := s.look()
		s.mu.Lock()
		s.typed, s.tab = string(s.row)[len(prompt):], ends == "TAB"
		s.mu.Unlock()
		if !strings.HasPrefix(row, prompt) {
			return nil, fmt.Errorf("after help the row is %q", row)
		}
		return lines(before, s.take()), nil
	}
	got, err := s.talk(want, 1)
	return s.aside(want, lines(before, got)), err
}

// logRow is a line that comes by itself: it begins with a time stamp.
var logRow = regexp.MustCompile(`^[*.]?[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d`)

// aside keeps lines that came by themselves, a moment before the prompt
// instead of behind it, for the `#: sees` that waits for them, if the answer
// is the expected one without them.
func (s *screen) aside(want, got []string) []string {
	if match(want, got) {
		return got
	}
	var answer, others []string
	for _, l := range got {
		if logRow.MatchString(l) {
			others = append(others, l)
		} else if !promptRow.MatchString(l) {
			answer = append(answer, l)
		}
	}
	if len(others) == 0 || !match(want, answer) {
		return got
	}
	s.mu.Lock()
	s.lines = append(others, s.lines...)
	s.mu.Unlock()
	return answer
}

// lines leaves out the row that was typed on. What came by itself before stays.
func lines(before, got []string) []string {
	if len(got) > 0 {
		got = got[1:]
	}
	return append(before, got...)
}

// awaitHelp waits until the line typed so far stands again after `?`, or until
// a completed one stands after TAB.
func (s *screen) awaitHelp(stands string, tab bool) error {
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		n, _, row, ended := s.look()
		if n > 0 && (row == stands && !tab || tab && strings.HasPrefix(row, stands) && !s.change(quiet)) {
			return nil
		}
		if ended {
			return fmt.Errorf("the box has closed the session")
		}
		s.change(100 * time.Millisecond)
	}
	_, last, row, _ := s.look()
	return fmt.Errorf("help did not end: the screen shows %q and the row is %q instead of %q", last, row, stands)
}

// talk answers what the box asks, from the lines of the transcript, until its
// prompt stands after at least least lines, or until it hangs up.
func (s *screen) talk(want []string, least int) ([]string, error) {
	next := 0 // lines of want before this one have been used
	deadline := time.Now().Add(patience)
	for {
		n, last, row, ended := s.look()
		switch {
		case n >= least && promptRow.MatchString(row), ended:
			return s.finish(ended), nil
		case moreRow.MatchString(row):
			if err := s.more(want, &next); err != nil {
				return nil, err
			}
			deadline = time.Now().Add(patience)
			continue
		case row == "" && textHead.MatchString(last) && n >= least:
			if err := s.text(textHead.FindStringSubmatch(last)[1], want, &next); err != nil {
				return nil, err
			}
			deadline = time.Now().Add(patience)
			continue
		case question.MatchString(row) && n >= least && !s.change(quiet):
			answered, err := s.answer(row, n, want, &next)
			if err != nil {
				return nil, err
			}
			if answered {
				deadline = time.Now().Add(patience)
				continue
			}
			if time.Until(deadline) < patience-2*time.Second {
				return nil, fmt.Errorf("the box asks %q and the transcript has no answer; before that it said:\n%s", row, indent(s.take()))
			}
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("no prompt after %v: the row is %q below\n%s", patience, row, indent(s.take()))
		}
		s.change(50 * time.Millisecond)
	}
}

// finish takes what was said; a box that hung up leaves its last row.
func (s *screen) finish(ended bool) []string {
	if ended {
		s.mu.Lock()
		if strings.TrimSpace(string(s.row)) != "" {
			s.lines = append(s.lines, string(s.row))
		}
		s.row = nil
		s.mu.Unlock()
	}
	return s.take()
}

// more presses a key at --More--: that of the transcript, else a blank, of
// which nothing is left to see.
func (s *screen) more(want []string, next *int) error {
	key := " "
	for i := *next; i < len(want); i++ {
		rest, ok := strings.CutPrefix(strings.TrimLeft(want[i], " "), "--More-- ")
		if !ok {
			continue
		}
		b, _, err := press(rest)
		if err != nil {
			return err
		}
		key, *next = b, i+1
		s.note(want[i])
		break
	}
	s.mu.Lock()
	s.row = nil // the box erases it; col stays, as the cursor does
	s.mu.Unlock()
	return s.write(key)
}

// answer looks for the line of the transcript that begins as the question. Of
// an answer that is a line, the transcript's own words stay: what is echoed of
// it may be nothing, or its end only.
func (s *screen) answer(row string, n int, want []string, next *int) (bool, error) {
	for i := *next; i < len(want); i++ {
		rest, ok := strings.CutPrefix(want[i], row)
		if !ok {
			continue
		}
		*next = i + 1
		keys := strings.TrimLeft(rest, " ")
		if m := secret.FindStringSubmatch(keys); m != nil {
			keys = m[1]
		}
		b, ends, err := press(keys)
		if err != nil {
			return false, err
		}
		line := !strings.HasSuffix(row, "[confirm]")
		if !line && b != "" {
			b = b[:1] // one key; what stands behind it is output
		}
		if (line || b == "") && ends != "^C" && ends != "^Z" {
			b += "\r"
		}
		if err := s.write(b); err != nil {
			return false, err
		}
		if line {
			s.leave(n)
			s.rewrite(n, want[i])
		} else {
			for limit := time.Now().Add(patience); time.Now().Before(limit); {
				if k, _, now, ended := s.look(); k > n || now != row || ended {
					break
				}
				s.change(50 * time.Millisecond)
			}
		}
		return true, nil
	}
	return false, nil
}

// leave waits until row n has been left.
func (s *screen) leave(n int) {
	for limit := time.Now().Add(patience); time.Now().Before(limit); {
		if k, _, _, ended := s.look(); k > n || ended {
			return
		}
		s.change(50 * time.Millisecond)
	}
}

// text types the lines of a banner up to the one with its delimiter.
func (s *screen) text(delim string, want []string, next *int) error {
	for i := *next; i < len(want); i++ {
		if i == *next && textHead.MatchString(want[i]) {
			*next = i + 1
			continue
		}
		n, _, _, _ := s.look()
		line := unescape(want[i])
		if err := s.write(line + "\r"); err != nil {
			return err
		}
		s.leave(n)
		*next = i + 1
		if strings.Contains(line, delim) {
			return nil
		}
	}
	return fmt.Errorf("the text of the banner does not end with %q in the transcript", delim)
}

// sees waits for lines that come by themselves, as many as the transcript has
// at least, and for the prompt to stand again. A line that is a question is
// answered as below a line of input.
func (s *screen) sees(want []string) ([]string, error) {
	if slices.ContainsFunc(want, question.MatchString) {
		return s.talk(want, 1)
	}
	least := max(1, len(want))
	for i, w := range want {
		if strings.TrimSpace(w) == "..." {
			least = max(1, i)
			break
		}
	}
	for limit := time.Now().Add(patience); time.Now().Before(limit); {
		if n, _, _, ended := s.look(); n >= least || ended {
			break
		}
		s.change(50 * time.Millisecond)
	}
	for s.change(quiet) {
	}
	var got []string
	for _, l := range s.take() {
		if !promptLine.MatchString(l) { // a prompt that stood and was drawn anew
			got = append(got, l)
		}
	}
	if len(got) == 0 {
		return nil, fmt.Errorf("nothing came in %v", patience)
	}
	return got, nil
}
