// Package clock is the time zone of the box: `clock timezone` and `clock
// summer-time`. It turns an instant into what the wall says; it has no clock of
// its own and never steps that of the host, except by Set.
//
// Follows facts/ios-cli.md 1.12 and the rules of IOS: a zone is a name and
// an offset, summer time is recurring (the n-th or last weekday of a month, at
// a local time) or between two dates, and adds an offset, 60 minutes by default.
//
// Values only, safe for concurrent use. Failure: none but that of Set. Testing:
// tables of instants against the zones Go knows.
package clock

import "time"

// Config is the zone. The zero value is UTC.
type Config struct {
	Name   string // "" = UTC
	Offset int    // minutes east of UTC
	Summer Summer
}

// Summer is summer time. Name "" = there is none.
type Summer struct {
	Name   string
	Offset int // minutes added
	Dates  bool
	Begin  Moment // in standard time
	End    Moment // in summer time
}

// Moment is when summer time begins or ends: with Year a date, else a rule for
// every year.
type Moment struct {
	Year    int
	Month   time.Month
	Day     int // of a date
	Week    int // 1-4, Last; of a rule
	Weekday time.Weekday
	Minute  int // of the day
}

// Last is the week of the last such weekday of a month.
const Last = 5

// DefaultOffset of summer time, in minutes.
const DefaultOffset = 60

// Recurring is the rule of `clock summer-time NAME recurring` alone: that of
// the United States since 2007.
func Recurring() (begin, end Moment) {
	return Moment{Month: time.March, Week: 2, Weekday: time.Sunday, Minute: 120}, Moment{Month: time.November, Week: 1, Weekday: time.Sunday, Minute: 120}
}

// in is the moment of a year as the wall of a zone so many minutes east of UTC
// says it.
func (m Moment) in(year, offset int) time.Time {
	zone := time.FixedZone("", offset*60)
	if m.Year != 0 {
		return time.Date(m.Year, m.Month, m.Day, 0, m.Minute, 0, 0, zone)
	}
	if m.Week == Last {
		last := time.Date(year, m.Month+1, 0, 0, m.Minute, 0, 0, zone)
		return last.AddDate(0, 0, -((int(last.Weekday()-m.Weekday) + 7) % 7))
	}
	first := time.Date(year, m.Month, 1, 0, m.Minute, 0, 0, zone)
	return first.AddDate(0, 0, (int(m.Weekday-first.Weekday())+7)%7+7*(m.Week-1))
}

// InSummer reports whether summer time holds at an instant.
func (c Config) InSummer(t time.Time) bool {
	s := c.Summer
	if s.Name == "" {
		return false
	}
	year := t.In(time.FixedZone("", c.Offset*60)).Year()
	begin, end := s.Begin.in(year, c.Offset), s.End.in(year, c.Offset+s.Offset)
	if s.Dates || begin.Before(end) {
		return !t.Before(begin) && t.Before(end)
	}
	return !t.Before(begin) || t.Before(end) // the southern half
}

// Zone is the zone that holds at an instant.
func (c Config) Zone(t time.Time) *time.Location {
	switch {
	case c.InSummer(t):
		return time.FixedZone(c.Summer.Name, (c.Offset+c.Summer.Offset)*60)
	case c.Name == "" && c.Offset == 0:
		return time.UTC
	case c.Name == "":
		return time.FixedZone("UTC", c.Offset*60)
	}
	return time.FixedZone(c.Name, c.Offset*60)
}

// Local is an instant as the wall says it.
func (c Config) Local(t time.Time) time.Time { return t.In(c.Zone(t)) }
