package testbox

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

func TestBufferWaits(t *testing.T) {
	b := NewBuffer()
	far, near := net.Pipe()
	go b.From(near)
	go func() {
		for _, s := range []string{"one", " two", "\r\nRouter#"} {
			_, _ = io.WriteString(far, s)
		}
	}()
	text, err := b.Take(AnswerTime, Prompt.MatchString)
	if Plain(text) != "one two\nRouter#" || err != nil {
		t.Errorf("%q %v", text, err)
	}
	if text, err := b.Take(time.Millisecond, Prompt.MatchString); text != "" || err == nil || errors.Is(err, io.EOF) {
		t.Errorf("taken twice: %q %v", text, err)
	}
	go func() { _, _ = io.WriteString(far, "rest"); far.Close() }()
	if text, err := b.Take(AnswerTime, func(string) bool { return false }); text != "rest" || !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %q %v", text, err)
	}
}

func TestShellTypesAndReads(t *testing.T) {
	far, near := net.Pipe()
	s := &Shell{T: t, In: near, Out: NewBuffer()}
	go s.Out.From(near)
	go func() {
		b := make([]byte, 100)
		n, _ := far.Read(b)
		_, _ = io.WriteString(far, strings.ReplaceAll(string(b[:n]), "\r", "\r\n")+"yes\r\nBox(config)#")
	}()
	if a := s.Do("question"); a != "yes\n" || s.Prompt != "Box(config)#" {
		t.Errorf("%q at %q", a, s.Prompt)
	}
}
