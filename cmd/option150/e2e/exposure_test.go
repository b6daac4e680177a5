package e2e

import (
	bigendian "encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"option150/dhcp/dhcptest"
	"option150/platform/ether"
	"option150/platform/netns"
	"option150/platform/testkit"
)

// TestBindLeaseEnforce: a phone with an address of its own gets its file over
// both transports, a stranger gets what he would get if it were not there, once
// in the log, however often he asks.
func TestBindLeaseEnforce(t *testing.T) {
	w := newWorld(t, setup{flash: map[string][]byte{"big.loads": noise(16 << 20)}, config: strings.TrimSuffix(branch, "end\n") + `file-server bind-lease enforce
logging buffered
ip route 10.160.0.0 255.255.255.0 10.150.0.5
ip dhcp pool FAR
 network 10.160.0.0 255.255.255.0
 default-router 10.160.0.1
 option 150 ip 10.150.0.1
ephone  2
 mac-address 001e.7a00.0002
 type 7961
end
`})
	mac, _ := net.ParseMAC("00:1e:7a:00:00:01")
	phone := w.Plug("phone", netns.Cable{MAC: mac, Addr: netip.MustParsePrefix("10.150.0.77/24")})
	const own = "SEP001E7A000001.cnf.xml"
	if got, err := w.on(phone, "curl", "-s", "tftp://10.150.0.1/"+own); err != nil || !strings.Contains(got, "<device>") {
		t.Errorf("the phone, TFTP: %v", err)
	}
	if s, _ := w.getFrom(phone, "http://10.150.0.1:6970/"+own); s != 200 {
		t.Errorf("the phone, HTTP: %d", s)
	}
	for range 20 {
		if s, _ := w.get("http://10.150.0.1:6970/" + own); s != 404 {
			t.Fatalf("a stranger: %d", s)
		}
	}
	if s, _ := w.get("http://10.150.0.1:6970/XMLDefault.cnf.xml"); s != 200 {
		t.Errorf("a common file: %d", s)
	}
	if log := w.Exec("show logging"); strings.Count(log, "%FILESERVER-4-HIDDEN: 10.150.0.5") != 1 {
		t.Errorf("the log:\n%s", log)
	}
	a := w.Exec("show provisioning exposure")
	for _, want := range []string{"bind-lease enforce", "10.150.0.77", "10.150.0.5       not the phone's"} {
		if !strings.Contains(a, want) {
			t.Errorf("no %q in\n%s", want, a)
		}
	}
	if s, _ := w.get("http://10.150.0.1:6970/ConfigFileCacheList.txt"); s != 404 {
		t.Errorf("the list of names: %d", s)
	}

	// Over IPv6 the phone is known by the neighbours of the box.
	if w.Box.AddAddr("eth0", netip.MustParsePrefix("fd00:150::1/64")) == nil && phone.AddAddr("eth0", netip.MustParsePrefix("fd00:150::77/64")) == nil &&
		w.Desk.AddAddr("eth0", netip.MustParsePrefix("fd00:150::5/64")) == nil {
		w.Within(10*time.Second, "the phone is not known over IPv6", func() bool { s, _ := w.getFrom(phone, "http://[fd00:150::1]:6970/"+own); return s == 200 })
		if got, err := w.on(phone, "curl", "-s", "tftp://[fd00:150::1]/"+own); err != nil || !strings.Contains(got, "<device>") {
			t.Errorf("the phone, TFTP over IPv6: %v", err)
		}
		w.Within(10*time.Second, "no answer over IPv6", func() bool { s, _ := w.get("http://[fd00:150::1]:6970/XMLDefault.cnf.xml"); return s == 200 })
		if s, _ := w.get("http://[fd00:150::1]:6970/" + own); s != 404 {
			t.Errorf("a stranger over IPv6: %d", s)
		}
	}

	// A phone behind a relay: nobody sees its hardware address here, and it has
	// our lease.
	const relayed = "SEP001E7A000002.cnf.xml"
	lease := w.relayedLease(netip.MustParseAddr("10.160.0.1"), ether.MAC{0, 0x1e, 0x7a, 0, 0, 2})
	if s, c := w.statusFrom(lease, relayed), w.rrqFrom(lease, relayed); s != 200 || c != 0 {
		t.Errorf("the phone behind the relay, at %s: %d, error %d", lease, s, c)
	}
	w.sessions(lease)
	beside := netip.MustParseAddr("10.160.0.222")
	if s, c := w.statusFrom(beside, relayed), w.rrqFrom(beside, relayed); s != 404 || c != 1 {
		t.Errorf("another address behind the relay: %d, error %d", s, c)
	}
}

// sessions is what an operator sees of files on their way to the phone behind the
// relay, and of their end.
func (w *world) sessions(lease netip.Addr) {
	w.T.Helper()
	r, err := w.from(lease).Get("http://10.150.0.1:6970/big.loads")
	if err != nil {
		w.T.Fatal(err)
	}
	_, _ = r.Body.Read(make([]byte, 1000)) // and no more
	c, server := w.rrq(lease, "big.loads")
	for n := byte(1); n <= 3; n++ {
		_, _ = c.WriteToUDPAddrPort([]byte{0, 4, 0, n}, server)
		_, _, _ = c.ReadFromUDPAddrPort(make([]byte, 600))
	}
	row := regexp.MustCompile(`(?m)^(TFTP|HTTP) +` + lease.String() + `:\d+ +SEP001E7A000002 +big\.loads +(\d+)% +\d+\.\d +\S*[mµ]s +\d+ \d+s$`)
	var shown string
	defer func() {
		if w.T.Failed() {
			w.T.Log("shown last:\n" + shown)
		}
	}()
	w.Within(10*time.Second, "the sessions are not shown", func() bool {
		shown = w.Exec("show file-server sessions")
		return len(row.FindAllString(shown, -1)) == 2
	})
	for _, m := range row.FindAllStringSubmatch(shown, -1) {
		if m[2] == "100" {
			w.T.Errorf("whole, and the phone has taken nothing:\n%s", shown)
		}
	}
	r.Body.Close()
	_, _ = c.WriteToUDPAddrPort([]byte("\x00\x05\x00\x00enough\x00"), server)
	c.Close()
	w.Within(10*time.Second, "their end is not shown", func() bool {
		shown = w.Exec("show file-server requests last 2")
		return strings.Count(shown, "cut off") == 2 && strings.Count(shown, "SEP001E7A000002") == 2
	})
}

// relayedLease gets an address for a phone behind a relay, which the desk is.
func (w *world) relayedLease(relay netip.Addr, mac ether.MAC) netip.Addr {
	w.T.Helper()
	if err := w.Desk.AddAddr("eth0", netip.PrefixFrom(relay, 24)); err != nil {
		w.T.Fatal(err)
	}
	var c *net.UDPConn
	if err := w.Desk.Do(func() (err error) {
		c, err = net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(relay, 67)))
		return err
	}); err != nil {
		w.T.Fatal(err)
	}
	defer c.Close()
	ask := func(r dhcptest.Request, want byte) dhcptest.Reply {
		w.T.Helper()
		r.GIAddr = relay.String()
		buf := make([]byte, 1500)
		for range 5 {
			if _, err := c.WriteToUDPAddrPort(r.Bytes(), netip.AddrPortFrom(boxAddr, 67)); err != nil {
				w.T.Fatal(err)
			}
			_ = c.SetReadDeadline(time.Now().Add(2 * time.Second))
			n, _, err := c.ReadFromUDPAddrPort(buf)
			if err != nil {
				continue
			}
			if p, err := dhcptest.Parse(buf[:n]); err == nil && p.Type == want {
				return p
			}
		}
		w.T.Fatalf("no answer of type %d behind the relay", want)
		return dhcptest.Reply{}
	}
	const discover, offer, request, ack = 1, 2, 3, 5
	p := ask(dhcptest.Phone(mac, discover), offer)
	p = ask(dhcptest.Phone(mac, request, dhcptest.NewOption(50, p.YIAddr.AsSlice()), dhcptest.NewOption(54, boxAddr.AsSlice())), ack)
	return p.YIAddr
}

// TestWhoIsGivenFiles: a phone of every kind of network by what the kernel has,
// over both transports; what is connected counts from when it is there; the
// lines of the message let a network in and keep nobody out.
func TestWhoIsGivenFiles(t *testing.T) {
	w := newWorld(t, setup{off: true, config: strings.TrimSuffix(branch, "end\n") + `ip route 0.0.0.0 0.0.0.0 10.150.0.5
ip dhcp pool FAR
 network 198.51.100.64 255.255.255.192
 option 150 ip 10.150.0.1
logging buffered
end
`})
	const own, ring = "SEP001E7A000001.cnf.xml", "XMLDefault.cnf.xml"
	other, err := netns.NewLAN() // a wire that the settings do not name
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Close() })
	beside, err := netns.NewHost("beside")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { beside.Close() })
	if _, err := other.Plug(w.Box, netns.Cable{Interface: "eth1", Addr: netip.MustParsePrefix("203.0.113.1/25")}); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Plug(beside, netns.Cable{Addr: netip.MustParsePrefix("203.0.113.5/25")}); err != nil {
		t.Fatal(err)
	}
	w.start()
	if s, _ := w.getFrom(beside, "http://203.0.113.1:6970/"+ring); s != 200 {
		t.Errorf("on a wire that the settings do not name: %d", s)
	}
	check := func(when string, want map[string]bool) {
		t.Helper()
		for from, given := range want {
			a := netip.MustParseAddr(from)
			status, code := 403, 2
			if given {
				status, code = 200, 0
			}
			for _, name := range []string{own, ring} {
				if s := w.statusFrom(a, name); s != status {
					t.Errorf("%s, %s asks for %s over HTTP: %d, want %d", when, from, name, s, status)
				}
				if c := w.rrqFrom(a, name); c != code {
					t.Errorf("%s, %s asks for %s over TFTP: error %d, want %d", when, from, name, c, code)
				}
			}
		}
	}
	far := map[string]bool{"10.150.0.77": true, "198.51.100.70": true, "10.99.0.9": true, "192.0.2.9": false, "198.51.100.9": false}
	check("by default", far)
	log := w.Exec("show logging")
	if strings.Count(log, "%FILESERVER-4-STRANGER") != 2 || !strings.Contains(log, "ip access-list standard FAR-PHONES / permit 192.0.2.0 0.0.0.255; file-server bind-lease trust FAR-PHONES") {
		t.Errorf("the log:\n%s", log)
	}
	if e := w.Exec("show provisioning exposure"); !strings.Contains(e, "192.0.2.0/24") || !strings.Contains(e, "10.99.0.0/24") {
		t.Errorf("exposure:\n%s", e)
	}

	// Live: a route that somebody sets on the machine, and an address that goes.
	if err := w.Box.Do(func() error {
		return netlink.RouteAdd(&netlink.Route{Dst: &net.IPNet{IP: net.IPv4(192, 0, 2, 0), Mask: net.CIDRMask(24, 32)}, Gw: net.IPv4(10, 150, 0, 5)})
	}); err != nil {
		t.Fatal(err)
	}
	w.Within(5*time.Second, "the route is not seen", func() bool { return w.statusFrom(netip.MustParseAddr("192.0.2.9"), ring) == 200 })
	check("with a route", map[string]bool{"192.0.2.9": true, "198.51.100.9": false})

	// The advice, as the message gives it.
	s := w.Login()
	s.Configure("ip access-list standard FAR-PHONES", "permit 198.51.100.0 0.0.0.255", "exit", "file-server bind-lease trust FAR-PHONES")
	far["192.0.2.9"], far["198.51.100.9"] = true, true
	check("with the advice", far)

	s.Configure("no file-server bind-lease trust", "file-server bind-lease enforce")
	for from, want := range map[string]int{"10.150.0.77": 200, "198.51.100.70": 200, "192.0.2.9": 200, "10.99.0.9": 403, "198.51.100.9": 403} {
		if got := w.statusFrom(netip.MustParseAddr(from), ring); got != want {
			t.Errorf("enforced, %s: %d, want %d", from, got, want)
		}
	}
	w.six(t)
}

// six asks over IPv6: from the wire, from another network of the site and from
// nowhere that is known.
func (w *world) six(t *testing.T) {
	w.Login().Configure("no file-server bind-lease")
	add := func(h *netns.Host, addr string) {
		if err := h.AddAddr("eth0", netip.MustParsePrefix(addr)); err != nil {
			testkit.Missing(t, "IPv6: "+err.Error())
		}
	}
	add(w.Box, "2001:db8:7:1::1/64")
	for _, a := range []string{"2001:db8:7:1::5/64", "2001:db8:7:2::5/128", "2001:db8:8::9/128"} {
		add(w.Desk, a)
	}
	w.Within(10*time.Second, "IPv6 does not work", func() bool { return w.statusFrom(netip.MustParseAddr("2001:db8:7:1::5"), "XMLDefault.cnf.xml") == 200 })
	if err := w.Box.Do(func() error {
		_, all, _ := net.ParseCIDR("::/0")
		return netlink.RouteAdd(&netlink.Route{Dst: all, Gw: net.ParseIP("2001:db8:7:1::5")})
	}); err != nil {
		t.Fatal(err)
	}
	for from, want := range map[string]int{"2001:db8:7:1::5": 200, "2001:db8:7:2::5": 200, "2001:db8:8::9": 403} {
		// An address is one's own only when nobody has answered for it.
		w.Within(10*time.Second, fmt.Sprintf("%s does not get %d", from, want), func() bool { return w.statusFrom(netip.MustParseAddr(from), "XMLDefault.cnf.xml") == want })
		if code := w.rrqFrom(netip.MustParseAddr(from), "XMLDefault.cnf.xml"); (code == 0) != (want == 200) {
			t.Errorf("%s, TFTP: error %d", from, code)
		}
	}
	far, near, of4 := netip.MustParseAddr("2001:db8:8::9"), netip.MustParseAddr("2001:db8:7:2::5"), netip.MustParseAddr("10.150.0.77")
	check := func(when string, want map[netip.Addr]int) {
		t.Helper()
		for from, status := range want {
			s, code := w.statusFrom(from, "XMLDefault.cnf.xml"), w.rrqFrom(from, "XMLDefault.cnf.xml")
			if s != status || (code == 0) != (status == 200) {
				t.Errorf("%s, %s: %d, TFTP error %d", when, from, s, code)
			}
		}
	}
	// The advice, as the message gives it; then the access class of each family.
	s := w.Login()
	if log := s.Do("show logging | include 2001:DB8:8::/64"); !strings.Contains(log, "ipv6 access-list FAR-PHONES6 / permit ipv6 2001:DB8:8::/64 any; file-server bind-lease trust ipv6 FAR-PHONES6") {
		t.Errorf("the log: %s", log)
	}
	s.Configure("ipv6 access-list FAR-PHONES6", "permit ipv6 2001:DB8:8::/64 any", "exit", "file-server bind-lease trust ipv6 FAR-PHONES6")
	check("with the advice", map[netip.Addr]int{far: 200})
	s.Configure("ip access-list standard ALL4", "permit any", "exit", "file-server access-class ALL4")
	check("a list of IPv4 alone", map[netip.Addr]int{far: 403, near: 403, of4: 200})
	s.Configure("file-server access-class ipv6 FAR-PHONES6")
	check("a list of each", map[netip.Addr]int{far: 200, near: 403, of4: 200})
	s.Configure("ipv6 access-list FAR-PHONES6", "sequence 5 deny tcp any any eq 6970", "exit", "no file-server access-class ALL4")
	if s, code := w.statusFrom(far, "XMLDefault.cnf.xml"), w.rrqFrom(far, "XMLDefault.cnf.xml"); s != 403 || code != 0 {
		t.Errorf("HTTP denied: %d, TFTP error %d", s, code)
	}
}

// askedAt is the address of the box that is asked from an address of its family.
func askedAt(from netip.Addr) netip.Addr {
	if from.Is6() {
		return netip.MustParseAddr("2001:db8:7:1::1")
	}
	return boxAddr
}

// rrq asks by TFTP from an address of the desk, which has to answer, and gives
// the socket and where the answer came from.
func (w *world) rrq(a netip.Addr, name string) (*net.UDPConn, netip.AddrPort) {
	w.T.Helper()
	c, answer, from := w.ask(a, name)
	if answer == nil {
		w.T.Fatalf("no answer to %s for %s", a, name)
	}
	return c, from
}

// rrqFrom is what an address of the desk is answered: 0 for data, else the code of
// the ERROR; -1 is no answer.
func (w *world) rrqFrom(a netip.Addr, name string) (code int) {
	w.T.Helper()
	c, answer, from := w.ask(a, name)
	defer c.Close()
	switch {
	case answer == nil:
		return -1
	case bigendian.BigEndian.Uint16(answer) == 5:
		return int(bigendian.BigEndian.Uint16(answer[2:]))
	}
	_, _ = c.WriteToUDPAddrPort([]byte("\x00\x05\x00\x00enough\x00"), from)
	return 0
}

// ask sends a read request until it is answered.
func (w *world) ask(a netip.Addr, name string) (c *net.UDPConn, answer []byte, from netip.AddrPort) {
	w.T.Helper()
	if err := w.Desk.Do(func() (err error) {
		c, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(a, 0)))
		return err
	}); err != nil {
		w.T.Fatal(err)
	}
	buf := make([]byte, 1024)
	for range 3 {
		if _, err := c.WriteToUDPAddrPort(fmt.Appendf(nil, "\x00\x01%s\x00octet\x00", name), netip.AddrPortFrom(askedAt(a), 69)); err != nil {
			w.T.Log(err)
			return c, nil, from
		}
		_ = c.SetReadDeadline(time.Now().Add(2 * time.Second))
		n, from, err := c.ReadFromUDPAddrPort(buf)
		if err == nil && n >= 4 {
			return c, buf[:n], from
		}
	}
	return c, nil, from
}
