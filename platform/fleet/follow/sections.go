package follow

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"option150/platform/fleet/packed"
	"option150/platform/plain"
)

// Kind is under which a leader publishes its sections.
const Kind = "sections"

// Bounds of what is published.
const (
	MaxValue = 1 << 20 // bytes, packed
	MaxText  = 4 << 20 // bytes of configuration, what a file may have
	maxWord  = 64
)

var bounds = packed.Bounds{Packed: MaxValue, Text: 2*MaxText + 4096} // a line end takes two bytes in JSON

// Sections are what a leader publishes.
type Sections struct {
	Software string    `json:"software"` // version of its program
	Number   int       `json:"number"`   // of its configuration, since it started
	Changed  time.Time `json:"changed"`  // by its clock
	Carried  int       `json:"carried"`  // lines that it keeps and does not act on
	Text     string    `json:"text"`     // the lines, as a configuration file
}

// The reasons a value is none.
var (
	ErrTooLarge = fmt.Errorf("the sections are larger than %d KB packed or %d KB unpacked", MaxValue>>10, MaxText>>10)
	ErrRubbish  = errors.New("what it publishes are no sections of a configuration")
)

// Encode packs them. ErrTooLarge: they cannot be published.
func (s Sections) Encode() (string, error) {
	if len(s.Text) > MaxText {
		return "", ErrTooLarge
	}
	text, err := json.Marshal(s)
	if err != nil {
		return "", err
	}
	out, err := bounds.Pack(string(text))
	if err != nil {
		return "", ErrTooLarge
	}
	return out, nil
}

// Decode unpacks what some box has published. The error is ErrTooLarge or ErrRubbish.
func Decode(value string) (s Sections, err error) {
	text, err := bounds.Unpack(value)
	switch {
	case err == packed.ErrTooLarge:
		return s, ErrTooLarge
	case err != nil || json.Unmarshal([]byte(text), &s) != nil || !utf8.ValidString(s.Text) || strings.TrimSpace(s.Text) == "":
		return Sections{}, ErrRubbish
	case len(s.Text) > MaxText:
		return Sections{}, ErrTooLarge
	}
	s.Software = plain.Shown(s.Software, maxWord)
	s.Number, s.Carried = max(s.Number, 0), max(s.Carried, 0)
	return s, nil
}
