package observe

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"
)

// TestReplay: frames of a mirror port, replayed on a veth as fast as they go:
// each is looked at or counted as dropped.
func TestReplay(t *testing.T) {
	w := newLAN(t, 1)
	w.know(5, 6)
	i := gi0
	i.Mirror = true
	w.want(Spec{Interfaces: []Interface{i}})
	s := upgrade(t)
	s.out = nil
	const size = 1448
	sent := 0
	for range 200 {
		s.pass(5, 6, 100*size)
	}
	if err := w.phones[0].Do(func() error {
		ifi, err := net.InterfaceByName("eth0")
		if err != nil {
			return err
		}
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		for _, f := range s.out {
			if f.data[11] == phoneMAC(6)[5] {
				continue // the switch would know where it is
			}
			sent++
			if err := unix.Sendto(fd, f.data, 0, &unix.SockaddrLinklayer{Ifindex: ifi.Index}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	w.until("all looked at or counted as dropped", func() bool {
		v := w.s.View().Sensors[0]
		return v.Segments+v.Copies+v.Dropped >= uint64(sent)
	})
	t.Logf("%d frames: %+v", sent, w.s.View().Sensors[0])
}
