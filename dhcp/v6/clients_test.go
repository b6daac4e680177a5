package v6

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"option150/platform/ether"
	"option150/platform/netns"
	"option150/platform/testkit"
)

// machine is a host on a LAN; its commands wait until its link-local address is
// its own.
type machine struct {
	w   *rig
	h   *netns.Host
	mac ether.MAC
}

func (w *rig) machine(name string, last byte, lan *netns.LAN) *machine {
	w.t.Helper()
	h, err := netns.NewHost(name)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { h.Close() })
	m := ether.MAC{2, 0, 0, 6, 0xcc, last}
	if _, err := lan.Plug(h, netns.Cable{Interface: "eth0", MAC: net.HardwareAddr(m[:])}); err != nil {
		w.t.Fatal(err)
	}
	return &machine{w, h, m}
}

const tentative = `for i in $(seq 80); do ip -6 addr show tentative | grep -q inet6 || break; sleep 0.1; done; `

// run runs a shell script there, for a while.
func (m *machine) run(limit time.Duration, text string) string {
	m.w.t.Helper()
	ctx, cancel := context.WithTimeout(m.w.t.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", tentative+text)
	cmd.WaitDelay = time.Second
	out, _ := m.h.Output(cmd) // what it says is judged, not how it ends
	return string(out)
}

// bound is the binding of a machine, by its hardware address.
func (m *machine) bound() (a netip.Addr) {
	for _, b := range m.w.s.Bindings() {
		if b.MAC == m.mac {
			a = b.Addr
		}
	}
	return a
}

func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// dhclient6 is a command that ends when it has an address; what it got is in
// dir/result.
func dhclient6(t *testing.T, dhclient, dir string) string {
	conf := write(t, "c.conf", "also request dhcp6.name-servers, dhcp6.domain-search;\n")
	s := script(t, fmt.Sprintf(`[ "$reason" = BOUND6 ] && { ip -6 addr add $new_ip6_address/128 dev eth0 nodad; echo "got $new_ip6_address dns $new_dhcp6_name_servers search $new_dhcp6_domain_search" > %s/result; }; exit 0`, dir))
	return fmt.Sprintf("%s -6 -v -1 -d -cf %s -lf %s/leases -pf %s/pid -sf %s eth0 2>&1 & p=$!; for i in $(seq 200); do [ -s %s/result ] && break; sleep 0.05; done; kill $p; wait; cat %s/result",
		dhclient, conf, dir, dir, s, dir, dir)
}

// Foreign clients as judges, in one world: each gets an address, and what else it
// asks for.
func TestForeignClients(t *testing.T) {
	w := cable(t)
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	// One that was kept with a time in it: nmap reads no other kind.
	if err := keepDUID(root, append([]byte{0, 1, 0, 1, 0x2c, 0, 0, 1}, w.own[:]...)); err != nil {
		t.Fatal(err)
	}
	w.serve(Options{Store: dir}, labSpec())
	voice := netip.MustParsePrefix("2001:db8:77::/64")
	judge := func(t *testing.T, m *machine, out string, want ...string) {
		t.Helper()
		a := m.bound()
		if !voice.Contains(a) {
			t.Fatalf("no binding; %s\nevents %s", out, w.ev.names())
		}
		for _, x := range append(want, a.String()) {
			if !strings.Contains(out, x) {
				t.Errorf("no %q in\n%s", x, out)
			}
		}
	}
	t.Run("dhclient", func(t *testing.T) {
		dhclient := testkit.NeedProgram(t, "dhclient", "isc-dhcp-client")
		w.t = t
		m := w.machine("dhclient", 1, w.lan)
		judge(t, m, m.run(30*time.Second, dhclient6(t, dhclient, t.TempDir())), "dns 2001:db8:77::53 search branch.example")
	})
	t.Run("dhcpcd", func(t *testing.T) {
		dhcpcd := testkit.NeedProgram(t, "dhcpcd", "dhcpcd-base")
		w.t = t
		dir := t.TempDir()
		conf := write(t, "dhcpcd.conf", "noipv6rs\nduid ll\ninterface eth0\nia_na 1\noption dhcp6_name_servers\n")
		s := script(t, `echo "$reason got $new_dhcp6_ia_na1_ia_addr1 dns $new_dhcp6_name_servers" >> `+dir+`/result; exit 0`)
		m := w.machine("dhcpcd", 2, w.lan)
		// With a place of its own for leases: one that an earlier run left there is
		// confirmed, and no binding is asked for.
		own := "mount -t tmpfs none /var/lib/dhcpcd && exec " + dhcpcd + " -6 -d -1 -B -f " + conf + " -c " + s + " eth0"
		out := m.run(30*time.Second, "unshare -m sh -c '"+own+"' 2>&1; cat "+dir+"/result")
		judge(t, m, out, "BOUND6 got 2001:db8:77:", "dns 2001:db8:77::53")
	})
	t.Run("networkd", func(t *testing.T) {
		networkd := testkit.NeedFile(t, "/lib/systemd/systemd-networkd", "systemd")
		w.t = t
		conf := write(t, "10.network", "[Match]\nName=eth0\n[Network]\nDHCP=ipv6\nIPv6AcceptRA=no\n[DHCPv6]\nWithoutRA=solicit\nVendorClass=Cisco Systems\n")
		m := w.machine("networkd", 3, w.lan)
		// Without the init of the machine: a /run of its own, /sys read-only, so that
		// it does not wait for udev, and its user is the one there is here.
		users := write(t, "passwd", "root:x:0:0::/:/bin/sh\nsystemd-network:x:0:0::/:/bin/sh\n")
		text := `unshare -m sh -c 'mount --make-rprivate /; mount -t tmpfs t /run; mkdir -p /run/systemd/network /run/systemd/netif/links /run/systemd/netif/leases /run/systemd/netif/lldp
umount -l /sys 2>/dev/null; mount -t sysfs -o ro sysfs /sys; cp ` + conf + ` /run/systemd/network; mount --bind ` + users + ` /etc/passwd
timeout -s KILL 12 ` + networkd + ` & for i in $(seq 110); do ip -6 addr show dev eth0 | grep -q 2001:db8:77 && break; sleep 0.1; done
ip -6 -o addr show dev eth0; kill %1 2>/dev/null; wait' 2>&1`
		judge(t, m, m.run(30*time.Second, text))
	})
	t.Run("nmap", func(t *testing.T) {
		nmap := testkit.NeedProgram(t, "nmap", "nmap")
		w.t = t
		m := w.machine("nmap", 4, w.lan)
		out := m.run(40*time.Second, nmap+" -6 -e eth0 --script broadcast-dhcp6-discover 2>&1")
		for _, x := range []string{"Message type: Advertise", "Address: 2001:db8:77:", "DNS Servers: 2001:db8:77::53"} {
			if !strings.Contains(strings.ReplaceAll(out, "  ", " "), x) {
				t.Errorf("no %q in\n%s\nevents %s", x, out, w.ev.names())
			}
		}
	})
	t.Run("dhcrelay, one and one behind the other", func(t *testing.T) {
		dhcrelay := testkit.NeedProgram(t, "dhcrelay", "isc-dhcp-relay")
		dhclient := testkit.NeedProgram(t, "dhclient", "isc-dhcp-client")
		w.t = t
		upper := w.lan
		for n, network := range []string{"2001:db8:aa::1/64", "2001:db8:88::1/64"} {
			lower, err := netns.NewLAN()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { lower.Close() })
			relay := w.machine(fmt.Sprintf("relay%d", n), byte(0x10+n), upper)
			if _, err := lower.Plug(relay.h, netns.Cable{Interface: "eth1"}); err != nil {
				t.Fatal(err)
			}
			up := "2001:db8:77::9/64"
			if n > 0 {
				up = "2001:db8:aa::9/64"
			}
			out := relay.run(20*time.Second, fmt.Sprintf("ip -6 addr add %s dev eth1 nodad; ip -6 addr add %s dev eth0 nodad", network, up))
			ctx, stop := context.WithCancel(t.Context())
			cmd := exec.CommandContext(ctx, dhcrelay, "-6", "-d", "--no-pid", "-l", "eth1", "-u", "ff02::1:2%eth0")
			cmd.WaitDelay = time.Second
			if err := relay.h.Start(cmd); err != nil {
				t.Fatal(err, out)
			}
			t.Cleanup(func() { stop(); _ = cmd.Wait() })
			upper = lower
		}
		m := w.machine("phone", 0x20, upper)
		out := m.run(40*time.Second, dhclient6(t, dhclient, t.TempDir()))
		var got string
		for _, b := range w.s.Bindings() {
			if b.Client == linkLocalOf(m.mac) {
				got = b.Addr.String() + " of relay " + b.Relay.String()
			}
		}
		if !strings.HasPrefix(got, "2001:db8:88:") || !strings.HasSuffix(got, " of relay 2001:db8:88::1") || !strings.Contains(out, "got 2001:db8:88:") {
			t.Errorf("bound %q\n%s\nevents %s", got, out, w.ev.names())
		}
	})
}

func linkLocalOf(m ether.MAC) netip.Addr {
	return netip.AddrFrom16([16]byte{0xfe, 0x80, 8: m[0] ^ 2, 9: m[1], 10: m[2], 11: 0xff, 12: 0xfe, 13: m[3], 14: m[4], 15: m[5]})
}
