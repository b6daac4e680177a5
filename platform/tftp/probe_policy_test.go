package tftp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"option150/platform/fileserver"
)

// At most three packets for one packet from somebody who never answers.
func TestAmplification(t *testing.T) {
	w := serve(t, testSet{settings: settings{RTOInitial: 20 * time.Millisecond, RTOMax: 40 * time.Millisecond, GiveUp: time.Second}}, map[string][]byte{"a": fileOf(2000)})
	for _, o := range []string{"", "blksize=1428 windowsize=8"} {
		p := w.probe()
		p.ask("a", "octet", strings.Fields(o)...)
		for range unvalidatedPackets {
			if p.read(time.Second) == nil {
				t.Fatal("too few")
			}
		}
		p.silence(300 * time.Millisecond)
	}
	w.until("the end", func() bool { return w.Counters().RequestsAborted == 2 })
}

func TestStrayErrorsAreLimited(t *testing.T) {
	w := serve(t, testSet{}, nil)
	p := w.probe()
	for range 200 {
		p.sendTo(p.at, []byte("\x00\x07junk"))
	}
	w.until("all of them", func() bool { return w.Counters().Malformed == 200 })
	n := 0
	for p.read(quiet) != nil {
		n++
	}
	if n > strayBurst+5 || n < strayBurst/2 {
		t.Errorf("%d answers", n)
	}
	if c := w.Counters(); c.RateLimited+uint64(n) != 200 {
		t.Errorf("%d answered, %+v", n, c)
	}
}

func TestLimitPerClient(t *testing.T) {
	w := serve(t, testSet{settings: settings{MaxPerClient: 3}}, map[string][]byte{"a": fileOf(2000)})
	for i := range 5 {
		p := w.probe()
		p.ask("a", "octet")
		if i < 3 {
			p.expect("DATA 1 512")
			p.ack(1)
			p.expect("DATA 2 512")
		} else {
			p.expect("ERROR 3 TFTP process allocation exceeded")
		}
	}
	other := w.probeFrom("127.0.0.77")
	other.ask("a", "octet")
	other.expect("DATA 1 512")
	if c := w.Counters(); c.RequestsOverflow != 2 || c.RequestsInProgress != 4 {
		t.Errorf("%+v", c)
	}
	if s := w.Sessions(); len(s) != 4 || s[0].Name != "a" || s[0].Size != 2000 || s[0].BlockSize != 512 {
		t.Errorf("%+v", s)
	}
}

// Beyond MaxLookups a request is dropped: the client repeats it.
func TestLimitOfLookups(t *testing.T) {
	w := serve(t, testSet{settings: settings{MaxLookups: 2, RTOInitial: 20 * time.Second, RTOMax: 20 * time.Second}}, map[string][]byte{"a": []byte("x")})
	release := make(chan struct{})
	w.mu.Lock()
	w.openFunc = func(_ context.Context, r fileserver.Request) (*fileserver.File, error) {
		<-release
		return &fileserver.File{Name: r.Name, Size: 1, Content: bytes.NewReader([]byte("x"))}, nil
	}
	w.mu.Unlock()
	p := []*probe{w.probe(), w.probe(), w.probe()}
	for i, p := range p {
		p.ask("a", "octet")
		w.until("the request", func() bool { return w.Counters().Requests == uint64(i+1) })
	}
	close(release)
	p[0].expect("DATA 1 1")
	p[1].expect("DATA 1 1")
	p[2].silence(quiet)
	if c := w.Counters(); c.Dropped != 1 || c.RequestsOverflow != 1 {
		t.Errorf("%+v", c)
	}
	w.until("a free place", func() bool { return w.lookups.Load() == 0 })
	p[2].ask("a", "octet")
	p[2].expect("DATA 1 1")
}

// badContent fails after some octets, by error or by panic.
type badContent struct {
	*bytes.Reader
	panics bool
}

func (b badContent) ReadAt(p []byte, off int64) (int, error) {
	if off < 512 {
		return b.Reader.ReadAt(p, off)
	}
	if b.panics {
		panic("broken file")
	}
	return 0, errors.New("read /secret/file: input/output error")
}

func TestReadError(t *testing.T) {
	w := serve(t, testSet{}, nil)
	for _, panics := range []bool{false, true} {
		w.mu.Lock()
		w.openFunc = func(_ context.Context, r fileserver.Request) (*fileserver.File, error) {
			return &fileserver.File{Name: r.Name, Size: 2000, Content: badContent{bytes.NewReader(fileOf(2000)), panics}}, nil
		}
		w.mu.Unlock()
		p := w.probe()
		p.ask("a", "octet")
		p.expect("DATA 1 512")
		p.ack(1)
		p.expect("ERROR 0 Read error")
	}
	w.mu.Lock()
	w.openFunc = func(context.Context, fileserver.Request) (*fileserver.File, error) { panic("broken lookup") }
	w.mu.Unlock()
	p := w.probe()
	p.ask("a", "octet")
	p.expect("ERROR 3 TFTP process allocation exceeded")
	if c := w.Counters(); c.ReadErrors != 2 || c.Panics != 2 || c.RequestsAborted != 2 {
		t.Errorf("%+v", c)
	}
}

// The lookup of a request that was replaced is told so, and its file returned.
func TestReplacedLookup(t *testing.T) {
	w := serve(t, testSet{}, map[string][]byte{"b": []byte("bb")})
	cancelled := make(chan struct{})
	w.mu.Lock()
	w.openFunc = func(ctx context.Context, r fileserver.Request) (*fileserver.File, error) {
		if r.Name == "slow" {
			<-ctx.Done()
			close(cancelled)
		}
		return &fileserver.File{Name: r.Name, Size: 2, Content: bytes.NewReader([]byte("bb"))}, nil
	}
	w.mu.Unlock()
	p := w.probe()
	p.ask("slow", "octet")
	w.until("the lookup", func() bool { return len(w.Sessions()) == 1 && w.Sessions()[0].Looking })
	p.ask("b", "octet")
	p.expect("DATA 1 2")
	<-cancelled
	p.ack(1)
	w.until("both ends", func() bool { return w.ended.Load() == 2 })
	if c := w.Counters(); c.RequestsAborted != 1 || c.RequestsProcessed != 1 {
		t.Errorf("%+v", c)
	}
}

func TestDebugLines(t *testing.T) {
	w := newWorld(t, testSet{settings: settings{Workers: 1, PoolSize: 1}}, map[string][]byte{"SEP001E7A000001.cnf.xml": fileOf(600)})
	w.devices = newDevices(func(int) (string, int) { return "GigabitEthernet0/0.302", 1500 })
	w.serveOn("127.0.0.1:0")
	w.DebugPackets(true)
	p := w.probe()
	p.ask("CTLSEP001E7A000001.tlv", "octet")
	p.expect("ERROR 1 No such file")
	w.until("the record of it", func() bool { return strings.Contains(w.debugLines(topicEvents), "Sending error") })
	missingPort := p.conn.LocalAddr().(*net.UDPAddr).Port
	p = w.probe()
	p.fetch("SEP001E7A000001.cnf.xml", "octet")
	w.until("the end", func() bool { return w.ended.Load() == 1 })
	port := p.conn.LocalAddr().(*net.UDPAddr).Port
	tid := w.set.Places()[1].State().Bound.Port()
	want := fmt.Sprintf(`TFTP: Server request for port %[1]d, socket_id 0x00000001 for process %[3]d
TFTP: read request from host 127.0.0.1(%[1]d) via GigabitEthernet0/0.302
TFTP: Looking for CTLSEP001E7A000001.tlv
TFTP: Sending error 1 No such file
TFTP: Server request for port %[2]d, socket_id 0x00000002 for process %[3]d
TFTP: read request from host 127.0.0.1(%[2]d) via GigabitEthernet0/0.302
TFTP: Looking for SEP001E7A000001.cnf.xml
TFTP: Opened SEP001E7A000001.cnf.xml, fd 2, size 600 for process %[3]d
TFTP: Finished SEP001E7A000001.cnf.xml, time 00:00:00 for process %[3]d
`, missingPort, port, tid)
	if got := w.debugLines(topicEvents); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	packets := w.debugLines(topicPackets)
	for _, line := range []string{"Received read request, 32 octets", "Sending DATA block 2, 92 octets", "Received ACK 2, 4 octets", "Sending error 1 (No such file)"} {
		if !strings.Contains(packets, "TFTP: "+line) {
			t.Errorf("no %q in\n%s", line, packets)
		}
	}
}
