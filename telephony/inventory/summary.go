package inventory

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"option150/platform/columns"
	"option150/platform/sorted"
)

// Cause is the phones that stand alike: one verdict, model and wanted load.
type Cause struct {
	Code, Model, Load string
	N                 int
}

// Causes groups phones, what stops most of them first and those that are up
// last.
func Causes(list []Phone) []Cause {
	count := map[Cause]int{}
	for i := range list {
		p := &list[i]
		load := p.Wanted
		if p.Verdict.Code == OK {
			load = p.Load
		}
		count[Cause{Code: p.Verdict.Code, Model: modelWord(p), Load: load}]++
	}
	var out []Cause
	for c, n := range count {
		c.N = n
		out = append(out, c)
	}
	sorted.By(out, func(a, b Cause) int {
		return cmp.Or(rank(a.Code)-rank(b.Code), b.N-a.N, strings.Compare(a.Code, b.Code), strings.Compare(a.Model, b.Model), strings.Compare(a.Load, b.Load))
	})
	return out
}

func rank(code string) int {
	switch code {
	case OK:
		return 3
	case Open:
		return 1
	}
	if weightOf(code) == stays {
		return 2
	}
	return 0
}

// Says is what a code means in general.
func Says(code string) string {
	switch code {
	case OK:
		return "it came up"
	case Open:
		return "not decided yet"
	}
	for _, r := range rules() {
		if r.Code == code {
			return r.Says
		}
	}
	return ""
}

// counted is the phones by state, and how many of them are up.
func counted(list []Phone) string {
	n, up := map[State]int{}, 0
	for i := range list {
		n[list[i].State]++
		if list[i].Up() {
			up++
		}
	}
	var states []string
	for _, s := range []State{Provisioned, Loading, Configured, Addressed, Seen, Stuck} {
		if n[s] > 0 {
			states = append(states, fmt.Sprintf("%d %s", n[s], s))
		}
	}
	phones := "phones"
	if len(list) == 1 {
		phones = "phone"
	}
	return fmt.Sprintf("%d %s, %d up: %s\n", len(list), phones, up, strings.Join(states, ", "))
}

// maxHeading bounds the causes above `show phones`.
const maxHeading = 8

// heading is what stands above the table: the counts, and one line for each
// code that is a finding.
func heading(list []Phone, scans []Scan) string {
	if len(list) == 0 && len(scans) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(counted(list))
	codes := map[string]int{}
	for i := range list {
		if c := list[i].Verdict.Code; c != OK && c != Open {
			codes[c]++
		}
	}
	names := make([]string, 0, len(codes))
	for c := range codes {
		names = append(names, c)
	}
	sorted.By(names, func(a, b string) int { return cmp.Or(rank(a)-rank(b), codes[b]-codes[a], strings.Compare(a, b)) })
	for i, c := range names {
		if i == maxHeading {
			fmt.Fprintf(&b, "  and %d more causes: show phones summary\n", len(names)-i)
			break
		}
		fmt.Fprintf(&b, "  %d with %s: %s\n", codes[c], c, Says(c))
	}
	if len(scans) > 0 {
		fmt.Fprintf(&b, "  R33: names of phones are tried from %s; show phones scans\n", count(len(scans), "address", "addresses"))
	}
	b.WriteString("\n")
	return b.String()
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return itoa(int64(n)) + " " + many
}

// ShowSummary is `show phones summary`: a row for each cause, model and load.
func ShowSummary(list []Phone, scans []Scan) *columns.Page {
	b := &columns.Page{}
	b.WriteString(heading(list, scans))
	t := b.Table(SummaryTable)
	for _, c := range Causes(list) {
		t.Row(c.N, c.Code, c.Model, unknown(c.Load), Says(c.Code))
	}
	return b
}

// ShowScans is `show phones scans`.
func ShowScans(scans []Scan, now time.Time) *columns.Page {
	b := &columns.Page{}
	t := b.Table(ScansTable)
	for _, s := range scans {
		at := func(t time.Time) string { return t.In(now.Location()).Format("15:04:05") }
		t.Row(addrText(s.Addr), at(s.First), at(s.Last), s.Asked, s.Given)
	}
	for _, s := range scans {
		v := s.Verdict()
		verdict(b, "VERDICT", &v)
	}
	return b
}
