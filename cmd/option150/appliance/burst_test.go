package appliance_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"option150/cmd/option150/testbox"
	"option150/platform/netns"
	"option150/platform/running"
)

// TestBurstOnTheConsole: messages that come together, as when phones boot, are
// printed together; below them the prompt stands once with what was typed.
func TestBurstOnTheConsole(t *testing.T) {
	netns.Need(t)
	w := newWorld(t)
	w.startup = []string{"hostname Router", "line con 0", " logging synchronous", "end"}
	stream, err := w.Session("console")
	if err != nil {
		t.Fatal(err)
	}
	s := &testbox.Shell{T: t, In: stream, Out: testbox.NewBuffer()}
	go s.Out.From(stream)
	s.Sees("Press RETURN to get started.")
	s.Send("\r")
	s.Answer()
	if s.Do("enable"); s.Prompt != "Router#" {
		t.Fatalf("the prompt is %q", s.Prompt)
	}
	const half = "show runn"
	s.Send(half)
	s.Sees(half)
	const lines = 40
	for n := range lines {
		w.box.Box().Journal.Record(running.Configured{Who: running.Who{User: fmt.Sprintf("u%d.", n), Line: "test"}})
	}
	out, err := s.Out.Take(testbox.AnswerTime, func(x string) bool {
		return strings.Contains(x, fmt.Sprintf("u%d.", lines-1)) && strings.HasSuffix(x, "\r\nRouter#"+half)
	})
	if err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	for n := range lines {
		if strings.Count(out, fmt.Sprintf("by u%d. on test\r\n", n)) != 1 {
			t.Errorf("line %d is not there once:\n%s", n, out)
		}
	}
	// One is usual; a machine that is busy for long may make several of it.
	if prompts := strings.Count(out, "Router#"); prompts > lines/4 {
		t.Errorf("the prompt was drawn %d times below %d lines:\n%s", prompts, lines, out)
	}
	// What was typed is still there.
	if _, err := io.WriteString(stream, "\x15show privilege\r"); err != nil {
		t.Fatal(err)
	}
	if a := s.Answer(); !strings.HasSuffix(a, "Current privilege level is 15\n") {
		t.Errorf("%q", a)
	}
}
