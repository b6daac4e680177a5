package observe

import (
	"fmt"
	"io"
	"net"
	"testing"

	"option150/pfs"
	"option150/platform/netns"
)

// TestMirror: on a mirror port connections between phones are seen, with their
// direction and every byte once, whether frames come once or twice; without it
// nothing of them is seen, and the box says nothing about them.
func TestMirror(t *testing.T) {
	for _, twice := range []bool{false, true} {
		t.Run(fmt.Sprint("twice ", twice), func(t *testing.T) {
			w := newLAN(t, 3)
			m, err := w.net.Mirror(w.box, netns.Cable{MAC: []byte{2, 0, 0, 0, 0, 2}, Interface: "eth1"}, twice)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(m.Close)
			w.know(0, 1)
			w.want(Spec{Interfaces: []Interface{gi0, {Name: "GigabitEthernet0/1", Device: "eth1", Mirror: true}}})
			const size = 3_000_000
			w.pass(0, 1, size) // 0 calls and sends
			w.pass(2, 1, size) // a stranger
			w.until("the transfer has ended", func() bool {
				s := w.state.Snapshot(nil).Transfers
				return len(s) == 1 && s[0].Ended
			})
			x := w.state.Snapshot(nil).Transfers[0]
			if x.Parent != phoneMAC(0) || x.Child != phoneMAC(1) || x.Bytes != size || x.Missing != 0 || x.Broken || !x.Called || x.A != phoneMAC(0) {
				t.Errorf("%+v, lost by the mirror: %d", x, m.Lost())
			}
			for _, v := range w.s.View().Sensors {
				if v.Mirror != (v.Segments > 0) || v.Mirror && twice != (v.Copies > 0) {
					t.Errorf("%+v", v)
				}
			}
			if observing, mirror := w.s.Seeing(); !observing || !mirror {
				t.Error("does not know what it sees")
			}
		})
	}
}

// pass is a connection from one phone to another on which so many bytes go.
func (w *lan) pass(from, to, size int) {
	w.t.Helper()
	addr := net.JoinHostPort(phoneAddr(to).String(), fmt.Sprint(pfs.Port))
	var l net.Listener
	if err := w.phones[to].Do(func() (err error) { l, err = net.Listen("tcp4", addr); return err }); err != nil {
		w.t.Fatal(err)
	}
	defer l.Close()
	done := make(chan error, 1)
	go func() {
		c, err := l.Accept()
		if err == nil {
			_, err = io.Copy(io.Discard, c)
			c.Close()
		}
		done <- err
	}()
	err := w.phones[from].Do(func() error {
		c, err := net.Dial("tcp4", addr)
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = c.Write(make([]byte, size))
		return err
	})
	if e := <-done; err != nil || e != nil {
		w.t.Fatal(err, e)
	}
}
