package capture_test

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"option150/platform/capture"
	"option150/platform/netns"
)

// sendMany sends n datagrams to the broadcast address of the box's network.
func sendMany(t *testing.T, ph *netns.Host, n int) {
	t.Helper()
	c := on(t, ph, func() (net.Conn, error) { return net.Dial("udp4", "10.0.0.255:4051") })
	defer c.Close()
	for range n {
		if _, err := c.Write([]byte("PFS-TEST")); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRing: every frame of a burst is there, whole as far as the filter lets it
// through, with its direction and time; Close ends Run.
func TestRing(t *testing.T) {
	box, ph, _ := world(t)
	ringOf(t, box, ph, capture.Options{}, 20_000)
	ringOf(t, box, ph, capture.Options{Block: 1 << 15}, 3_000) // it has room for twice as many
	if _, err := capture.OpenRing("nothing0", capture.Options{}); err == nil {
		t.Error("opened an interface that does not exist")
	}
}

func ringOf(t *testing.T, box, ph *netns.Host, o capture.Options, many int) {
	var err error
	if o.Filter, err = (capture.Filter{UDP: []uint16{4051}, Snap: 50}).Assemble(); err != nil {
		t.Fatal(err)
	}
	r := on(t, box, func() (*capture.Ring, error) { return capture.OpenRing("eth0", o) })
	got, wrong, ticks := 0, 0, 0
	all := make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- r.Run(func(f *capture.Frame) {
			p, _ := capture.NewDecoder().DecodeFrame(f)
			if len(f.Data) != 50 || f.Length != 50 || f.Direction != capture.Broadcast || f.VLAN != -1 || time.Since(f.Time) > time.Minute ||
				p.SrcMAC != phoneMAC || p.Size != 8 || string(p.Payload) != "PFS-TEST" {
				wrong++
			}
			if got++; got == many {
				close(all)
			}
		}, func() { ticks++ }, 100*time.Millisecond)
	}()
	sendMany(t, ph, many)
	select {
	case <-all:
	case <-time.After(30 * time.Second):
	}
	st, err := r.Stats()
	r.Close()
	if e := <-done; e != nil || err != nil {
		t.Fatal(e, err)
	}
	r.Release()
	if got != many || wrong != 0 || st.Dropped != 0 || st.Received != uint64(many) || ticks == 0 {
		t.Errorf("%d of %d frames, %d wrong, %+v, %d ticks", got, many, wrong, st, ticks)
	}
}

// TestRingGoneInterface: an interface that goes away ends Run, one that is down
// for a while does not.
func TestRingLinkDown(t *testing.T) {
	box, ph, _ := world(t)
	r := on(t, box, func() (*capture.Ring, error) { return capture.OpenRing("eth0", capture.Options{}) })
	defer r.Release()
	frames := make(chan struct{}, 1000)
	done := make(chan error, 1)
	go func() {
		done <- r.Run(func(f *capture.Frame) {
			select {
			case frames <- struct{}{}:
			default:
			}
		}, func() {}, 50*time.Millisecond)
	}()
	if err := errors.Join(box.SetLink("eth0", false), box.SetLink("eth0", true)); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; {
		sendMany(t, ph, 1)
		select {
		case <-frames:
		case err := <-done:
			t.Fatal(err)
		case <-time.After(20 * time.Millisecond):
			if time.Now().Before(deadline) {
				continue
			}
			t.Fatal("no frame after the link came back")
		}
		break
	}
	r.Close()
	if err := <-done; err != nil && !errors.Is(err, os.ErrClosed) {
		t.Error(err)
	}
}
