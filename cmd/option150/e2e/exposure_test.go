package e2e

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"option150/platform/netns"
)

// TestBindLeaseEnforce: a phone with an address of its own gets its file over
// both transports, a stranger gets what he would get if it were not there, once
// in the log, however often he asks.
func TestBindLeaseEnforce(t *testing.T) {
	w := newWorld(t, setup{config: strings.TrimSuffix(branch, "end\n") + "file-server bind-lease enforce\nlogging buffered\nend\n"})
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
}
