package simphone

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"option150/platform/capture"
	"option150/platform/ether"
	"option150/platform/netns"
	"option150/platform/testkit/wiretap"
)

func TestMain(m *testing.M) { os.Exit(netns.Run(m)) }

var (
	box  = netip.MustParseAddr("10.0.0.1")
	box2 = netip.MustParseAddr("10.0.0.2")
)

// world is a LAN with a hand-made box on it. What it serves is changed
// between boots under mu.
type world struct {
	t    *testing.T
	lan  *netns.LAN
	host *netns.Host
	rec  *wiretap.Recorder
	pcap bytes.Buffer

	mu     sync.Mutex
	files  map[string]string
	more   func(name string) (string, bool) // what is not in files
	http   map[string]int                   // status to answer with instead, by name; "*" = all
	busy   map[string]int                   // TFTP: how often to answer error 3
	deaf   map[string]int                   // TFTP: how many requests to ignore
	drop   int                              // TFTP: lose every n-th packet sent
	sent   int                              //
	offer  map[byte][]byte                  // further DHCP options
	leases map[string]byte                  // last octet by MAC
	naks   int                              // requests to refuse
	mute   bool                             // DHCP says nothing
	steps  map[string][]Step                // by device
}

// newWorld has DHCP and TFTP, and HTTP if wanted.
func newWorld(t *testing.T, http bool) *world {
	t.Helper()
	netns.Need(t)
	w := &world{t: t, files: map[string]string{}, http: map[string]int{}, busy: map[string]int{}, deaf: map[string]int{},
		offer:  map[byte][]byte{optTFTP150: box.AsSlice(), optRouter: box.AsSlice()},
		leases: map[string]byte{}, steps: map[string][]Step{}}
	var err error
	if w.lan, err = netns.NewLAN(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.lan.Close() })
	if w.host, err = netns.NewHost("box"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.host.Close() })
	if _, err := w.lan.Plug(w.host, netns.Cable{Addr: netip.PrefixFrom(box, 24)}); err != nil {
		t.Fatal(err)
	}
	w.serve("0.0.0.0:67", w.dhcp)
	w.serve("10.0.0.1:69", w.tftp)
	if http {
		w.listen("10.0.0.1:6970")
	}
	return w
}

func (w *world) inBox(f func() error) {
	w.t.Helper()
	if err := w.host.Do(f); err != nil {
		w.t.Fatal(err)
	}
}

// serve runs a UDP server until the end of the test.
func (w *world) serve(addr string, handle func(c net.PacketConn, from netip.AddrPort, b []byte)) {
	var c net.PacketConn
	w.inBox(func() (err error) {
		lc := net.ListenConfig{Control: func(_, _ string, rc syscall.RawConn) error {
			return rc.Control(func(fd uintptr) {
				unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_BROADCAST, 1)
				unix.BindToDevice(int(fd), "eth0")
			})
		}}
		c, err = lc.ListenPacket(context.Background(), "udp4", addr)
		return err
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		b := make([]byte, 2048)
		for {
			n, from, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			handle(c, from.(*net.UDPAddr).AddrPort(), slices.Clone(b[:n]))
		}
	}()
	w.t.Cleanup(func() { c.Close(); <-done })
}

func (w *world) dhcp(c net.PacketConn, from netip.AddrPort, q []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	opts := map[byte][]byte{}
	if w.mute || len(q) < 241 || readOptions(q[240:], opts) != nil {
		return
	}
	mac := string(q[28:34])
	last, ok := w.leases[mac]
	if !ok {
		last = byte(100 + len(w.leases))
		w.leases[mac] = last
	}
	kind := map[byte]byte{msgDiscover: msgOffer, msgRequest: msgAck}[opts[optType][0]]
	if kind == 0 {
		return
	}
	r := make([]byte, 240)
	copy(r, q[:240])
	r[0], r[8], r[9] = 2, 0, 0
	yi := []byte{10, 0, 0, last}
	if kind == msgAck && w.naks > 0 {
		w.naks--
		kind, yi = msgNak, make([]byte, 4)
	}
	copy(r[16:], yi)
	opt := func(code byte, v []byte) { r = append(append(r, code, byte(len(v))), v...) }
	opt(optType, []byte{kind})
	opt(optServer, box.AsSlice())
	opt(optMask, []byte{255, 255, 255, 0})
	opt(optLease, []byte{0, 0, 0, 100})
	for k, v := range w.offer {
		if k == 0 {
			copy(r[20:], v) // siaddr
			continue
		}
		opt(k, v)
	}
	to := &net.UDPAddr{IP: net.IPv4bcast, Port: 68}
	if !net.IP(q[12:16]).Equal(net.IPv4zero) {
		to.IP = q[12:16]
	}
	if _, err := c.WriteTo(append(r, optEnd), to); err != nil {
		w.t.Error(err)
	}
}

// tftp answers each request from a socket of its own.
func (w *world) tftp(_ net.PacketConn, from netip.AddrPort, q []byte) {
	f := strings.Split(string(q[2:]), "\x00")
	w.mu.Lock()
	data, ok := w.files[f[0]]
	if !ok && w.more != nil {
		data, ok = w.more(f[0])
	}
	busy := w.busy[f[0]] > 0
	if busy {
		w.busy[f[0]]--
	}
	if w.deaf[f[0]] > 0 {
		w.deaf[f[0]]--
		w.mu.Unlock()
		return
	}
	w.mu.Unlock()
	var c *net.UDPConn
	err := w.host.Do(func() (e error) {
		c, e = net.DialUDP("udp4", &net.UDPAddr{IP: box.AsSlice()}, net.UDPAddrFromAddrPort(from))
		return e
	})
	if err != nil {
		w.t.Error(err)
		return
	}
	go func() {
		defer c.Close()
		switch {
		case busy:
			c.Write([]byte("\x00\x05\x00\x03TFTP process allocation exceeded\x00"))
		case !ok:
			c.Write([]byte("\x00\x05\x00\x01No such file\x00"))
		default:
			w.sendBlocks(c, []byte(data))
		}
	}()
}

func (w *world) sendBlocks(c *net.UDPConn, data []byte) {
	buf := make([]byte, 516)
	for n := 1; ; n++ {
		size := min(len(data), 512)
		pkt := append([]byte{0, opData, byte(n >> 8), byte(n)}, data[:size]...)
		for acked, try := false, 0; !acked; try++ {
			if try == 20 {
				return
			}
			w.mu.Lock()
			w.sent++
			lost := w.drop > 0 && w.sent%w.drop == 0
			w.mu.Unlock()
			if !lost {
				c.Write(pkt)
			}
			c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
			if k, err := c.Read(buf); err == nil {
				acked = k == 4 && buf[1] == opAck && binary.BigEndian.Uint16(buf[2:]) == uint16(n)
			}
		}
		if data = data[size:]; size < 512 {
			return
		}
	}
}

// listen runs the HTTP side: one answer per connection.
func (w *world) listen(addr string) {
	var ln net.Listener
	w.inBox(func() (err error) { ln, err = net.Listen("tcp4", addr); return err })
	w.t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go w.answer(c)
		}
	}()
}

func (w *world) answer(c net.Conn) {
	defer c.Close()
	br := bufio.NewReader(c)
	line, err := br.ReadString('\n')
	if err != nil {
		return
	}
	for {
		if l, err := br.ReadString('\n'); err != nil || l == "\r\n" {
			break
		}
	}
	name := strings.TrimPrefix(strings.Fields(line)[1], "/")
	w.mu.Lock()
	data, ok := w.files[name]
	if !ok && w.more != nil {
		data, ok = w.more(name)
	}
	code := w.http[name]
	if code == 0 {
		code = w.http["*"]
	}
	w.mu.Unlock()
	switch {
	case code == 1: // says more than it sends
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-length: %d\r\n\r\n%s", len(data)+1, data)
	case code == 0 && ok:
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-length: %d\r\nCache-Control: no-store\r\nContent-type: */*\r\n\r\n%s", len(data), data)
	case code == 0:
		fmt.Fprint(c, "HTTP/1.1 404 Not Found\r\nContent-length: 0\r\n\r\n")
	default:
		fmt.Fprintf(c, "HTTP/1.1 %d Because\r\nContent-length: 0\r\n\r\n", code)
	}
}

// plug puts a phone on the LAN. Its pace is zero; its timers run
// out only where a test wants them to, however busy the machine is.
func (w *world) plug(s Spec, change ...func(*Options)) *Phone {
	w.t.Helper()
	if s.MAC.IsZero() {
		s.MAC = ether.MAC{0x00, 0x1e, 0x7a, 0, 0, 1}
	}
	h, err := netns.NewHost(s.MAC.Device())
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { h.Close() })
	if _, err := w.lan.Plug(h, netns.Cable{MAC: s.MAC[:]}); err != nil {
		w.t.Fatal(err)
	}
	o := Options{In: h.Do, Images: testImages{}, Timers: Timers{DHCP: 5 * time.Second, Connect: 5 * time.Second,
		TFTP: 2 * time.Second, Busy: 10 * time.Millisecond, Link: 10 * time.Second},
		Log: func(st Step) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.steps[st.Device] = append(w.steps[st.Device], st)
		}}
	for _, f := range change {
		f(&o)
	}
	p, err := New(s, o)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) boot(p *Phone) Outcome {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Second)
	defer cancel()
	o, err := p.Boot(ctx)
	if err != nil {
		w.t.Fatal(err, w.story(p))
	}
	return o
}

// story is the file requests of a phone: "H name 200" and "T name done", and
// what else matters: reboots and the end.
func (w *world) story(p *Phone) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, s := range w.steps[p.spec.MAC.Device()] {
		switch s.Kind {
		case File:
			out = append(out, s.Transport[:1]+" "+s.Name+" "+s.Result)
		case Reboot, Nak, Renew:
			out = append(out, strings.TrimSpace(string(s.Kind)+" "+s.Result))
		case Install:
			out = append(out, "install "+s.Name+" "+s.Result)
		case Provisioned, Stuck:
			out = append(out, string(s.Kind))
		}
	}
	return out
}

// record starts to record what the box sees.
func (w *world) record() {
	w.t.Helper()
	w.inBox(func() (err error) {
		w.rec, err = wiretap.Start("eth0", capture.Filter{}, &w.pcap)
		return err
	})
}

// wire ends the recording and gives what was on the wire.
func (w *world) wire() []capture.Packet {
	w.t.Helper()
	if _, err := w.rec.Stop(); err != nil {
		w.t.Fatal(err)
	}
	ps, err := wiretap.ReadAll(&w.pcap, 100000)
	if err != nil {
		w.t.Fatal(err)
	}
	return ps
}

// testImages are loads of the test: a list is lines, a component begins with
// its own name.
type testImages struct{}

func (testImages) Components(_ string, file []byte) (cs []Component, err error) {
	for _, l := range strings.Fields(string(file)) {
		cs = append(cs, Component{Name: l, Size: -1})
	}
	return cs, nil
}

func (testImages) Check(c Component, file []byte) error {
	if !bytes.HasPrefix(file, []byte(c.Name)) {
		return errors.New("another name inside")
	}
	return nil
}

func (testImages) Unwrap(_ string, file []byte) ([]byte, error) {
	body, ok := bytes.CutPrefix(file, []byte("signed:"))
	if !ok {
		return nil, errUntrusted
	}
	return body, nil
}

// sccpFile and sipFile are configuration files with a load.
func sccpFile(load string) string {
	return `<?xml version="1.0"?><device><devicePool><callManagerGroup><members><member priority="0"><callManager>
<ports><ethernetPhonePort>2000</ethernetPhonePort></ports><processNodeName>10.0.0.1</processNodeName></callManager></member></members></callManagerGroup></devicePool>
<versionStamp>{Jan 01 2003 00:00:00}</versionStamp><loadInformation>` + load + `</loadInformation>
<userLocale><name>english_united_states</name></userLocale><networkLocale>united_states</networkLocale>
<vendorConfig><peerFirmwareSharing>1</peerFirmwareSharing></vendorConfig></device>`
}

func sipFile(load string) string {
	return strings.Replace(sccpFile(load), "<versionStamp>", "<sipProfile><dialTemplate>dialplan1.xml</dialTemplate><softKeyFile>softkey1.xml</softKeyFile></sipProfile><versionStamp>", 1)
}
