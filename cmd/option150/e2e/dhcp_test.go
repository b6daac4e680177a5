package e2e

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"option150/platform/testkit"
)

// receives checks what a foreign DHCP client was given: option 150 and 66 and
// siaddr name the same server.
func receives(t *testing.T, got map[string]string, keys map[string]string) {
	t.Helper()
	for k, want := range keys {
		if got[k] != want {
			t.Errorf("%s is %q, want %q", k, got[k], want)
		}
	}
	ip, err := netip.ParseAddr(got["ip"])
	if err != nil || !lan24.Contains(ip) || ip.As4()[3] < 100 {
		t.Errorf("address %q", got["ip"])
	}
	if t.Failed() {
		t.Logf("the client was given %v", got)
	}
}

// readEnv reads KEY=value lines that a client's script wrote.
func readEnv(t *testing.T, path string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]string{}
	for l := range strings.Lines(string(text)) {
		if k, v, ok := strings.Cut(strings.TrimSpace(l), "="); ok {
			m[k] = v
		}
	}
	return m
}

// TestUdhcpcReceivesOption150: busybox's client, as a phone asks.
func TestUdhcpcReceivesOption150(t *testing.T) {
	t.Parallel()
	busybox := testkit.NeedProgram(t, "busybox", "busybox")
	w := newWorld(t, setup{})
	phone := w.Host("phone", netip.Prefix{})
	env := filepath.Join(t.TempDir(), "env")
	script := w.file("udhcpc.sh", []byte("#!/bin/sh\n[ \"$1\" = bound ] && env >"+env+"\nexit 0\n"))
	if err := os.Chmod(script, 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := w.on(phone, busybox, "udhcpc", "-i", "eth0", "-f", "-q", "-n", "-O", "150", "-O", "66", "-O", "router",
		"-V", "Cisco Systems, Inc. IP Phone CP-7961G", "-x", "hostname:SEP001122334455", "-s", script)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	receives(t, readEnv(t, env), map[string]string{"opt150": "0a960001", "tftp": "10.150.0.1", "siaddr": "10.150.0.1",
		"router": "10.150.0.1", "subnet": "255.255.255.0", "serverid": "10.150.0.1", "lease": "28800"})
	if b := w.Exec("show ip dhcp binding"); !strings.Contains(b, readEnv(t, env)["ip"]) {
		t.Errorf("no binding of it in\n%s", b)
	}
}

// TestDhclientReceivesOption150: ISC's client; it releases its address.
func TestDhclientReceivesOption150(t *testing.T) {
	t.Parallel()
	dhclient := testkit.NeedProgram(t, "dhclient", "isc-dhcp-client")
	w := newWorld(t, setup{})
	phone := w.Host("phone", netip.Prefix{})
	env := filepath.Join(t.TempDir(), "env")
	script := w.file("dhclient.sh", []byte("#!/bin/sh\n[ \"$reason\" = BOUND ] && env >"+env+"\nexit 0\n"))
	if err := os.Chmod(script, 0o755); err != nil {
		t.Fatal(err)
	}
	conf := w.file("dhclient.conf", []byte("option tftp150 code 150 = array of ip-address;\nalso request tftp150, tftp-server-name;\nsend host-name \"SEP001122334455\";\ntimeout 10;\n"))
	lease, pid := filepath.Join(w.Dir, "lease"), filepath.Join(w.Dir, "pid")
	client := func(more ...string) (string, error) {
		return w.on(phone, dhclient, append([]string{"-4", "-v", "-1", "-cf", conf, "-lf", lease, "-pf", pid, "-sf", script}, append(more, "eth0")...)...)
	}
	out, err := client()
	t.Cleanup(func() { _, _ = client("-x") })
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got := readEnv(t, env)
	got["ip"] = got["new_ip_address"]
	receives(t, got, map[string]string{"new_tftp150": "10.150.0.1", "new_tftp_server_name": "10.150.0.1", "new_next_server": "10.150.0.1",
		"new_routers": "10.150.0.1", "new_dhcp_lease_time": "28800"})
	if b := w.Exec("show ip dhcp binding"); !strings.Contains(b, got["ip"]) {
		t.Errorf("no binding of it in\n%s", b)
	}
	// The script set no address, so the release is sent to the server from one
	// that the test puts there.
	if err := phone.AddAddr("eth0", netip.MustParsePrefix(fmt.Sprintf("%s/24", got["ip"]))); err != nil {
		t.Fatal(err)
	}
	if out, err := client("-r"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if b := w.Exec("show ip dhcp binding"); strings.Contains(b, got["ip"]) {
		t.Errorf("the address was released and is still bound in\n%s", b)
	}
}
