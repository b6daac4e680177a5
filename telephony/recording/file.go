package recording

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"time"

	"option150/platform/journal"
	"option150/telephony/inventory"
)

// Form is the first field of a recording and its version.
const Form = "option150 phone recording 1"

// Bounds of a recording that is read.
const (
	maxLine  = 1 << 20
	maxLines = 10_000
)

// Head is the first line.
type Head struct {
	Form    string
	Version string // of the box
	Now     time.Time
	Phone   string // device name, or the address of a phone without one
	Label   string // what the configuration says about it
	Boot    int    // number of the last boot
	Config  []string
	Waits   inventory.Waits
	Answers Answers
}

// line is one event.
type line struct {
	At    time.Time
	Event string
	Data  json.RawMessage
}

// Source is what a recording is made of.
type Source struct {
	Version string
	Now     time.Time
	Phone   inventory.Phone // as it stands now
	Label   string
	Config  []string // its section, without secrets
	Waits   inventory.Waits
	Outside inventory.Outside
	Events  []journal.Entry // of Tape.Of
}

// ErrNothing says that no event of the phone is kept any more.
var ErrNothing = errors.New("nothing of this phone is recorded any more")

// Export writes a recording.
func Export(w io.Writer, s Source) error {
	if len(s.Events) == 0 {
		return ErrNothing
	}
	name := s.Phone.Device()
	if s.Phone.MAC.IsZero() {
		name = s.Phone.Addr.String()
	}
	// The verdict is made once more over the events that are kept: what it asks
	// is what a replay has to know.
	l := &listening{mac: s.Phone.MAC}
	play(s.Events, l.outside(s.Outside), s.Waits, name, s.Now)
	h := Head{Form: Form, Version: s.Version, Now: s.Now, Phone: name, Label: s.Label, Boot: s.Phone.Boot, Config: s.Config, Waits: s.Waits, Answers: l.a}
	out := json.NewEncoder(w)
	if err := out.Encode(h); err != nil {
		return err
	}
	for _, e := range s.Events {
		data, err := json.Marshal(e.Event)
		if err != nil {
			return fmt.Errorf("%s: %w", e.Event.EventName(), err)
		}
		if err := out.Encode(line{e.Time, e.Event.EventName(), data}); err != nil {
			return err
		}
	}
	return nil
}

// Recording is one that was read.
type Recording struct {
	Head
	Events  []journal.Entry
	Skipped int // events this version does not know
}

// Read reads a recording.
func Read(r io.Reader) (*Recording, error) {
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 0, 64<<10), maxLine)
	rec := &Recording{}
	for n := 0; in.Scan(); n++ {
		b := bytes.TrimSpace(in.Bytes())
		switch {
		case n > maxLines:
			return nil, fmt.Errorf("a recording has at most %d lines", maxLines)
		case n == 0:
			if err := json.Unmarshal(b, &rec.Head); err != nil || rec.Form != Form {
				return nil, errors.New("it is no recording of a phone")
			}
		case len(b) == 0:
		default:
			var l line
			if err := json.Unmarshal(b, &l); err != nil {
				return nil, fmt.Errorf("line %d is none of a recording", n+1)
			}
			t, ok := kinds[l.Event]
			if !ok {
				rec.Skipped++
				continue
			}
			v := reflect.New(t)
			if err := json.Unmarshal(l.Data, v.Interface()); err != nil {
				return nil, fmt.Errorf("line %d: %s does not have the fields of one", n+1, l.Event)
			}
			rec.Events = append(rec.Events, journal.Entry{Seq: uint64(n), Time: l.At, Event: v.Elem().Interface().(journal.Event)})
		}
	}
	if err := in.Err(); err != nil {
		return nil, errors.New("a line is longer than a recording has any")
	}
	if rec.Form == "" {
		return nil, errors.New("it is no recording of a phone")
	}
	return rec, nil
}

// play folds events and looks at the phone.
func play(events []journal.Entry, o inventory.Outside, waits inventory.Waits, name string, now time.Time) (inventory.Phone, bool) {
	v := inventory.New(inventory.Options{Outside: o, Waits: &waits})
	for _, e := range events {
		v.Fold(e)
	}
	return v.Find(name, now)
}

// Replay is what `show phone` printed of the last n boots.
func (r *Recording) Replay(n int) (string, error) {
	p, ok := play(r.Events, r.Answers.outside(), r.Waits, r.Phone, r.Now)
	if !ok {
		return "", fmt.Errorf("nothing of %s is in the recording", r.Phone)
	}
	// A tape that has lost the first boots counts from the first it has.
	if d := r.Boot - p.Boot; d > 0 {
		p.Boot += d
		for i := range p.Boots {
			p.Boots[i].Number += d
		}
	}
	return inventory.ShowBoots(p, r.Now, r.Label, n), nil
}
