package appliance

import (
	"net/netip"
	"time"

	"option150/platform/ether"
	"option150/telephony/cnf"
	"option150/telephony/mobility"
)

// mobilityFile keeps who is logged in at which phone.
const mobilityFile = "extension-mobility"

// openMobility makes the desk at which people log in. It is asked before there
// is a configuration.
func (a *Appliance) openMobility() {
	b := a.box
	saved, _ := b.NVRAM.ReadFile(mobilityFile) // none yet, or not to be read: nobody is logged in
	b.Mobility = mobility.New(mobility.Options{
		Config: func() *cnf.Config {
			if s := a.store.Load(); s != nil {
				return &s.Current().Telephony
			}
			return &cnf.Config{}
		},
		Rebuild: func() { b.CNF.Refresh() },
		Save:    func(text []byte) error { return b.NVRAM.WriteFile(mobilityFile, text) },
		Record:  b.Journal,
	}, saved)
	b.CNF.Logins = b.Mobility.Logins
	b.CNF.Served = b.Served
}

// phoneAt is the phone at an address: who holds it by a lease of this box or is
// seen with it on the wire, else who fetched its files from there.
func (a *Appliance) phoneAt(from netip.Addr) (ether.MAC, bool) {
	if mac, ok := a.holders.at(from); ok {
		return mac, true
	}
	p, ok := a.box.Inventory.Find(from.String(), time.Now())
	if !ok || p.Addr != from {
		return ether.MAC{}, false
	}
	return p.MAC, !p.MAC.IsZero()
}
