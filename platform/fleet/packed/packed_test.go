package packed

import (
	"errors"
	"strings"
	"testing"
)

func TestPacked(t *testing.T) {
	b := Bounds{Packed: 200, Text: 1000}
	text := strings.Repeat("ephone 1\n", 100)
	v, err := b.Pack(text)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := b.Unpack(v); err != nil || got != text {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := b.Pack(strings.Repeat("x", 1001)); !errors.Is(err, ErrTooLarge) {
		t.Error("a text beyond the bound:", err)
	}
	if _, err := (Bounds{Packed: 10, Text: 1000}).Pack(text); !errors.Is(err, ErrTooLarge) {
		t.Error("a value beyond the bound:", err)
	}
	bomb, err := Bounds{Packed: 1 << 20, Text: 1 << 20}.Pack(strings.Repeat(" ", 1<<17))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		value string
		want  error
	}{
		"nothing": {"", ErrRubbish}, "not packed": {"ephone 1", ErrRubbish}, "cut short": {v[:len(v)-9], ErrRubbish},
		"unpacks for ever": {bomb, ErrTooLarge}, "too long": {strings.Repeat("x", 201), ErrTooLarge},
	} {
		if got, err := b.Unpack(c.value); !errors.Is(err, c.want) || got != "" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
