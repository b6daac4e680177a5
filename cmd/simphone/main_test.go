package main

import (
	"bytes"
	"net"
	"os"
	"strings"
	"testing"

	"option150/platform/netns"
)

func TestMain(m *testing.M) { os.Exit(netns.Run(m)) }

func TestCommandLine(t *testing.T) {
	for _, c := range []struct {
		args string
		want string
	}{
		{"", "-interface is needed"},
		{"-interface nothing0", "interface nothing0"},
		{"-interface lo", "no MAC address"},
		{"-interface lo -mac 001e.7a00", "not a hardware address"},
		{"-interface lo -mac 001e.7a00.0001 -model 9999", `unknown model "9999"`},
		{"-interface lo -mac 001e.7a00.0001 -model 8841 -protocol SCCP", "does not speak"},
		{"-interface lo -tftp x", "no IPv4 address"},
		{"-interface lo extra", "unexpected argument"},
		{"-interface lo -boots 0", "-boots at least 1"},
		{"-nonsense", "not defined"},
	} {
		var out, errOut bytes.Buffer
		if s := run(t.Context(), strings.Fields(c.args), &out, &errOut); s != 2 || !strings.Contains(errOut.String(), c.want) {
			t.Errorf("%q: status %d, %q", c.args, s, errOut.String())
		}
	}
	if s := run(t.Context(), []string{"-h"}, new(bytes.Buffer), new(bytes.Buffer)); s != 0 {
		t.Error(s)
	}
}

// TestNoServer: alone on a LAN the phone says that nobody gave it an address.
func TestNoServer(t *testing.T) {
	netns.Need(t)
	l, err := netns.NewLAN()
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	h, err := netns.NewHost("phone")
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if _, err := l.Plug(h, netns.Cable{MAC: net.HardwareAddr{2, 0, 0, 0, 0, 9}}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   string
		status int
		want   string
	}{
		{"-interface eth0 -dhcp-wait 10ms -dhcp-tries 2", 1, "SEP020000000009 boot 1 discover: none"},
		{"-interface eth0 -dhcp-wait 10ms -dhcp-tries 2 -boots 2", 1, "SEP020000000009 boot 2 stuck: no lease"},
		{"-interface eth0 -mac 001e.7a00.0001", 2, "has the address 02:00:00:00:00:09"},
		{"-interface eth0 -mac 001e.7a00.0001 -set-mac -dhcp-wait 10ms -dhcp-tries 1", 1, "SEP001E7A000001 boot 1 stuck"},
	} {
		var out bytes.Buffer
		var status int
		err := h.Do(func() error { status = run(t.Context(), strings.Fields(c.args), &out, &out); return nil })
		if err != nil || status != c.status || !strings.Contains(out.String(), c.want) {
			t.Errorf("%q: %v, status %d\n%s", c.args, err, status, &out)
		}
	}
}
