package follow

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"option150/platform/plain"
)

// Kind is under which a leader publishes its sections.
const Kind = "sections"

// Bounds of what is published. etcd takes requests of 1.5 MB. [etcd, System limits]
const (
	MaxValue = 1 << 20 // bytes, packed
	MaxText  = 4 << 20 // bytes of configuration, what a file may have
	maxWord  = 64
)

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
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err = w.Write(text)
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	if err == nil && b.Len() > MaxValue {
		err = ErrTooLarge
	}
	return b.String(), err
}

// Decode unpacks what some box has published. The error is ErrTooLarge or ErrRubbish.
func Decode(value string) (s Sections, err error) {
	if len(value) > MaxValue {
		return s, ErrTooLarge
	}
	r, err := gzip.NewReader(strings.NewReader(value))
	if err != nil {
		return s, ErrRubbish
	}
	const most = 2*MaxText + 4096 // a line end takes two bytes in JSON
	text, err := io.ReadAll(io.LimitReader(r, most+1))
	switch {
	case len(text) > most:
		return s, ErrTooLarge
	case err != nil || json.Unmarshal(text, &s) != nil || !utf8.ValidString(s.Text) || strings.TrimSpace(s.Text) == "":
		return Sections{}, ErrRubbish
	case len(s.Text) > MaxText:
		return Sections{}, ErrTooLarge
	}
	s.Software = plain.Shown(s.Software, maxWord)
	s.Number, s.Carried = max(s.Number, 0), max(s.Carried, 0)
	return s, nil
}
