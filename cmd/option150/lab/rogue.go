package lab

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"

	"option150/platform/netns"
)

// Rogue is another DHCP server of the lab's LAN: it gives addresses from
// 10.150.0.100 on, and in option 150 whatever it is told.
type Rogue struct {
	option atomic.Pointer[[]byte]
	c      *net.UDPConn
	done   chan struct{}
	raw    int // for who does not want broadcasts
	dev    *net.Interface
	next   byte
	given  map[[6]byte]byte
}

var rogueAddr = netip.MustParseAddr("10.150.0.254")

// StartRogue starts it on a host that has its address.
func StartRogue(h *netns.Host, option150 []byte) (*Rogue, error) {
	r := &Rogue{done: make(chan struct{}), next: 100, given: map[[6]byte]byte{}}
	r.Give(option150)
	err := h.Do(func() error {
		lc := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) (err error) {
			e := raw.Control(func(fd uintptr) {
				if err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_BROADCAST, 1); err == nil {
					err = unix.BindToDevice(int(fd), "eth0")
				}
			})
			if err == nil {
				err = e
			}
			return err
		}}
		c, err := lc.ListenPacket(context.Background(), "udp4", ":67")
		if err != nil {
			return err
		}
		r.c = c.(*net.UDPConn)
		if r.dev, err = net.InterfaceByName("eth0"); err == nil {
			r.raw, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	go r.serve()
	return r, nil
}

// Give changes its option 150.
func (r *Rogue) Give(option150 []byte) { r.option.Store(&option150) }

// Close stops it.
func (r *Rogue) Close() {
	_ = r.c.Close()
	<-r.done
	_ = unix.Close(r.raw)
}

func (r *Rogue) serve() {
	defer close(r.done)
	buf := make([]byte, 1500)
	for {
		n, _, err := r.c.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		reply := r.answer(buf[:n])
		switch {
		case reply == nil:
		case reply[10]&0x80 == 0:
			r.unicast(reply)
		default:
			_, _ = r.c.WriteToUDPAddrPort(reply, netip.AddrPortFrom(netip.AddrFrom4([4]byte{255, 255, 255, 255}), 68))
		}
	}
}

// unicast sends an answer to the hardware address of a client that has no
// address yet. Nobody else on a switched LAN hears it. [RFC 2131 4.1]
func (r *Rogue) unicast(reply []byte) {
	b := append([]byte(nil), reply[28:34]...)
	b = append(append(b, r.dev.HardwareAddr...), 0x08, 0x00)
	ip := []byte{0x45, 0, 0, 0, 0, 0, 0, 0, 64, unix.IPPROTO_UDP, 0, 0}
	ip = append(append(ip, rogueAddr.AsSlice()...), reply[16:20]...)
	binary.BigEndian.PutUint16(ip[2:], uint16(28+len(reply)))
	sum := uint32(0)
	for k := 0; k < len(ip); k += 2 {
		sum += uint32(binary.BigEndian.Uint16(ip[k:]))
	}
	binary.BigEndian.PutUint16(ip[10:], ^uint16(sum+sum>>16)) // RFC 1071
	b = append(b, ip...)
	b = append(b, 0, 67, 0, 68, 0, 0, 0, 0) // without a checksum [RFC 768]
	binary.BigEndian.PutUint16(b[len(b)-4:], uint16(8+len(reply)))
	_ = unix.Sendto(r.raw, append(b, reply...), 0, &unix.SockaddrLinklayer{Ifindex: r.dev.Index, Halen: 6})
}

// answer is an OFFER or ACK. [RFC 2131]
func (r *Rogue) answer(q []byte) []byte {
	const head, cookie = 236, 0x63825363
	if len(q) < head+4 || q[0] != 1 || binary.BigEndian.Uint32(q[head:]) != cookie {
		return nil
	}
	kind, server := byte(0), netip.Addr{}
	for o := q[head+4:]; len(o) >= 2 && o[0] != 255; {
		if o[0] == 0 {
			o = o[1:]
			continue
		}
		if len(o) < 2+int(o[1]) {
			break
		}
		v := o[2 : 2+int(o[1])]
		switch {
		case o[0] == 53 && len(v) == 1:
			kind = v[0]
		case o[0] == 54 && len(v) == 4:
			server = netip.AddrFrom4([4]byte(v))
		}
		o = o[2+int(o[1]):]
	}
	switch {
	case kind == 1:
		kind = 2
	case kind == 3 && server == rogueAddr:
		kind = 5
	default:
		return nil
	}
	mac := [6]byte(q[28:34])
	if r.given[mac] == 0 {
		if r.next > 240 {
			return nil
		}
		r.given[mac] = r.next
		r.next++
	}
	b := make([]byte, head, 548)
	copy(b, q[:head])
	b[0] = 2
	copy(b[16:], []byte{10, 150, 0, r.given[mac]})
	b = binary.BigEndian.AppendUint32(b, cookie)
	b = append(b, 53, 1, kind, 54, 4)
	b = append(b, rogueAddr.AsSlice()...)
	b = append(b, 51, 4, 0, 0, 14, 16, 1, 4, 255, 255, 255, 0, 3, 4, 10, 150, 0, 254)
	if v := *r.option.Load(); len(v) > 0 {
		b = append(append(b, 150, byte(len(v))), v...)
	}
	return append(b, 255)
}
