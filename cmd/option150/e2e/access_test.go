package e2e

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"option150/platform/netns"
)

// TestBindingAccessList: a file of `tftp-server ... ACL` is served to those the
// list permits, over TFTP and HTTP; others are told access violation and 403,
// also under the name the file has on flash:, and the log says why. The list is
// asked as it is now.
func TestBindingAccessList(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{flash: map[string][]byte{"P00308010200.bin": noise(3000), "ringlist.xml": []byte("<rings/>\n")},
		config: strings.Replace(branch, "telephony-service\n", "access-list 10 permit 10.150.0.5\ntftp-server flash:P00308010200.bin alias OS79XX.BIN 10\ntelephony-service\n", 1)})
	stranger := w.Host("stranger", netip.MustParsePrefix("10.150.0.66/24"))
	check := func(what string, h *netns.Host, name, byTFTP string, byHTTP int) {
		t.Helper()
		if got := w.askTFTP(h, name); !strings.Contains(got, byTFTP) {
			t.Errorf("%s asks for %s by TFTP: %s, want %s", what, name, got, byTFTP)
		}
		if got, _ := w.getFrom(h, "http://10.150.0.1:6970/"+name); got != byHTTP {
			t.Errorf("%s asks for %s by HTTP: %d, want %d", what, name, got, byHTTP)
		}
	}
	for _, name := range []string{"OS79XX.BIN", "P00308010200.bin"} {
		check("the desk", w.Desk, name, "sent", 200)
		check("a stranger", stranger, name, "Access violation", 403)
	}
	check("a stranger", stranger, "ringlist.xml", "sent", 200)
	s := w.Login()
	w.Within(5*time.Second, "nothing in the log", func() bool {
		log := s.Do("show logging | include DENIED")
		return strings.Contains(log, "Request of 10.150.0.66 for OS79XX.BIN was refused: access list 10 of tftp-server flash:P00308010200.bin")
	})
	s.Configure("access-list 10 permit 10.150.0.66")
	check("a stranger", stranger, "OS79XX.BIN", "sent", 200)
}

// TestHTTPAccessClassHoldsForHFS: the list of `ip http access-class` is asked on
// the port of HFS too; a phone that is kept out has a verdict that says so.
func TestHTTPAccessClassHoldsForHFS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{config: strings.Replace(branch, "ip http server\n", "access-list 20 permit 10.150.0.5\nip http access-class 20\nip http server\n", 1)})
	stranger := w.Host("stranger", netip.MustParsePrefix("10.150.0.66/24"))
	const file = "SEP001E7A000001.cnf.xml"
	for _, port := range []string{"80", "6970"} {
		path := map[string]string{"80": "", "6970": file}[port]
		if got, _ := w.get("http://10.150.0.1:" + port + "/" + path); got != 200 {
			t.Errorf("the desk is answered %d on %s", got, port)
		}
		if got, _ := w.getFrom(stranger, "http://10.150.0.1:"+port+"/"+path); got != 403 {
			t.Errorf("a stranger is answered %d on %s", got, port)
		}
	}
	s := w.Login()
	w.Within(5*time.Second, "no verdict", func() bool {
		return strings.Contains(s.Do("show phone SEP001E7A000001"), "access list 20 of ip http access-class")
	})
	if a := s.Do("show provisioning audit"); strings.Contains(a, "lets no phone") {
		t.Errorf("one phone may come:\n%s", a)
	}
	s.Configure("no access-list 20", "access-list 20 permit 10.9.0.0 0.0.255.255")
	if a := s.Do("show provisioning audit"); !strings.Contains(a, "access list 20 lets no phone of pool VOICE have its files") {
		t.Errorf("the audit is silent:\n%s", a)
	}
}

// askTFTP asks for a file from a machine and says how the answer begins: sent,
// or the text of the error.
func (w *world) askTFTP(h *netns.Host, name string) string {
	w.T.Helper()
	var c net.PacketConn
	if err := h.Do(func() (err error) {
		c, err = net.ListenPacket("udp4", ":0")
		return err
	}); err != nil {
		w.T.Fatal(err)
	}
	defer c.Close()
	if _, err := c.WriteTo([]byte("\x00\x01"+name+"\x00octet\x00"), &net.UDPAddr{IP: boxAddr.AsSlice(), Port: 69}); err != nil {
		return err.Error()
	}
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	b := make([]byte, 1024)
	n, from, err := c.ReadFrom(b)
	switch {
	case err != nil:
		return err.Error()
	case n > 5 && b[1] == 5:
		return string(b[4 : n-1])
	}
	_, _ = c.WriteTo([]byte("\x00\x05\x00\x00enough\x00"), from)
	return "sent"
}
