package e2e

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"option150/cmd/option150/testbox"
	"option150/dhcp/dhcptest"
	"option150/platform/netns"
	"option150/platform/testkit"
)

// TestStaticRoutes: with a managed interface `ip route` and `ip default-gateway`
// are real: what is behind a router gets its log, is asked for the time and is
// leased addresses through a relay, until the line goes.
func TestStaticRoutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{config: branch[:strings.Index(branch, "end\n")] + `ip dhcp pool FAR
 network 10.77.0.0 255.255.255.0
 option 150 ip 10.150.0.1
logging host 10.77.0.9
logging trap debugging
ntp server 10.77.0.9
end
`})
	far := newFar(t, w)
	heard := func(what string, c net.PacketConn, d time.Duration) bool {
		t.Helper()
		b := make([]byte, 2048)
		_ = c.SetReadDeadline(time.Now().Add(d))
		n, from, err := c.ReadFrom(b)
		if err == nil && !strings.HasPrefix(from.String(), "10.150.0.1:") {
			t.Errorf("%s came from %v: %q", what, from, b[:n])
		}
		return err == nil
	}
	drain := func(c net.PacketConn) {
		for b := make([]byte, 2048); ; {
			_ = c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
			if _, _, err := c.ReadFrom(b); err != nil {
				return
			}
		}
	}
	s := w.Login()
	s.Do("configure terminal")
	asks := func() bool {
		far.discover(t)
		return heard("an offer", far.relay, 2*time.Second)
	}
	if routes := w.Exec("show ip route"); !strings.Contains(routes, "Gateway of last resort is not set") || strings.Contains(routes, "\nS") {
		t.Errorf("a box without static routes shows\n%s", routes)
	}
	for _, line := range []string{"ip route 10.77.0.0 255.255.255.0 10.150.0.254", "ip default-gateway 10.150.0.254"} {
		if out := s.Do(line); strings.Contains(out, "%") {
			t.Errorf("%s: %s", line, out)
		}
		w.Within(20*time.Second, line+": no offer through the relay", asks)
		w.Within(20*time.Second, line+": no log at the far host", func() bool {
			s.Do("no logging console")
			s.Do("logging console")
			s.Do("end")
			s.Do("configure terminal")
			return heard("a log line", far.syslog, 500*time.Millisecond)
		})
		w.Within(20*time.Second, line+": the time is not asked for", func() bool { return heard("a question", far.ntp, 5*time.Second) })
		w.Within(20*time.Second, line+": the far host does not reach HFS", func() bool {
			c, err := testbox.DialFrom(far.host, "tcp4", testbox.Address+":6970")
			if err == nil {
				c.Close()
			}
			return err == nil
		})
		if routes := w.Exec("show ip route"); !strings.Contains(routes, "via 10.150.0.254") || !strings.Contains(routes, "\nS") {
			t.Errorf("it shows\n%s", routes)
		}
		// A refused line leaves the routes as they are; so does a cable that was out.
		if out := s.Do("ip route 10.77.0.1 255.255.255.0 10.150.0.254"); !strings.Contains(out, "%Inconsistent address and mask") {
			t.Errorf("a bad route: %s", out)
		}
		if err := w.Box.SetLink("eth0", false); err != nil {
			t.Fatal(err)
		}
		if err := w.Box.SetLink("eth0", true); err != nil {
			t.Fatal(err)
		}
		w.Within(20*time.Second, line+": no offer after the link was down", asks)
		s.Silent("no " + line)
		w.Within(20*time.Second, "no "+line+": the route is still there", func() bool {
			return !strings.Contains(w.Exec("show ip route"), "via 10.150.0.254")
		})
		drain(far.relay)
		drain(far.ntp)
		drain(far.syslog)
	}
	s.Silent("ip route 10.88.0.0 255.255.0.0 10.9.9.9")
	if audit := w.Exec("show provisioning audit"); !strings.Contains(audit, "ip route 10.88.0.0 255.255.0.0 10.9.9.9 is kept, not in force") {
		t.Errorf("the audit does not tell of a route that is not in force:\n%s", audit)
	}
}

// far is a network behind a router at 10.150.0.254.
type far struct {
	host               *netns.Host
	relay, syslog, ntp net.PacketConn
}

func newFar(t *testing.T, w *world) *far {
	t.Helper()
	lan, err := netns.NewLAN()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lan.Close() })
	router := w.Host("router", netip.MustParsePrefix("10.150.0.254/24"))
	host, err := netns.NewHost("far")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { host.Close() })
	plug := func(h *netns.Host, ifname, addr string) {
		if _, err := lan.Plug(h, netns.Cable{Interface: ifname, Addr: netip.MustParsePrefix(addr)}); err != nil {
			t.Fatal(err)
		}
	}
	plug(router, "eth1", "10.77.0.1/24")
	plug(host, "eth0", "10.77.0.9/24")
	if err := host.SetGateway(netip.MustParseAddr("10.77.0.1")); err != nil {
		t.Fatal(err)
	}
	if err := router.Do(func() error { return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644) }); err != nil {
		testkit.Missing(t, fmt.Sprintf("a router cannot be made here: %v", err))
	}
	listen := func(h *netns.Host, addr string) (c net.PacketConn) {
		err := h.Do(func() (err error) { c, err = net.ListenPacket("udp4", addr); return err })
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	return &far{host, listen(router, "10.77.0.1:67"), listen(host, "10.77.0.9:514"), listen(host, "10.77.0.9:123")}
}

// discover is what a relay passes on for a phone of its network.
func (f *far) discover(t *testing.T) {
	t.Helper()
	r := dhcptest.Phone(dhcptest.MAC(7, 7), 1)
	r.GIAddr, r.Hops = "10.77.0.1", 1
	if _, err := f.relay.WriteTo(r.Bytes(), net.UDPAddrFromAddrPort(netip.MustParseAddrPort("10.150.0.1:67"))); err != nil {
		t.Fatal(err)
	}
}
