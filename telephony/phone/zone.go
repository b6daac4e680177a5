package phone

import "time"

// Zone is one row of `time-zone <1-56>` and `timezone <1-56>`.
// Source: facts/cme.md 8.4 (command reference, chapter T).
type Zone struct {
	ID       int
	Name     string        // "Pacific"
	Offset   time.Duration // from UTC as Cisco prints it; 27 and 28 are an hour off geography
	Daylight bool
	xml      string // when the file says something else than Name
}

// XMLName is the text of <timeZone>, "E. Europe Standard/Daylight Time".
func (z Zone) XMLName() string {
	switch {
	case z.xml != "":
		return z.xml
	case z.Daylight:
		return z.Name + " Standard/Daylight Time"
	}
	return z.Name + " Standard Time"
}

// DefaultZone is the zone when nothing is configured: Pacific. [facts/cme.md 2.1]
const DefaultZone = 5

// Zones returns all zones in order of id.
func Zones() []Zone {
	return []Zone{
		{1, "Dateline", -720 * time.Minute, false, ""},
		{2, "Samoa", -660 * time.Minute, false, ""},
		{3, "Hawaiian", -600 * time.Minute, false, ""},
		{4, "Alaskan", -540 * time.Minute, true, ""},
		{5, "Pacific", -480 * time.Minute, true, ""},
		{6, "Mountain", -420 * time.Minute, true, ""},
		{7, "US Mountain", -420 * time.Minute, false, ""},
		{8, "Central", -360 * time.Minute, true, ""},
		{9, "Mexico", -360 * time.Minute, true, ""},
		{10, "Canada Central", -360 * time.Minute, false, ""},
		{11, "SA Pacific", -300 * time.Minute, false, ""},
		{12, "Eastern", -300 * time.Minute, true, ""},
		{13, "US Eastern", -300 * time.Minute, false, ""},
		{14, "Atlantic", -240 * time.Minute, true, ""},
		{15, "SA Western", -240 * time.Minute, false, ""},
		{16, "Newfoundland", -210 * time.Minute, true, ""},
		{17, "South America", -180 * time.Minute, true, ""},
		{18, "SA Eastern", -180 * time.Minute, false, ""},
		{19, "Mid-Atlantic", -120 * time.Minute, true, ""},
		{20, "Azores", -60 * time.Minute, true, ""},
		{21, "GMT/UTC", 0, true, "GMT Standard/Daylight Time"},
		{22, "Greenwich", 0, false, ""},
		{23, "W. Europe", 60 * time.Minute, true, ""},
		{24, "GTB", 60 * time.Minute, true, ""},
		{25, "Egypt", 60 * time.Minute, true, ""},
		{26, "E. Europe", 60 * time.Minute, true, ""},
		{27, "Romance", 120 * time.Minute, true, ""},
		{28, "Central Europe", 120 * time.Minute, true, ""},
		{29, "South Africa", 120 * time.Minute, false, ""},
		{30, "Jerusalem", 120 * time.Minute, true, ""},
		{31, "Saudi Arabia", 180 * time.Minute, false, ""},
		{32, "Russian", 180 * time.Minute, true, ""},
		{33, "Iran", 210 * time.Minute, true, ""},
		{34, "Caucasus", 240 * time.Minute, true, ""},
		{35, "Arabian", 240 * time.Minute, false, ""},
		{36, "Afghanistan", 270 * time.Minute, false, ""},
		{37, "West Asia", 300 * time.Minute, false, ""},
		{38, "Ekaterinburg", 300 * time.Minute, false, ""},
		{39, "India", 330 * time.Minute, false, ""},
		{40, "Central Asia", 360 * time.Minute, false, ""},
		{41, "SE Asia", 420 * time.Minute, false, ""},
		{42, "China", 480 * time.Minute, true, ""},
		{43, "Taipei", 480 * time.Minute, false, ""},
		{44, "Tokyo", 540 * time.Minute, false, ""},
		{45, "Cen. Australia", 570 * time.Minute, true, ""},
		{46, "AUS Central", 570 * time.Minute, false, ""},
		{47, "E. Australia", 600 * time.Minute, false, ""},
		{48, "AUS Eastern", 600 * time.Minute, true, ""},
		{49, "West Pacific", 600 * time.Minute, false, ""},
		{50, "Tasmania", 600 * time.Minute, true, ""},
		{51, "Central Pacific", 660 * time.Minute, false, ""},
		{52, "Fiji", 720 * time.Minute, false, ""},
		{53, "New Zealand", 720 * time.Minute, true, ""},
		{54, "Venezuela", -270 * time.Minute, false, ""},
		{55, "Pacific SA", -180 * time.Minute, true, "Pacific SA Daylight Time"},
		{56, "Pacific SA", -240 * time.Minute, false, ""},
	}
}

// ZoneByID finds a zone.
func ZoneByID(id int) (Zone, bool) {
	zones := Zones()
	if id < 1 || id > len(zones) {
		return Zone{}, false
	}
	return zones[id-1], true
}
