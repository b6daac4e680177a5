package dhcp

import (
	"net/netip"
	"strings"
	"testing"

	"option150/dhcp/engine"
)

// The orders of precedence are those of source 004, kind by kind.
func TestResolve(t *testing.T) {
	a, b, c := ip("10.0.0.1"), ip("10.0.0.2"), ip("10.0.0.3")
	list := func(as ...netip.Addr) []netip.Addr { return as }
	tftp := engine.Option{Code: 150, Kind: engine.OptionIP, Addrs: list(a, b, c)}
	name := engine.Option{Code: 66, Kind: engine.OptionASCII, Text: "tftp.example"}
	dotted := engine.Option{Code: 66, Kind: engine.OptionASCII, Text: "10.0.0.9"}
	own := Names{CM1: list(b), Own: list(ip("10.0.0.53"))}
	for _, x := range []struct {
		name           string
		pool           engine.Pool
		names          Names
		phone, gateway string
		conflicts      string
	}{
		{"150 alone: two addresses count", engine.Pool{Options: []engine.Option{tftp}}, Names{}, "10.0.0.1, then 10.0.0.2 from option 150", "10.0.0.1 from next-server", ""},
		{"66 alone", engine.Pool{Options: []engine.Option{name}}, Names{}, "tftp.example from option 66", "tftp.example from option 66", ""},
		{"66 and 150", engine.Pool{Options: []engine.Option{dotted, tftp}}, Names{}, "10.0.0.1, then 10.0.0.2 from option 150", "10.0.0.1 from next-server", ""},
		{"next-server elsewhere", engine.Pool{Options: []engine.Option{tftp}, NextServers: list(ip("10.0.0.7"))}, Names{}, "10.0.0.1, then 10.0.0.2 from option 150", "10.0.0.7 from next-server", "next-server"},
		{"next-server one of them", engine.Pool{Options: []engine.Option{tftp}, NextServers: list(b)}, Names{}, "10.0.0.1, then 10.0.0.2 from option 150", "10.0.0.2 from next-server", ""},
		{"next-server alone, in turn", engine.Pool{NextServers: list(a, b)}, Names{}, "one of 10.0.0.1 10.0.0.2 from next-server", "one of 10.0.0.1 10.0.0.2 from next-server", ""},
		{"CiscoCM1 of this box", engine.Pool{Options: []engine.Option{tftp}, DNSServers: own.Own}, own, "10.0.0.1, then 10.0.0.2 from option 150", "10.0.0.2 from CiscoCM1", ""},
		{"CiscoCM1 elsewhere", engine.Pool{Options: []engine.Option{tftp}, DNSServers: own.Own}, Names{CM1: list(ip("10.0.0.8")), Own: own.Own}, "10.0.0.1, then 10.0.0.2 from option 150", "10.0.0.8 from CiscoCM1", "CiscoCM1"},
		{"CiscoCM1 that nobody asks", engine.Pool{Options: []engine.Option{tftp}, DNSServers: list(ip("10.9.9.9"))}, own, "10.0.0.1, then 10.0.0.2 from option 150", "10.0.0.1 from next-server", ""},
		{"nothing", engine.Pool{}, Names{}, "nothing: it asks the server it remembers, if any", "nothing: it asks the server it remembers, if any", ""},
	} {
		r := Resolve(&x.pool, x.names)[0]
		var of []string
		for _, k := range r.Conflicts() {
			of = append(of, k.Of)
		}
		if r.Phone.String() != x.phone || r.Gateway.String() != x.gateway || strings.Join(of, " ") != x.conflicts {
			t.Errorf("%s: phone %q, gateway %q, conflicts %v", x.name, r.Phone, r.Gateway, of)
		}
	}
	// Two groups in one pool that ask the two servers the other way round.
	p := engine.Pool{Name: "VOICE", Options: []engine.Option{tftp, dotted}, Classes: []engine.PoolClass{{Name: "ODD", Option150: list(b, a)}, {Name: "REST"}}}
	all := Resolve(&p, Names{})
	if len(all) != 2 || all[1].Phone.String() != "10.0.0.2, then 10.0.0.1 from option 150" {
		t.Errorf("%+v", all)
	}
	if text := ShowResolution(all); strings.Count(text, "  sname        none: this server never sends it\n") != 2 { // engine.TestSnameIsNeverSent
		t.Error(text)
	}
	if text := ShowResolution(all); !strings.Contains(text, "Pool VOICE, class ODD: where") || !strings.Contains(text, "the last of option 66 and option 150") {
		t.Error(text)
	}
}
