package dhcp

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

	"option150/platform/netns"

	"option150/platform/testkit"
)

// Foreign clients as judges: each must get an address and option 150.

// client plugs a machine in and runs a command there.
func (w *rig) client(name, command string, args ...string) string {
	w.t.Helper()
	h, err := netns.NewHost(name)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { h.Close() })
	if _, err := w.lan.Plug(h, netns.Cable{Interface: "eth0", MAC: net.HardwareAddr{2, 0, 0, 0, 0xcc, byte(len(name))}}); err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer cancel()
	out, err := h.Output(exec.CommandContext(ctx, command, args...))
	if err != nil {
		w.t.Fatalf("%s: %v\n%s\nevents %s", command, err, out, w.ev.names())
	}
	return string(out)
}

func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUdhcpc(t *testing.T) {
	udhcpc := testkit.NeedProgram(t, "udhcpc", "udhcpc")
	for _, how := range []string{"unicast", "broadcast"} {
		t.Run(how, func(t *testing.T) {
			w := cable(t)
			w.serve(Options{})
			s := script(t, `[ "$1" = bound ] && echo "got $ip mask $subnet router $router 66 $tftp 150 $opt150 lease $lease from $serverid"; exit 0`)
			args := []string{"-i", "eth0", "-f", "-q", "-n", "-O", "66", "-O", "150", "-V", "Cisco Systems, Inc. IP Phone CP-7961G", "-x", "hostname:SEP001122334455", "-s", s}
			if how == "broadcast" {
				args = append(args, "-B")
			}
			out := w.client("udhcpc", udhcpc, args...)
			if !strings.Contains(out, "got 10.77.0.100 mask 255.255.255.0 router 10.77.0.1 66 10.77.0.1 150 0a4d00010a4d0002 lease 600 from 10.77.0.1") {
				t.Errorf("%s", out)
			}
			if bs := w.s.Bindings(); len(bs) != 2 || bs[1].Hostname != "SEP001122334455" {
				t.Errorf("%+v", bs)
			}
		})
	}
}

func TestDhclient(t *testing.T) {
	dhclient := testkit.NeedProgram(t, "dhclient", "isc-dhcp-client")
	w := cable(t)
	w.serve(Options{})
	dir := t.TempDir()
	conf := filepath.Join(dir, "c.conf")
	if err := os.WriteFile(conf, []byte("option tftp150 code 150 = array of ip-address;\nalso request tftp150, tftp-server-name;\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := script(t, fmt.Sprintf(`[ "$reason" = BOUND ] && echo "got $new_ip_address 66 $new_tftp_server_name 150 $new_tftp150" > %s/result; exit 0`, dir))
	args := []string{"-4", "-v", "-1", "-d", "-cf", conf, "-lf", dir + "/leases", "-pf", dir + "/pid", "-sf", s, "eth0"}
	// -d keeps it in the foreground for ever; it ends when it has its lease.
	sh := script(t, fmt.Sprintf("%s \"$@\" & p=$!; for i in $(seq 200); do [ -s %s/result ] && break; sleep 0.05; done; kill $p; wait; cat %s/result", dhclient, dir, dir))
	out := w.client("dhclient", sh, args...)
	if !strings.Contains(out, "got 10.77.0.100 66 10.77.0.1 150 10.77.0.1 10.77.0.2") {
		t.Errorf("%s", out)
	}
	if bs := w.s.Bindings(); len(bs) != 2 || bs[1].Addr != netip.MustParseAddr("10.77.0.100") {
		t.Errorf("%+v", bs)
	}
}
