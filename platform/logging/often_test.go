package logging

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"option150/platform/journal"
	"option150/platform/message"
	"option150/platform/testkit"
)

// sink keeps what is written.
type sink struct {
	mu sync.Mutex
	b  strings.Builder
}

func (s *sink) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

func (s *sink) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// TestOneCauseOneLine: what one cause brings is a line and, when its time is over,
// one with the count; a session sees the same two; other causes are lines of their
// own.
func TestOneCauseOneLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := journal.New(0)
		s := New(Options{Journal: j})
		defer s.Close()
		u := s.Subscribe(func(topic string, _ int) bool { return topic == "" })
		for i := range 500 {
			j.Record(fact{entry: message.TFTPDenied, args: []any{fmt.Sprintf("10.0.0.%d", i%250), fmt.Sprint("name", i), "no network of this box"}})
		}
		j.Record(fact{entry: message.TFTPDenied, args: []any{"10.9.9.9", "x", "another reason"}})
		for range 30 {
			j.Record(fact{entry: message.CNFBuilt, args: []any{1, 1, 1, 1}})
		}
		synctest.Wait()
		if n := len(s.Lines()); n != 3 {
			t.Errorf("%d lines at once:\n%s", n, strings.Join(s.Lines(), "\n"))
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		text := strings.Join(s.Lines(), "\n")
		for _, want := range []string{"Request of 10.0.0.249 for name499 was refused: no network of this box [the last of 499 more like it within 60 s]", "[the last of 29 more like it within 10 s]"} {
			if strings.Count(text, want) != 1 {
				t.Errorf("no %q in\n%s", want, text)
			}
		}
		if n := len(s.Lines()); n != 5 {
			t.Errorf("%d lines:\n%s", n, text)
		}
		if show := s.ShowText(); !strings.Contains(show, "0 messages dropped, 528 messages rate-limited") {
			t.Error(show)
		}
		var seen []string
		for range 5 {
			line, err := u.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			seen = append(seen, line)
		}
		if got := strings.Join(seen, "\n"); strings.Count(got, "more like it") != 2 || strings.Count(got, "name") != 2 {
			t.Errorf("a session sees\n%s", got)
		}
		// The next one is a line again.
		j.Record(fact{entry: message.TFTPDenied, args: []any{"10.0.0.1", "late", "no network of this box"}})
		synctest.Wait()
		if n := len(s.Lines()); n != 6 {
			t.Errorf("%d lines after it was over", n)
		}
	})
}

// TestCausesAreBounded: a flood of different causes keeps no more than so many.
func TestCausesAreBounded(t *testing.T) {
	s, j := start(t, Options{})
	for i := range 1000 {
		j.Record(fact{entry: message.TFTPDenied, args: []any{"10.0.0.1", "x", fmt.Sprint("reason ", i)}})
	}
	_ = s.ShowText() // waits for the reader
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.causes) > maxCauses {
		t.Errorf("%d causes", len(s.causes))
	}
}

// TestErrors: what is of severity 4 and worse reaches the standard error, at a
// bounded rate, with how much was kept back.
func TestErrors(t *testing.T) {
	t.Setenv("JOURNAL_STREAM", "8:1")
	var out sink
	s, j := start(t, Options{Errors: &out})
	j.Record(by("nobody")) // severity 5
	j.Record(fact{entry: message.ServiceFailed, args: []any{"the TFTP server", "UDP port 69 is held by in.tftpd"}})
	testkit.Until(t, "a line", func() bool {
		return out.String() == "<3>%SYS-3-SERVICE_FAILED: the TFTP server is not working: UDP port 69 is held by in.tftpd\n"
	})
	for i := range 1000 {
		j.Record(fact{entry: message.ConfigLine, args: []any{i, "x"}})
	}
	_ = s.ShowText()
	testkit.Until(t, "the rest of the burst", func() bool { return strings.Count(out.String(), "\n") >= stderrBurst })
	if n := strings.Count(out.String(), "\n"); n > stderrBurst+5 {
		t.Errorf("%d lines", n)
	}
}
