package command

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"option150/cli/language"
	"option150/dhcp"
	"option150/platform/ether"
	"option150/platform/journal"
	"option150/platform/wire"
	"option150/telephony/cnf"
	"option150/telephony/inventory"
	"option150/telephony/phonepage"
)

// TestRegisteredIsKnown: `show ephone registered` and `show voice register pool
// registered` have the phones of which it is known that they are registered, and
// no other; `unregistered` has the rest, so that no phone is in both or in none.
func TestRegisteredIsKnown(t *testing.T) {
	start := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	word := func(by wire.Source) wire.Told { return wire.Told{By: by, CallControl: "10.0.0.2"} }
	boot := func(m ether.MAC) journal.Event {
		return dhcp.Discover{MAC: m, VendorClass: "Cisco Systems, Inc. IP Phone CP-7961G"}
	}
	told := func(x wire.Told) func(ether.MAC) journal.Event {
		return func(m ether.MAC) journal.Event { x.MAC = m; return x }
	}
	inferred := word(wire.Mirror)
	inferred.Inferred = true
	for _, tc := range []struct {
		name  string
		known bool
		said  string
		facts []func(ether.MAC) journal.Event // a minute apart
	}{
		{"nothing is known", false, "registers at 10.0.0.9", nil},
		{"it was seen to boot", false, "registers at 10.0.0.9", []func(ether.MAC) journal.Event{boot}},
		{"its page says so", true, "its page says that it is registered at 10.0.0.2", []func(ether.MAC) journal.Event{boot, told(word(wire.Page))}},
		{"it was seen to register", true, "it was seen to register at 10.0.0.2", []func(ether.MAC) journal.Event{boot, told(word(wire.Mirror))}},
		{"its page says so, no boot was seen", true, "its page says", []func(ether.MAC) journal.Event{told(word(wire.Page))}},
		{"what it says is encrypted", false, "is not known", []func(ether.MAC) journal.Event{boot, told(inferred)}},
		{"encrypted after its page said so", true, "its page says", []func(ether.MAC) journal.Event{boot, told(word(wire.Page)), told(inferred)}},
		{"its page says so after something encrypted", true, "its page says", []func(ether.MAC) journal.Event{boot, told(inferred), told(word(wire.Page))}},
		{"it is turned away", false, "registers at", []func(ether.MAC) journal.Event{boot, told(word(wire.Page)), told(wire.Told{By: wire.Mirror, CallControl: "10.0.0.2", Refused: "reject"})}},
		{"its registration ended", false, "registers at", []func(ether.MAC) journal.Event{boot, told(word(wire.Mirror)), told(wire.Told{By: wire.Mirror, Idle: true})}},
		{"it started again since", false, "is not known", []func(ether.MAC) journal.Event{boot, told(word(wire.Page)), boot}},
		{"its switch port says nothing of it", true, "its page says", []func(ether.MAC) journal.Event{boot, told(word(wire.Page)), told(wire.Told{By: wire.CDP, Switch: "sw1"})}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b, _ := testBox(t)
			b.Inventory, b.Told = inventory.New(inventory.Options{}), phonepage.NewBook()
			sccp, sip := ether.MAC{0, 0x1e, 0x7a, 0, 0, 1}, ether.MAC{0, 0x1e, 0x7a, 0, 0, 2}
			for _, m := range []ether.MAC{sccp, sip} {
				for i, f := range tc.facts {
					e := journal.Entry{Time: start.Add(time.Duration(i) * 11 * time.Minute), Event: f(m)}
					b.Inventory.Fold(e)
					b.Told.Fold(e)
				}
			}
			c := b.Store.Current().Clone()
			src := cnf.SourceAddress{Addr: netip.MustParseAddr("10.0.0.9")}
			c.Telephony.Service.SourceAddress, c.Telephony.Global.SourceAddress = src, src
			c.Telephony.Ephones = []cnf.Ephone{{Tag: 1, MAC: sccp, Type: "7961"}}
			c.Telephony.Pools = []cnf.RegisterPool{{Tag: 1, MAC: sip, Type: "7961"}}
			show := func(line string) string {
				r := b.Language.Graph(language.Exec).Match(line, 15)
				d, ok := r.Action.(*language.Declaration)
				if !ok {
					t.Fatalf("%s: %v", line, r.Kind)
				}
				var w strings.Builder
				if err := d.Run(&language.Invocation{Args: r.Args, Config: c, Out: &w}); err != nil {
					t.Fatal(err)
				}
				return w.String()
			}
			for _, kind := range []struct{ line, has string }{
				{"show ephone %", "ephone-1["}, {"show voice register pool % brief", "001E.7A00.0002"},
			} {
				for which, want := range map[string]bool{"registered": tc.known, "unregistered": !tc.known} {
					line := strings.Replace(kind.line, "%", which, 1)
					if out := show(line); strings.Contains(out, kind.has) != want {
						t.Errorf("%s: its phone is listed %v\n%s", line, !want, out)
					}
				}
			}
			count := map[bool]string{true: "Registered 1, Unregistered 0", false: "Registered 0, Unregistered 1"}[tc.known]
			if out := show("show ephone"); !strings.Contains(out, count) || !strings.Contains(out, tc.said) {
				t.Errorf("not %q and %q:\n%s", count, tc.said, out)
			}
			if out := show("show voice register pool 1"); !strings.Contains(out, tc.said) || strings.Contains(out, "Reason for unregistered") == tc.known {
				t.Errorf("not %q:\n%s", tc.said, out)
			}
		})
	}
}
