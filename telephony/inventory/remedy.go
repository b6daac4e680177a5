package inventory

import (
	"fmt"

	"option150/telephony/advice"
	"option150/telephony/phone"
)

// sip reports that a phone is to be configured below voice register: its model
// knows nothing else, or it runs firmware of SIP. [source 001, loads of the models]
func (e *evidence) sip() bool {
	switch {
	case e.setup.Section != "":
		return e.setup.SIP
	case e.modelKnown && e.model.SCCP != e.model.SIP:
		return e.model.SIP
	}
	return phone.Load(e.r.load).Protocol() == "SIP"
}

// configure is what makes an unknown phone a known one.
func (e *evidence) configure() advice.Steps {
	if e.r.mac.IsZero() {
		return advice.Steps{advice.Do("show ip dhcp binding"), advice.Tell("it tells the hardware address; make an ephone or a voice register pool with it.")}
	}
	if e.setup.Built {
		return tell("It is configured now: restart it.")
	}
	if e.setup.Section != "" {
		return advice.Steps{advice.Do("show provisioning audit"), advice.Tell("it tells why there is no file for " + e.setup.Section + ".")}
	}
	section, line := fmt.Sprintf("ephone %d", e.box.NewEphone), "mac-address "
	if e.sip() {
		section, line = fmt.Sprintf("voice register pool %d", e.box.NewPool), "id mac "
	}
	s := advice.Steps{advice.In(section, line+e.r.mac.CME())}
	if e.r.num != "" && e.r.known {
		s = append(s, advice.In(section, "type "+e.r.num))
	}
	return s
}

// loads is the section the load lines of a phone are in.
func (e *evidence) loads() string {
	if e.sip() {
		return "voice register global"
	}
	return "telephony-service"
}

// loadLine gives the model of the phone a load.
func (e *evidence) loadLine(load string) advice.Steps {
	if !e.modelKnown {
		return advice.Steps{advice.Tell("Correct the load line of its model: the load is " + load + ".")}
	}
	return advice.Steps{advice.In(e.loads(), "load "+e.model.LoadKey+" "+load)}
}

// move configures the phone for the other protocol; its address may be in one
// section only.
func (e *evidence) move(sip bool) advice.Steps {
	section, line := fmt.Sprintf("ephone %d", e.box.NewEphone), "mac-address "
	if sip {
		section, line = fmt.Sprintf("voice register pool %d", e.box.NewPool), "id mac "
	}
	return advice.Steps{advice.Set("no " + e.setup.Section), advice.In(section, line+e.r.mac.CME()), advice.In(section, "type "+e.r.num)}
}

// eraseTrust are the keys that erase the trust lists of a phone, by family.
// [administration guides of the 7900, 6900, 7800, 8800, 8900 and 9900 series]
func eraseTrust(m phone.Model) string {
	switch {
	case m.Generation == "G5":
		return "Erase the trust list on the phone: Applications > Admin Settings > Reset Settings > Security Settings."
	case m.Generation == "G4":
		return "Erase the trust list on the phone: Applications > Administrator Settings > Reset Settings > Security Settings."
	case m.Generation == "G2":
		return "Erase the trust list on the phone: Settings > Security Configuration > CTL File, unlock with **#, Erase; a factory reset does it too."
	case len(m.Keyword) > 1 && m.Keyword[:2] == "69":
		return "Erase the trust list on the phone: Applications > Settings > Admin Settings > Reset Settings > Security."
	}
	return "Erase the trust list on the phone: Settings > Security Configuration > Trust List > ITL File, unlock with **#, Erase; the CTL File likewise."
}
