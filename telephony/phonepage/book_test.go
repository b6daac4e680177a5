package phonepage

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"option150/platform/ether"
	"option150/platform/journal"
	"option150/platform/wire"
)

// TestBook: what is not said leaves what was said before; the book is bounded.
func TestBook(t *testing.T) {
	b := NewBook()
	at := time.Unix(1_700_000_000, 0)
	tell := func(x wire.Told) { at = at.Add(time.Second); b.Fold(journal.Entry{Time: at, Event: x}) }
	tell(wire.Told{MAC: mac, By: wire.Page, Addr: netip.MustParseAddr("10.0.0.23"), Load: "SCCP41.8-5-2S", Serial: "FCH1", Switch: "access-1", Port: "Gi1/0/7", CallControl: "10.0.0.5"})
	tell(wire.Told{MAC: mac, By: wire.CDP, Load: "SCCP41.9-4-2SR3-1S"})
	k, ok := b.Of(mac)
	if !ok || k.Load != "SCCP41.9-4-2SR3-1S" || k.LoadBy != wire.CDP || k.Serial != "FCH1" || k.Port != "Gi1/0/7" {
		t.Errorf("%+v %v", k, ok)
	}
	want := "Device           Address          By      Load                Serial  Call control     Switch port\n" +
		"SEP001E7A000001  10.0.0.23        CDP     SCCP41.9-4-2SR3-1S  FCH1    10.0.0.5         access-1 Gi1/0/7\n"
	if got := Show(b.Entries()).String(); got != want {
		t.Errorf("\n%s\n%s", got, want)
	}
	tell(wire.Told{MAC: mac, By: wire.Mirror, Idle: true}) // what it was registered at, it is not any more
	if k, _ = b.Of(mac); k.CallControl != "" || k.Load == "" {
		t.Errorf("%+v", k)
	}
	for i := range maxBook {
		tell(wire.Told{MAC: ether.MAC{2, 0, 0, 0, byte(i >> 8), byte(i)}, By: wire.CDP})
	}
	if _, ok := b.Of(mac); ok || len(b.Entries()) != maxBook {
		t.Errorf("%d entries, the oldest is there: %v", len(b.Entries()), ok)
	}
	if got := Show(nil).String(); strings.Count(got, "\n") != 1 {
		t.Errorf("%q", got)
	}
}
