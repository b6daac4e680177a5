package observe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"option150/pfs"
	"option150/platform/capture"
	"option150/platform/ether"
)

const (
	// snap is what is kept of a frame: its headers with a tag, and the first
	// 256 bytes of a broadcast.
	snap = 14 + 4 + 60 + 8 + 256 + 2
	// again is how long after it failed an interface is opened again; Kick is
	// sooner.
	again = 5 * time.Second
	// every is how often a silent interface is looked after.
	every = 250 * time.Millisecond
	// maxRate is the frames a second that are looked at; beyond it they are left
	// to the kernel, which drops and counts them. The files of phones come first.
	maxRate = 250_000
)

// quietBlock is the block of the ring of an interface that is no mirror port. The
// phones of such a one are heard when they broadcast, and what they say to each
// other goes past it: a fourth of the memory holds what comes in the same time.
const quietBlock = 1 << 15

// sensor looks at one interface.
type sensor struct {
	s    *Server
	i    Interface
	bell chan struct{}
	done chan struct{}
	once sync.Once
	now  atomic.Pointer[pfs.Sensor]

	mu   sync.Mutex
	ring *capture.Ring
	err  error

	// of the goroutine
	dec       *capture.Decoder
	track     *pfs.Tracker
	before    capture.Stats // of rings that are closed
	malformed uint64
	pace      capture.Pace
	told      time.Time
	index     int
}

func newSensor(s *Server, i Interface) *sensor {
	x := &sensor{s: s, i: i, bell: make(chan struct{}, 1), done: make(chan struct{}), dec: capture.NewDecoder(), pace: capture.Pace{Most: maxRate}}
	x.track = pfs.NewTracker(s.opt.State, s.opt.Recorder, i.Name, s.base.Add(1)<<40)
	return x
}

// open opens the interface. The filter lets in what is about firmware sharing,
// and ARP, which says where phones are.
func (x *sensor) open() error {
	prog, err := capture.Filter{UDP: []uint16{pfs.Port}, TCP: []uint16{pfs.Port}, ARP: true, Snap: snap}.Assemble()
	var r *capture.Ring
	if err == nil {
		o := capture.Options{Filter: prog, Promiscuous: x.i.Mirror, Incoming: true}
		if !x.i.Mirror {
			o.Block = quietBlock
		}
		r, err = capture.OpenRing(x.i.Device, o)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.ring, x.err = r, err
	return err
}

// discard gives back what was opened and never ran.
func (x *sensor) discard() {
	if r := x.current(); r != nil {
		_ = r.Close()
		r.Release()
	}
}

func (x *sensor) current() *capture.Ring {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.ring
}

func (x *sensor) kick() {
	select {
	case x.bell <- struct{}{}:
	default:
	}
}

// stop ends run; it does not wait.
func (x *sensor) stop() {
	x.once.Do(func() { close(x.done) })
	if r := x.current(); r != nil {
		_ = r.Close()
	}
}

func (x *sensor) stopped() bool {
	select {
	case <-x.done:
		return true
	default:
		return false
	}
}

// run looks until stop.
func (x *sensor) run() {
	defer x.track.Flush()
	for !x.stopped() {
		r := x.current()
		if r == nil {
			select {
			case <-x.done:
				return
			case <-x.bell:
			case <-time.After(again):
			}
			_ = x.open() // view says why not
			if x.stopped() {
				x.discard()
				return
			}
			continue
		}
		x.index = index(x.i.Device)
		err := r.Run(x.frame, func() { x.tick(r) }, every)
		if st, e := r.Stats(); e == nil || st.Received > 0 {
			x.before.Received += st.Received
			x.before.Dropped += st.Dropped
		}
		_ = r.Close()
		r.Release()
		x.mu.Lock()
		x.ring, x.err = nil, err
		x.mu.Unlock()
		x.publish(capture.Stats{})
	}
}

// watch has a mirror port looked at until stop.
func (x *sensor) watch() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-x.done:
			cancel()
		case <-ctx.Done():
		}
	}()
	for ctx.Err() == nil {
		_ = x.s.opt.Watch(ctx, x.i.Device) // what it cannot see is no evidence
		select {
		case <-x.done:
		case <-time.After(again):
		}
	}
}

func index(device string) int {
	i, err := net.InterfaceByName(device)
	if err != nil {
		return 0
	}
	return i.Index
}

var errGone = errors.New("the interface is gone")

// tick is called after each block of frames and when there were none.
func (x *sensor) tick(r *capture.Ring) {
	now := time.Now()
	x.pace.Rest(now)
	if now.Sub(x.told) < every {
		return
	}
	x.told = now
	x.track.Tick(now)
	st, err := r.Stats()
	if err == nil {
		x.publish(st)
	}
	if i := index(x.i.Device); i != x.index { // a new device of that name, or none
		_ = r.Close()
		x.mu.Lock()
		x.err = errGone
		x.mu.Unlock()
	}
}

func (x *sensor) publish(st capture.Stats) {
	x.now.Store(&pfs.Sensor{Received: x.before.Received + st.Received, Dropped: x.before.Dropped + st.Dropped,
		Malformed: x.malformed, Held: x.pace.Held, Counters: x.track.Counters})
}

// view is how the sensor stands.
func (x *sensor) view() pfs.Sensor {
	var v pfs.Sensor
	if p := x.now.Load(); p != nil {
		v = *p
	}
	v.Interface, v.Mirror, v.Auto = x.i.Name, x.i.Mirror, x.i.Auto
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case x.ring != nil:
		v.Running, v.State = true, "running"
	case x.err != nil:
		v.State = reason(x.err).Error()
	default:
		v.State = "starting"
	}
	return v
}

// frame looks at one frame.
func (x *sensor) frame(f *capture.Frame) {
	x.pace.Frame()
	if f.Direction == capture.Outgoing {
		return // this box's own
	}
	p, err := x.dec.DecodeFrame(f)
	if p.Type == typeARP {
		if mac, a, ok := claims(p.Payload); ok {
			x.s.opt.State.Heard(mac, a)
		}
		return
	}
	if !p.UDP() && !p.TCP() || err != nil && len(p.Payload) == 0 && p.Size > 0 && !p.TCP() {
		x.malformed++
		return
	}
	q := packet(&p)
	x.track.Packet(&q)
	if x.known(&q) {
		k := *f
		if p.TCP() { // no firmware is kept
			k.Data = k.Data[:len(k.Data)-len(p.Payload)]
		}
		x.s.ring.add(&k)
	}
}

// known: the ring keeps frames of phones only, so that a flood of others does
// not wash them out.
func (x *sensor) known(p *pfs.Packet) bool {
	if !x.s.ring.on() {
		return false
	}
	_, ok := x.s.opt.State.Phone(p.SrcMAC, p.Src.Addr())
	return ok
}

const typeARP = 0x0806

// claims reads who says it has which address out of ARP for IPv4 over Ethernet.
// [RFC 826]
func claims(p []byte) (mac ether.MAC, a netip.Addr, ok bool) {
	if len(p) < 28 || [6]byte(p[:6]) != [6]byte{0, 1, 8, 0, 6, 4} {
		return mac, a, false
	}
	a = netip.AddrFrom4([4]byte(p[14:18]))
	return ether.MAC(p[8:14]), a, !a.IsUnspecified()
}

func packet(p *capture.Packet) pfs.Packet {
	return pfs.Packet{Time: p.Time, Src: p.Src, Dst: p.Dst, SrcMAC: p.SrcMAC, DstMAC: p.DstMAC, TCP: p.TCP(),
		Flags: p.Flags, Seq: p.Seq, ID: p.ID, Size: p.Size, Payload: p.Payload}
}
