package capture

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"option150/platform/ether"
	"option150/platform/journal"
)

// Refused is a fact for the journal: a client tried to connect to a TCP port
// and was answered with a reset. For the file port 6970 it means that the
// phone asks by TFTP next (reference/phones.md 1.5); without capture that can
// only be inferred, because a server never hears of a refused connection.
type Refused struct {
	Client netip.Addr
	MAC    ether.MAC // of the frame: the phone's, or its router's if it is behind one
	Server netip.Addr
	Port   uint16
}

// EventName implements journal.Event.
func (Refused) EventName() string { return "capture.Refused" }

// DebugLines implements journal.Debugged.
func (r Refused) DebugLines() []journal.DebugLine {
	return []journal.DebugLine{{Topic: "cme-hfs", Text: fmt.Sprintf(
		"HFS: connection of %s to %s port %d was refused, TFTP follows", r.Client, r.Server, r.Port)}}
}

const (
	// synLife is how long a SYN waits for its answer: a refusal on a LAN comes
	// in less than a millisecond, over a WAN in less than a second.
	synLife = 5 * time.Second
	// maxSyns bounds the SYNs that wait; more are a scan, and the oldest go.
	maxSyns = 4096
)

type flow struct{ client, server netip.AddrPort }

type syn struct {
	seq uint32
	mac ether.MAC
	at  time.Time
}

// Refusals pairs SYNs with the resets that answer them. It is pure: packets
// in, events out. It is for one goroutine.
type Refusals struct {
	port  uint16
	open  map[flow]syn
	order []flow // in the order of their SYNs, for expiry
}

// NewRefusals watches connections to one TCP port.
func NewRefusals(port uint16) *Refusals {
	return &Refusals{port: port, open: make(map[flow]syn)}
}

// Filter is the filter that suffices: opening and resetting segments only, so
// that transfers cost nothing.
func (r *Refusals) Filter() Filter { return Filter{TCP: []uint16{r.port}, TCPFlags: SYN | RST} }

// Packet looks at one packet and says whether it completes a refusal.
func (r *Refusals) Packet(p Packet) (Refused, bool) {
	if !p.TCP() {
		return Refused{}, false
	}
	r.expire(p.Time)
	switch {
	case p.Dst.Port() == r.port && p.Flags&(SYN|ACK|RST) == SYN:
		f := flow{p.Src, p.Dst}
		if _, again := r.open[f]; !again {
			r.order = append(r.order, f)
		}
		r.open[f] = syn{seq: p.Seq, mac: p.SrcMAC, at: p.Time}
	case p.Src.Port() == r.port && p.Flags&SYN != 0: // accepted
		delete(r.open, flow{p.Dst, p.Src})
	case p.Src.Port() == r.port && p.Flags&RST != 0:
		f := flow{p.Dst, p.Src}
		s, ok := r.open[f]
		// RFC 9293 3.5.2: the reset acknowledges the SYN. One that does not
		// belongs to an older connection.
		if !ok || p.Flags&ACK == 0 || p.Ack != s.seq+1 {
			return Refused{}, false
		}
		delete(r.open, f)
		return Refused{Client: f.client.Addr(), MAC: s.mac, Server: f.server.Addr(), Port: r.port}, true
	}
	return Refused{}, false
}

// expire drops what is answered, too old or too much.
func (r *Refusals) expire(now time.Time) {
	for len(r.order) > 0 {
		f := r.order[0]
		s, ok := r.open[f]
		if ok && now.Sub(s.at) < synLife && len(r.order) < maxSyns {
			return
		}
		delete(r.open, f)
		r.order = r.order[1:]
	}
}

// Watch observes an interface and records a Refused for each refused
// connection until the context ends. ready, if not nil, is called once frames
// are being watched. It needs CAP_NET_RAW.
func (r *Refusals) Watch(ctx context.Context, ifname string, j journal.Recorder, ready func()) error {
	prog, err := r.Filter().Assemble()
	if err != nil {
		return err
	}
	src, err := Open(ifname, Options{Filter: prog})
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { src.Close() })
	defer func() {
		if stop() {
			src.Close()
		}
	}()
	if ready != nil {
		ready()
	}
	j = journal.Or(j)
	d := NewDecoder()
	for {
		frame, ci, err := src.ZeroCopyReadPacketData()
		switch {
		case errors.Is(err, os.ErrClosed):
			return nil
		case err != nil:
			return fmt.Errorf("watch for refused connections: %w", err)
		}
		p, err := d.Decode(frame, ci)
		if err != nil {
			continue
		}
		if e, ok := r.Packet(p); ok {
			j.Record(e)
		}
	}
}
