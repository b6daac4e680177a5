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

// FleetTable is that of Show: one row, whose text is a line for each of its columns that
// says something.
var FleetTable = columns.Form("", "", "box domain servers ca engine database access certificate publishes namesake refused there gone down unknown passed_over bindings does_not_act")

// sheet is the text of Show, and the values in it by their columns.
type sheet struct {
	text strings.Builder
	of   map[string]string
}

// line adds a value, behind a label that may be "". What a column says twice stands in both
// lines.
func (s *sheet) line(column, label, format string, a ...any) {
	v := fmt.Sprintf(format, a...)
	s.text.WriteString(label + v + "\n")
	if was := s.of[column]; was != "" {
		v = was + "; " + v
	}
	s.of[column] = v
}

// Show is `show fleet`. How the sharing of bindings stands is told by who does it, "" =
// nobody, and so is what is configured and does not act.
func Show(v View, now time.Time, bindings string, idle []string) *columns.Page {
	if !v.On {
		return columns.Empty(None)
	}
	w := &sheet{of: map[string]string{"box": v.Name, "domain": v.Domain}}
	fmt.Fprintf(&w.text, "Box %s of domain %s\n", v.Name, v.Domain)
	w.line("servers", "Servers: ", "%s", strings.Join(v.Servers, ", "))
	if v.CA != "" {
		w.line("ca", "Their certificates: ", "signed by whom nvram:%s names", v.CA)
	}
	switch {
	case v.Answers:
		w.line("engine", "Engine: ", "answers, last %s ago; cluster %x, revision %d; all was read in %s", columns.Ago(now.Sub(v.Answer)), v.Cluster, v.Revision, v.First.Round(time.Millisecond))
	case v.Shut:
		w.line("engine", "Engine: ", "refuses this box: %s; `fleet init` makes its user", v.Why)
	case v.Answer.IsZero():
		w.line("engine", "Engine: ", "has not answered yet: %s", v.Why)
	default:
		w.line("engine", "Engine: ", "last answer %s ago: %s", columns.Ago(now.Sub(v.Answer)), v.Why)
	}
	w.database(v)
	w.access(v, now)
	w.line("publishes", "Publishes: ", "%s; %s written since it started", map[Publish]string{
		PublishNothing: "that it is there", PublishPhones: "services, phones, version of the configuration", PublishConfiguration: "services, phones, the configuration without secrets",
	}[v.Publish], many(int(v.Writes), "transaction", "transactions"))
	if v.Double {
		w.line("namesake", "", "Another box is called %s too, or was until a moment ago: this one publishes nothing", v.Name)
	}
	if v.Refused != "" && !v.Engine.Full {
		w.line("refused", "", "The servers refuse what this box writes: %s; `fleet init` makes its user", v.Refused)
	}
	n := map[State]int{}
	for _, b := range v.Boxes {
		n[b.State]++
	}
	for _, s := range []State{There, Gone, Down, Unknown} {
		w.of[string(s)] = fmt.Sprint(n[s])
	}
	fmt.Fprintf(&w.text, "Boxes: %d there, %d gone, %d down, %d unknown\n", n[There], n[Gone], n[Down], n[Unknown])
	if v.Passed > 0 {
		w.line("passed_over", "Passed over: ", "%s of other boxes that cannot be read or are too many", many(v.Passed, "value", "values"))
	}
	if !v.Share {
		w.line("bindings", "Bindings: ", "not shared, each box has its own pools")
	}
	if bindings != "" {
		w.line("bindings", "Bindings: ", "%s", bindings)
	}
	for _, i := range idle {
		w.line("does_not_act", "Does not act: ", "%s", i)
	}
	p := &columns.Page{}
	var values []any
	for _, k := range FleetTable.Keys() {
		values = append(values, w.of[k])
	}
	p.Table(FleetTable).Line(w.text.String(), values...)
	return p
}

// access says as whom the box comes to the servers.
func (s *sheet) access(v View, now time.Time) {
	switch open := v.Plain(); {
	case v.User == "" && v.Certificate == "":
		s.line("access", "Access: ", "nobody asks who this box is; whoever reaches the servers may change all there is")
	case open && v.User != "":
		s.line("access", "Access: ", "user %s; a server is http, where the password is read by whoever sees the wire", v.User)
	case v.User != "":
		s.line("access", "Access: ", "user %s", v.User)
	case v.Files.User != "":
		s.line("access", "Access: ", "certificate nvram:%s of %s", v.Certificate, v.Files.User)
	default:
		s.line("access", "Access: ", "certificate nvram:%s", v.Certificate)
	}
	f := v.Files
	day := f.Ends.UTC().Format("2006-01-02 15:04 UTC")
	switch {
	case f.Problem != "":
		s.line("certificate", "Files: ", "%s; until that is mended connections are made with what was there before", f.Problem)
	case f.Ends.IsZero():
	case now.After(f.Ends):
		s.line("certificate", "Certificate: ", "it ended on %s, servers refuse it; put another into nvram:", day)
	case now.Add(soonEnds).After(f.Ends):
		s.line("certificate", "Certificate: ", "it ends on %s; another one in nvram: is taken with the next connection", day)
	default:
		s.line("certificate", "Certificate: ", "good until %s", day)
	}
}

// soonEnds is how long before its end a certificate is told of.
const soonEnds = 30 * 24 * time.Hour

// defaultQuota is that of an engine that does not say which it has. [etcd, System limits]
const defaultQuota = 2 << 30

// database says what has to be done at an engine that is full, or will be. Nothing of
// the box's own compacts it: others may keep something there too.
func (s *sheet) database(v View) {
	e := v.Engine
	quota, by := e.Quota, ""
	if quota == 0 {
		quota, by = defaultQuota, " if it is the default"
	}
	cure := fmt.Sprintf("`etcdctl compact %d`, then `etcdctl defrag --cluster`", v.Revision)
	switch {
	case e.Full:
		s.line("database", "Database: ", "full, %d MB: nothing is taken any more, and new DHCP clients of shared pools get nothing; on a machine of the servers, as root if they ask who one is: %s, then `etcdctl alarm disarm`", mega(e.Size), cure)
	case e.Size > quota/2:
		s.line("database", "Database: ", "%d MB, more than half of its quota of %d MB%s: %s; start the servers with --auto-compaction-mode periodic --auto-compaction-retention 1h", mega(e.Size), mega(quota), by, cure)
	case e.Version != "":
		s.line("database", "Database: ", "%d MB, etcd %s", mega(e.Size), tame(e.Version, shortText))
	}
}

func mega(bytes int64) int64 { return (bytes + 1<<20 - 1) >> 20 }

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
	return v.known(w, t)
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
	return v.known(w, t)
}

// known is a page whose table is that: where the engine does not answer and nobody is known,
// it is text alone, because an empty table says that there is nothing.
func (v *View) known(p *columns.Page, t *columns.Table) *columns.Page {
	if v.Answers || t.Len() > 0 {
		return p
	}
	return columns.Text(p.String())
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

// PhoneTable is that of ShowPhone, whose text is a paragraph for each row.
var PhoneTable = columns.Form("", "", "device box box_state model address load state verdict boot_since")

// ShowPhone is `show fleet phone NAME`.
func ShowPhone(v View, list []PhoneOf) *columns.Page {
	switch {
	case !v.On:
		return columns.Empty(None)
	case len(list) == 0 && !v.Answers:
		return columns.Text("The engine does not answer, and no box is known to have published such a phone\n")
	case len(list) == 0:
		return columns.Empty("No box publishes such a phone\n")
	}
	w := &columns.Page{}
	if !v.Answers {
		w.WriteString(notKnown)
	}
	t := w.Table(PhoneTable)
	for i, p := range list {
		if i > 0 {
			t.Note("\n")
		}
		text := fmt.Sprintf("%s at box %s, which is %s\n", p.Device, v.label(p.Box), p.State) +
			fmt.Sprintf("  Model %s, address %s, load %s\n", dash(p.Model), dash(p.Address), dash(p.Load)) +
			fmt.Sprintf("  State: %s\n  Verdict: %s\n", p.Word(), p.verdict())
		since := "-"
		if p.Since != 0 {
			since = time.Unix(p.Since, 0).UTC().Format("2006-01-02 15:04:05 UTC")
			text += fmt.Sprintf("  Boot since %s by the clock of its box\n", since)
		}
		t.Line(text, p.Device, v.label(p.Box), p.State, dash(p.Model), dash(p.Address), dash(p.Load), p.Word(), p.verdict(), since)
	}
	if len(list) > 1 {
		w.WriteString("More than one box knows it: it moved, or is seen by several\n")
	}
	return w
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
		return columns.Text("Whose share is which is not known: " + err.Error() + "\n")
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
