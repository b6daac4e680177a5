package tftp

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"option150/platform/fileserver"
	"option150/platform/journal"
	"option150/platform/listen"
)

// world is a server under test with everything it told.
type world struct {
	*Server
	t        testing.TB
	mu       sync.Mutex
	files    map[string][]byte
	openFunc func(context.Context, fileserver.Request) (*fileserver.File, error) // instead of files
	asked    []fileserver.Request
	results  []fileserver.Result
	opened   atomic.Int64
	ended    atomic.Int64
	twice    atomic.Int64
	live     map[*fileserver.File]bool
	events   []journal.Event
	at       netip.AddrPort
	config   Config
}

// testSet is the numbers of the engine and what the operator chooses.
type testSet struct {
	settings
	Config
}

// newWorld makes a server that is not listening yet.
func newWorld(t testing.TB, set testSet, files map[string][]byte) *world {
	w := &world{t: t, files: files, live: map[*fileserver.File]bool{}, config: set.Config}
	if set.PoolSize == 0 {
		set.PoolSize = 8 // the ports cost the tests time; those about them ask for more
	}
	w.Server = newServer(Options{Opener: w, Recorder: w}, set.settings)
	w.giveBack = func(f *fileserver.File, r fileserver.Result) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if !w.live[f] {
			w.twice.Add(1)
		}
		delete(w.live, f)
		w.results = append(w.results, r)
		w.ended.Add(1)
	}
	t.Cleanup(w.check)
	return w
}

// serve starts a server on a free port of 127.0.0.1.
func serve(t testing.TB, set testSet, files map[string][]byte) *world {
	w := newWorld(t, set, files)
	w.serveOn("127.0.0.1:0")
	return w
}

func (w *world) serveOn(address string) {
	w.t.Helper()
	at := netip.MustParseAddrPort(address)
	e := listen.Endpoint{Proto: listen.UDP, Addr: at.Addr(), Port: at.Port(), Owner: "TFTP server"}
	c, err := w.Prepare(w.t.Context(), nil, Spec{Endpoints: []listen.Endpoint{e}, Config: w.config})
	if err != nil {
		if errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT) {
			w.t.Skipf("no socket on %s: %v", address, err)
		}
		w.t.Fatal(err)
	}
	c.Commit()
	w.at = w.Status().Listeners[0].AddrPort()
}

// check is the end of every test: all goroutines end at once, every file came
// back exactly once, and the requests add up.
func (w *world) check() {
	select {
	case <-w.Stop(-1):
	case <-time.After(10 * time.Second):
		w.t.Fatal("the server does not stop")
	}
	if w.opened.Load() != w.ended.Load() || w.twice.Load() != 0 {
		w.t.Errorf("%d files opened, %d finished, %d twice", w.opened.Load(), w.ended.Load(), w.twice.Load())
	}
	c := w.Counters()
	if sum := c.RequestsProcessed + c.RequestsNotFound + c.RequestsOverflow + c.RequestsAborted + c.RequestsInProgress; sum != c.Requests || c.RequestsInProgress != 0 {
		w.t.Errorf("requests do not add up: %+v", c)
	}
	if n := w.Server.lookups.Load(); n != 0 {
		w.t.Errorf("%d lookups left", n)
	}
	w.clients.mu.Lock()
	defer w.clients.mu.Unlock()
	if w.clients.total != 0 {
		w.t.Errorf("%d transfers counted for clients at the end", w.clients.total)
	}
}

// Open implements fileserver.Opener.
func (w *world) Open(ctx context.Context, r fileserver.Request) (*fileserver.File, error) {
	w.mu.Lock()
	w.asked = append(w.asked, r)
	content, ok := w.files[r.Name]
	hook := w.openFunc
	w.mu.Unlock()
	var f *fileserver.File
	if hook != nil {
		var err error
		if f, err = hook(ctx, r); err != nil || f == nil {
			return nil, err
		}
	} else if ok {
		f = &fileserver.File{Name: r.Name, Route: "test", Size: int64(len(content)), Content: bytes.NewReader(content)}
	} else {
		return nil, fmt.Errorf("/secret/root/%s: %w", r.Name, fileserver.ErrNotFound)
	}
	w.mu.Lock()
	w.live[f] = true
	w.mu.Unlock()
	w.opened.Add(1)
	return f, nil
}

// Record implements journal.Recorder.
func (w *world) Record(e journal.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, e)
}

func (w *world) debugLines(topic string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var b strings.Builder
	for _, e := range w.events {
		if d, ok := e.(journal.Debugged); ok {
			for _, l := range d.DebugLines() {
				if l.Topic == topic {
					b.WriteString(l.Text + "\n")
				}
			}
		}
	}
	return b.String()
}

// result waits for the end of the n-th file and returns how it ended.
func (w *world) result(n int) fileserver.Result {
	w.t.Helper()
	w.until("a file to end", func() bool { return w.ended.Load() > int64(n) })
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.results[n]
}

// until waits for something that happens in another goroutine.
func (w *world) until(what string, ok func() bool) {
	w.t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("waited for %s in vain: %+v %+v", what, w.Counters(), w.Status())
		}
	}
}

// probe is a client that sends and sees single packets.
type probe struct {
	t    testing.TB
	conn *net.UDPConn
	at   netip.AddrPort // port 69
	tid  netip.AddrPort // where the last packet came from
	wait time.Duration  // of get: how long for each packet, 20 times
	last string         // of expect: the packet before
}

func (w *world) probe() *probe { return w.probeFrom("") }

// probeFrom binds the client to an address.
func (w *world) probeFrom(addr string) *probe {
	w.t.Helper()
	network := "udp4"
	if w.at.Addr().Is6() {
		network = "udp6"
	}
	var local *net.UDPAddr
	if addr != "" {
		local = &net.UDPAddr{IP: net.ParseIP(addr)}
	}
	conn, err := net.ListenUDP(network, local)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { conn.Close() })
	return &probe{t: w.t, conn: conn, at: w.at, wait: time.Second}
}

func (p *probe) sendTo(to netip.AddrPort, b []byte) {
	p.t.Helper()
	if _, err := p.conn.WriteToUDPAddrPort(b, to); err != nil {
		p.t.Fatal(err)
	}
}

// ask sends a request: name, mode and options as "name=value".
func (p *probe) ask(name, mode string, options ...string) {
	p.t.Helper()
	p.sendTo(p.at, rrq(name, mode, options...))
}

func rrq(name, mode string, options ...string) []byte {
	b := []byte("\x00\x01" + name + "\x00" + mode + "\x00")
	for _, o := range options {
		k, v, _ := strings.Cut(o, "=")
		b = append(b, k+"\x00"+v+"\x00"...)
	}
	return b
}

func (p *probe) ack(n int) {
	p.t.Helper()
	p.sendTo(p.tid, ackPacket(n))
}

func ackPacket(n int) []byte {
	return binary.BigEndian.AppendUint16([]byte{0, opACK}, uint16(n))
}

// read returns the next packet or nil after a time.
func (p *probe) read(wait time.Duration) []byte {
	p.t.Helper()
	_ = p.conn.SetReadDeadline(time.Now().Add(wait))
	b := make([]byte, 66000)
	n, from, err := p.conn.ReadFromUDPAddrPort(b)
	if err != nil {
		return nil
	}
	p.tid = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	return b[:n]
}

// show is a packet in words: "DATA 1 512", "OACK blksize=8", "ERROR 1 text".
func show(b []byte) string {
	switch opcode(b) {
	case opDATA:
		return fmt.Sprintf("DATA %d %d", binary.BigEndian.Uint16(b[2:]), len(b)-headerSize)
	case opERROR:
		code, text := parseError(b)
		return fmt.Sprintf("ERROR %d %s", code, text)
	case opOACK:
		return "OACK " + strings.TrimSuffix(strings.NewReplacer("\x00", " ").Replace(string(b[2:])), " ")
	}
	return fmt.Sprintf("%q", b)
}

// expect reads the next packet. A machine that is busy elsewhere makes the
// server repeat what it sent last: that is no other packet.
func (p *probe) expect(want string) []byte {
	p.t.Helper()
	for {
		b := p.read(5 * time.Second)
		switch got := show(b); got {
		case want:
			p.last = want
			return b
		case p.last:
		default:
			p.t.Fatalf("got %s, want %s", got, want)
		}
	}
}

// quiet is how long a probe waits to be sure that nothing comes.
const quiet = 40 * time.Millisecond

func (p *probe) silence(wait time.Duration) {
	p.t.Helper()
	if b := p.read(wait); b != nil {
		p.t.Fatalf("got %s, want nothing", show(b))
	}
}

// fetch gets a whole file and returns its octets.
func (p *probe) fetch(name, mode string, options ...string) []byte {
	p.t.Helper()
	b, err := p.get(name, mode, options...)
	if err != nil {
		p.t.Fatalf("%s %v: %v", name, options, err)
	}
	return b
}

// get is a plain client: it repeats its request and acknowledges the window it
// was granted.
func (p *probe) get(name, mode string, options ...string) ([]byte, error) {
	block, window := defaultBlockSize, 1
	request := rrq(name, mode, options...)
	var got []byte
	expect := uint64(1)
	started := false
	last := request
	to := p.at
	since := 0
	buf := make([]byte, 66000)
	for tries := 0; ; {
		if last != nil {
			if _, err := p.conn.WriteToUDPAddrPort(last, to); err != nil {
				return got, err
			}
		}
		_ = p.conn.SetReadDeadline(time.Now().Add(p.wait))
		n, from, err := p.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			if tries++; tries > 20 {
				return got, err
			}
			if expect > 1 {
				last = ackPacket(int(expect - 1))
			} else if !started {
				last = request
			}
			continue
		}
		tries = 0
		if started && from != to {
			last = nil
			continue
		}
		switch b := buf[:n]; opcode(b) {
		case opOACK:
			f := strings.Split(string(b[2:len(b)-1]), "\x00")
			for i := 0; i+1 < len(f); i += 2 {
				switch strings.ToLower(f[i]) {
				case "blksize":
					fmt.Sscan(f[i+1], &block)
				case "windowsize":
					fmt.Sscan(f[i+1], &window)
				}
			}
			started, to = true, from
			last = ackPacket(0)
		case opDATA:
			started, to = true, from
			last = nil
			if number := binary.BigEndian.Uint16(b[2:]); number != uint16(expect) {
				if since = 0; window > 1 || number == uint16(expect-1) {
					last = ackPacket(int(expect - 1)) // a gap, or our ACK was lost
				}
				continue
			}
			got = append(got, b[headerSize:]...)
			expect++
			if since++; since == window || len(b)-headerSize < block {
				since = 0
				last = ackPacket(int(expect - 1))
			}
			if len(b)-headerSize < block {
				_, err := p.conn.WriteToUDPAddrPort(last, to)
				return got, err
			}
		case opERROR:
			return got, fmt.Errorf("%s", show(b))
		default:
			return got, fmt.Errorf("unexpected %s", show(b))
		}
	}
}
