package proof

import (
	"fmt"
	"strings"

	"option150/platform/columns"
)

// maxAssumed bounds how many assumptions are listed, maxAbsent how many files.
const (
	maxAssumed = 8
	maxAbsent  = 8
)

// Summary is the first line of the proof.
func (r *Report) Summary() string {
	if len(r.Phones) == 0 {
		return "No phone is configured: there is nothing to prove"
	}
	what := "phones"
	if len(r.Phones) == 1 {
		what = "phone"
	}
	s := fmt.Sprintf("%d of %d %s would come up", r.Count(Up), len(r.Phones), what)
	not, unsure := r.Count(Not), r.Count(Unsure)
	switch {
	case not == 1:
		for i := range r.Phones {
			if p := &r.Phones[i]; p.Outcome == Not {
				s += fmt.Sprintf("; %s would not: %s %s", p.Device, p.Code, p.Text)
			}
		}
	case not > 1:
		s += fmt.Sprintf("; %d would not", not)
	}
	if unsure > 0 {
		s += fmt.Sprintf("; of %d it cannot be said", unsure)
	}
	return s
}

// Table is the phones that would not come up, or of which it cannot be said.
var Table = columns.Form("", "%-16s %-10s %-3s %s (%s)\n", "device outcome code text section fix")

// Text is `show provisioning proof`.
func (r *Report) Text() *columns.Page {
	w := &columns.Page{}
	w.WriteString(r.Summary() + "\n")
	t := w.Table(Table)
	words := map[Outcome]string{Not: "would not", Unsure: "cannot say"}
	for _, o := range []Outcome{Not, Unsure} {
		for i := range r.Phones {
			p := &r.Phones[i]
			if p.Outcome != o {
				continue
			}
			t.Object([]any{p.Device, words[o], dash(p.Code), p.Text, p.Section, p.Fix}, p.Device, words[o], dash(p.Code), p.Text, p.Section)
			if len(p.Fix) > 0 {
				t.Note(fmt.Sprintf("%-16s FIX        %s\n", "", p.Fix))
			}
		}
	}
	for i := range r.Phones {
		for _, n := range r.Phones[i].Notes {
			fmt.Fprintf(w, "%-16s note       %s\n", r.Phones[i].Device, n)
		}
	}
	if n := len(r.Absent); n > 0 {
		more := ""
		if n > maxAbsent {
			more = fmt.Sprintf(" and %d more", n-maxAbsent)
		}
		fmt.Fprintf(w, "Named by lines, and nobody serves it, so no phone is told of it: %s%s\n", strings.Join(r.Absent[:min(n, maxAbsent)], ", "), more)
	}
	for i, p := range r.Assumed {
		if i == maxAssumed {
			fmt.Fprintf(w, "and %d more networks\n", len(r.Assumed)-i)
			break
		}
		n := 0
		for j := range r.Phones {
			if x := &r.Phones[j]; x.Assumed && x.Place != nil && *x.Place == p {
				n++
			}
		}
		fmt.Fprintf(w, "Taken for granted: %s never seen here %s in %s (pool %s)\n", plural(n, "phone"), stands(n), p.Network, p.Pool)
	}
	if len(r.NoMAC) > 0 {
		fmt.Fprintf(w, "Not counted: without a hardware address: %s\n", strings.Join(r.NoMAC, ", "))
	}
	w.WriteString("Not walked: cables, switch ports and VLANs; what is set on the phones themselves; whether the call control knows them\n")
	return w
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func stands(n int) string {
	if n == 1 {
		return "stands"
	}
	return "stand"
}
