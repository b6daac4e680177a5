package capture

import (
	"net/netip"
	"time"

	"option150/platform/ether"
	"option150/platform/wire"
)

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

// Packet looks at one packet and says whether it completes a refusal.
func (r *Refusals) Packet(p Packet) (wire.Refused, bool) {
	if !p.TCP() {
		return wire.Refused{}, false
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
			return wire.Refused{}, false
		}
		delete(r.open, f)
		return wire.Refused{Client: f.client.Addr(), MAC: s.mac, Server: f.server.Addr(), Port: r.port}, true
	}
	return wire.Refused{}, false
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
