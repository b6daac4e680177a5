package e2e

import (
	"context"
	"net"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"option150/platform/netns"
	"option150/platform/testkit"
)

// TestBindLeaseBehindRelay6: a phone behind a relay of another make has an address
// of our DHCPv6 server, and nobody sees its hardware address here. Enforced, it
// is given its file over both transports, and nobody else there is: neither who
// has a lease of his own nor who takes an address.
func TestBindLeaseBehindRelay6(t *testing.T) {
	t.Parallel()
	dhcrelay := testkit.NeedProgram(t, "dhcrelay", "isc-dhcp-relay")
	dhclient := testkit.NeedProgram(t, "dhclient", "isc-dhcp-client")
	config := strings.Replace(branch, " ip address 10.150.0.1 255.255.255.0\n", " ip address 10.150.0.1 255.255.255.0\n ipv6 address 2001:DB8:150::1/64\n ipv6 enable\n ipv6 dhcp server VOICE6\n", 1)
	w := newWorld(t, setup{config: strings.TrimSuffix(config, "end\n") + `ipv6 dhcp pool VOICE6
 address prefix 2001:DB8:150::/64
ipv6 dhcp pool FAR6
 address prefix 2001:DB8:88::/64
 vendor-specific 9
  suboption 1 address 2001:DB8:150::1
file-server bind-lease enforce
end
`})
	far, err := netns.NewLAN()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = far.Close() })
	plug := func(h *netns.Host, c netns.Cable) {
		t.Helper()
		if _, err := far.Plug(h, c); err != nil {
			t.Fatal(err)
		}
	}
	sh := func(h *netns.Host, text string) string {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, "sh", "-c", text)
		cmd.WaitDelay = time.Second
		out, _ := h.Output(cmd) // what came of it is judged
		return string(out)
	}
	relay := w.Plug("relay", netns.Cable{})
	plug(relay, netns.Cable{Interface: "eth1"})
	if out := sh(relay, "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding && ip -6 addr add 2001:db8:150::9/64 dev eth0 nodad && ip -6 addr add 2001:db8:88::1/64 dev eth1 nodad 2>&1 && echo set"); !strings.HasSuffix(out, "set\n") {
		testkit.Missing(t, "IPv6: "+out)
	}
	if err := w.Box.Do(func() error {
		_, network, _ := net.ParseCIDR("2001:db8:88::/64")
		return netlink.RouteAdd(&netlink.Route{Dst: network, Gw: net.ParseIP("2001:db8:150::9")})
	}); err != nil {
		t.Fatal(err)
	}
	const settled = "for i in $(seq 100); do ip -6 addr show tentative | grep -q inet6 || break; sleep 0.1; done; "
	sh(relay, settled)
	cmd := exec.Command(dhcrelay, "-6", "-d", "--no-pid", "-l", "eth1", "-u", "2001:db8:150::1%eth0")
	if err := relay.Start(cmd); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })

	// leased is a machine there that has an address of ours.
	leased := func(name, mac string) (*netns.Host, netip.Addr) {
		t.Helper()
		h, err := netns.NewHost(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = h.Close() })
		hw, _ := net.ParseMAC(mac)
		plug(h, netns.Cable{Interface: "eth0", MAC: hw})
		script := w.File(name+".sh", []byte(`#!/bin/sh
[ "$reason" = BOUND6 ] && ip -6 addr add $new_ip6_address/128 dev eth0 nodad && ip -6 route add default via 2001:db8:88::1 dev eth0 onlink && echo "$new_ip6_address" > `+w.Dir+"/"+name+`.got
exit 0
`), 0o755)
		d := w.Dir + "/" + name
		out := sh(h, settled+dhclient+" -6 -1 -d -cf /dev/null -D LL -lf "+d+".leases -pf "+d+".pid -sf "+script+" eth0 2>&1 & p=$!; for i in $(seq 500); do [ -s "+d+".got ] && break; sleep 0.1; done; kill $p; wait; cat "+d+".got")
		lines := strings.Fields(out)
		if len(lines) == 0 {
			t.Fatal("no lease: nothing was said")
		}
		a, err := netip.ParseAddr(lines[len(lines)-1])
		if err != nil || !netip.MustParsePrefix("2001:db8:88::/64").Contains(a) {
			t.Fatalf("no lease of %s: %s\n%s", name, out, w.Exec("show ipv6 dhcp statistics"))
		}
		return h, a
	}
	const own = "SEP001E7A000001.cnf.xml"
	// asks is what a machine there is answered over HTTP and TFTP.
	asks := func(h *netns.Host, name string) (status int, file string) {
		status, _ = w.getFrom(h, "http://[2001:db8:150::1]:6970/"+name)
		return status, sh(h, "curl -s -m 20 'tftp://[2001:db8:150::1]/"+name+"'")
	}
	phone, a := leased("phone", "00:1e:7a:00:00:01")
	if status, file := asks(phone, own); status != 200 || !strings.Contains(file, "<device>") {
		t.Errorf("the phone at %s: %d, %q\n%s", a, status, file, w.Exec("show ipv6 dhcp binding"))
	}
	other, b := leased("other", "00:1e:7a:00:00:99")
	if status, file := asks(other, own); status != 404 || file != "" {
		t.Errorf("another's lease %s: %d, %q", b, status, file)
	}
	if status, _ := asks(other, "XMLDefault.cnf.xml"); status != 200 {
		t.Errorf("a common file: %d", status)
	}
	stranger, err := netns.NewHost("stranger")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stranger.Close() })
	plug(stranger, netns.Cable{Interface: "eth0"})
	sh(stranger, "ip -6 addr add 2001:db8:88::66/64 dev eth0 nodad; ip -6 route add default via 2001:db8:88::1 dev eth0")
	if status, file := asks(stranger, own); status != 404 || file != "" {
		t.Errorf("a stranger: %d, %q", status, file)
	}
}
