package dhcp

import (
	"context"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"option150/platform/netns"
	"option150/platform/testkit"
)

// host plugs a machine into a LAN.
func (w *rig) host(name string, lan *netns.LAN, c netns.Cable) *netns.Host {
	w.t.Helper()
	h, err := netns.NewHost(name)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { h.Close() })
	if _, err := lan.Plug(h, c); err != nil {
		w.t.Fatal(err)
	}
	return h
}

// in runs a shell script on a machine, for a while.
func (w *rig) in(h *netns.Host, limit time.Duration, text string) string {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", text)
	cmd.WaitDelay = time.Second
	out, _ := h.Output(cmd) // what it says is judged, not how it ends
	return string(out)
}

func TestDhcpcd(t *testing.T) {
	dhcpcd := testkit.NeedProgram(t, "dhcpcd", "dhcpcd-base")
	w := cable(t)
	w.serve(Options{})
	dir := t.TempDir()
	conf := filepath.Join(dir, "dhcpcd.conf")
	if err := os.WriteFile(conf, []byte("clientid\noption tftp_server_name\ndefine 150 array ipaddress tftp150\noption tftp150\noption routers\nnoarp\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := script(t, `[ "$reason" = BOUND ] && echo "got $new_ip_address 66 $new_tftp_server_name 150 $new_tftp150" >> `+dir+`/result; exit 0`)
	h := w.host("dhcpcd", w.lan, netns.Cable{Interface: "eth0", MAC: net.HardwareAddr{2, 0, 0, 0, 0xcc, 1}})
	out := w.in(h, 25*time.Second, dhcpcd+" -4 -d -1 -B -f "+conf+" --noipv4ll -c "+s+" eth0 2>&1")
	got, _ := os.ReadFile(dir + "/result")
	if !strings.Contains(string(got), "got 10.77.0.100 66 10.77.0.1 150 10.77.0.1 10.77.0.2") {
		t.Errorf("%s\n%s\nevents %s", got, out, w.ev.names())
	}
}

func TestNetworkd(t *testing.T) {
	networkd := testkit.NeedFile(t, "/lib/systemd/systemd-networkd", "systemd")
	w := cable(t)
	w.serve(Options{})
	network := filepath.Join(t.TempDir(), "10.network")
	if err := os.WriteFile(network, []byte("[Match]\nName=eth0\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n[DHCPv4]\nRequestOptions=150\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	h := w.host("networkd", w.lan, netns.Cable{Interface: "eth0", MAC: net.HardwareAddr{2, 0, 0, 0, 0xcc, 2}})
	// Without the init of the machine: a /run of its own, /sys read-only, so that
	// it does not wait for udev, and its user is the one there is here.
	users := filepath.Join(t.TempDir(), "passwd")
	if err := os.WriteFile(users, []byte("root:x:0:0::/:/bin/sh\nsystemd-network:x:0:0::/:/bin/sh\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	out := w.in(h, 20*time.Second, `unshare -m sh -c 'mount --make-rprivate /; mount -t tmpfs t /run; mkdir -p /run/systemd/network /run/systemd/netif/links /run/systemd/netif/leases /run/systemd/netif/lldp
umount -l /sys 2>/dev/null; mount -t sysfs -o ro sysfs /sys; cp `+network+` /run/systemd/network; mount --bind `+users+` /etc/passwd
timeout -s KILL 9 `+networkd+` & for i in $(seq 80); do ls /run/systemd/netif/leases 2>/dev/null | grep -q . && break; sleep 0.1; done
cat /run/systemd/netif/leases/*; ip -4 -o addr show dev eth0; kill %1 2>/dev/null; wait' 2>&1`)
	if !strings.Contains(out, "ADDRESS=10.77.0.100") || !strings.Contains(out, "10.77.0.100/24") || !strings.Contains(out, "NEXT_SERVER=10.77.0.1") {
		t.Errorf("%s\nevents %s", out, w.ev.names()) // it does not keep option 150
	}
}

func TestNmap(t *testing.T) {
	nmap := testkit.NeedProgram(t, "nmap", "nmap")
	w := cable(t)
	w.serve(Options{})
	h := w.host("nmap", w.lan, netns.Cable{Interface: "eth0", MAC: net.HardwareAddr{2, 0, 0, 0, 0xcc, 3}, Addr: netip.MustParsePrefix("10.77.0.9/24")})
	out := w.in(h, 60*time.Second, nmap+" -n -Pn -sU -p 67 --script dhcp-discover -e eth0 10.77.0.1 2>&1")
	for _, want := range []string{"DHCP Message Type: DHCPACK", "Server Identifier: 10.77.0.1", "Subnet Mask: 255.255.255.0", "Router: 10.77.0.1"} {
		if !strings.Contains(out, want) {
			t.Errorf("without %q:\n%s\nevents %s", want, out, w.ev.names())
			break
		}
	}
	if bs := w.s.Bindings(); len(bs) != 1 { // the manual one: an INFORM makes no lease
		t.Errorf("%+v", bs)
	}
}

// A phone behind ISC's relay: three machines.
func TestDhcrelay(t *testing.T) {
	dhcrelay := testkit.NeedProgram(t, "dhcrelay", "isc-dhcp-relay")
	udhcpc := testkit.NeedProgram(t, "udhcpc", "udhcpc")
	w := cable(t)
	w.serve(Options{})
	remote, err := netns.NewLAN()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { remote.Close() })
	relay := w.host("relay", w.lan, netns.Cable{Interface: "eth0", MAC: net.HardwareAddr{2, 0, 0, 0, 0xcc, 4}, Addr: netip.MustParsePrefix("10.77.0.9/24")})
	if _, err := remote.Plug(relay, netns.Cable{Interface: "eth1", Addr: netip.MustParsePrefix("10.88.0.1/24")}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan string, 1)
	go func() {
		cmd := exec.CommandContext(ctx, dhcrelay, "-4", "-d", "-a", "--no-pid", "-id", "eth1", "-iu", "eth0", "10.77.0.1")
		out, _ := relay.Output(cmd)
		done <- string(out)
	}()
	phone := w.host("phone", remote, netns.Cable{Interface: "eth0", MAC: net.HardwareAddr{2, 0, 0, 0, 0xcc, 5}})
	s := script(t, `[ "$1" = bound ] && echo "got $ip router $router 150 $opt150 from $serverid"; exit 0`)
	out := w.in(phone, 25*time.Second, udhcpc+" -i eth0 -f -q -n -t 10 -O 150 -V 'Cisco Systems, Inc. IP Phone CP-7961G' -s "+s+" 2>&1")
	cancel()
	said := <-done
	if !strings.Contains(out, "got 10.88.0.100 ") || !strings.Contains(out, "from 10.77.0.1") {
		t.Errorf("%s\nrelay: %s\nevents %s", out, said, w.ev.names())
	}
	for _, b := range w.s.Bindings() {
		if b.Addr == ip("10.88.0.100") && b.Relay != ip("10.88.0.1") {
			t.Errorf("%+v", b)
		}
	}
}

// dhcpstarv drains a pool in seconds; here phones still get addresses.
func TestDhcpstarv(t *testing.T) {
	starv := testkit.NeedProgram(t, "dhcpstarv", "dhcpstarv")
	w := cable(t)
	w.serve(Options{})
	thief := w.host("thief", w.lan, netns.Cable{Interface: "eth0", MAC: net.HardwareAddr{2, 0, 0, 0, 0xcc, 6}, Addr: netip.MustParsePrefix("10.77.0.9/24")})
	out := w.in(thief, 8*time.Second, "timeout -s KILL 7 "+starv+" -i eth0 -v 2>&1")
	taken := len(w.s.Bindings()) - 1
	if taken < 1 {
		t.Fatalf("it took nothing: %s\nevents %s", out, w.ev.names())
	}
	if taken > 25 {
		t.Errorf("it took %d of 100 addresses", taken)
	}
	if a := w.fromServer(1, 10*time.Second); !a.IsValid() {
		t.Errorf("a phone got nothing: %s", w.ev.names())
	}
}
