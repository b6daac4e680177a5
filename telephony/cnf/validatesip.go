package cnf

import (
	"strconv"
	"strings"

	"option150/telephony/phone"
)

func (v *validator) register() {
	g, where := v.c.Global, "voice register global"
	if !g.Present {
		if len(v.c.Pools) > 0 {
			v.add(Warning, "no-register-global", "", "voice register global is not configured: no files for SIP phones are built").tell("Configure voice register global: its mode, where phones register, and how many there are.")
		}
		return
	}
	if g.Mode == "" {
		v.add(Warning, "no-mode", where, "mode is not set; IOS needs it for most commands here").fix("mode cme")
	}
	if !g.SourceAddress.Addr.IsValid() {
		v.add(Warning, "no-source-address", where, "source-address is not set: no files for SIP phones are built").tell("Give the address phones register at: that of the call control.")
	}
	if g.NoCreate {
		v.add(Note, "no-create", where, "no create profile: no files for SIP phones are served").fix("create profile")
	}
	v.zoneAndLocale(where, g.Timezone, g.UserLocales, g.NetworkLocales)
	v.loads(where, g.Loads, true)
	v.urls(where, g.URLs)
	numbers, last := make(map[string]int), 0
	for _, d := range v.c.DNs {
		last = max(last, d.Tag)
	}
	for _, d := range v.c.DNs {
		at := "voice register dn " + strconv.Itoa(d.Tag)
		switch {
		case d.Tag > maxRegisterDN:
			v.add(Refuse, "dn-tag", at, "tags go from 1 to %d", maxRegisterDN)
		case g.MaxDN > 0 && d.Tag > g.MaxDN:
			v.add(Refuse, "max-dn", at, "the tag is beyond max-dn %d", g.MaxDN).fixIn(where, "max-dn %d", last)
		case g.MaxDN == 0:
			v.add(Warning, "max-dn", at, "max-dn is 0: no directory number can be used").fixIn(where, "max-dn %d", last)
		}
		if d.Number == "" {
			v.add(Warning, "dn-without-number", at, "has no number")
		} else if first, dup := numbers[d.Number]; dup {
			v.add(Warning, "duplicate-number", at, "number %s is also that of voice register dn %d", oneLine(d.Number), first)
		} else {
			numbers[d.Number] = d.Tag
		}
		v.label(at, d.Label)
	}
}

func (v *validator) pools() {
	g := v.c.Global
	dns := make(map[int]RegisterDN)
	for _, d := range v.c.DNs {
		dns[d.Tag] = d
	}
	last := 0
	for _, p := range v.c.Pools {
		last = max(last, p.Tag)
	}
	for _, p := range v.c.Pools {
		where := pool(p.Tag)
		switch {
		case p.Tag > maxPoolTag:
			v.add(Refuse, "pool-tag", where, "tags go from 1 to %d", maxPoolTag)
		case g.MaxPool > 0 && p.Tag > g.MaxPool:
			v.add(Refuse, "max-pool", where, "the tag is beyond max-pool %d", g.MaxPool).fixIn("voice register global", "max-pool %d", last)
		case g.MaxPool == 0 && g.Present:
			v.add(Warning, "max-pool", where, "max-pool is 0: no phone can register").fixIn("voice register global", "max-pool %d", last)
		}
		if p.MAC.IsZero() && p.DeviceName == "" {
			v.add(Warning, "pool-without-id", where, "has no id mac: no file is built")
		}
		if p.Type == "" {
			v.add(Warning, "pool-without-type", where, "has no type: no file is built")
			continue
		}
		v.phoneType(where, p.Type, p.Addons, true)
		m := v.types.model(p.Type, true)
		if p.MAC.IsZero() && p.DeviceName != "" && (m.SIPFile != phone.SEPXML || !fileWord(p.DeviceName)) {
			v.add(Warning, "device-name", where, "device-id-name %s cannot name the file of %s", atMost(oneLine(p.DeviceName), 64), phone.Named(oneLine(p.Type)))
		}
		if len(p.Numbers) == 0 && p.Logout == 0 {
			v.add(Warning, "pool-without-number", where, "has no number: the phone has no line")
		}
		for _, n := range p.Numbers {
			switch d, ok := dns[n.DN]; {
			case !ok:
				v.add(Warning, "number-undefined-dn", where, "number %d names voice register dn %d, which is not defined", n.Position, n.DN)
			case d.Number == "":
				v.add(Warning, "number-without-number", where, "number %d names voice register dn %d, which has no number", n.Position, n.DN)
			}
			if m.Lines > 0 && n.Position > m.Lines+v.keys(p.Addons) {
				v.add(Warning, "too-many-lines", where, "number %d: %s has %s", n.Position, phone.Named(m.Keyword), v.buttons(m, p.Addons))
			}
		}
		v.poolTexts(where, m, &p)
		v.poolWritten(where, m, &p)
		limit := passwordNew
		if strings.HasPrefix(m.Generation, "G2") || strings.HasPrefix(m.Generation, "G3") {
			limit = passwordOld
		}
		if n := len(p.Password); n > limit {
			v.add(Warning, "password-length", where, "the password is %d characters long, %s takes %d", n, phone.Named(m.Keyword), limit)
		}
	}
}
