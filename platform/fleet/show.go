package fleet

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"option150/platform/columns"
	"option150/platform/plain"
)

// None is what is shown of the fleet on a box that is in none.
const None = "This box is in no fleet\n"

// notKnown stands before what others published when it may be old.
const notKnown = "The engine does not answer: what others do now is unknown, this is what they published last\n"

// The tables of the show commands.
var (
	BoxesTable   = columns.New("%-12s  %-7s  %-8s  %6s  %5s  %-12s  %s", "Box", "State", "Since", "Phones", "Stuck", "Config", "Version")
	PhonesTable  = columns.New("%-15s  %-6s  %-5s  %-15s  %-11s  %s", "Device", "Box", "Model", "Address", "State", "Verdict")
	SummaryTable = columns.New("%-12s  %-7s  %6s"+strings.Repeat("  %11s", len(States)), append([]string{"Box", "State", "Phones"}, States...)...)
)

// Show is `show fleet`.
func Show(v View, now time.Time) string {
	var w strings.Builder
	if !v.On {
		return None
	}
	fmt.Fprintf(&w, "Box %s of domain %s\n", v.Name, v.Domain)
	fmt.Fprintf(&w, "Servers: %s\n", strings.Join(v.Servers, ", "))
	if v.CA != "" {
		fmt.Fprintf(&w, "Their certificates: signed by whom nvram:%s names\n", v.CA)
	}
	switch {
	case v.Answers:
		fmt.Fprintf(&w, "Engine: answers, last %s ago; cluster %x, revision %d; all was read in %s\n", columns.Ago(now.Sub(v.Answer)), v.Cluster, v.Revision, v.First.Round(time.Millisecond))
	case v.Shut:
		fmt.Fprintf(&w, "Engine: refuses this box: %s; `fleet init` makes its user\n", v.Why)
	case v.Answer.IsZero():
		fmt.Fprintf(&w, "Engine: has not answered yet: %s\n", v.Why)
	default:
		fmt.Fprintf(&w, "Engine: last answer %s ago: %s\n", columns.Ago(now.Sub(v.Answer)), v.Why)
	}
	showEngine(&w, v)
	switch open := v.Plain(); {
	case v.User == "" && v.Certificate == "":
		w.WriteString("Access: nobody asks who this box is; whoever reaches the servers may change all there is\n")
	case open && v.User != "":
		fmt.Fprintf(&w, "Access: user %s; a server is http, where the password is read by whoever sees the wire\n", v.User)
	case v.User != "":
		fmt.Fprintf(&w, "Access: user %s\n", v.User)
	default:
		fmt.Fprintf(&w, "Access: certificate nvram:%s", v.Certificate)
		if v.Files.User != "" {
			fmt.Fprintf(&w, " of %s", v.Files.User)
		}
		w.WriteString("\n")
	}
	v.Files.show(&w, now)
	fmt.Fprintf(&w, "Publishes: %s; %s written since it started\n", map[Publish]string{
		PublishNothing: "that it is there", PublishPhones: "services, phones, version of the configuration", PublishConfiguration: "services, phones, the configuration without secrets",
	}[v.Publish], many(int(v.Writes), "transaction", "transactions"))
	if v.Double {
		fmt.Fprintf(&w, "Another box is called %s too, or was until a moment ago: this one publishes nothing\n", v.Name)
	}
	if v.Refused != "" && !v.Engine.Full {
		fmt.Fprintf(&w, "The servers refuse what this box writes: %s; `fleet init` makes its user\n", v.Refused)
	}
	n := map[State]int{}
	for _, b := range v.Boxes {
		n[b.State]++
	}
	fmt.Fprintf(&w, "Boxes: %d there, %d gone, %d down, %d unknown\n", n[There], n[Gone], n[Down], n[Unknown])
	if v.Passed > 0 {
		fmt.Fprintf(&w, "Passed over: %s of other boxes that cannot be read or are too many\n", many(v.Passed, "value", "values"))
	}
	if !v.Share {
		w.WriteString("Bindings: not shared, each box has its own pools\n")
	}
	return w.String()
}

// defaultQuota is that of an engine that does not say which it has. [etcd, System limits]
const defaultQuota = 2 << 30

// showEngine says what has to be done at an engine that is full, or will be. Nothing of
// the box's own compacts it: others may keep something there too.
func showEngine(w *strings.Builder, v View) {
	s := v.Engine
	quota, by := s.Quota, ""
	if quota == 0 {
		quota, by = defaultQuota, " if it is the default"
	}
	cure := fmt.Sprintf("`etcdctl compact %d`, then `etcdctl defrag --cluster`", v.Revision)
	switch {
	case s.Full:
		fmt.Fprintf(w, "Database: full, %d MB: nothing is taken any more, and new DHCP clients of shared pools get nothing; on a machine of the servers, as root if they ask who one is: %s, then `etcdctl alarm disarm`\n", mega(s.Size), cure)
	case s.Size > quota/2:
		fmt.Fprintf(w, "Database: %d MB, more than half of its quota of %d MB%s: %s; start the servers with --auto-compaction-mode periodic --auto-compaction-retention 1h\n", mega(s.Size), mega(quota), by, cure)
	case s.Version != "":
		fmt.Fprintf(w, "Database: %d MB, etcd %s\n", mega(s.Size), tame(s.Version, shortText))
	}
}

func mega(bytes int64) int64 { return (bytes + 1<<20 - 1) >> 20 }

// soonEnds is how long before its end a certificate is told of.
const soonEnds = 30 * 24 * time.Hour

func (f Files) show(w *strings.Builder, now time.Time) {
	day := f.Ends.UTC().Format("2006-01-02 15:04 UTC")
	switch {
	case f.Problem != "":
		fmt.Fprintf(w, "Files: %s; until that is mended connections are made with what was there before\n", f.Problem)
	case f.Ends.IsZero():
	case now.After(f.Ends):
		fmt.Fprintf(w, "Certificate: it ended on %s, servers refuse it; put another into nvram:\n", day)
	case now.Add(soonEnds).After(f.Ends):
		fmt.Fprintf(w, "Certificate: it ends on %s; another one in nvram: is taken with the next connection\n", day)
	default:
		fmt.Fprintf(w, "Certificate: good until %s\n", day)
	}
}

// Plain reports whether a server is reached without TLS, Secure whether one is with it.
func (c Config) Plain() bool  { return c.scheme("http:") }
func (c Config) Secure() bool { return c.scheme("https:") }

func (c Config) scheme(s string) bool {
	return slices.ContainsFunc(c.Servers, func(u string) bool { return strings.HasPrefix(u, s) })
}

func many(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// label is a box as it is called on one that follows only its own domain, or all.
func (v *View) label(id ID) string {
	if v.ViewAll {
		return id.String()
	}
	return id.Name
}

// ShowBoxes is `show fleet boxes`.
func ShowBoxes(v View, now time.Time) *columns.Page {
	w := &columns.Page{}
	if !v.On {
		return columns.Empty(None)
	}
	if !v.Answers {
		w.WriteString(notKnown)
	}
	t := w.Table(BoxesTable)
	for _, b := range v.Boxes {
		phones, stuck, hash, version := "-", "-", "-", "-"
		if b.Known {
			version = b.About.Version
		}
		if b.Known && !b.About.Silent {
			phones, stuck, hash = fmt.Sprint(b.About.Phones), fmt.Sprint(b.Counts[5]), b.About.Hash
		}
		if b.Self {
			version += " (this box)"
		}
		t.Row(v.label(b.ID), b.State, columns.Ago(now.Sub(b.At)), phones, stuck, hash, version)
		for _, s := range b.About.Services {
			if s.State != "running" && s.State != "disabled" {
				line := fmt.Sprintf("  %s is %s", s.Name, s.State)
				if s.Why != "" {
					line += ": " + s.Why
				}
				t.Note(line + "\n")
			}
		}
	}
	return w
}

// ShowPhones is `show fleet phones`, of those that are stuck with `stuck`.
func ShowPhones(v View, list []PhoneOf) *columns.Page {
	w := &columns.Page{}
	if !v.On {
		return columns.Empty(None)
	}
	if !v.Answers {
		w.WriteString(notKnown)
	}
	t := w.Table(PhonesTable)
	for _, p := range list {
		t.Row(p.Device, v.label(p.Box), dash(p.Model), dash(p.Address), p.Word(), p.verdict())
	}
	return w
}

// Word is the word for how the phone stands, as its box published it: with a
// question mark if that box is not there.
func (p *PhoneOf) Word() string {
	if p.State == There {
		return p.Phone.State
	}
	return p.Phone.State + "?"
}

func (p *PhoneOf) verdict() string {
	s := p.Code
	if p.Text != "" && p.Text != p.Code {
		s += " " + p.Text
	}
	if p.Basis == "inferred" && p.Code != "-" {
		s += " (inferred)"
	}
	return s
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// ShowPhone is `show fleet phone NAME`.
func ShowPhone(v View, list []PhoneOf) string {
	var w strings.Builder
	switch {
	case !v.On:
		return None
	case len(list) == 0 && !v.Answers:
		return "The engine does not answer, and no box is known to have published such a phone\n"
	case len(list) == 0:
		return "No box publishes such a phone\n"
	case !v.Answers:
		w.WriteString(notKnown)
	}
	for i, p := range list {
		if i > 0 {
			w.WriteString("\n")
		}
		fmt.Fprintf(&w, "%s at box %s, which is %s\n", p.Device, v.label(p.Box), p.State)
		fmt.Fprintf(&w, "  Model %s, address %s, load %s\n", dash(p.Model), dash(p.Address), dash(p.Load))
		fmt.Fprintf(&w, "  State: %s\n  Verdict: %s\n", p.Word(), p.verdict())
		if p.Since != 0 {
			fmt.Fprintf(&w, "  Boot since %s by the clock of its box\n", time.Unix(p.Since, 0).UTC().Format("2006-01-02 15:04:05 UTC"))
		}
	}
	if len(list) > 1 {
		w.WriteString("More than one box knows it: it moved, or is seen by several\n")
	}
	return w.String()
}

// ShowSummary is `show fleet phones summary`.
func ShowSummary(v View) *columns.Page {
	w := &columns.Page{}
	if !v.On {
		return columns.Empty(None)
	}
	if !v.Answers {
		w.WriteString(notKnown)
	}
	wide := 12
	for _, b := range v.Boxes {
		wide = max(wide, len(v.label(b.ID)))
	}
	t := w.Table(SummaryTable)
	row := func(name string, n Counts, total int, state State, known bool) {
		if !known {
			t.Line(fmt.Sprintf("%-*s  %-7s  %6s  it publishes no phones\n", wide, name, state, "-"), name, state, "-", "-", "-", "-", "-", "-", "-")
			return
		}
		cells := []any{name, state, total}
		for _, x := range n {
			cells = append(cells, x)
		}
		t.Row(cells...)
	}
	var sum Counts
	all := 0
	for _, b := range v.Boxes {
		row(v.label(b.ID), b.Counts, b.About.Phones, b.State, b.Known && !b.About.Silent)
		all += b.About.Phones
		for i := range sum {
			sum[i] += b.Counts[i]
		}
	}
	row("all", sum, all, "", true)
	return w
}

// ShowConfiguration is the text of a configuration that another box published.
func ShowConfiguration(text string) string {
	var w strings.Builder
	for l := range strings.Lines(text) {
		w.WriteString(plain.Shown(strings.TrimRight(l, "\r\n"), 0) + "\n")
	}
	return w.String()
}

// SharesTable is that of ShowShares.
var SharesTable = columns.New("%-8s  %-32s  %s", "Share", "Box", "State")

// ShowShares is `show fleet shares`: whose addresses of the pools of the domain are
// which.
func ShowShares(v View, names []string, err error) *columns.Page {
	switch {
	case !v.On:
		return columns.Empty(None)
	case err != nil:
		return columns.Empty("Whose share is which is not known: " + err.Error() + "\n")
	case len(names) == 0:
		return columns.Empty("No shares: `fleet init` at each box that has the line bindings share makes them\n")
	}
	w := &columns.Page{}
	fmt.Fprintf(w, "Addresses of the pools of domain %s, one after the other in turn:\n", v.Domain)
	t := w.Table(SharesTable)
	for i, n := range names {
		state := "never seen"
		if b, ok := v.Find(n); ok {
			state = string(b.State)
		}
		if n == v.Name {
			state += " (this box)"
		}
		t.Row(fmt.Sprintf("%d of %d", i+1, len(names)), n, state)
	}
	if !v.Share {
		w.WriteString("This box gives out all addresses of its own pools: it has no line bindings share\n")
	}
	return w
}
