package e2e

import (
	be "encoding/binary"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"

	"option150/dhcp/dhcptest"
	"option150/platform/ether"
)

// hostile is in every name of TestHostileNames: a control character of each
// range, and marks that make a name read as another. Where only the terminal
// stopped it, dots stand between the letters.
const (
	hostile = "hx\x1b[2J\u202e\u009b\u2066\x07hx"
	walled  = "hx.[2J"
	written = `hx\x1b[2J\u202e`
)

// drives finds what no output may hold.
func drives(s string) int {
	return strings.IndexFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && !strings.ContainsRune("\r\n\t", r) || unicode.Is(unicode.Bidi_Control, r)
	})
}

// shows are the show commands of the reference that need no argument.
func shows(t *testing.T) (out []string) {
	t.Helper()
	text, err := os.ReadFile("../../../docs/commands.md")
	if err != nil {
		t.Fatal(err)
	}
	optional := regexp.MustCompile(`!?\[[^\[\]]*\]`)
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^- `(show [^`]*)`").FindAllStringSubmatch(string(text), -1) {
		s := m[1]
		for s != optional.ReplaceAllString(s, "") {
			s = optional.ReplaceAllString(s, "")
		}
		s = strings.Join(strings.Fields(s), " ")
		if seen[s] || strings.ContainsAny(s, "<(") || strings.ToLower(s) != s || strings.HasPrefix(s, "show tech") {
			continue
		}
		seen[s] = true
		out = append(out, s)
	}
	if len(out) < 60 {
		t.Fatalf("only %d show commands in the reference", len(out))
	}
	return out
}

// TestHostileNames: whatever a station sends as a name, no command, message,
// page or log of the box gives it as it came, and where it is shown it is
// written out.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{off: true, flash: map[string][]byte{"a" + hostile: []byte("x")}, settings: "[metrics]\nlisten = \"127.0.0.1:9150\"",
		config: strings.TrimSuffix(branch, "end\n") + "logging buffered 400000 debugging\nlogging host 10.150.0.2\nlogging trap debugging\nend\n"})
	if err := w.Desk.AddAddr("eth0", netip.MustParsePrefix("10.150.0.2/24")); err != nil && !os.IsExist(err) && !strings.Contains(err.Error(), "exists") {
		t.Fatal(err)
	}
	var syslog net.PacketConn
	if err := w.Desk.Do(func() (err error) { syslog, err = net.ListenPacket("udp4", "10.150.0.2:514"); return err }); err != nil {
		t.Fatal(err)
	}
	defer syslog.Close()
	w.start()
	sh := w.Login()
	sh.Send("debug all\r")
	sh.Sees("no]): ")
	sh.Send("yes\r")
	sh.Answer()

	mac := ether.MAC{0x00, 0x1e, 0x7a, 0, 0, 1}
	var c net.PacketConn
	if err := w.Desk.Do(func() (err error) { c, err = net.ListenPacket("udp4", "10.150.0.2:67"); return err }); err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	send := func(port uint16, b []byte) {
		if _, err := c.WriteTo(b, net.UDPAddrFromAddrPort(netip.AddrPortFrom(boxAddr, port))); err != nil {
			t.Fatal(err)
		}
	}
	for _, typ := range []byte{1, 3, 8, 4} {
		r := dhcptest.Phone(mac, typ, dhcptest.NewOption(12, []byte(hostile)), dhcptest.NewOption(81, []byte("\x00\x00\x00"+hostile)),
			dhcptest.NewOption(77, []byte(hostile)), dhcptest.NewOption(56, []byte(hostile)), dhcptest.NewOption(50, netip.MustParseAddr("10.150.0.140").AsSlice()))
		r.GIAddr = "10.150.0.2"
		send(67, r.Bytes())
		p := dhcptest.PC(ether.MAC{2, 0, 0, 0, 0, typ}, typ, dhcptest.NewOption(60, []byte("Cisco Systems, Inc. IP Phone "+hostile)), dhcptest.NewOption(12, []byte(hostile)),
			dhcptest.NewOption(82, []byte("\x01\x12Gi1/0/"+hostile[:12])))
		p.GIAddr = "10.150.0.2"
		send(67, p.Bytes())
	}
	for _, name := range []string{hostile, "SEP001E7A000001.cnf.xml" + hostile, "/../" + hostile, "SEP001E7A000001" + hostile + ".cnf.xml"} {
		send(69, []byte("\x00\x01"+name+"\x00octet\x00"+hostile+"\x00"+hostile+"\x00"))
		send(69, []byte("\x00\x02"+name+"\x00octet\x00"))
		send(69, []byte("\x00\x05\x00\x00"+hostile+"\x00"))
		path := strings.NewReplacer("\x1b", "%1b", "\x07", "%07", "\u202e", "%e2%80%ae", "\u009b", "%c2%9b", "\u2066", "%e2%81%a6").Replace(name)
		for _, port := range []int{6970, 80} {
			conn, err := w.Dial("tcp4", fmt.Sprintf("%s:%d", boxAddr, port))
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(conn, "GET /%s HTTP/1.1\r\nHost: hx\r\nUser-Agent: hx\u202e\u009b\u2066hx\r\nConnection: close\r\n\r\n", path)
			_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
			_, _ = conn.Read(make([]byte, 512))
			conn.Close()
		}
	}
	if x, err := w.SSH(hostile, hostile); err == nil {
		x.Close()
		t.Fatal("let in")
	}
	announce(t, w, mac)

	// What is written somewhere else than on a terminal.
	var log strings.Builder
	buf := make([]byte, 65536)
	_ = syslog.SetReadDeadline(time.Now().Add(20 * time.Second))
	for !strings.Contains(log.String(), "LOGIN_FAILED") {
		n, _, err := syslog.ReadFrom(buf)
		if err != nil {
			break
		}
		if i := drives(strings.TrimSpace(string(buf[:n]))); i >= 0 {
			t.Errorf("syslog: %q", buf[:n])
		}
		log.Write(buf[:n])
	}
	if !strings.Contains(log.String(), written) {
		t.Errorf("syslog never told of a name:\n%.2000s", log.String())
	}
	for _, path := range []string{"/metrics", "/", "/phones/SEP001E7A000001", "/api/v1/overview", "/api/v1/phones", "/api/v1/phones/SEP001E7A000001/timeline",
		"/api/v1/firmware", "/api/v1/log", "/api/v1/changes"} {
		code, b := w.getFrom(w.Box, "http://127.0.0.1:9150"+path)
		if i := drives(string(b)); code != http.StatusOK || i >= 0 {
			t.Errorf("page %s: %d, %q", path, code, cutAround(string(b), i))
		}
	}
	sh.Silent("terminal length 0", "terminal no monitor")
	told := 0
	for _, line := range append(shows(t), "dir flash:", "dir /all", "show phones SEP001E7A000001", "show phones SEP001E7A000001 boots", "show ip dhcp binding | json", "show file-server requests last 200") {
		out := sh.Do(line)
		if i := drives(out); i >= 0 {
			t.Errorf("%s: %q", line, cutAround(out, i))
		}
		if i := strings.Index(out, walled); i >= 0 {
			t.Errorf("%s: only the terminal stops %q", line, cutAround(out, i))
		}
		if strings.Contains(out, written) {
			told++
		}
	}
	if told < 4 {
		t.Errorf("only %d commands showed a name: the names did not arrive", told)
	}
	for _, line := range []string{"hostname a\u202eb", "ip dhcp pool A\u2066B", "snmp-server location a\u009bb\u202e", "foo \u200f"} {
		sh.Do("configure terminal")
		if out := sh.Do(line); !strings.Contains(out, "% Invalid input detected at '^' marker.") {
			t.Errorf("%q: %q", line, out)
		}
		sh.Do("end")
	}
	read := 0
	for _, dir := range []string{"config", "nvram"} {
		_ = filepath.WalkDir(filepath.Join(w.Root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || strings.HasPrefix(d.Name(), "bindings") { // those are records, not text
				return nil
			}
			b, err := os.ReadFile(path)
			if i := drives(string(b)); err != nil || i >= 0 {
				t.Errorf("%s: %v, %q", path, err, cutAround(string(b), i))
			}
			read++
			return nil
		})
	}
	if read == 0 {
		t.Errorf("no file was read below %s", w.Root)
	}
}

func cutAround(s string, i int) string {
	return s[max(0, min(len(s), i)-60):max(0, min(len(s), i+60))]
}

// announce sends what a phone says of itself by CDP and LLDP. [IEEE 802.1AB 8]
func announce(t *testing.T, w *world, mac ether.MAC) {
	t.Helper()
	tag := func(kind uint16, v string) []byte {
		return append(be.BigEndian.AppendUint16(be.BigEndian.AppendUint16(nil, kind), uint16(4+len(v))), v...)
	}
	tlv := func(kind uint16, v string) []byte {
		return append(be.BigEndian.AppendUint16(nil, kind<<9|uint16(len(v))), v...)
	}
	cdp := "\xaa\xaa\x03\x00\x00\x0c\x20\x00\x02\xb4\x00\x00" + string(tag(1, "SEP001E7A000001")) + string(tag(5, "SCCP41.9 "+hostile)) + string(tag(6, hostile))
	lldp := string(tlv(1, "\x05\x01\x0a\x96\x00\x17")) + string(tlv(2, "\x07001E7A000001:P1")) + string(tlv(3, "\x00\xb4")) + string(tlv(5, "SEP001E7A000001")) +
		string(tlv(6, "SCCP41.9"+hostile)) + string(tlv(127, "\x00\x12\xbb\x01\x00\x33\x03")) + string(tlv(127, "\x00\x12\xbb\x08"+hostile)) + string(tlv(127, "\x00\x12\xbb\x0a"+hostile)) + string(tlv(0, ""))
	frames := []string{"\x01\x00\x0c\xcc\xcc\xcc" + string(mac[:]) + string(be.BigEndian.AppendUint16(nil, uint16(len(cdp)))) + cdp,
		"\x01\x80\xc2\x00\x00\x0e" + string(mac[:]) + "\x88\xcc" + lldp}
	err := w.Desk.Do(func() error {
		i, err := net.InterfaceByName("eth0")
		if err != nil {
			return err
		}
		fd, err := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_RAW, 0)
		if err != nil {
			return err
		}
		defer syscall.Close(fd)
		for _, f := range frames {
			if err := syscall.Sendto(fd, []byte(f), 0, &syscall.SockaddrLinklayer{Ifindex: i.Index, Halen: 6}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
