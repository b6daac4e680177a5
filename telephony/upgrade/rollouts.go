package upgrade

import (
	"encoding/json"
	"net/netip"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/journal"
	"option150/platform/wire"
	"option150/telephony/phone"
)

// Rollouts are the upgrades under way. They are a fold of the journal: what
// phones ask and are sent says how far each is.
type Rollouts struct {
	Now func() time.Time // in the time zone of the box; set before use

	mu      sync.Mutex
	all     []*Progress
	at      map[netip.Addr]ether.MAC
	turn    uint64        // grows with every change of what files name
	dirty   bool          // since it was taken to be kept
	changed chan struct{} // says so
}

// maxRollouts bounds what is kept.
const maxRollouts = 64

// NewRollouts begins with what was kept.
func NewRollouts(kept []byte) *Rollouts {
	r := &Rollouts{at: map[netip.Addr]ether.MAC{}, changed: make(chan struct{}, 1), Now: time.Now}
	var all []*Progress
	if json.Unmarshal(kept, &all) != nil {
		return r // nothing was kept, or it cannot be read: nothing is under way
	}
	for _, p := range all[:min(len(all), maxRollouts)] {
		if p == nil || p.Name == "" {
			continue
		}
		p.of = map[ether.MAC]*Upgraded{}
		p.Phones = slices.DeleteFunc(p.Phones, func(u *Upgraded) bool {
			if u == nil || len(p.of) >= maxPhones {
				return true
			}
			m, err := phone.ParseDevice(u.Device)
			if u.MAC = m; err != nil || p.of[m] != nil {
				return true
			}
			p.of[m] = u
			return false
		})
		r.all = append(r.all, p)
	}
	return r
}

// turned says that files have to name another load now.
func (r *Rollouts) turned() {
	r.turn++
	r.note()
}

// note says that there is something to keep. What a phone did changes its own
// load at most when a rollout is over, and that is looked at again soon enough.
func (r *Rollouts) note() {
	r.dirty = true
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// Changed says when there is something to keep.
func (r *Rollouts) Changed() <-chan struct{} { return r.changed }

// Keep is what to keep; ok is false when it was kept already.
func (r *Rollouts) Keep() (text []byte, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.dirty {
		return nil, false
	}
	r.dirty = false
	text, err := json.MarshalIndent(r.all, "", " ")
	return text, err == nil
}

// Turn grows whenever files may have to name another load.
func (r *Rollouts) Turn() uint64 {
	if r == nil {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.turn
}

func (r *Rollouts) find(name string) *Progress {
	for _, p := range r.all {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// phone is the rollout a phone takes part in, the newest one.
func (r *Rollouts) phone(mac ether.MAC) (*Progress, *Upgraded) {
	for i := len(r.all) - 1; i >= 0; i-- {
		if u := r.all[i].of[mac]; u != nil {
			return r.all[i], u
		}
	}
	return nil, nil
}

// Target is the load a rollout has for a phone now; false = it keeps that of its
// line.
func (r *Rollouts) Target(mac ether.MAC) (string, bool) {
	if r == nil {
		return "", false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	p, u := r.phone(mac)
	if u == nil {
		return "", false
	}
	under := p.State == Running || p.State == Paused
	switch {
	case !u.Done.IsZero(), !u.Fetched.IsZero(), under && !u.Began.IsZero():
		return p.Load, true // one that has it, or is on its way, is not taken back
	case p.State == Running && u.Wave <= p.Wave && p.open:
		return p.Load, true
	}
	return "", false
}

// names notes the load that the file of a phone names now.
func (r *Rollouts) names(mac ether.MAC, load string, away bool) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, u := r.phone(mac); u != nil {
		u.named, u.away = phone.Load(load).Canonical(), away
	}
}

// loads are those phones are to go to.
func (r *Rollouts) loads() (out []string) {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.all {
		if !slices.Contains(out, p.Load) {
			out = append(out, p.Load)
		}
	}
	return out
}

// wants notes the files of a load.
func (r *Rollouts) wants(load string, files [][]string) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.all {
		if p.Load == load {
			p.want = files
		}
	}
}

// give says that a phone is given its file as it is now, not as it may be when
// the last byte is sent.
func (r *Rollouts) give(mac ether.MAC) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, u := r.phone(mac); u != nil {
		u.giving = u.named
	}
}

// Fold implements journal.Fold.
func (r *Rollouts) Fold(e journal.Entry) {
	switch v := e.Event.(type) {
	case fileserver.Asked:
		r.asked(e.Time, v)
	case fileserver.Served:
		r.served(e.Time, v)
	case wire.Told:
		r.told(e.Time, v)
	}
}

func (r *Rollouts) told(now time.Time, t wire.Told) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p, u := r.phone(t.MAC); u != nil && t.Load != "" && phone.Load(t.Load).Equal(phone.Load(p.Load)) {
		r.done(p, u, now, "its "+string(t.By)+" says "+t.Load, false)
	}
}

// done notes that a phone runs the load.
func (r *Rollouts) done(p *Progress, u *Upgraded, now time.Time, how string, inferred bool) {
	if !u.Done.IsZero() || p.State == Idle {
		return
	}
	u.Done, u.How, u.Inferred = now, how, inferred
	if p.State == Running || p.State == Paused {
		u.Failed, u.Verdict = time.Time{}, "" // late, and there
	}
	r.note()
}

func (r *Rollouts) asked(now time.Time, a fileserver.Asked) {
	client := a.Client.Addr().Unmap()
	mac, own := phone.MACOfFile(a.Name)
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.all) == 0 || a.Odd || a.UserAgent != "" {
		return
	}
	if own {
		if len(r.at) < maxPhones || r.at[client] != (ether.MAC{}) {
			r.at[client] = mac
		}
		switch p, u := r.phone(mac); {
		case u == nil:
		case !u.Fetched.IsZero():
			r.done(p, u, now, "fetched "+p.Load+" whole and came back", false)
		case u.went && !u.listed:
			r.done(p, u, now, "was up with its file and did not ask for "+p.Load+": it runs it", true)
		}
		return
	}
	p, u := r.phone(r.at[client])
	if u == nil {
		return
	}
	l := phone.Load(path.Base(a.Name))
	again := !u.Done.IsZero() && l.Equal(phone.Load(p.Load))
	if again && (p.State == Running || p.State == Paused) {
		// Who runs a load does not ask for it: it did not take it.
		u.Done, u.How, u.Inferred, u.Fetched = time.Time{}, "", false, time.Time{}
		if u.Began.IsZero() {
			u.Began = now
		}
		r.note()
	}
	switch {
	case !u.Done.IsZero():
	case l.Equal(phone.Load(p.Load)):
		u.listed = true
		if len(u.got) == 0 || strings.EqualFold(l.Suffix(), ".loads") {
			u.got = map[string]bool{} // the .sbn of a 7960 has the name of its load
		}
	case u.listed || u.away || !afterLoad(a.Name) || u.took != phone.Load(p.Load).Canonical():
	case beside(p.Type):
		u.went = true // it may still ask for its load in this boot
	default:
		r.done(p, u, now, "asked "+a.Name+" and not "+p.Load+": it runs it", true)
	}
}

// beside reports that models of a type may fetch a load beside their work, after
// they asked for what they need to come up.
func beside(typ string) bool {
	for _, m := range phone.ByLoadKey(typ) {
		switch m.Generation {
		case "G2", "G3", "G3+":
			return false
		}
	}
	return true
}

func (r *Rollouts) served(now time.Time, s fileserver.Served) {
	if !s.Complete {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.all) == 0 {
		return
	}
	if mac, own := phone.MACOfFile(s.Name); own {
		if p, u := r.phone(mac); u != nil && !phone.TrustFile(s.Name) {
			u.took, u.listed, u.went = u.giving, false, false
			if u.Began.IsZero() && leads(p, u.took) && p.State == Running && u.Wave <= p.Wave {
				u.Began = now
				r.note()
			}
		}
		return
	}
	p, u := r.phone(r.at[s.Client.Addr().Unmap()])
	if u == nil || u.got == nil || !u.Done.IsZero() || !u.Fetched.IsZero() || len(u.got) >= 64 {
		return
	}
	u.got[strings.ToLower(path.Base(s.Name))] = true
	if slices.ContainsFunc(p.want, func(set []string) bool {
		return !slices.ContainsFunc(set, func(f string) bool { return !u.got[f] })
	}) {
		u.Fetched = now
		r.note()
	}
}

// leads reports that a load is that of a rollout, or the stone on the way to it.
func leads(p *Progress, load string) bool {
	l := phone.Load(load)
	if load == "" {
		return false
	}
	if l.Equal(phone.Load(p.Load)) {
		return true
	}
	need := steps(p.Load)
	return len(need) > 0 && need[0].Is(l)
}
