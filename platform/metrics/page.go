package metrics

import (
	"fmt"
	"runtime"
	"strings"
	"time"

	"option150/telephony/inventory"
)

// What JSON says of a phone. The names are part of the interface: they may be
// joined by others and never change their meaning.
type phoneJSON struct {
	Device  string        `json:"device"` // "SEP001E7A000001"; "" while only the address is known
	MAC     string        `json:"mac,omitempty"`
	Address string        `json:"address,omitempty"`
	Model   string        `json:"model,omitempty"`
	Load    string        `json:"load,omitempty"`
	Wanted  string        `json:"wanted,omitempty"`     // load it is to run
	Known   string        `json:"load_basis,omitempty"` // how the load is known: "observed" or "inferred"
	Basis   string        `json:"basis,omitempty"`      // how the state is
	Pool    string        `json:"pool,omitempty"`
	State   string        `json:"state"`
	Up      bool          `json:"up"` // it works, as far as can be seen
	Verdict verdictJSON   `json:"verdict"`
	Others  []verdictJSON `json:"others,omitempty"`
	Boot    int           `json:"boot"`
	Started *time.Time    `json:"started,omitempty"`
	Seen    *time.Time    `json:"seen,omitempty"`
	Seconds float64       `json:"seconds,omitempty"` // from the start of the boot to the last file it needed
}

type verdictJSON struct {
	Code     string `json:"code"`
	Text     string `json:"text,omitempty"`
	Fix      string `json:"fix,omitempty"`
	Basis    string `json:"basis,omitempty"` // "observed" or "inferred"
	Evidence string `json:"evidence,omitempty"`
	Blocking bool   `json:"blocking"`
}

type timelineJSON struct {
	phoneJSON
	Boots []bootJSON `json:"boots"`
}

type bootJSON struct {
	Number  int        `json:"number"`
	Start   time.Time  `json:"start"`
	Dropped int        `json:"dropped,omitempty"` // earlier lines that made room
	Lines   []lineJSON `json:"lines"`
}

type lineJSON struct {
	At        time.Time `json:"at"`
	Offset    float64   `json:"offset"` // seconds since the start of the boot
	Transport string    `json:"transport,omitempty"`
	What      string    `json:"what,omitempty"`
	Name      string    `json:"name,omitempty"`
	Result    string    `json:"result,omitempty"`
	Bytes     *int64    `json:"bytes,omitempty"` // of a file that was sent
	Seconds   float64   `json:"seconds,omitempty"`
	Remark    string    `json:"remark,omitempty"`
}

// Since is the offset as the timeline prints it.
func (l lineJSON) Since() string { return fmt.Sprintf("+%.3f", l.Offset) }

// Size is the bytes of a file, "" for what is none.
func (l lineJSON) Size() string {
	if l.Bytes == nil {
		return ""
	}
	return fmt.Sprintf("%d B", *l.Bytes)
}

func phoneOf(p inventory.Phone) phoneJSON {
	j := phoneJSON{Model: p.Model, Load: p.Load, Wanted: p.Wanted, Known: string(p.LoadBasis), Basis: string(p.Basis), Pool: p.Pool, State: string(p.State), Up: p.Up(), Verdict: verdictOf(p.Verdict), Boot: p.Boot, Started: when(p.Started), Seen: when(p.Seen), Seconds: p.Took.Seconds()}
	if !p.MAC.IsZero() {
		j.Device, j.MAC = p.Device(), p.MAC.Cisco()
	}
	if p.Addr.IsValid() {
		j.Address = p.Addr.String()
	}
	for _, v := range p.Others {
		j.Others = append(j.Others, verdictOf(v))
	}
	return j
}

func when(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// Key is what the address of the phone's page ends with.
func (p phoneJSON) Key() string {
	if p.Device != "" {
		return p.Device
	}
	return p.Address
}

func verdictOf(v inventory.Verdict) verdictJSON {
	return verdictJSON{Code: v.Code, Text: v.Text, Fix: v.Fix.String(), Basis: string(v.Basis), Evidence: v.Evidence, Blocking: v.Blocking}
}

func boots(p inventory.Phone) []bootJSON {
	out := []bootJSON{}
	for i := len(p.Boots) - 1; i >= 0; i-- { // the last boot is the one looked for
		b := p.Boots[i]
		j := bootJSON{Number: b.Number, Start: b.Start, Dropped: b.Dropped, Lines: []lineJSON{}}
		for _, l := range b.Lines {
			x := lineJSON{At: l.At, Offset: max(l.At.Sub(b.Start), 0).Seconds(), Transport: l.Transport, What: l.What, Name: l.Name, Result: l.Result, Seconds: l.Duration.Seconds(), Remark: l.Remark}
			if l.Bytes >= 0 && (l.Transport == "HTTP" || l.Transport == "TFTP") {
				n := l.Bytes
				x.Bytes = &n
			}
			j.Lines = append(j.Lines, x)
		}
		out = append(out, j)
	}
	return out
}

// What the pages show.
type (
	overviewPage struct {
		Host, Version, Commit, Go string
		Now, Started              time.Time
		Phones                    []phoneJSON
		States                    []stateRow
		Services                  []serviceRow
		Pools                     []Pool
		Findings                  []Finding
		Serving, Limit, Up        int
	}
	stateRow struct {
		State inventory.State
		N     int
	}
	serviceRow struct {
		Name, State, Listening, Why string
		Configured, Working         bool
	}
	phonePage struct {
		phoneJSON
		Host, Label string
		Boots       []bootJSON
	}
)

func (s *Sources) overview(now time.Time) overviewPage {
	o := overviewPage{Host: s.hostname(), Version: s.Version, Commit: s.Commit, Go: runtime.Version(), Now: now, Started: s.Started,
		Pools: list(s.Pools), Findings: list(s.Findings)}
	count := map[inventory.State]int{}
	for _, p := range s.phones(now) {
		o.Phones = append(o.Phones, phoneOf(p))
		count[p.State]++
		if p.Up() {
			o.Up++
		}
	}
	for _, st := range []inventory.State{inventory.Seen, inventory.Addressed, inventory.Configured, inventory.Loading, inventory.Provisioned, inventory.Stuck} {
		if count[st] > 0 {
			o.States = append(o.States, stateRow{st, count[st]})
		}
	}
	for _, v := range list(s.Services) {
		var at []string
		for _, e := range v.Status.Listeners {
			at = append(at, e.String())
		}
		o.Services = append(o.Services, serviceRow{Name: v.Name, State: string(v.Status.State), Listening: strings.Join(at, ", "), Why: v.Status.Why,
			Configured: v.Configured, Working: one(v.Status.State == "running") == 1})
	}
	if s.Serving != nil {
		o.Serving, o.Limit = s.Serving()
	}
	return o
}
