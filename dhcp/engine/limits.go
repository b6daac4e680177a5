package engine

import (
	"time"

	"option150/dhcp/wire"
)

// bucket is a token bucket: requests of one interface or of one circuit of a
// relay.
type bucket struct {
	tokens float64
	at     Instant
}

const maxBuckets = 4096

// allowed applies `ip dhcp` rate limiting: RateLimit requests a second per
// interface, or per relay and circuit (82.1), with a burst of one second.
func (e *Engine) allowed(now Instant, in *Inbound, p *wire.Packet) bool {
	rate := float64(e.t.Spec.RateLimit)
	if rate <= 0 {
		return true
	}
	key := in.Interface
	if p.GIAddr.IsValid() {
		key = p.GIAddr.String() + "/" + string(p.Circuit)
	}
	b := e.buckets[key]
	if b == nil {
		if len(e.buckets) >= maxBuckets {
			for k, old := range e.buckets {
				if now-old.at > time.Second { // full again: says nothing
					delete(e.buckets, k)
				}
			}
			if len(e.buckets) >= maxBuckets {
				return false
			}
		}
		b = &bucket{tokens: rate, at: now}
		e.buckets[key] = b
	}
	b.tokens = min(rate, b.tokens+(now-b.at).Seconds()*rate)
	b.at = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// utilization says once per crossing that a pool is nearly used up, or that it
// no longer is. [facts/dhcp.md 1.7]
func (e *Engine) utilization(p *pool) {
	if e.quiet || !p.conf.UtilizationLog && !p.conf.UtilizationLowLog {
		return
	}
	high, low := p.conf.UtilizationHigh, p.conf.UtilizationLow
	if high == 0 {
		high = 100
	}
	used, total := 0, 0
	for _, s := range p.subnets {
		used += s.live
		total += s.size()
	}
	if total == 0 {
		return
	}
	switch pct := used * 100 / total; {
	case !p.high && pct >= high:
		p.high = true
		if p.conf.UtilizationLog {
			e.Event(Utilization{Pool: p.conf.Name, Used: used, Total: total, Threshold: high, High: true})
		}
	case p.high && pct <= low:
		p.high = false
		if p.conf.UtilizationLowLog {
			e.Event(Utilization{Pool: p.conf.Name, Used: used, Total: total, Threshold: low})
		}
	}
}
