package cnf

import (
	"fmt"
	"strconv"
	"time"
)

// Defaults are the turns of `dst` when nothing is said.
var (
	springTurn = Turn{Month: 4, Week: 1, Weekday: 1, Minute: 120}
	autumnTurn = Turn{Month: 10, Week: 8, Weekday: 1, Minute: 120}
)

// put writes the summer time of the 7940 and 7960, which know an offset and no
// zone. Week 8 is the last of the month. [facts/cme.md 6.2]
func (d Daylight) put(l *lines) {
	l.put("dst_auto_adjust", strconv.Itoa(one(!d.NoAdjust)))
	for _, t := range []struct {
		word string
		turn Turn
		def  Turn
	}{{"start", d.Start, springTurn}, {"stop", d.Stop, autumnTurn}} {
		x := t.turn
		if x.Month == 0 {
			x = t.def
		}
		weekday := "0"
		if x.Day == 0 {
			weekday = time.Weekday(x.Weekday - 1).String()[:3]
		}
		for _, kv := range [][2]string{{"month", time.Month(x.Month).String()}, {"day", strconv.Itoa(x.Day)}, {"day_of_week", weekday},
			{"week_of_month", strconv.Itoa(x.Week)}, {"time", fmt.Sprintf("%02d/%02d", x.Minute/60, x.Minute%60)}} {
			l.put("dst_"+t.word+"_"+kv[0], kv[1])
		}
	}
}

// tosMedia is the precedence of voice as the 7940 and 7960 know it, 0 to 7: the
// top three bits of the code point.
func tosMedia(set int) string {
	if set == 0 {
		return "5"
	}
	return strconv.Itoa((set - 1) >> 3)
}
