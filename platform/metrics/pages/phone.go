package pages

import (
	"strings"
	"time"

	"option150/telephony/advice"
	"option150/telephony/inventory"
)

// What JSON says of a phone. The names are part of the interface: they may be
// joined by others and never change their meaning.
type phoneJSON struct {
	Device  string        `json:"device"` // "SEP001E7A000001"; "" while only the address is known
	MAC     string        `json:"mac,omitempty"`
	Address string        `json:"address,omitempty"`
	Six     string        `json:"address6,omitempty"`
	Section string        `json:"section,omitempty"` // "ephone 4"
	Name    string        `json:"name,omitempty"`    // its description
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
	// Type is what is typed in privileged EXEC of this box to follow Fix; none
	// for an instruction to people.
	Type []string `json:"type,omitempty"`
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

func (s *Sources) phoneOf(p *inventory.Phone, of *Expected) phoneJSON {
	j := phoneJSON{Model: p.Model, Load: p.Load, Wanted: p.Wanted, Known: string(p.LoadBasis), Basis: string(p.Basis), Pool: p.Pool, State: string(p.State), Up: p.Up(), Verdict: verdictOf(p.Verdict), Boot: p.Boot, Started: when(p.Started), Seen: when(p.Seen), Seconds: p.Took.Seconds()}
	if !p.MAC.IsZero() {
		j.Device, j.MAC = p.Device(), p.MAC.Cisco()
	}
	if p.Addr.IsValid() {
		j.Address = p.Addr.String()
	}
	if p.Addr6.IsValid() {
		j.Six = p.Addr6.String()
	}
	if of != nil {
		j.Section, j.Name = of.Section, of.Name
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

func verdictOf(v inventory.Verdict) verdictJSON {
	return verdictJSON{Code: v.Code, Text: v.Text, Fix: v.Fix.String(), Basis: string(v.Basis), Evidence: v.Evidence, Blocking: v.Blocking, Type: typed(v.Fix)}
}

// typed is what an operator pastes in privileged EXEC: the lines of the steps
// that are lines of this box, configuration mode entered once.
func typed(steps advice.Steps) (out []string) {
	const leave = "end"
	for _, f := range steps {
		l := f.Lines()
		if f.Mode != advice.Exec && len(l) > 0 && len(out) > 0 && out[len(out)-1] == leave {
			out, l = out[:len(out)-1], l[1:]
		}
		out = append(out, l...)
	}
	return out
}

func boots(p *inventory.Phone) []bootJSON {
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

// phones are those that were seen, each with what the configuration says of it,
// and those that are configured and were not.
func (s *Sources) phones(now time.Time) (seen []phoneJSON, unseen []Expected) {
	expected := list(s.Expected)
	by := make(map[string]*Expected, len(expected))
	for i := range expected {
		by[expected[i].MAC.Device()] = &expected[i]
	}
	if s.Phones != nil {
		for _, p := range s.Phones(now) {
			d := p.Device()
			seen = append(seen, s.phoneOf(&p, by[d]))
			delete(by, d)
		}
	}
	for i := range expected {
		if by[expected[i].MAC.Device()] == &expected[i] {
			unseen = append(unseen, expected[i])
		}
	}
	return seen, unseen
}

// maxName bounds the name of a phone in an address: SEP and twelve digits, a
// hardware address or an IP address.
const maxName = 64

// timeline is one phone with its boots. One that is configured and was not seen
// is told without any.
func (s *Sources) timeline(name string, now time.Time) (timelineJSON, bool) {
	name = strings.TrimSpace(name)
	if name == "" || len(name) > maxName {
		return timelineJSON{}, false
	}
	if s.Phone != nil {
		if p, ok := s.Phone(name, now); ok {
			var of *Expected
			for _, e := range list(s.Expected) {
				if e.MAC == p.MAC && !p.MAC.IsZero() {
					of = &e
					break
				}
			}
			return timelineJSON{s.phoneOf(&p, of), boots(&p)}, true
		}
	}
	for _, e := range list(s.Expected) {
		if strings.EqualFold(name, e.MAC.Device()) || strings.EqualFold(name, e.MAC.Cisco()) {
			return timelineJSON{phoneJSON{Device: e.MAC.Device(), MAC: e.MAC.Cisco(), Section: e.Section, Name: e.Name, Model: e.Type, State: unseenState,
				Verdict: verdictJSON{Code: inventory.Open, Text: unseenText}}, []bootJSON{}}, true
		}
	}
	return timelineJSON{}, false
}

// What is said of a phone that is configured and was not seen.
const (
	unseenState = "unseen"
	unseenText  = "It is configured and was not seen since this box started."
)

func list[T any](f func() []T) []T {
	if f == nil {
		return nil
	}
	return f()
}
