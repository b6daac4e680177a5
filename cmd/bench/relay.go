package main

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"option150/platform/netns"
)

// line is a long line between two switches, in this program: every frame waits
// half the round trip, and of IPv4 frames some get lost.
type line struct {
	host    *netns.Host
	ends    [2]*os.File
	delay   atomic.Int64  // of a frame, ns
	loss    atomic.Uint64 // of a frame, in a thousand million
	reorder atomic.Uint64 // frames that come late, in a thousand million
	wg      sync.WaitGroup
}

// maxFrame is one frame: what is plugged in sends no more at a time.
const maxFrame = 1600

// maxQueue is how long a frame waits at most for those before it.
const maxQueue = 100 * time.Millisecond

// overtaken is how much later a frame comes that others overtake.
const overtaken = 5 * time.Millisecond

// newLine plugs a line into two switches.
func newLine(a, b *netns.LAN) (_ *line, err error) {
	l := &line{}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if l.host, err = netns.NewHost("line"); err != nil {
		return nil, err
	}
	for i, lan := range []*netns.LAN{a, b} {
		name := []string{"eth0", "eth1"}[i]
		if _, err = lan.Plug(l.host, netns.Cable{Interface: name}); err != nil {
			return nil, err
		}
		if err = l.host.Do(func() error { l.ends[i], err = rawPort(name); return err }); err != nil {
			return nil, err
		}
	}
	l.wg.Go(func() { l.carry(l.ends[0], l.ends[1]) })
	l.wg.Go(func() { l.carry(l.ends[1], l.ends[0]) })
	return l, nil
}

func (l *line) set(rtt time.Duration, loss float64) {
	l.delay.Store(int64(rtt / 2))
	l.loss.Store(uint64(loss * 1e9))
}

func (l *line) close() {
	for _, f := range l.ends {
		if f != nil {
			_ = f.Close()
		}
	}
	l.wg.Wait()
	if l.host != nil {
		_ = l.host.Close()
	}
}

// rawPort reads every frame that arrives at an interface. [packet(7)]
func rawPort(name string) (*os.File, error) {
	i, err := net.InterfaceByName(name)
	if err != nil {
		return nil, err
	}
	const all = unix.ETH_P_ALL<<8&0xff00 | unix.ETH_P_ALL>>8
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, all)
	if err != nil {
		return nil, err
	}
	err = errors.Join(unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: i.Index}),
		unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1),
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 16<<20),
		unix.SetsockoptPacketMreq(fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &unix.PacketMreq{Ifindex: int32(i.Index), Type: unix.PACKET_MR_PROMISC}))
	if err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

type onTheWay struct {
	due   time.Time
	frame []byte
}

// carry takes frames from one end to the other until the line is closed.
func (l *line) carry(from, to *os.File) {
	way := make(chan onTheWay, 100_000)
	var out sync.WaitGroup
	out.Go(func() {
		runtime.LockOSThread() // the timers of the runtime are exact to a millisecond only
		for f := range way {
			if d := time.Until(f.due); d > 0 {
				t := unix.NsecToTimespec(int64(d))
				_ = unix.ClockNanosleep(unix.CLOCK_MONOTONIC, 0, &t, nil) // shorter, if a signal comes
			}
			_, _ = to.Write(f.frame) // a full queue is a loss
		}
	})
	defer out.Wait()
	defer close(way)
	var free time.Time // when the frames before are out
	for {
		buf := make([]byte, maxFrame)
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		f := buf[:n]
		if n > 14+20 && binary.BigEndian.Uint16(f[12:]) == unix.ETH_P_IP {
			if rand.Uint64N(1e9) < l.loss.Load() {
				continue
			}
			checksum(f[14:])
		}
		now := time.Now()
		if free.Before(now) {
			free = now
		}
		if free.Sub(now) > maxQueue {
			continue // as a router whose queue is full
		}
		free = free.Add(time.Duration(float64(len(f)) * 8 / lineRate * 1e9))
		if rand.Uint64N(1e9) < l.reorder.Load() { // behind those that follow
			late := free.Add(time.Duration(l.delay.Load()) + overtaken)
			out.Go(func() { time.Sleep(time.Until(late)); _, _ = to.Write(f) })
			continue
		}
		way <- onTheWay{free.Add(time.Duration(l.delay.Load())), f}
	}
}

// checksum fills in the checksum of a TCP or UDP packet: on a virtual cable the
// kernel leaves it out. [RFC 768, RFC 9293 3.1]
func checksum(ip []byte) {
	head, total := int(ip[0]&0xf)*4, int(binary.BigEndian.Uint16(ip[2:]))
	at := map[byte]int{unix.IPPROTO_TCP: 16, unix.IPPROTO_UDP: 6}[ip[9]]
	if at == 0 || head < 20 || total > len(ip) || head+at+2 > total || binary.BigEndian.Uint16(ip[6:])&0x3fff != 0 {
		return
	}
	p := ip[head:total]
	p[at], p[at+1] = 0, 0
	sum := uint32(ip[9]) + uint32(len(p))
	add := func(b []byte) {
		for ; len(b) > 1; b = b[2:] {
			sum += uint32(binary.BigEndian.Uint16(b))
		}
		if len(b) == 1 {
			sum += uint32(b[0]) << 8
		}
	}
	add(ip[12:20])
	add(p)
	for sum > 0xffff {
		sum = sum&0xffff + sum>>16
	}
	c := ^uint16(sum)
	if c == 0 && ip[9] == unix.IPPROTO_UDP {
		c = 0xffff
	}
	binary.BigEndian.PutUint16(p[at:], c)
}
