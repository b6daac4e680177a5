package main

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

var content = bytes.Repeat([]byte("0123456789abcdef"), 100)

func contentJob(kind string, target netip.AddrPort) job {
	return job{Kind: kind, Target: target, File: "f.bin", Size: int64(len(content)), Sum: crc32.ChecksumIEEE(content), Clients: 5}
}

func addrPort(t *testing.T, a net.Addr) netip.AddrPort {
	t.Helper()
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		t.Fatal(err)
	}
	return ap
}

func TestHTTPClients(t *testing.T) {
	var asked atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) > 1000 || r.URL.Path != "/f.bin" {
			http.Error(w, "busy", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write(content)
	}))
	defer s.Close()
	j := contentJob("http", addrPort(t, s.Listener.Addr()))
	j.Count = 10
	if r := j.keepAlive(); r.Done != 50 || r.Failed != 0 || r.Bytes != 50*j.Size || r.rate() <= 0 {
		t.Errorf("keep-alive: %+v", r)
	}
	if r := j.cold(); r.Done != 5 || r.Failed != 0 {
		t.Errorf("cold: %+v", r)
	}
	r, err := j.poll(io.Discard)
	if err != nil || r.At.IsZero() {
		t.Errorf("poll: %+v, %v", r, err)
	}
	wrong := j
	wrong.Sum++
	if r := wrong.cold(); r.Done != 0 || !strings.Contains(r.Problem, "other bytes") {
		t.Errorf("other content: %+v", r)
	}
	asked.Store(1000 - 1)
	if r := j.cold(); r.Done != 0 || r.Failed != 5 || !strings.Contains(r.Problem, "503") {
		t.Errorf("busy: %+v", r)
	}
}

// blocks is a TFTP server for tests: one reply socket for each request; drop
// says which of its packets are lost.
func blocks(t *testing.T, drop func(n int64) bool) netip.AddrPort {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	var sent atomic.Int64
	serve := func(to *net.UDPAddr) {
		reply, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			return
		}
		defer reply.Close()
		in := make([]byte, 100)
		for block := 1; ; {
			from := min((block-1)*tftpBlock, len(content))
			data := content[from:min(from+tftpBlock, len(content))]
			packet := append(binary.BigEndian.AppendUint16([]byte{0, opDATA}, uint16(block)), data...)
			if !drop(sent.Add(1)) {
				_, _ = reply.WriteToUDP(packet, to)
			}
			_ = reply.SetReadDeadline(time.Now().Add(5 * time.Second))
			n, _, err := reply.ReadFromUDP(in)
			if err != nil {
				return
			}
			if n == 4 && int(binary.BigEndian.Uint16(in[2:])) == block {
				if len(data) < tftpBlock {
					return
				}
				block++
			}
		}
	}
	go func() {
		in := make([]byte, 600)
		for {
			n, from, err := c.ReadFromUDP(in)
			if err != nil {
				return
			}
			if bytes.HasPrefix(in[:n], []byte("\x00\x01f.bin\x00octet\x00")) {
				go serve(from)
			} else {
				_, _ = c.WriteToUDP([]byte("\x00\x05\x00\x01no such file\x00"), from)
			}
		}
	}()
	return addrPort(t, c.LocalAddr())
}

func TestTFTPClients(t *testing.T) {
	j := contentJob("tftp", blocks(t, func(int64) bool { return false }))
	j.Count = 2
	r, err := j.tftp()
	// 1600 bytes are 4 blocks: a request, 4 DATA, 4 ACK.
	if err != nil || r.Done != 10 || r.Failed != 0 || r.Resent != 0 || r.Packets != 90 {
		t.Errorf("%+v, %v", r, err)
	}
	j.File = "other.bin"
	if r, err := j.tftp(); err != nil || r.Failed != 10 || !strings.Contains(r.Problem, `error 1 "no such file"`) {
		t.Errorf("a file that is not there: %+v, %v", r, err)
	}
	j = contentJob("tftp", blocks(t, func(n int64) bool { return n == 3 }))
	j.Clients = 1
	if r, err := j.tftp(); err != nil || r.Done != 1 || r.Resent != 1 {
		t.Errorf("a lost packet: %+v, %v", r, err)
	}
}

// pool answers like a DHCP server; give says which address phone n gets.
func pool(t *testing.T, give func(n int) netip.Addr, with150 bool) netip.AddrPort {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	go func() {
		addrs := map[string]netip.Addr{}
		in := make([]byte, 1500)
		for {
			n, from, err := c.ReadFromUDP(in)
			if err != nil {
				return
			}
			mac := string(in[28:34])
			if !addrs[mac].IsValid() {
				addrs[mac] = give(len(addrs))
			}
			kind := byte(dhcpOffer)
			if bytes.Contains(in[dhcpHeader:n], []byte{53, 1, dhcpRequest}) {
				kind = dhcpAck
			}
			out := make([]byte, dhcpHeader, 400)
			copy(out, in[:dhcpHeader])
			out[0] = 2
			copy(out[16:], addrs[mac].AsSlice())
			out = append(binary.BigEndian.AppendUint32(out, dhcpMagic), 53, 1, kind, 54, 4, 127, 0, 0, 1)
			if with150 {
				out = append(out, 0, 150, 4, 127, 0, 0, 1)
			}
			_, _ = c.WriteToUDP(append(out, 255), from)
		}
	}()
	return addrPort(t, c.LocalAddr())
}

func TestDHCPClients(t *testing.T) {
	relay := netip.MustParseAddrPort("127.0.0.1:0")
	each := func(n int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)}) }
	j := job{Kind: "dhcp", Target: pool(t, each, true), Clients: 8, Count: 100, For: 30 * time.Second}
	if r, err := j.dhcpFrom(relay, 0); err != nil || r.Done != 100 || r.Failed != 0 || r.P50 <= 0 {
		t.Errorf("%+v, %v", r, err)
	}
	j.Target = pool(t, func(int) netip.Addr { return each(0) }, true)
	j.Count = 2
	if r, err := j.dhcpFrom(relay, 0); err != nil || r.Done != 1 || !strings.Contains(r.Problem, "given to two phones") {
		t.Errorf("one address for all: %+v, %v", r, err)
	}
	j.Target = pool(t, each, false)
	if r, err := j.dhcpFrom(relay, 0); err != nil || r.Done != 0 || !strings.Contains(r.Problem, "without option 150") {
		t.Errorf("no option 150: %+v, %v", r, err)
	}
}

func FuzzParseDHCP(f *testing.F) {
	good := make([]byte, dhcpHeader, 300)
	good[0] = 2
	good = append(binary.BigEndian.AppendUint32(good, dhcpMagic), 53, 1, dhcpAck, 54, 4, 10, 0, 0, 1, 0, 150, 4, 10, 0, 0, 1, 255)
	f.Add(good)
	f.Add(good[:len(good)-3])
	f.Fuzz(func(t *testing.T, p []byte) {
		a, ok := parseDHCP(p)
		if ok && (a.kind == 0 || !a.addr.Is4()) {
			t.Errorf("%+v", a)
		}
	})
}

func TestPhoneAddr(t *testing.T) {
	seen := map[netip.Addr]bool{}
	for n := range 5000 {
		a := phoneAddr(n)
		if b := a.As4(); !phones.Contains(a) || seen[a] || b[3] == 0 || b[3] == 255 {
			t.Fatalf("phone %d has %s", n, a)
		}
		seen[a] = true
	}
}

func TestPercentile(t *testing.T) {
	var v []time.Duration
	for n := range 200 {
		v = append(v, time.Duration(200-n))
	}
	for _, c := range []struct {
		percent int
		want    time.Duration
	}{{50, 100}, {99, 198}, {100, 200}, {0, 1}} {
		if got := percentile(v, c.percent); got != c.want {
			t.Errorf("%d %%: %d, want %d", c.percent, got, c.want)
		}
	}
	if percentile(nil, 50) != 0 || median([]float64{3, 1, 2}) != 2 || median([]float64{1, 2}) != 1 {
		t.Error("empty or median")
	}
}

func TestReport(t *testing.T) {
	var r report
	tab := r.table("Title", []string{"option150", "a", "b", "c"}, map[string]string{"c": "it is not installed: apt-get install c"})
	tab.heading("load")
	row := tab.row(figure{name: "speed", unit: "1/s", higher: true})
	row.set("option150", 12345)
	row.set("a", 5000)
	row.set("b", 0.2)
	row.ratios("option150")
	if len(row.Ratios) != 1 || row.Ratios["a"] != 2.469 {
		t.Errorf("ratios %v", row.Ratios)
	}
	box := r.table("Box", []string{"option150"}, nil)
	box.aim("start", "ms", 120, 100)
	var w bytes.Buffer
	r.print(&w)
	for _, want := range []string{"speed, 1/s", "(+)      12 345       5 000    2.47           0       -           -       -", "c was not measured: it is not installed", "120.0         100  MISSED"} {
		if !strings.Contains(w.String(), want) {
			t.Errorf("lacks %q:\n%s", want, &w)
		}
	}
	for v, want := range map[float64]string{0: "0", 999: "999", 1000: "1 000", 1234567.8: "1 234 568", -1500: "-1 500"} {
		if got := number(v, 0); got != want {
			t.Errorf("number(%v) = %q, want %q", v, got, want)
		}
	}
	if got := number(1234.56, 1); got != "1 234.6" {
		t.Errorf("%q", got)
	}
}

// Who turns clients away is quick with the rest: no ratio praises it.
func TestUnservedIsNotCompared(t *testing.T) {
	fill := func(failures int) *table {
		var r report
		tab := r.table("Title", []string{"option150", "a"}, nil)
		tab.heading("storm")
		for _, f := range []figure{p99, failed} {
			row := tab.row(f)
			row.set("option150", 10)
			row.set("a", 20)
			row.ratios("option150")
		}
		tab.incomparable("option150", map[string][]sample{
			"option150": {{result: result{Done: 1000 - failures, Failed: failures}}}, "a": {{result: result{Done: 1000}}}})
		return tab
	}
	if tab := fill(10); len(tab.Rows[0].Ratios) != 1 || tab.Notes != nil {
		t.Errorf("10 of 1000: %v, %q", tab.Rows[0].Ratios, tab.Notes)
	}
	if tab := fill(400); len(tab.Rows[0].Ratios) != 0 || len(tab.Rows[1].Ratios) != 1 || len(tab.Notes) != 1 || !strings.Contains(tab.Notes[0], "400 of 1000") {
		t.Errorf("400 of 1000: %v, %q", tab.Rows[0].Ratios, tab.Notes)
	}
}
