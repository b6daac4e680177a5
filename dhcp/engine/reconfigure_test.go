package engine

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"option150/dhcp/wire"
	"option150/platform/ether"
)

// TestLinesKeepProbes: a pool that is typed line by line asks the LAN once for
// its addresses, not once a line, and what was excluded meanwhile is not used.
func TestLinesKeepProbes(t *testing.T) {
	w := newWorld(t, probing)
	w.e.CanProbe = true
	w.e.Tick(w.now)
	w.collect()
	asked := len(w.probes)
	if asked != 64 {
		t.Fatalf("%d probes at start", asked)
	}
	spec := w.e.t.Spec
	line := func(n int) {
		next := spec
		next.Config = spec.Config.Clone()
		next.Pools[0].DomainName = fmt.Sprintf("line%d.example", n)
		w.set(next)
		w.collect()
		spec = next
	}
	for n := range 5 {
		line(n) // questions are out
	}
	if len(w.probes) != asked {
		t.Errorf("%d addresses were asked for again", len(w.probes)-asked)
	}
	w.one(phoneRequest(mac(0, 9), wire.MsgDiscover)).is(t, wire.MsgOffer, "10.77.0.100") // the first is asked about still
	w.pass(time.Second)
	asked = len(w.probes)
	for n := range 5 {
		line(5 + n) // the answers are known
	}
	w.pass(time.Second)
	if len(w.probes) != asked {
		t.Errorf("%d probes for lines that changed no address", len(w.probes)-asked)
	}
	out := spec
	out.Config = spec.Config.Clone()
	out.Excluded = append(out.Excluded, Range{ip("10.77.0.100"), ip("10.77.0.104")})
	w.set(out)
	w.one(phoneRequest(mac(0, 1), wire.MsgDiscover)).is(t, wire.MsgOffer, "10.77.0.105")
}

// TestManyHosts: of a thousand manual bindings each finds its duplicate, its
// options and what it takes from the network around it.
func TestManyHosts(t *testing.T) {
	c := Default()
	c.Pools = []Pool{{Name: "LAN", Network: netip.MustParsePrefix("10.1.0.0/16"), DomainName: "branch.example"}}
	for i := range 1000 {
		c.Pools = append(c.Pools, Pool{Name: fmt.Sprint("H", i), Host: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 1, byte(i>>8) + 1, byte(i)}), 16),
			HardwareAddr: ether.MAC{0, 0x1e, 0x7a, 0, byte(i >> 8), byte(i)}, ClientName: fmt.Sprint("host", i)})
	}
	for _, p := range c.Validate(nil) {
		if p.Refuse {
			t.Fatal(p)
		}
	}
	tab, err := Compile(Spec{Config: c})
	if err != nil {
		t.Fatal(err)
	}
	h := tab.byAddr[netip.MustParseAddr("10.1.3.3")]
	if h == nil || h.opts != nil || string(h.options().vals[wire.OptHostname]) != "host515" || string(h.options().vals[wire.OptDomain]) != "branch.example" {
		t.Fatalf("host %+v", h)
	}
	for change, want := range map[string]func(*Pool){
		"%pool H999: host 10.1.1.7 is used by pool H7 already": func(p *Pool) { p.Host = c.Pools[8].Host },
		"%% A binding for this client already exists.":         func(p *Pool) { p.HardwareAddr = c.Pools[500].HardwareAddr },
	} {
		d := c.Clone()
		want(&d.Pools[1000])
		if ps := d.Validate(nil); len(ps) == 0 || !ps[0].Refuse || "%"+ps[0].Text != change || len(ps) > 1 && ps[1].Refuse {
			t.Errorf("%v, want %s", ps[:min(2, len(ps))], change)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	c := Default()
	c.Pools = []Pool{{Name: "LAN", Network: netip.MustParsePrefix("10.1.0.0/16")}}
	for i := range 1000 {
		c.Pools = append(c.Pools, Pool{Name: fmt.Sprint("H", i), Host: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 1, byte(i>>8) + 1, byte(i)}), 16),
			HardwareAddr: ether.MAC{0, 0x1e, 0x7a, 0, byte(i >> 8), byte(i)}})
	}
	for b.Loop() {
		c.Validate(nil)
		if _, err := Compile(Spec{Config: c}); err != nil {
			b.Fatal(err)
		}
	}
}
