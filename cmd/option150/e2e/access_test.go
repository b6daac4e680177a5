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
