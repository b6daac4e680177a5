package appliance

import (
	"time"

	"option150/platform/fileserver"
	"option150/telephony/upgrade"
)

// classesFile keeps what phones have shown of their firmware.
const classesFile = "firmware-classes"

// classesEvery is how often what was learned is written down. What a power cut
// takes of it the phones show again.
const classesEvery = time.Second

func (a *Appliance) readClasses() *upgrade.Classes {
	text, err := a.box.NVRAM.ReadFile(classesFile)
	if err != nil {
		return upgrade.NewClasses(nil) // none yet, or not to be read: nothing is known
	}
	return upgrade.NewClasses(upgrade.Unmarshal(text))
}

// keepClasses writes until the box ends, and once more then.
func (a *Appliance) keepClasses() {
	tick := time.NewTicker(classesEvery)
	defer tick.Stop()
	for {
		select {
		case <-a.life.Done():
			a.writeClasses()
			a.box.Keep()
			return
		case <-a.box.Upgrades.Changed():
			a.box.Keep()
		case <-tick.C:
			a.writeClasses()
			if s := a.store.Load(); s != nil {
				a.box.Mobility.Tick()
				a.box.TickUpgrades(s.Current().Upgrades)
			}
		}
	}
}

func (a *Appliance) writeClasses() {
	if all, changed := a.box.Classes.List(); changed {
		_ = a.box.NVRAM.WriteFile(classesFile, upgrade.Marshal(all)) // a full disk costs what phones show again
	}
}

// generated looks first whether the files still say what they may: a component
// may have gone, a phone may have shown what it runs.
func (a *Appliance) generated(name string) (content []byte, mod time.Time, etag string, ok bool) {
	a.box.Policy.Refresh(a.box.CNF.Refresh)
	a.box.Keep() // what a phone did is on disk before it is given its next file
	a.box.Policy.Giving(name)
	return a.box.CNF.Generated(name)
}

// chosen is the list that a phone gets after a factory reset.
func (a *Appliance) chosen(r fileserver.Request, name string) (path string, handled bool) {
	s := a.store.Load()
	if s == nil {
		return "", false
	}
	return a.box.Policy.Default(&s.Current().Telephony, r.Client.Addr().Unmap(), name)
}
