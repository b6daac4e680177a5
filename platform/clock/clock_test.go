package clock

import (
	"testing"
	"time"
	_ "time/tzdata"
)

// Every hour of some years says the same as the zones Go knows.
func TestZones(t *testing.T) {
	usBegin, usEnd := Recurring()
	euBegin, euEnd := Moment{Month: time.March, Week: Last, Weekday: time.Sunday, Minute: 120}, Moment{Month: time.October, Week: Last, Weekday: time.Sunday, Minute: 180}
	auBegin, auEnd := Moment{Month: time.October, Week: 1, Weekday: time.Sunday, Minute: 120}, Moment{Month: time.April, Week: 1, Weekday: time.Sunday, Minute: 180}
	for zone, c := range map[string]Config{
		"America/New_York": {"EST", -300, Summer{Name: "EDT", Offset: 60, Begin: usBegin, End: usEnd}},
		"Europe/Berlin":    {"CET", 60, Summer{Name: "CEST", Offset: 60, Begin: euBegin, End: euEnd}},
		"Australia/Sydney": {"AEST", 600, Summer{Name: "AEDT", Offset: 60, Begin: auBegin, End: auEnd}},
		"Asia/Kolkata":     {"IST", 330, Summer{}},
		"UTC":              {},
	} {
		l, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		for at := time.Date(2023, 12, 30, 0, 30, 0, 0, time.UTC); at.Year() < 2029; at = at.Add(time.Hour) {
			const form = "2006-01-02 15:04 MST"
			if got, want := c.Local(at).Format(form), at.In(l).Format(form); got != want {
				t.Fatalf("%s: %s, want %s", zone, got, want)
			}
		}
	}
}

func TestDates(t *testing.T) {
	c := Config{"EST", -300, Summer{Name: "EDT", Offset: 60, Dates: true, Begin: Moment{Year: 2026, Month: 3, Day: 8, Minute: 120}, End: Moment{Year: 2026, Month: 11, Day: 1, Minute: 120}}}
	for at, want := range map[string]bool{"2026-03-08T06:59:59Z": false, "2026-03-08T07:00:00Z": true, "2026-11-01T05:59:59Z": true, "2026-11-01T06:00:00Z": false, "2027-06-01T00:00:00Z": false, "2025-06-01T00:00:00Z": false} {
		x, _ := time.Parse(time.RFC3339, at)
		if c.InSummer(x) != want {
			t.Errorf("%s: %v", at, !want)
		}
	}
}
