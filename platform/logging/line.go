package logging

import (
	"fmt"
	"strings"
	"time"

	"option150/platform/message"
	"option150/platform/plain"
)

// Clock is what time stamps depend on besides the configuration.
type Clock struct {
	Started time.Time      // of the box, for stamps of the kind uptime
	Local   *time.Location // of `localtime`; nil = UTC
	// Mark is put before a date: "*" when the clock was never set by an
	// authority, "." when it was and is not now, "" when it is.
	Mark string
}

// Text is the stamp of a time with the colon and blank after it, "" if there is
// none. [facts/ios-cli.md 1.12]
func (s Stamp) Text(at time.Time, c Clock) string {
	switch s.Kind {
	case "datetime":
		zone := time.UTC
		if s.Local && c.Local != nil {
			zone = c.Local
		}
		form := "Jan _2 15:04:05"
		if s.Year {
			form = "Jan _2 2006 15:04:05"
		}
		if s.Msec {
			form += ".000"
		}
		if s.ShowZone {
			form += " MST"
		}
		return c.Mark + at.In(zone).Format(form) + ": "
	case "uptime":
		return Uptime(at.Sub(c.Started)) + ": "
	}
	return ""
}

// Uptime is a duration as IOS stamps it: 00:12:54, 1d02h, 3w2d, 1y5w.
func Uptime(d time.Duration) string {
	const day, week, year = 24 * time.Hour, 7 * 24 * time.Hour, 365 * 24 * time.Hour
	d = max(d, 0)
	switch {
	case d < day:
		s := int(d / time.Second)
		return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
	case d < week:
		return fmt.Sprintf("%dd%02dh", d/day, d%day/time.Hour)
	case d < year:
		return fmt.Sprintf("%dw%dd", d/week, d%week/day)
	}
	return fmt.Sprintf("%dy%dw", d/year, d%year/week)
}

// clean keeps what came from outside (names of files, users) from moving the
// cursor or forging a line: only an entry that has a line end of its own may
// have one.
func clean(m message.Message) string {
	if m.Entry != nil && strings.Contains(m.Entry.Text, "\n") {
		return plain.Text(m.String())
	}
	return plain.Shown(m.String(), 0)
}

// LevelName is the name of a severity.
func LevelName(level int) string {
	names := []string{"emergencies", "alerts", "critical", "errors", "warnings", "notifications", "informational", "debugging"}
	if level < 0 || level >= len(names) {
		return "disabled"
	}
	return names[level]
}
