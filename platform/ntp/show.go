package ntp

import (
	"fmt"
	"time"

	"option150/platform/columns"
)

// Table is that of ShowAssociations.
var Table = columns.Form("  address         ref clock       st   when   poll reach  delay  offset   disp\n",
	"%s~%-15s %-15s %2d %6s %6d %5o %6.3f %7.3f %6.3f\n", "mark address ref_clock st when poll reach delay offset disp")

// ShowAssociations is `show ntp associations`; best is the server the clock is
// compared with, "" if there is none.
func ShowAssociations(list []Association, best string, now time.Time) *columns.Page {
	w := &columns.Page{}
	t := w.Table(Table)
	for _, a := range list {
		mark := " "
		switch {
		case a.Server.String() == best:
			mark = "*"
		case a.Synchronised():
			mark = "+"
		}
		when := "-"
		if !a.Last.IsZero() {
			when = fmt.Sprint(int(now.Sub(a.Last) / time.Second))
		}
		t.Row(mark, a.Server, a.Reference, a.Stratum, when,
			int(a.Poll/time.Second), a.Reach, ms(a.Delay), ms(a.Offset), 0.0)
	}
	if len(list) > 0 {
		w.WriteString(" * sys.peer, # selected, + candidate, - outlyer, x falseticker, ~ configured\n")
	}
	return w
}

// ShowStatus is `show ntp status`.
func ShowStatus(best Association, ok bool) string {
	if !ok {
		return "Clock is unsynchronized, stratum 16, no reference clock\n"
	}
	return fmt.Sprintf("Clock is synchronized, stratum %d, reference is %s\nclock offset is %.4f msec, root delay is %.2f msec\nThe clock is that of the host: it is compared, not set\n",
		best.Stratum+1, best.Server, ms(best.Offset), ms(best.Delay))
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
