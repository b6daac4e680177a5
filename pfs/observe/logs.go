package observe

import (
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"option150/pfs"
	"option150/platform/ether"
)

// Bounds of what phones may say.
const (
	maxDatagram = 2048
	perPhone    = 100  // datagrams a second
	perBox      = 2000 // of all phones
	maxPending  = 512  // bytes of a record that may go on in the next datagram
	holdOn      = time.Second
)

// counters count what the log server was sent.
type counters struct{ accepted, refused, limited, records, unknown atomic.Uint64 }

func (c *counters) view() pfs.LogStatus {
	return pfs.LogStatus{Accepted: c.accepted.Load(), Refused: c.refused.Load(), Limited: c.limited.Load(), Records: c.records.Load(), Unknown: c.unknown.Load()}
}

// receiver takes the logs of phones; it answers nothing.
type receiver struct {
	opt  Options
	stat *counters
	said map[ether.MAC]int // datagrams in this second
	all  int
	tick time.Time
	open map[ether.MAC]begun // records that may go on
}

// begun is a record whose text is not known, as it may be the beginning of one
// that was wrapped.
type begun struct {
	text string
	addr netip.Addr
	at   time.Time
}

func newReceiver(o Options, c *counters) *receiver {
	return &receiver{opt: o, stat: c, said: map[ether.MAC]int{}, open: map[ether.MAC]begun{}}
}

// Serve implements listen.Server.
func (r *receiver) Serve(c *net.UDPConn) error {
	buf := make([]byte, maxDatagram)
	for {
		_ = c.SetReadDeadline(time.Now().Add(holdOn))
		n, from, err := c.ReadFromUDPAddrPort(buf)
		now := time.Now()
		r.second(now)
		if e, ok := err.(net.Error); ok && e.Timeout() {
			continue
		}
		if err != nil {
			r.second(now.Add(time.Hour)) // say what was held back
			return err
		}
		r.datagram(now, from.Addr().Unmap(), string(buf[:n]))
	}
}

// Leave implements listen.Server.
func (r *receiver) Leave(closing func()) { closing() }

// second begins a new second and lets go of records that waited for one.
func (r *receiver) second(now time.Time) {
	if now.Sub(r.tick) < time.Second {
		return
	}
	r.tick, r.all = now, 0
	clear(r.said)
	for mac, b := range r.open {
		if now.Sub(b.at) >= holdOn {
			delete(r.open, mac)
			r.records(mac, b.addr, pfs.ParseLog(b.text))
		}
	}
}

// datagram takes one; only phones that are known are heard.
func (r *receiver) datagram(now time.Time, from netip.Addr, text string) {
	mac, ok := r.opt.State.At(from)
	if !ok {
		r.stat.refused.Add(1)
		return
	}
	if r.said[mac] >= perPhone || r.all >= perBox {
		r.stat.limited.Add(1)
		return
	}
	r.said[mac]++
	r.all++
	r.stat.accepted.Add(1)
	if b, ok := r.open[mac]; ok {
		delete(r.open, mac)
		text = b.text + "\n" + text
	}
	l := pfs.ParseLog(text)
	// The last record in the text, not in time, may go on.
	if i := strings.LastIndex(text, "DLoad:"); i >= 0 && len(text)-i < maxPending {
		head := max(0, i-32)
		if last := pfs.ParseLog(text[head:]); len(last) == 1 && last[0].Kind == pfs.LogOther {
			r.open[mac] = begun{text: text[head:], addr: from, at: now}
			for k := range l {
				if l[k] == last[0] {
					l = append(l[:k:k], l[k+1:]...)
					break
				}
			}
		}
	}
	r.records(mac, from, l)
}

func (r *receiver) records(mac ether.MAC, from netip.Addr, l []pfs.Record) {
	for _, x := range l {
		r.stat.records.Add(1)
		if x.Kind == pfs.LogOther {
			r.stat.unknown.Add(1)
		}
		r.opt.Recorder.Record(pfs.Logged{MAC: mac, Addr: from, Record: x})
	}
}
