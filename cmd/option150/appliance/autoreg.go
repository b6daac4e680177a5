package appliance

import (
	"context"

	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/telephony/autoreg"
	"option150/telephony/cnf"
)

// autoRegistration is the route that gives phones nobody configured a section,
// behind the one that asks other file servers whether they know the phone.
func (a *Appliance) autoRegistration() *autoreg.Gate {
	b := a.box
	return &autoreg.Gate{
		Config: func() *cnf.Config {
			if s := a.store.Load(); s != nil {
				return &s.Current().Telephony
			}
			return nil
		},
		Holds: func(ctx context.Context, mac ether.MAC, r fileserver.Request) bool {
			return a.holders.holds(ctx, mac, r.Client.Addr().Unmap(), true) == fileserver.Held
		},
		Known: b.Attempting, Add: b.Register, Recorder: b.Journal,
	}
}
