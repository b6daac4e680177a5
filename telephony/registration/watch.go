package registration

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"time"

	"option150/platform/capture"
	"option150/platform/ether"
	"option150/platform/journal"
	"option150/platform/wire"
)

// Ports are where phones register, in the clear and encrypted.
type Ports struct {
	SCCP, SIP, Secure []uint16
}

// With are the ports of the protocols and those a configuration names beside.
func With(sccp, sip []uint16) Ports {
	add := func(own uint16, more []uint16) []uint16 {
		out := []uint16{own}
		for _, p := range more {
			if p != 0 && !slices.Contains(out, p) && len(out) < 8 {
				out = append(out, p)
			}
		}
		return out
	}
	return Ports{SCCP: add(2000, sccp), SIP: add(5060, sip), Secure: []uint16{2443, 5061}}
}

func (p Ports) equal(o Ports) bool {
	return slices.Equal(p.SCCP, o.SCCP) && slices.Equal(p.SIP, o.SIP) && slices.Equal(p.Secure, o.Secure)
}

// Bounds of a Watcher.
const (
	maxConns    = 4096
	maxBindings = 4096
	some        = 32          // of which the oldest goes
	maxSecond   = 100         // facts
	idleLife    = time.Hour   // of a connection nothing is seen of
	grace       = time.Minute // a registration of SIP is refreshed before it ends, and a frame may be lost
	sweepEvery  = time.Second
)

// caller is who registers where.
type caller struct {
	mac     ether.MAC // by the name it gives itself; zero = it gave none
	client  netip.AddrPort
	at      netip.AddrPort // call control
	load    string
	asked   bool
	up      bool
	refusal string
	last    time.Time
	silent  int // keep-alives without an answer

	// Of an encrypted one.
	upward, down direction
	both         time.Time // since when data went both ways
}

type direction struct {
	data bool
	skip int
}

// link is a TCP connection with both its streams.
type link struct {
	caller
	kind      kind
	out, back stream // from the phone, to it
}

type kind int

const (
	isSCCP kind = iota
	isSIP
	isSecure
)

type linkKey struct{ client, server netip.AddrPort }

// Watcher turns packets into what they say of phones. It is pure: packets in,
// facts out. It is for one goroutine.
type Watcher struct {
	ports    Ports
	links    map[linkKey]*link
	bindings map[bindingKey]*binding
	facts    []wire.Told
	now      time.Time
	swept    time.Time
	second   time.Time
	tokens   int
}

// NewWatcher returns one that knows nothing yet.
func NewWatcher(p Ports) *Watcher {
	return &Watcher{ports: p, links: map[linkKey]*link{}, bindings: map[bindingKey]*binding{}}
}

// Filter is the filter that suffices.
func (w *Watcher) Filter() capture.Filter {
	return capture.Filter{TCP: slices.Concat(w.ports.SCCP, w.ports.SIP, w.ports.Secure), UDP: w.ports.SIP}
}

// Packet looks at one packet and returns what it tells.
func (w *Watcher) Packet(p capture.Packet) []wire.Told {
	w.facts = nil
	w.tick(p.Time)
	switch {
	case p.UDP() && (w.is(isSIP, p.Src.Port()) || w.is(isSIP, p.Dst.Port())):
		head := p.Payload[:min(len(p.Payload), sipLonger)]
		if m := parse(head); m != nil {
			w.sip(&p, m)
		}
	case p.TCP():
		w.segment(&p)
	}
	return w.facts
}

// Tick looks at what has ended by time; call it once a second.
func (w *Watcher) Tick(now time.Time) []wire.Told {
	w.facts = nil
	w.tick(now)
	return w.facts
}

func (w *Watcher) tick(now time.Time) {
	w.now = now
	if now.Sub(w.swept) < sweepEvery && !now.Before(w.swept) {
		return
	}
	w.swept = now
	for k, l := range w.links {
		switch {
		case now.Sub(l.last) >= idleLife:
			delete(w.links, k)
		case l.kind == isSecure && !l.up && !l.both.IsZero() && now.Sub(l.both) >= talks:
			w.registered(&l.caller, true)
		}
	}
	for k, b := range w.bindings {
		switch {
		case b.up && now.After(b.until):
			w.over(&b.caller)
			delete(w.bindings, k)
		case now.Sub(b.last) >= idleLife && !b.up:
			delete(w.bindings, k)
		}
	}
}

func (w *Watcher) is(k kind, port uint16) bool {
	return slices.Contains([][]uint16{w.ports.SCCP, w.ports.SIP, w.ports.Secure}[k], port)
}

// protocol is that of a port of call control.
func (w *Watcher) protocol(port uint16) (kind, bool) {
	for _, k := range []kind{isSCCP, isSIP, isSecure} {
		if w.is(k, port) {
			return k, true
		}
	}
	return 0, false
}

// segment is one of a TCP connection.
func (w *Watcher) segment(p *capture.Packet) {
	fromPhone := true
	k, ok := w.protocol(p.Dst.Port())
	key := linkKey{p.Src, p.Dst}
	if back, known := w.protocol(p.Src.Port()); known && (!ok || w.links[linkKey{p.Dst, p.Src}] != nil || p.Flags&(capture.SYN|capture.ACK) == capture.SYN|capture.ACK) {
		k, ok, fromPhone, key = back, true, false, linkKey{p.Dst, p.Src}
	}
	if !ok {
		return
	}
	l := w.links[key]
	if l != nil && fromPhone && p.Flags&(capture.SYN|capture.ACK) == capture.SYN { // the port is used again
		w.over(&l.caller)
		delete(w.links, key)
		l = nil
	}
	if l == nil {
		if p.Flags&capture.RST != 0 {
			return
		}
		if len(w.links) >= maxConns {
			w.forgetLink()
		}
		l = &link{kind: k}
		l.client, l.at = key.client, key.server
		w.links[key] = l
	}
	l.last = p.Time
	s := &l.back
	if fromPhone {
		s = &l.out
	}
	seq := p.Seq
	if p.Flags&capture.SYN != 0 {
		seq++
		s.begun, s.next = true, seq
	}
	lost := s.take(seq, p.Payload)
	switch k {
	case isSCCP:
		w.sccp(&l.caller, s, fromPhone)
	case isSIP:
		w.sipStream(p, s, lost)
	case isSecure:
		w.encrypted(p, &l.caller, s, lost, fromPhone)
	}
	if p.Flags&(capture.FIN|capture.RST) != 0 {
		// A connection of SIP may be opened anew for the same registration.
		w.over(&l.caller)
		delete(w.links, key)
	}
}

func (w *Watcher) forgetLink() {
	var old linkKey
	n := 0
	for k, l := range w.links {
		if o := w.links[old]; o == nil || l.last.Before(o.last) {
			old = k
		}
		if n++; n >= some {
			break
		}
	}
	delete(w.links, old)
}

// registered: call control has it, or, inferred, talks with it.
func (w *Watcher) registered(c *caller, inferred bool) {
	if c.up {
		return
	}
	c.up, c.refusal = true, ""
	w.tell(c, wire.Told{Load: c.load, CallControl: c.at.Addr().String(), Inferred: inferred})
}

// over: it is registered there no more.
func (w *Watcher) over(c *caller) {
	if !c.up {
		return
	}
	if c.up = false; !w.another(c) {
		w.tell(c, wire.Told{Idle: true})
	}
}

// refuse: call control said no, and why.
func (w *Watcher) refuse(c *caller, why string) {
	if c.refusal == why && !c.up {
		return
	}
	if c.up, c.refusal = false, why; w.another(c) {
		return
	}
	w.tell(c, wire.Told{Load: c.load, CallControl: c.at.Addr().String(), Refused: why})
}

// another registration of the same phone stands: another line of it, or another
// call control.
func (w *Watcher) another(c *caller) bool {
	same := func(o *caller) bool { return o != c && o.up && o.mac == c.mac && o.client.Addr() == c.client.Addr() }
	for _, l := range w.links {
		if same(&l.caller) {
			return true
		}
	}
	for _, b := range w.bindings {
		if same(&b.caller) {
			return true
		}
	}
	return false
}

func (w *Watcher) tell(c *caller, t wire.Told) {
	if w.now.Sub(w.second) >= time.Second || w.now.Before(w.second) {
		w.second, w.tokens = w.now, maxSecond
	}
	if w.tokens--; w.tokens < 0 {
		return
	}
	t.MAC, t.Addr, t.By = c.mac, c.client.Addr().Unmap(), wire.Mirror
	w.facts = append(w.facts, t)
}

// Watch looks at an interface and records what it tells until the context ends.
// ports is asked once a second; other ones begin anew. It needs CAP_NET_RAW.
func Watch(ctx context.Context, ifname string, ports func() Ports, j journal.Recorder) error {
	for {
		again, err := watch(ctx, ifname, ports, journal.Or(j))
		if err != nil || !again {
			return err
		}
	}
}

func watch(ctx context.Context, ifname string, ports func() Ports, j journal.Recorder) (again bool, err error) {
	now := ports()
	w := NewWatcher(now)
	prog, err := w.Filter().Assemble()
	if err != nil {
		return false, err
	}
	src, err := capture.Open(ifname, capture.Options{Filter: prog, Promiscuous: true})
	if err != nil {
		return false, err
	}
	stop := context.AfterFunc(ctx, func() { src.Close() })
	defer func() {
		if stop() {
			src.Close()
		}
	}()
	tell := func(facts []wire.Told) {
		for _, t := range facts {
			j.Record(t)
		}
	}
	d := capture.NewDecoder()
	pace := capture.Pace{Most: maxFrames}
	due := time.Now().Add(sweepEvery)
	_ = src.SetReadDeadline(due)
	for n := 0; ; n++ {
		if pace.Frame(); n%64 == 0 {
			pace.Rest(time.Now())
		}
		frame, ci, err := src.ZeroCopyReadPacketData()
		if t := time.Now(); !t.Before(due) {
			tell(w.Tick(t))
			if !ports().equal(now) {
				return true, nil
			}
			due = t.Add(sweepEvery)
			_ = src.SetReadDeadline(due)
		}
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			continue
		case errors.Is(err, os.ErrClosed):
			return false, nil
		case err != nil:
			return false, fmt.Errorf("registrations on %s: %w", ifname, err)
		}
		if p, err := d.Decode(frame, ci); err == nil {
			tell(w.Packet(p))
		}
	}
}

// maxFrames a second are looked at; each costs a system call.
const maxFrames = 10_000
