package follow

import (
	"fmt"
	"option150/platform/columns"
	"strings"
	"time"
)

// Show is `show fleet configuration`.
func Show(st State, now time.Time) string {
	var w strings.Builder
	if st.Leader == "" {
		return "This box follows no other: its configuration is its own\n"
	}
	fmt.Fprintf(&w, "Sections of telephony and DHCP: those of box %s\n", st.Leader)
	if !st.Heard {
		fmt.Fprintf(&w, "%s has published none that this box has seen: what was here before is in force\n", st.Leader)
		return w.String()
	}
	o := st.Offered
	fmt.Fprintf(&w, "Published: configuration %d of %s, changed %s by its clock, version %s\n", o.Number, st.Leader, o.Changed.UTC().Format("2006-01-02 15:04:05"), o.Software)
	switch {
	case st.Why != "":
		fmt.Fprintf(&w, "In force: no, since %s: %s\n", columns.Ago(now.Sub(st.At)), st.Why)
		if st.Number > 0 {
			fmt.Fprintf(&w, "  configuration %d of %s is, as it was taken %s ago\n", st.Number, st.Leader, columns.Ago(now.Sub(st.Taken)))
		}
	case st.Pending:
		fmt.Fprintf(&w, "In force: for %s; goes back unless the engine answers after it\n", columns.Ago(now.Sub(st.Taken)))
	default:
		fmt.Fprintf(&w, "In force: yes, looked at %s ago\n", columns.Ago(now.Sub(st.At)))
	}
	return w.String()
}
