package appliance

import "time"

// zone is the time zone configured. It is asked for from the first event on,
// before there is a configuration.
func (a *Appliance) zone(at time.Time) *time.Location {
	if s := a.store.Load(); s != nil {
		return s.Current().Clock.Zone(at)
	}
	return time.UTC
}
