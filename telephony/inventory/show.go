package inventory

import (
	"fmt"
	"io"
	"strings"
	"time"

	"option150/platform/columns"
)

// The tables of the show commands.
var (
	PhonesTable  = columns.New("%-15s  %-15s  %-7s  %-4s  %-11s  %-7s  %s", "Device", "Address", "Model", "Load", "State", "Verdict", "Wanted")
	SummaryTable = columns.Form("Phones  Verdict  Model      Load                      Says\n", "%6d  %-7s  %-9s  %-24s  %s\n", "phones verdict model load says")
	ScansTable   = columns.New("%-15s  %-8s  %-8s  %6s  %6s", "Address", "First", "Last", "Asked", "Sent")
)

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// ShowPhones is `show phones`: the summary, a header, then one line per phone
// that begins with its device name. The first six columns and their order are
// what scripts go by [DESIGN 1], and none of them is ever empty; a seventh
// stands behind them only where a phone is not known to run the load it is to
// run, and names that load.
func ShowPhones(list []Phone, scans []Scan) *columns.Page {
	b := &columns.Page{}
	b.WriteString(heading(list, scans))
	t, seventh := b.Table(PhonesTable), ""
	for i := range list {
		if w := list[i].Wanted; !strings.EqualFold(w, list[i].Load) && w != "" {
			seventh = "Wanted"
		}
	}
	t.Head(6, seventh)
	for i := range list {
		p := &list[i]
		wanted := p.Wanted
		if strings.EqualFold(wanted, p.Load) {
			wanted = ""
		}
		t.Row(p.Device(), dash(addrText(p.Addr)), modelWord(p), unknown(p.Load), string(p.State), p.Verdict.Code, wanted)
	}
	return b
}

// modelWord is the model; in parentheses if it is the configured type.
func modelWord(p *Phone) string {
	if p.Typed {
		return "(" + p.Model + ")"
	}
	return dash(p.Model)
}

func unknown(load string) string {
	if load == "" {
		return "?"
	}
	return load
}

// ShowPhone is `show phone`: the last boot of a phone, and the verdict. label
// is what the configuration says about it ("ephone 4 \"Reception\""), "" if
// nothing.
func ShowPhone(p Phone, now time.Time, label string) string {
	return ShowBoots(p, now, label, 1)
}

// ShowBoots is the same with the last n boots.
func ShowBoots(p Phone, now time.Time, label string, n int) string {
	var b strings.Builder
	boots := p.Boots[max(0, len(p.Boots)-max(n, 1)):]
	where := addrText(p.Addr)
	if p.Addr6 != p.Addr {
		where = joinNonEmpty("  ", where, addrText(p.Addr6))
	}
	for i := range boots {
		x := &boots[i]
		fmt.Fprintf(&b, "%s   boot #%d, %s, %s ago\n", joinNonEmpty("  ", p.Device(), modelText(p), where, label),
			x.Number, x.Start.In(now.Location()).Format("15:04:05"), took(max(now.Sub(x.Start), 0)))
		x.text(&b)
	}
	if len(boots) == 0 {
		fmt.Fprintf(&b, "%s\n", joinNonEmpty("  ", p.Device(), modelText(p), where, label))
	}
	fmt.Fprintf(&b, "STATE    %s%s%s\n", p.State, basisText(p.Basis), tookText(p))
	if p.Load != "" || p.Wanted != "" {
		fmt.Fprintf(&b, "LOAD     %s%s", unknown(p.Load), basisText(p.LoadBasis))
		if p.Wanted != "" && !strings.EqualFold(p.Wanted, p.Load) {
			fmt.Fprintf(&b, ", wanted %s", p.Wanted)
		}
		b.WriteString("\n")
	}
	verdict(&b, "VERDICT", &p.Verdict)
	for i := range p.Others {
		verdict(&b, "ALSO", &p.Others[i])
	}
	return b.String()
}

func basisText(x Basis) string {
	if x == "" {
		return ""
	}
	return " (" + string(x) + ")"
}

func modelText(p Phone) string {
	if p.Model == "" {
		return ""
	}
	return "model " + modelWord(&p)
}

func tookText(p Phone) string {
	if p.Took <= 0 {
		return ""
	}
	return ", " + took(p.Took) + " after the start of the boot"
}

func verdict(b io.Writer, word string, v *Verdict) {
	fmt.Fprintf(b, "%-7s  %-3s  %s\n", word, v.Code, v.Text)
	if v.Basis != "" && v.Evidence != "" {
		fmt.Fprintf(b, "%-7s  %s: %s\n", "BASIS", v.Basis, v.Evidence)
	}
	if len(v.Fix) > 0 {
		fmt.Fprintf(b, "%-7s  %s\n", "FIX", v.Fix)
	}
}

// text prints the lines of a boot in columns.
func (x *Boot) text(b *strings.Builder) {
	if x.Dropped > 0 {
		fmt.Fprintf(b, " (%d earlier lines are gone)\n", x.Dropped)
	}
	name, size := 0, 0
	for i := range x.Lines {
		if l := &x.Lines[i]; l.file() {
			name, size = max(name, len(l.Name)), max(size, len(l.size()))
		}
	}
	for i := range x.Lines {
		l := &x.Lines[i]
		head := fmt.Sprintf(" %+.3f  %s", max(l.At.Sub(x.Start), 0).Seconds(), dash(l.Transport))
		line := ""
		if l.file() {
			line = fmt.Sprintf("%s  %s  %-*s  %-7s  %*s  %s", head, l.What, name, l.Name, dash(l.Result), size, l.size(), l.Remark)
		} else {
			line = fmt.Sprintf("%s  %-8s  %s", head, l.What, l.Name)
			if l.What == "!" {
				line = fmt.Sprintf("%s  ! %s", head, l.Name)
			}
			line = joinNonEmpty("  ", line, l.Remark)
		}
		b.WriteString(strings.TrimRight(line, " "))
		b.WriteByte('\n')
	}
}

func (l *Line) file() bool { return l.Transport == "HTTP" || l.Transport == "TFTP" }

func (l *Line) size() string {
	if l.Bytes < 0 {
		return ""
	}
	return grouped(l.Bytes) + " B  " + took(l.Duration)
}
