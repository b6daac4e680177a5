package inventory

import (
	"context"
	"net/netip"
	"time"

	"option150/platform/ether"
	"option150/platform/journal"
	"option150/platform/message"
)

// Settled is the fact that a phone came up or will not: its verdict is printed
// unasked. [facts/diagnosis.md 3]
type Settled struct {
	MAC     ether.MAC
	Addr    netip.Addr
	Model   string
	State   State // Provisioned or Stuck
	Verdict Verdict
}

// EventName implements journal.Event.
func (Settled) EventName() string { return "phone.Settled" }

// LogMessage implements journal.Logged.
func (e Settled) LogMessage() (message.Message, bool) {
	where := dash(addrText(e.Addr))
	if e.State == Provisioned {
		return message.PhoneProvisioned.With(e.MAC.Device(), where), true
	}
	return message.PhoneStuck.With(e.MAC.Device(), where, e.Verdict.Code, e.Verdict.Text, e.Verdict.Fix.String()), true
}

// How often Report looks: a verdict appears within 5 s; with all phones settled
// and nothing happening only the slow rules can change anything.
const (
	lookOften = time.Second
	lookIdle  = 30 * time.Second
)

// Report records Settled when a phone comes up, once, and when it gets stuck,
// once per cause, until the context ends. A phone that has fetched its load is
// provisioned and restarts into it: both boots are one coming-up, and what was
// said after the first is not said again. It is a reader like any other and not
// part of the fold.
func (v *Inventory) Report(ctx context.Context, rec journal.Recorder) {
	rec = journal.Or(rec)
	said := map[ether.MAC]saying{}
	t := time.NewTicker(lookOften)
	defer t.Stop()
	var events uint64
	var last time.Time
	busy := true
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		v.mu.Lock()
		n := v.events
		v.mu.Unlock()
		now := time.Now()
		if n == events && !busy && now.Sub(last) < lookIdle {
			continue
		}
		events, last = n, now
		said, busy = report(rec, v.Phones(now), said)
	}
}

// saying is what was said of a phone.
type saying struct {
	state State
	code  string
	boot  int
}

// report records what is new and tells whether a phone is on its way.
func report(rec journal.Recorder, list []Phone, said map[ether.MAC]saying) (now map[ether.MAC]saying, busy bool) {
	now = make(map[ether.MAC]saying, len(list)) // forgets phones that are gone
	for i := range list {
		p := &list[i]
		if p.MAC.IsZero() {
			continue
		}
		old, known := said[p.MAC]
		if p.State != Provisioned && p.State != Stuck {
			busy = true
			if known {
				now[p.MAC] = old
			}
			continue
		}
		x := saying{state: p.State}
		if p.State == Provisioned {
			x.boot = p.Boot
		} else {
			x.code = p.Verdict.Code
		}
		now[p.MAC] = x
		if restarted := p.Restart && old == (saying{state: Provisioned, boot: p.Boot - 1}); x != old && !(restarted && x.state == Provisioned) {
			rec.Record(Settled{MAC: p.MAC, Addr: p.Addr, Model: p.Model, State: p.State, Verdict: p.Verdict})
		}
	}
	return now, busy
}
