package lans

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"

	"golang.org/x/net/bpf"

	"option150/dhcp/raw"
	"option150/platform/ether"
	"option150/platform/listen"
)

// Sockets are those of one interface.
type Sockets struct {
	Name   string // IOS name
	Device string // "" in the test listen mode
	Index  int    // of the device
	MTU    int
	MAC    ether.MAC
	UDP    *net.UDPConn
	Raw    *raw.Socket   // nil = none, see NoRaw
	NoRaw  error         // why there is no Raw; nil in the test listen mode, which needs none
	Gone   chan struct{} // closed when they are given back

	once sync.Once
}

// Reasons to wait for an interface.
var (
	ErrNoDevice  = errors.New("interface does not exist")
	ErrNoAddress = errors.New("interface has no address")
)

// Open opens the UDP socket of an interface, whose IOS name is name. In the test
// listen mode, without a device, there is no interface to return.
func Open(ctx context.Context, name string, e listen.Endpoint) (*Sockets, *net.Interface, error) {
	s := &Sockets{Name: name, Device: e.Device, Gone: make(chan struct{})}
	var ifi *net.Interface
	var err error
	if e.Device != "" {
		if ifi, err = net.InterfaceByName(e.Device); err != nil {
			return nil, nil, fmt.Errorf("%w: %s", ErrNoDevice, e.Device)
		}
		s.Index, s.MTU = ifi.Index, ifi.MTU
		if len(ifi.HardwareAddr) == 6 {
			s.MAC = ether.MAC(ifi.HardwareAddr)
		}
	}
	if s.UDP, err = listen.OpenUDP(ctx, e); err != nil {
		return nil, nil, err
	}
	return s, ifi, nil
}

// OpenRaw opens the packet socket as well, if that can be.
func (s *Sockets) OpenRaw(ifi *net.Interface, filter []bpf.Instruction) {
	if s.MAC.IsZero() {
		s.NoRaw = fmt.Errorf("%s is not Ethernet", s.Device)
		return
	}
	if s.Raw, s.NoRaw = raw.Open(ifi, filter); s.NoRaw != nil {
		s.Raw = nil
	}
}

// Base are the sockets themselves, for who is built around them.
func (s *Sockets) Base() *Sockets { return s }

// SyscallConn implements listen.Socket.
func (s *Sockets) SyscallConn() (syscall.RawConn, error) { return s.UDP.SyscallConn() }

// Close implements listen.Socket: it gives the sockets back.
func (s *Sockets) Close() (err error) {
	s.once.Do(func() {
		close(s.Gone)
		err = s.UDP.Close()
		if s.Raw != nil {
			_ = s.Raw.Close()
		}
	})
	return err
}

// Over reports whether they are of no more use after an error of reading; other
// errors (an ICMP message that came back, a link that is down) are passing.
func (s *Sockets) Over(err error) bool {
	select {
	case <-s.Gone:
		return true
	default:
		return !raw.Passing(err)
	}
}
