// Package packed is texts as boxes publish them at the engine of the fleet: packed by
// gzip (RFC 1952) and bounded on both sides, for what another box publishes is hostile.
//
// Failure: ErrTooLarge and ErrRubbish, with nothing of the text. Testing: Pack and Unpack
// of this package; the formats within are fuzzed where they are read.
package packed

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
)

// The reasons there is no text.
var (
	ErrTooLarge = errors.New("too large")
	ErrRubbish  = errors.New("not packed by a box")
)

// Bounds of a text, in bytes. etcd takes requests of 1.5 MB. [etcd, System limits]
type Bounds struct{ Packed, Text int }

// Pack packs a text. The error is ErrTooLarge.
func (b Bounds) Pack(text string) (string, error) {
	if len(text) > b.Text {
		return "", ErrTooLarge
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = io.WriteString(w, text) // into memory
	_ = w.Close()
	if out.Len() > b.Packed {
		return "", ErrTooLarge
	}
	return out.String(), nil
}

// Unpack is the text of a value. The error is ErrTooLarge or ErrRubbish.
func (b Bounds) Unpack(value string) (string, error) {
	if len(value) > b.Packed {
		return "", ErrTooLarge
	}
	r, err := gzip.NewReader(strings.NewReader(value))
	if err != nil {
		return "", ErrRubbish
	}
	text, err := io.ReadAll(io.LimitReader(r, int64(b.Text)+1))
	switch {
	case len(text) > b.Text:
		return "", ErrTooLarge
	case err != nil:
		return "", ErrRubbish
	}
	return string(text), nil
}
