package lab

import (
	"os"
	"path/filepath"

	"option150/telephony/firmware"
	"option150/telephony/firmware/intake"
	"option150/telephony/simphone"
	"option150/telephony/simphone/peers"
)

// prepare fills flash: with synthetic firmware and writes the startup
// configuration, unless a reload finds them.
func (l *Lab) prepare(root string) error {
	startup := filepath.Join(root, "nvram", "startup-config")
	if _, err := os.Stat(startup); err == nil {
		return nil
	}
	if err := os.WriteFile(startup, []byte(l.opt.Config), 0o600); err != nil {
		return err
	}
	dir := filepath.Join(root, "flash", "phones")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, load := range loads() {
		if err := Stock(dir, load, l.opt.Sizes); err != nil {
			return err
		}
		if err := recovery(filepath.Join(dir, intake.Directory, load), load); err != nil {
			return err
		}
	}
	if f := l.opt.Fault; f != nil && f.flash != nil {
		return f.flash(filepath.Join(root, "flash"))
	}
	return nil
}

// recovery are the lists for a factory reset that come with a load, kept as an
// import keeps them.
func recovery(dir, load string) error {
	for _, name := range map[string][]string{"41": {"term41", "term61"}, "45": {"term65"}}[firmware.FamilyOf(load)] {
		list, err := firmware.DefaultLoad(name+".default.loads", load)
		if err == nil {
			err = os.MkdirAll(dir, 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name+".default.loads"), list, 0o644)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Sharers are the options of `option150 lab --pfs`.
func Sharers() Options {
	o := Options{Sharing: &peers.Habits{}, Sizes: sharedSizes}
	o.Phones, o.Far = simphone.Sharers()
	return o
}

// sharedSizes make a transfer between phones last long enough to be looked at
// and its files differ by size.
var sharedSizes = firmware.Sizes{"jar41sccp": 163005, "cnu41": 55683, "apps41": 315752, "dsp41": 56269, "cvm41sccp": 221947,
	"jar45sccp": 189159, "cnu45": 58212, "apps45": 463723, "dsp45": 36420, "cvm45sccp": 221923}
