package listen

import (
	"net"
	"net/netip"
	"testing"
)

func endpoint(proto Proto, addr string, port uint16, device string) Endpoint {
	e := Endpoint{Proto: proto, Port: port, Device: device}
	if addr != "" {
		e.Addr = netip.MustParseAddr(addr)
	}
	return e
}

// TestOverlaps is the one rule all port clashes are found by. It holds both
// ways round.
func TestOverlaps(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b Endpoint
		want bool
	}{
		{"same", endpoint(TCP, "10.0.0.1", 80, ""), endpoint(TCP, "10.0.0.1", 80, ""), true},
		{"wildcards", endpoint(TCP, "", 80, ""), endpoint(TCP, "0.0.0.0", 80, ""), true},
		{"wildcard and address", endpoint(TCP, "", 80, ""), endpoint(TCP, "10.0.0.1", 80, ""), true},
		{"two addresses", endpoint(TCP, "10.0.0.1", 80, ""), endpoint(TCP, "10.0.0.2", 80, ""), false},
		{"two ports", endpoint(TCP, "", 80, ""), endpoint(TCP, "", 81, ""), false},
		{"tcp and udp", endpoint(TCP, "", 69, ""), endpoint(UDP, "", 69, ""), false},
		{"udp", endpoint(UDP, "", 69, ""), endpoint(UDP, "127.0.0.1", 69, ""), true},
		{"port of the kernel's choice", endpoint(TCP, "", 0, ""), endpoint(TCP, "", 0, ""), false},
		{"two devices", endpoint(UDP, "", 67, "eth0"), endpoint(UDP, "", 67, "eth1"), false},
		{"one device", endpoint(UDP, "", 67, "eth0"), endpoint(UDP, "", 67, "eth0"), true},
		{"a device and all", endpoint(UDP, "", 67, "eth0"), endpoint(UDP, "", 67, ""), true},
		{"dual stack and address", endpoint(TCP, "::", 80, ""), endpoint(TCP, "10.0.0.1", 80, ""), true},
		{"dual stack and wildcard", endpoint(TCP, "::", 80, ""), endpoint(TCP, "", 80, ""), true},
		{"dual stack and IPv6", endpoint(TCP, "::", 80, ""), endpoint(TCP, "2001:db8::1", 80, ""), true},
		{"wildcard and IPv6", endpoint(TCP, "0.0.0.0", 80, ""), endpoint(TCP, "2001:db8::1", 80, ""), false},
		{"mapped", endpoint(TCP, "::ffff:10.0.0.1", 80, ""), endpoint(TCP, "10.0.0.1", 80, ""), true},
	} {
		if c.a.Overlaps(c.b) != c.want || c.b.Overlaps(c.a) != c.want {
			t.Errorf("%s: %v and %v: got %v, %v, want %v", c.name, c.a, c.b, c.a.Overlaps(c.b), c.b.Overlaps(c.a), c.want)
		}
	}
}

// TestOverlapsAsTheKernelDoes asks the kernel the same question.
func TestOverlapsAsTheKernelDoes(t *testing.T) {
	for _, c := range [][2]string{{"127.0.0.1", "127.0.0.1"}, {"0.0.0.0", "127.0.0.1"}, {"127.0.0.1", "0.0.0.0"}, {"127.0.0.1", "127.0.0.2"}} {
		first, err := net.Listen("tcp4", net.JoinHostPort(c[0], "0"))
		if err != nil {
			t.Fatal(err)
		}
		port := first.Addr().(*net.TCPAddr).AddrPort().Port()
		a, b := endpoint(TCP, c[0], port, ""), endpoint(TCP, c[1], port, "")
		second, err := net.Listen("tcp4", b.AddrPort().String())
		if err == nil {
			second.Close()
		}
		first.Close()
		if refused := err != nil; refused != a.Overlaps(b) {
			t.Errorf("%v and %v: the kernel refuses: %v (%v), the rule says %v", a, b, refused, err, a.Overlaps(b))
		}
	}
}

func TestClash(t *testing.T) {
	held := []Endpoint{{Proto: TCP, Port: 22, Owner: "SSH server"}, {Proto: TCP, Port: 80, Owner: "IP HTTP server"}}
	if o, hit := endpoint(TCP, "10.0.0.1", 80, "").Clash(held); !hit || o.Owner != "IP HTTP server" {
		t.Errorf("got %v %v", o, hit)
	}
	if o, hit := endpoint(TCP, "", 6970, "").Clash(held); hit {
		t.Errorf("got %v", o)
	}
}

func TestEndpointText(t *testing.T) {
	for want, e := range map[string]Endpoint{
		"tcp 0.0.0.0:80":         {Proto: TCP, Port: 80},
		"udp 0.0.0.0:67 on eth0": {Proto: UDP, Port: 67, Device: "eth0"},
		"tcp [::1]:22":           endpoint(TCP, "::1", 22, ""),
	} {
		if got := e.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
