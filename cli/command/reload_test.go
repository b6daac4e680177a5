package command

import (
	"testing"
	"time"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/clock"
	"option150/platform/config"
)

// TestReloadTime: the next moment the clock of the box shows it.
func TestReloadTime(t *testing.T) {
	berlin := clock.Config{Name: "CET", Offset: 60}
	now := time.Date(2027, time.November, 21, 23, 30, 0, 0, time.UTC) // the 22nd, 00:30, in the zone
	for _, c := range []struct {
		minutes int
		month   string
		day     int
		want    string // "" = no such day
	}{
		{0*60 + 31, "", 0, "2027-11-22 00:31"},
		{0*60 + 30, "", 0, "2027-11-23 00:30"},
		{23*60 + 59, "", 0, "2027-11-22 23:59"},
		{1 * 60, "November", 22, "2027-11-22 01:00"},
		{0, "November", 22, "2028-11-22 00:00"},
		{1 * 60, "February", 29, "2028-02-29 01:00"},
		{1 * 60, "February", 30, ""},
	} {
		a := grammar.Args{"hour": c.minutes}
		if c.month != "" {
			a["month"], a["day"] = c.month, c.day
		}
		at, err := reloadTime(&language.Invocation{Args: a, Config: &config.Config{Clock: berlin}}, now)
		if got := at.Format("2006-01-02 15:04"); err == nil && got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%d %s %d: %s, %v, want %q", c.minutes, c.month, c.day, got, err, c.want)
		}
	}
	feb := grammar.Args{"hour": 60, "month": "February", "day": 29}
	if _, err := reloadTime(&language.Invocation{Args: feb, Config: &config.Config{}}, time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC)); err == nil {
		t.Error("a day that comes in three years only")
	}
}
