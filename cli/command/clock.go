package command

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/clock"
)

// clockTypes are the arguments of the clock commands.
func clockTypes() grammar.Types {
	return grammar.Types{"HOURS": hoursType{}, "HH:MM": wallType{}, "HH:MM:SS": wallType{seconds: true}, "DSTTIME": wall24{},
		"MONTH":   nameType{"MONTH", func(i int) string { return time.Month(i + 1).String() }, 12},
		"WEEKDAY": nameType{"DAY", func(i int) string { return time.Weekday(i).String() }, 7}}
}

// hoursType is the whole hours of a zone east of UTC.
type hoursType struct{}

func (hoursType) Label() string { return "<-23-23>" }
func (hoursType) Rank() int     { return grammar.RankNumber }
func (hoursType) Parse(s string) (any, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < -23 || n > 23 {
		return nil, fmt.Errorf("not hours: %q", s)
	}
	return n, nil
}
func (hoursType) Format(v any) string { return fmt.Sprint(v) }

// wallType is a time of the day, as minutes or seconds of it.
type wallType struct{ seconds bool }

func (t wallType) Label() string {
	if t.seconds {
		return "hh:mm:ss"
	}
	return "hh:mm"
}
func (wallType) Rank() int { return grammar.RankAddress }
func (t wallType) Parse(s string) (any, error) {
	form := "15:04"
	if t.seconds {
		form = "15:04:05"
	}
	at, err := time.Parse(form, s)
	if err != nil {
		return nil, err
	}
	if t.seconds {
		return at.Hour()*3600 + at.Minute()*60 + at.Second(), nil
	}
	return at.Hour()*60 + at.Minute(), nil
}
func (t wallType) Format(v any) string {
	n := v.(int)
	if t.seconds {
		return fmt.Sprintf("%02d:%02d:%02d", n/3600, n/60%60, n%60)
	}
	return fmt.Sprintf("%d:%02d", n/60, n%60)
}

// nameType is a month or a weekday by the beginning of its name.
type nameType struct {
	label string
	name  func(int) string
	n     int
}

func (t nameType) Label() string { return t.label }
func (nameType) Rank() int       { return grammar.RankWord }
func (t nameType) Parse(s string) (any, error) {
	for i := range t.n {
		if n := t.name(i); len(s) >= 3 && len(s) <= len(n) && strings.EqualFold(n[:len(s)], s) {
			return n[:3], nil
		}
	}
	return nil, fmt.Errorf("not the name of a %s: %q", t.label, s)
}
func (nameType) Format(v any) string { return fmt.Sprint(v) }
func (t nameType) index(s string) int {
	for i := range t.n {
		if strings.HasPrefix(t.name(i), s) {
			return i
		}
	}
	return 0
}

// clockLines are `clock timezone` and `clock summer-time`.
// [facts/ios-cli.md 1.12]
func clockLines() []language.Declaration {
	const doc, head = "facts/ios-cli.md 1.12", `clock("Configure time-of-day clock") `
	return []language.Declaration{{
		Mode: language.Global, Group: "clock", Doc: doc,
		Syntax: head + `timezone("Configure time zone")
			![ <name:WORD>("name of time zone")
				<hours:HOURS>("Hours offset from UTC")
				[ <minutes:0-59>("Minutes offset from UTC") ] ]`,
		Set: func(c *language.Context) error {
			h, m := c.Args.Int("hours"), c.Args.Int("minutes")
			if h < 0 {
				m = -m
			}
			if len(c.Args.String("name")) > maxZoneName {
				return language.Answer("% Name of the time zone is longer than 7 characters")
			}
			c.Config.Clock.Name, c.Config.Clock.Offset = c.Args.String("name"), h*60+m
			return nil
		},
		Unset: func(c *language.Context) error { c.Config.Clock.Name, c.Config.Clock.Offset = "", 0; return nil },
		Get: func(v *language.View) []grammar.Args {
			z := v.Config.Clock
			return one(z.Name != "", "name", z.Name, "hours", z.Offset/60, "minutes", max(z.Offset%60, -(z.Offset%60)))
		},
	}, {
		Mode: language.Global, Group: "clock", Doc: doc,
		Syntax: head + `summer-time("Configure summer (daylight savings) time")
			![ <name:WORD>("name of time zone in summer")
				( recurring$recurring("Configure recurring summer time")
					[ ` + ruleSyntax("start", "w1", "d1", "m1", "t1") + ` ` + ruleSyntax("end", "w2", "d2", "m2", "t2") + ` [ <offset:1-1440>("Offset to add in minutes") ] ] | date$date("Configure absolute summer time") ` + dateSyntax("start", "m1", "n1", "y1", "t1") + ` ` + dateSyntax("end", "m2", "n2", "y2", "t2") + ` [ <offset:1-1440>("Offset to add in minutes") ] ) ]`,
		Set:   setSummer,
		Unset: func(c *language.Context) error { c.Config.Clock.Summer = clock.Summer{}; return nil },
		Get:   getSummer,
	}}
}

// maxZoneName is what IOS takes.
const maxZoneName = 7

func ruleSyntax(what, week, day, month, at string) string {
	return `( <` + week + `:1-4>("Week number to ` + what + `") | first$` + week + `("First week of the month") | last$` + week + `("Last week of the month") ) <` + day + `:WEEKDAY>("Weekday to ` + what + `") <` + month + `:MONTH>("Month to ` + what + `") <` + at + `:HH:MM>("Time to ` + what + ` (hh:mm)")`
}

func dateSyntax(what, month, day, year, at string) string {
	return `<` + month + `:MONTH>("Month to ` + what + `") <` + day + `:1-31>("Date to ` + what + `") <` + year + `:1993-2099>("Year to ` + what + `") <` + at + `:HH:MM>("Time to ` + what + ` (hh:mm)")`
}

func setSummer(c *language.Context) error {
	a := c.Args
	s := clock.Summer{Name: a.String("name"), Offset: clock.DefaultOffset, Dates: a.Has("date")}
	if len(s.Name) > maxZoneName {
		return language.Answer("% Name of the time zone is longer than 7 characters")
	}
	if a.Has("offset") {
		s.Offset = a.Int("offset")
	}
	months, days := clockTypes()["MONTH"].(nameType), clockTypes()["WEEKDAY"].(nameType)
	moment := func(n string) clock.Moment {
		m := clock.Moment{Month: time.Month(months.index(a.String("m"+n)) + 1), Minute: a.Int("t" + n)}
		if s.Dates {
			m.Year, m.Day = a.Int("y"+n), a.Int("n"+n)
			return m
		}
		m.Weekday = time.Weekday(days.index(a.String("d" + n)))
		switch m.Week = a.Int("w" + n); a.String("w" + n) {
		case "first":
			m.Week = 1
		case "last":
			m.Week = clock.Last
		}
		return m
	}
	if s.Begin, s.End = clock.Recurring(); s.Dates || a.Has("m1") {
		s.Begin, s.End = moment("1"), moment("2")
	}
	c.Config.Clock.Summer = s
	return nil
}

func getSummer(v *language.View) []grammar.Args {
	s := v.Config.Clock.Summer
	if s.Name == "" {
		return nil
	}
	a := args("name", s.Name)
	if s.Dates {
		a["date"] = "date"
	} else {
		a["recurring"] = "recurring"
	}
	if s.Offset != clock.DefaultOffset {
		a["offset"] = s.Offset
	}
	begin, end := clock.Recurring()
	if !s.Dates && s.Begin == begin && s.End == end && s.Offset == clock.DefaultOffset {
		return []grammar.Args{a}
	}
	for n, m := range map[string]clock.Moment{"1": s.Begin, "2": s.End} {
		a["m"+n], a["t"+n] = m.Month.String()[:3], m.Minute
		switch {
		case s.Dates:
			a["y"+n], a["n"+n] = m.Year, m.Day
			continue
		case m.Week == clock.Last:
			a["w"+n] = "last"
		default:
			a["w"+n] = m.Week
		}
		a["d"+n] = m.Weekday.String()[:3]
	}
	return []grammar.Args{a}
}

// dayOfYear is a day of the year, in either order.
const dayOfYear = `( <month:MONTH>("Month of the year")
		<day:1-31>("Day of the month")
		| <day:1-31>("Day of the month")
		<month:MONTH>("Month of the year") )`

const errNoDay = language.Answer("% There is no such day in that month")

func monthOf(a grammar.Args) time.Month {
	return time.Month(clockTypes()["MONTH"].(nameType).index(a.String("month")) + 1)
}

// wall is the moment at which the clock of the box shows a day and so many
// seconds after midnight.
func wall(c clock.Config, year int, month time.Month, day, seconds int) time.Time {
	t := time.Date(year, month, day, 0, 0, seconds, 0, time.UTC)
	for range 2 { // the zone depends on the time, which depends on the zone
		t = time.Date(year, month, day, 0, 0, seconds, 0, c.Zone(t))
	}
	return t
}

// clockSet is `clock set`: the clock of the machine, where the box may.
func clockSet() []language.Declaration {
	return []language.Declaration{action(`clock("Manage the system clock")
		set("Set the time and date")
		<at:HH:MM:SS>("Current Time") `+dayOfYear+` <year:1993-2099>("Year")`, privileged, "facts/ios-cli.md 1.12", func(in *language.Invocation) error {
		t := wall(in.Config.Clock, in.Args.Int("year"), monthOf(in.Args), in.Args.Int("day"), in.Args.Int("at"))
		if t.Day() != in.Args.Int("day") {
			return errNoDay
		}
		if err := clock.Set(t); err != nil {
			return language.Answer("% The clock of this machine could not be set (" + cause(err) + "): run the box with CAP_SYS_TIME, or set it on the host")
		}
		return nil
	})}
}
