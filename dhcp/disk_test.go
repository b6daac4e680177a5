package dhcp

import (
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"option150/dhcp/wire"
	"option150/platform/service"
	"option150/platform/testkit"
)

// fillUp takes all that is left of a disk.
func fillUp(t *testing.T, root *os.Root) {
	t.Helper()
	f, err := root.Create("full")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for b := make([]byte, 4096); err == nil; _, err = f.Write(b) {
	}
}

func again(s *Server) {
	run, _ := s.runs.Current()
	run.mailbox.Put(func() { run.com.Put(job{Records: run.e.Dump(), Reopen: true}) })
}

// The disk is full when the server starts: it serves what is on disk and
// renews known clients; when there is room it goes on by itself.
func TestFullDiskAtStart(t *testing.T) {
	root := testkit.SmallDisk(t, "6m")
	s, at := start(t, Options{Root: root}, loopSpec("16"))
	known := dial(t, at).dora(1, 2*time.Second)
	s.Close()
	if err := root.Remove("bindings.reserve"); err != nil {
		t.Fatal(err)
	}
	fillUp(t, root)

	var ev heardEvents
	s, at = start(t, Options{Root: root, Recorder: &ev}, loopSpec("16"))
	waitFor(t, func() bool { return s.Status().State == service.Degraded })
	if why := s.Status().Why; !strings.Contains(why, "no space left") {
		t.Errorf("why %q", why)
	}
	if bs := s.Bindings(); len(bs) != 1 || bs[0].Addr != known {
		t.Errorf("bindings %+v", bs)
	}
	c := dial(t, at)
	r := phoneRequest(mac(0, 1), wire.MsgRequest)
	r.CIAddr = known.String()
	if g, ok := c.exchange(r, 2*time.Second); !ok || g.Type != wire.MsgAck {
		t.Errorf("known client: %v %d", ok, g.Type)
	}
	if a := c.dora(2, 300*time.Millisecond); a.IsValid() {
		t.Errorf("new client got %s", a)
	}
	if n := ev.names(); !strings.Contains(n, "dhcp.StoreFailed") {
		t.Errorf("events %s", n)
	}
	if err := root.Remove("full"); err != nil {
		t.Fatal(err)
	}
	again(s)
	waitFor(t, func() bool {
		return s.Status().State == service.Running || strings.Contains(s.Status().Why, "nearly full")
	})
	if a := c.dora(3, 2*time.Second); !a.IsValid() {
		t.Error("no lease when there is room again")
	}
}

// What fills the disk while the server runs does not take the room it has kept.
func TestReserveSurvivesAFullDisk(t *testing.T) {
	root := testkit.SmallDisk(t, "6m")
	s, at := start(t, Options{Root: root}, loopSpec("16"))
	first := dial(t, at).dora(1, 2*time.Second)
	fillUp(t, root)
	s.Close()
	var ev heardEvents
	s, at = start(t, Options{Root: root, Recorder: &ev}, loopSpec("16"))
	if a := dial(t, at).dora(2, 2*time.Second); !a.IsValid() || a == first {
		t.Errorf("new client on a full disk got %s", a)
	}
	waitFor(t, func() bool { return strings.Contains(ev.names(), "dhcp.StoreLow") })
	if st := s.Status(); st.State != service.Degraded || !strings.Contains(st.Why, "nearly full") {
		t.Errorf("status %+v", st)
	}
}

// A disk that cannot be written: what is on it is served.
func TestReadOnlyDisk(t *testing.T) {
	root := testkit.SmallDisk(t, "6m")
	s, at := start(t, Options{Root: root}, loopSpec("16"))
	known := dial(t, at).dora(1, 2*time.Second)
	s.Close()
	if err := unix.Mount("", root.Name(), "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		testkit.Missing(t, fmt.Sprintf("a disk cannot be made read-only: %v", err))
	}
	s, at = start(t, Options{Root: root}, loopSpec("16"))
	waitFor(t, func() bool { return s.Status().State == service.Degraded })
	if bs := s.Bindings(); len(bs) != 1 || bs[0].Addr != known {
		t.Errorf("bindings %+v", bs)
	}
	r := phoneRequest(mac(0, 1), wire.MsgRequest)
	r.CIAddr = known.String()
	if g, ok := dial(t, at).exchange(r, 2*time.Second); !ok || g.Type != wire.MsgAck {
		t.Errorf("known client: %v %d", ok, g.Type)
	}
}

// What was lost is said: by a message and by the status.
func TestLostBindingsAreSaid(t *testing.T) {
	dir := t.TempDir()
	s, at := start(t, Options{Store: dir}, loopSpec("16"))
	c := dial(t, at)
	var got []netip.Addr
	for n := range 5 {
		got = append(got, c.dora(uint32(n+1), 2*time.Second))
	}
	s.Close()
	path := dir + "/bindings.log.00000001"
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 0x40
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	var ev heardEvents
	s, _ = start(t, Options{Store: dir, Recorder: &ev}, loopSpec("16"))
	if bs := s.Bindings(); len(bs) != len(got)-1 {
		t.Errorf("%d bindings", len(bs))
	}
	if st := s.Status(); st.State != service.Running || !strings.Contains(st.Why, "bindings.log.00000001: checksum does not match") {
		t.Errorf("status %+v", st)
	}
	if !strings.Contains(ev.names(), "dhcp.StoreDamaged") {
		t.Errorf("events %s", ev.names())
	}
}
