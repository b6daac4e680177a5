package phonepage

import (
	"cmp"
	"net/netip"
	"strings"
	"sync"
	"time"

	"option150/platform/columns"
	"option150/platform/ether"
	"option150/platform/journal"
	"option150/platform/sorted"
	"option150/platform/wire"
)

// maxBook bounds the phones that are kept: of more the one that was silent
// longest goes.
const maxBook = 2000

// Entry is what one phone said of itself, the last word on each thing.
type Entry struct {
	wire.Told
	LoadBy    wire.Source // who said Load
	ControlBy wire.Source // who said CallControl; Inferred is of that word as well
	ControlAt time.Time   // when it was said last
	At        time.Time   // of the last word
}

// Book keeps what phones say of themselves. It is a fold of the journal; use
// NewBook. Its methods may be called from any goroutine.
type Book struct {
	mu     sync.Mutex
	phones map[ether.MAC]*Entry
}

// NewBook returns an empty book.
func NewBook() *Book { return &Book{phones: map[ether.MAC]*Entry{}} }

// Fold implements journal.Fold.
func (b *Book) Fold(e journal.Entry) {
	t, ok := e.Event.(wire.Told)
	if !ok || t.MAC.IsZero() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	k := b.phones[t.MAC]
	if k == nil {
		if len(b.phones) >= maxBook {
			b.forget()
		}
		k = &Entry{Told: wire.Told{MAC: t.MAC}}
		b.phones[t.MAC] = k
	}
	k.At, k.By = e.Time, t.By
	if t.Addr.IsValid() {
		k.Addr = t.Addr
	}
	if t.Load != "" {
		k.Load, k.LoadBy = t.Load, t.By
	}
	for _, f := range []struct{ to, from *string }{{&k.Model, &t.Model}, {&k.Serial, &t.Serial}, {&k.Switch, &t.Switch}, {&k.Port, &t.Port}} {
		if *f.from != "" {
			*f.to = *f.from
		}
	}
	switch {
	case t.Refused != "", t.Idle:
		k.CallControl, k.ControlBy, k.ControlAt, k.Inferred = "", "", time.Time{}, false
	case t.CallControl != "" && t.Inferred && k.CallControl == t.CallControl && !k.Inferred: // more is known
	case t.CallControl != "":
		k.CallControl, k.ControlBy, k.ControlAt, k.Inferred = t.CallControl, t.By, e.Time, t.Inferred
	}
	if t.VLAN != 0 {
		k.VLAN = t.VLAN
	}
}

// forget drops the phone that was silent longest.
func (b *Book) forget() {
	var old *Entry
	for _, k := range b.phones {
		if old == nil || k.At.Before(old.At) {
			old = k
		}
	}
	delete(b.phones, old.MAC)
}

// Entries are all phones that said something, by name.
func (b *Book) Entries() []Entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]Entry, 0, len(b.phones))
	for _, k := range b.phones {
		out = append(out, *k)
	}
	sorted.By(out, func(x, y Entry) int { return cmp.Compare(x.MAC.Device(), y.MAC.Device()) })
	return out
}

// Of is what one phone said.
func (b *Book) Of(mac ether.MAC) (Entry, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if k := b.phones[mac]; k != nil {
		return *k, true
	}
	return Entry{}, false
}

// Table is that of Show.
var Table = columns.New("%-15s  %-15s  %-6s  %-4s  %-6s  %-15s  %s", "Device", "Address", "By", "Load", "Serial", "Call control", "Switch port")

// Show is `show phones facts`.
func Show(list []Entry) *columns.Page {
	p := &columns.Page{}
	t := p.Table(Table)
	for _, k := range list {
		port := strings.TrimSpace(k.Switch + " " + k.Port)
		t.Row(k.MAC.Device(), dash(addr(k.Addr)), string(k.By), dash(k.Load), dash(k.Serial), dash(k.CallControl), dash(port))
	}
	return p
}

func addr(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
