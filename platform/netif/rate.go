package netif

import (
	"context"
	"sync"
	"time"
)

// IOS shows the load of an interface over five minutes, renewed every five
// seconds.
const (
	sampleEvery = 5 * time.Second
	sampleKeep  = int(5*time.Minute/sampleEvery) + 1
)

// Rate is what went through an interface in a second, on the average of the
// last five minutes.
type Rate struct {
	InBits, InPackets, OutBits, OutPackets uint64
}

// Meter measures the load of interfaces from their counters. Use NewMeter and
// Run.
type Meter struct {
	read func() ([]Interface, error)
	mu   sync.Mutex
	list []reading // oldest first
}

type reading struct {
	at time.Time
	of map[string]Counters // by Linux device
}

// NewMeter returns a meter of the interfaces read tells about, with its first
// reading.
func NewMeter(read func() ([]Interface, error)) *Meter {
	m := &Meter{read: read}
	m.take(time.Now())
	return m
}

// Run takes a reading every five seconds until the context ends.
func (m *Meter) Run(ctx context.Context) {
	t := time.NewTicker(sampleEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			m.take(now)
		}
	}
}

// take keeps a reading. What cannot be read is left out.
func (m *Meter) take(at time.Time) {
	ifs, err := m.read()
	if err != nil {
		return
	}
	r := reading{at, map[string]Counters{}}
	for i := range ifs {
		if ifs[i].Present {
			r.of[ifs[i].Device] = ifs[i].Counters
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.list = append(m.list, r)
	if n := len(m.list); n > sampleKeep {
		m.list = append(m.list[:0], m.list[n-sampleKeep:]...)
	}
}

// Rate is the load of a device. A device that came, went or was counted anew
// in the meantime is measured from then on.
func (m *Meter) Rate(device string) Rate {
	m.mu.Lock()
	defer m.mu.Unlock()
	last := m.list[max(0, len(m.list)-1):]
	if len(last) == 0 {
		return Rate{}
	}
	to, ok := last[0].of[device]
	from, since := to, last[0].at
	for i := len(m.list) - 1; i >= 0 && ok; i-- {
		c, there := m.list[i].of[device]
		if ok = there && c.InBytes <= from.InBytes && c.OutBytes <= from.OutBytes && c.InPackets <= from.InPackets && c.OutPackets <= from.OutPackets; ok {
			from, since = c, m.list[i].at
		}
	}
	seconds := last[0].at.Sub(since).Seconds()
	if seconds <= 0 {
		return Rate{}
	}
	per := func(n uint64) uint64 { return uint64(float64(n)/seconds + 0.5) }
	return Rate{
		InBits: per(8 * (to.InBytes - from.InBytes)), InPackets: per(to.InPackets - from.InPackets),
		OutBits: per(8 * (to.OutBytes - from.OutBytes)), OutPackets: per(to.OutPackets - from.OutPackets),
	}
}
