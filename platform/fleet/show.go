package fleet

import (
	"fmt"
	"strings"
	"time"
)

// Show is `show fleet`.
func Show(v View, now time.Time) string {
	var w strings.Builder
	if !v.On {
		return "This box is in no fleet\n"
	}
	fmt.Fprintf(&w, "Box %s of domain %s\n", v.Name, v.Domain)
	fmt.Fprintf(&w, "Servers: %s\n", strings.Join(v.Servers, ", "))
	switch {
	case v.Answers:
		fmt.Fprintf(&w, "Engine: answers, last %s ago; cluster %x, revision %d\n", ago(now.Sub(v.Answer)), v.Cluster, v.Revision)
	case v.Answer.IsZero():
		fmt.Fprintf(&w, "Engine: has not answered yet: %s\n", v.Why)
	default:
		fmt.Fprintf(&w, "Engine: last answer %s ago: %s\n", ago(now.Sub(v.Answer)), v.Why)
	}
	n := map[State]int{}
	for _, b := range v.Boxes {
		n[b.State]++
	}
	fmt.Fprintf(&w, "Boxes: %d there, %d gone, %d unknown\n", n[There], n[Gone], n[Unknown])
	w.WriteString("Bindings: not shared, each box has its own pools\n")
	return w.String()
}

// ShowBoxes is `show fleet boxes`.
func ShowBoxes(v View, now time.Time) string {
	var w strings.Builder
	if !v.On {
		return "This box is in no fleet\n"
	}
	if !v.Answers {
		fmt.Fprintf(&w, "The engine does not answer: what others do is unknown\n")
	}
	fmt.Fprintf(&w, "%-32s  %-7s  %-9s  %-20s  %s\n", "Box", "State", "Last sign", "Started (its clock)", "Version")
	for _, b := range v.Boxes {
		sign := ago(now.Sub(b.Seen))
		if b.State == Unknown && v.Answers {
			sign = "-"
		}
		mark := ""
		if b.Self {
			mark = " (this box)"
		}
		fmt.Fprintf(&w, "%-32s  %-7s  %-9s  %-20s  %s%s\n", b.Name, b.State, sign, b.Started.UTC().Format("2006-01-02 15:04:05"), b.Version, mark)
	}
	return w.String()
}

// ago is a time in the largest unit that is enough.
func ago(d time.Duration) string {
	switch d = max(d, 0); {
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%d days", d/(24*time.Hour))
}
