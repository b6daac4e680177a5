package inventory

import (
	"fmt"
	"strings"
	"time"
)

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// ShowPhones is `show phones`: a header, then one line per phone that begins
// with its device name. [DESIGN 1]
func ShowPhones(list []Phone) string {
	var b strings.Builder
	load := len("Load")
	for i := range list {
		load = max(load, len(list[i].Load))
	}
	row := func(device, addr, model, name, state, verdict string) {
		fmt.Fprintf(&b, "%-15s  %-15s  %-7s  %-*s  %-11s  %s\n", device, addr, model, load, name, state, verdict)
	}
	row("Device", "Address", "Model", "Load", "State", "Verdict")
	for i := range list {
		p := &list[i]
		row(p.Device(), dash(addrText(p.Addr)), dash(p.Model), dash(p.Load), string(p.State), p.Verdict.Code)
	}
	return b.String()
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
	for i := range boots {
		x := &boots[i]
		fmt.Fprintf(&b, "%s   boot #%d, %s, %s ago\n", joinNonEmpty("  ", p.Device(), modelText(p), addrText(p.Addr), label),
			x.Number, x.Start.In(now.Location()).Format("15:04:05"), took(max(now.Sub(x.Start), 0)))
		x.text(&b)
	}
	if len(boots) == 0 {
		fmt.Fprintf(&b, "%s\n", joinNonEmpty("  ", p.Device(), modelText(p), addrText(p.Addr), label))
	}
	fmt.Fprintf(&b, "STATE    %s%s\n", p.State, tookText(p))
	verdict(&b, "VERDICT", &p.Verdict)
	for i := range p.Others {
		verdict(&b, "ALSO", &p.Others[i])
	}
	return b.String()
}

func modelText(p Phone) string {
	if p.Model == "" {
		return ""
	}
	return "model " + p.Model
}

func tookText(p Phone) string {
	if p.Took <= 0 {
		return ""
	}
	return ", " + took(p.Took) + " after the start of the boot"
}

func verdict(b *strings.Builder, word string, v *Verdict) {
	text := v.Text
	if v.Basis != "" {
		text += " (" + string(v.Basis) + ")"
	}
	fmt.Fprintf(b, "%-7s  %-3s  %s\n", word, v.Code, text)
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
