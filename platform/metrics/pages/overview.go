package pages

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"option150/platform/service"
	"option150/platform/sorted"
	"option150/telephony/inventory"
)

// How a phone is counted in the head, and what the filter of a cause goes by.
const (
	kindUp     = "up"
	kindBad    = "bad"    // it does not work, or is not known to
	kindStays  = "stays"  // it is up all the same, and something is to be done
	kindOpen   = "open"   // on its way, or not decided yet
	kindUnseen = "unseen" // configured, and not seen since the start
)

// kindOf says how a phone is counted.
func kindOf(p *phoneJSON) string {
	switch {
	case p.Up && p.Verdict.Code != inventory.OK:
		return kindStays
	case p.Up:
		return kindUp
	case p.State == unseenState:
		return kindUnseen
	case p.Verdict.Code == inventory.Open:
		return kindOpen
	}
	return kindBad
}

// row is what the table has of a phone. The keys are short: there are up to
// thousands, once a second while a branch boots.
type row struct {
	ID      string `json:"id"` // what its page is asked for by
	Device  string `json:"d,omitempty"`
	Name    string `json:"n,omitempty"`
	Section string `json:"s,omitempty"`
	Pool    string `json:"p,omitempty"`
	Model   string `json:"m,omitempty"`
	Load    string `json:"l,omitempty"`
	Guess   int    `json:"lg,omitempty"` // 1: the load is inferred
	Wanted  string `json:"w,omitempty"`  // unless it runs it
	Addr    string `json:"a,omitempty"`
	Seen    int64  `json:"t,omitempty"` // milliseconds since 1970
	State   string `json:"st"`
	Basis   int    `json:"sg,omitempty"` // 1: the state is inferred
	Kind    string `json:"k"`
	Code    string `json:"c"`
	Text    string `json:"x,omitempty"`
}

func rowOf(p *phoneJSON) row {
	r := row{ID: cmp.Or(p.Device, p.Address, p.Six), Device: p.Device, Name: p.Name, Section: p.Section, Pool: p.Pool, Model: p.Model, Load: p.Load, Addr: cmp.Or(p.Address, p.Six), State: p.State, Kind: kindOf(p), Code: p.Verdict.Code, Text: p.Verdict.Text}
	if !strings.EqualFold(p.Wanted, p.Load) {
		r.Wanted = p.Wanted
	}
	if p.Seen != nil {
		r.Seen = p.Seen.UnixMilli()
	}
	if p.Known == string(inventory.Inferred) {
		r.Guess = 1
	}
	if p.Basis == string(inventory.Inferred) {
		r.Basis = 1
	}
	return r
}

func rowOfExpected(e *Expected) row {
	return row{ID: e.MAC.Device(), Device: e.MAC.Device(), Name: e.Name, Section: e.Section, Model: e.Type, State: unseenState, Kind: kindUnseen, Code: inventory.Open, Text: unseenText}
}

// The head: what stands above the table.
type (
	headJSON struct {
		Host      string         `json:"host"`
		Version   string         `json:"version"`
		Started   time.Time      `json:"started"`
		Total     int            `json:"total"`
		Up        int            `json:"up"`
		Inferred  int            `json:"inferred"` // of Up: by what did not come, not by what did
		Unseen    int            `json:"unseen"`   // of Total
		Causes    []causeJSON    `json:"causes"`
		Services  []serviceJSON  `json:"services"`
		Pools     []poolJSON     `json:"pools"`
		Serving   int            `json:"serving"`
		Limit     int            `json:"limit"`
		Transfers []transferJSON `json:"transfers"`
		More      int            `json:"more,omitempty"` // transfers beyond those
		Foreign   []foreignJSON  `json:"foreign"`
		Findings  []findingJSON  `json:"findings"`
	}
	// causeJSON is the phones of one verdict.
	causeJSON struct {
		Code string `json:"code"`
		Kind string `json:"kind"`
		Text string `json:"text"`
		N    int    `json:"n"`
	}
	serviceJSON struct {
		Name       string `json:"name"`
		Configured bool   `json:"configured"`
		State      string `json:"state"`
		Why        string `json:"why,omitempty"`
		At         string `json:"at,omitempty"`
	}
	poolJSON struct {
		Name     string `json:"name"`
		Total    int    `json:"total"`
		Leased   int    `json:"leased"`
		Offered  int    `json:"offered"`
		Excluded int    `json:"excluded"`
		Free     int    `json:"free"`
	}
	transferJSON struct {
		Phone     string `json:"phone,omitempty"` // its device name
		Name      string `json:"name,omitempty"`
		Client    string `json:"client"`
		Transport string `json:"transport"`
		File      string `json:"file"`
		Size      int64  `json:"size"`
		Sent      int64  `json:"sent"`
		Rate      int64  `json:"rate"` // bytes per second since the look before; -1: not known yet
	}
	foreignJSON struct {
		Server    string    `json:"server"`
		MAC       string    `json:"mac,omitempty"`
		Interface string    `json:"interface,omitempty"`
		Option150 string    `json:"option150,omitempty"`
		First     time.Time `json:"first"`
		Last      time.Time `json:"last"`
		Holding   bool      `json:"holding"`
	}
	findingJSON struct {
		Severity string `json:"severity"`
		Section  string `json:"section,omitempty"`
		Text     string `json:"text"`
		Fix      string `json:"fix,omitempty"`
	}
)

// Bounds of what the head lists.
const (
	maxTransfers = 40
	maxForeign   = 8
	maxFindings  = 50
)

// overview is the head and the rows of now. rates remembers how far transfers
// were at the look before.
func (s *Sources) overview(now time.Time, rates *rates) (headJSON, []row) {
	h := headJSON{Host: s.hostname(), Version: s.Version, Started: s.Started, Causes: []causeJSON{}, Services: []serviceJSON{}, Pools: []poolJSON{}, Transfers: []transferJSON{}, Foreign: []foreignJSON{}, Findings: []findingJSON{}}
	seen, unseen := s.phones(now)
	rows := make([]row, 0, len(seen)+len(unseen))
	for i := range seen {
		rows = append(rows, rowOf(&seen[i]))
	}
	for i := range unseen {
		rows = append(rows, rowOfExpected(&unseen[i]))
	}
	h.Total, h.Unseen, h.Causes = len(rows), len(unseen), causes(rows)
	at := map[string]*row{}
	for i := range rows {
		if r := &rows[i]; r.Kind == kindUp || r.Kind == kindStays {
			h.Up++
			h.Inferred += r.Basis
		}
		here := []string{rows[i].Addr, ""}
		if i < len(seen) {
			here[1] = seen[i].Six
		}
		for _, a := range here {
			if a != "" && (at[a] == nil || at[a].Seen < rows[i].Seen) {
				at[a] = &rows[i]
			}
		}
	}
	for _, v := range list(s.Services) {
		var where []string
		for _, e := range v.Status.Listeners {
			where = append(where, e.String())
		}
		if !v.Configured && v.Status.State == service.Disabled {
			continue // nobody asked for it
		}
		h.Services = append(h.Services, serviceJSON{Name: v.Name, Configured: v.Configured, State: string(v.Status.State), Why: v.Status.Why, At: strings.Join(where, ", ")})
	}
	for _, p := range list(s.Pools) {
		h.Pools = append(h.Pools, poolJSON{p.Name, p.Total, p.Leased, p.Offered, p.Excluded, p.Free()})
	}
	if s.Serving != nil {
		h.Serving, h.Limit = s.Serving()
	}
	all := list(s.Transfers)
	for _, t := range all[:min(len(all), maxTransfers)] {
		a := t.Client.Addr().Unmap().String()
		x := transferJSON{Client: a, Transport: t.Transport, File: t.File, Size: t.Size, Sent: t.Sent}
		if r := at[a]; r != nil {
			x.Phone, x.Name = r.Device, r.Name
		}
		x.Rate = rates.of(t, now)
		h.Transfers = append(h.Transfers, x)
	}
	rates.turn()
	h.More = max(0, len(all)-maxTransfers)
	for _, f := range list(s.Foreign) {
		if len(h.Foreign) == maxForeign {
			break
		}
		x := foreignJSON{Server: f.Server.String(), Interface: f.Interface, Option150: f.Option150, First: f.First, Last: latest(f.First, f.Last.Truncate(time.Minute)), Holding: f.Holding}
		if !f.MAC.IsZero() {
			x.MAC = f.MAC.Cisco()
		}
		h.Foreign = append(h.Foreign, x)
	}
	for _, f := range list(s.Findings) {
		if len(h.Findings) == maxFindings {
			break
		}
		h.Findings = append(h.Findings, findingJSON{f.Severity, f.Section, f.Text, f.Fix})
	}
	return h, rows
}

// latest is the later of two times.
func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// causes counts the rows by verdict: what keeps phones from working first, the
// most of it first, and those that are up last.
func causes(rows []row) []causeJSON {
	type key struct{ kind, code string }
	n := map[key]int{}
	for i := range rows {
		n[key{rows[i].Kind, rows[i].Code}]++
	}
	out := []causeJSON{}
	for k, many := range n {
		c := causeJSON{Code: k.code, Kind: k.kind, N: many, Text: inventory.Says(k.code)}
		switch k.kind {
		case kindUnseen:
			c.Text = "configured, not seen since the start"
		case kindUp:
			c.Text = "up"
		}
		out = append(out, c)
	}
	order := []string{kindBad, kindOpen, kindStays, kindUnseen, kindUp}
	sorted.By(out, func(a, b causeJSON) int {
		return cmp.Or(slices.Index(order, a.Kind)-slices.Index(order, b.Kind), b.N-a.N, strings.Compare(a.Code, b.Code))
	})
	return out
}

func (s *Sources) hostname() string {
	if s.Hostname == nil {
		return "Option 150"
	}
	return s.Hostname()
}

// rates makes a rate of two looks at a transfer. It is for one goroutine.
type rates struct{ before, now map[transferKey]sample }

type transferKey struct {
	client netip.AddrPort
	file   string
	since  int64
}

type sample struct {
	at   time.Time
	sent int64
	rate int64
}

// rateTime is the shortest time a rate is made of.
const rateTime = 500 * time.Millisecond

func (r *rates) of(t Transfer, now time.Time) int64 {
	k := transferKey{t.Client, t.File, t.Since.UnixNano()}
	x := sample{now, t.Sent, -1}
	if old, ok := r.before[k]; ok {
		if passed := now.Sub(old.at); passed < rateTime {
			x = old
		} else {
			x.rate = int64(float64(max(0, t.Sent-old.sent)) / passed.Seconds())
		}
	}
	if r.now == nil {
		r.now = map[transferKey]sample{}
	}
	r.now[k] = x
	return x.rate
}

// turn ends a look; transfers that were not in it are forgotten.
func (r *rates) turn() { r.before, r.now = r.now, nil }
