package inventory

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"option150/platform/ether"
	"option150/platform/journal"
	"option150/platform/message"
)

// Settled is the fact that a phone came up or will not: its verdict is printed
// unasked.
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

// Many is the fact that several phones are stuck for one cause.
type Many struct {
	Code string
	N    int
	Text string // of one of them
	Fix  string
	Name string // device name of that one
}

// EventName implements journal.Event.
func (Many) EventName() string { return "phone.Many" }

// LogMessage implements journal.Logged.
func (m Many) LogMessage() (message.Message, bool) {
	return message.PhonesStuck.With(m.N, m.Code, Says(m.Code), m.Name, m.Text, m.Fix), true
}

// Withdrawn takes back that a phone was said to be provisioned.
type Withdrawn struct {
	MAC     ether.MAC
	Addr    netip.Addr
	Verdict Verdict
}

// EventName implements journal.Event.
func (Withdrawn) EventName() string { return "phone.Withdrawn" }

// LogMessage implements journal.Logged.
func (w Withdrawn) LogMessage() (message.Message, bool) {
	why := w.Verdict.Text
	if w.Verdict.Code != Open {
		why = w.Verdict.Code + " " + why
	}
	return message.PhoneWithdrawn.With(w.MAC.Device(), dash(addrText(w.Addr)), why), true
}

// Scanning is the fact that an address tries the names of phones: R33.
type Scanning struct {
	Addr netip.Addr
	Fix  string
}

// EventName implements journal.Event.
func (Scanning) EventName() string { return "phone.Scanning" }

// LogMessage implements journal.Logged.
func (s Scanning) LogMessage() (message.Message, bool) {
	return message.PhoneScan.With(s.Addr, s.Fix), true
}

// How often Report looks: a verdict is told within 5 s; with all phones settled
// and nothing happening only the slow rules can change anything.
const (
	lookOften = time.Second
	lookIdle  = 4 * time.Second
	together  = time.Minute // phones that get stuck for a cause that was just told are told in one message
)

// Report records Settled when a phone came up and was quiet then, once, and
// when it gets stuck, once per cause; several phones with one cause are one
// Many. What was said too early is taken back by Withdrawn. It ends with the
// context. A phone that has fetched its load restarts into it: both boots are
// one coming-up. It is a reader like any other and not part of the fold.
func (v *Inventory) Report(ctx context.Context, rec journal.Recorder) {
	r := newReporter(journal.Or(rec), v.waits)
	t := time.NewTicker(lookOften)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		v.mu.Lock()
		n := v.events
		v.mu.Unlock()
		if now := time.Now(); r.due(now, n) {
			r.look(now, v.Phones(now), v.Scans())
		}
	}
}

// reporter keeps what was said.
type reporter struct {
	rec     journal.Recorder
	waits   Waits
	said    map[ether.MAC]saying
	scans   map[netip.Addr]bool
	told    map[string]time.Time // code: when a message said it last
	pending map[string][]Phone   // code: phones nothing was said of yet
	events  uint64               // at the last look
	last    time.Time            // of that
	busy    bool                 // a phone was on its way, or a message held back
}

// due reports that it is time for a look, with so many events so far.
func (r *reporter) due(now time.Time, events uint64) bool {
	if events == r.events && !r.busy && now.Sub(r.last) < lookIdle {
		return false
	}
	r.events, r.last = events, now
	return true
}

// saying is what was said of a phone.
type saying struct {
	code string    // finding; "" = none
	up   bool      // it was said to be provisioned
	boot int       // in which boot
	at   time.Time // when
}

func newReporter(rec journal.Recorder, w Waits) *reporter {
	return &reporter{rec: rec, waits: w, said: map[ether.MAC]saying{}, scans: map[netip.Addr]bool{}, told: map[string]time.Time{}, pending: map[string][]Phone{}}
}

// look records what is new.
func (r *reporter) look(now time.Time, list []Phone, scans []Scan) {
	busy := false
	said := make(map[ether.MAC]saying, len(list)) // forgets phones that are gone
	for i := range list {
		p := &list[i]
		if p.MAC.IsZero() {
			continue
		}
		s := r.said[p.MAC]
		switch {
		case p.Up() && p.Quiet:
			restarted := s.up && p.Restart && s.boot == p.Boot-1
			if !s.up || s.boot != p.Boot && !restarted {
				r.rec.Record(Settled{MAC: p.MAC, Addr: p.Addr, Model: p.Model, State: p.State, Verdict: p.Verdict})
			}
			if !s.up || s.boot != p.Boot {
				s = saying{up: true, boot: p.Boot, at: now}
			}
		case p.Up():
			busy = true
		case p.Verdict.Blocking || weightOf(p.Verdict.Code) > stays:
			if s.up && (s.boot == p.Boot || s.boot == p.Boot-1 && p.Started.Sub(s.at) < r.waits.Loop) {
				r.rec.Record(Withdrawn{MAC: p.MAC, Addr: p.Addr, Verdict: p.Verdict})
			}
			if s.code != p.Verdict.Code {
				r.pending[p.Verdict.Code] = append(r.pending[p.Verdict.Code], *p)
			}
			s = saying{code: p.Verdict.Code, boot: p.Boot, at: now}
		case s.up && p.Against && s.boot == p.Boot:
			r.rec.Record(Withdrawn{MAC: p.MAC, Addr: p.Addr, Verdict: p.Verdict})
			s = saying{}
			busy = true
		default:
			busy = true
		}
		if s != (saying{}) {
			said[p.MAC] = s
		}
	}
	r.said = said
	r.flush(now)
	r.tried(scans)
	r.busy = busy || len(r.pending) > 0
}

// flush says what is pending: at once for a cause that was not told a moment
// ago, else together.
func (r *reporter) flush(now time.Time) {
	codes := make([]string, 0, len(r.pending))
	for c := range r.pending {
		codes = append(codes, c)
	}
	slices.Sort(codes)
	for _, code := range codes {
		if at, ok := r.told[code]; ok && now.Sub(at) < together {
			continue
		}
		var still []Phone // stuck for it now
		for _, p := range r.pending[code] {
			if r.said[p.MAC].code == code {
				still = append(still, p)
			}
		}
		delete(r.pending, code)
		if len(still) == 0 {
			continue
		}
		r.told[code] = now
		p := &still[0]
		if len(still) == 1 {
			r.rec.Record(Settled{MAC: p.MAC, Addr: p.Addr, Model: p.Model, State: Stuck, Verdict: p.Verdict})
			continue
		}
		r.rec.Record(Many{Code: code, N: len(still), Text: p.Verdict.Text, Fix: p.Verdict.Fix.String(), Name: p.Device()})
	}
}

// tried says once of an address that it tries names.
func (r *reporter) tried(scans []Scan) {
	now := make(map[netip.Addr]bool, len(scans))
	for _, s := range scans {
		now[s.Addr] = true
		if !r.scans[s.Addr] {
			r.rec.Record(Scanning{Addr: s.Addr, Fix: s.Verdict().Fix.String()})
		}
	}
	r.scans = now
}
