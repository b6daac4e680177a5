package audit

import (
	"fmt"
	"slices"

	"option150/platform/config"
	"option150/telephony/advice"
)

// agingModels may not come back from any loss of power. [Cisco, Field Notice
// 63772]
var agingModels = []string{"7942", "7945", "7962", "7965", "7975"}

// nightly is when a port is switched off and on, where no upgrade says when its
// phones may begin: 2:00.
const nightly = 2 * 60

// unread finds phones that have something new to read and have not booted since.
//
// Nothing below `service phone` makes them: no element of vendorConfig that is
// published is a time at which a phone reads its file again, those of the display
// switch the display only, and Power Save Plus, which does switch a phone off and
// on, is known by its words in the administration of CUCM and not by its elements.
// [usecallmanager.nz, SEPMAC.cnf.xml; Cisco 8800 series administration guide,
// Power Save Plus] What makes them boot is their call control, or the power of
// their port. [Cisco EnergyWise configuration guide, recurrences]
func (a *around) unread() {
	if a.w.Phones == nil {
		return
	}
	var who, aging, ports []string
	var why string
	at := nightly
	for _, p := range a.w.Phones.Seen {
		if p.Unread == "" {
			continue
		}
		who = append(who, p.Device)
		why = p.Unread
		if slices.Contains(agingModels, p.Model) {
			aging = append(aging, p.Device)
			continue
		}
		if p.From != p.To {
			at = p.From
		}
		if p.Switch != "" && p.Port != "" {
			ports = append(ports, p.Port+" of "+p.Switch)
		}
	}
	if len(who) == 0 {
		return
	}
	verb := map[bool]string{true: "has", false: "have"}[len(who) == 1]
	steps := advice.Steps{advice.Tell("Reset them at their call control: `reset all` below telephony-service, or `reset` of voice register global, prints its lines")}
	if len(aging) < len(who) {
		where := "their ports, which `phone-poll` lets the box read of their pages"
		if len(ports) > 0 {
			where = enumerate(ports)
		}
		off, on := at%(24*60), (at+5)%(24*60)
		steps = append(steps, advice.Tell(fmt.Sprintf("or, while none of them is being upgraded, have the switch cut the power of %s: power inline never, then power inline auto; every night, with EnergyWise: energywise level 0 recurrence importance 90 at %d %d * * * and energywise level 10 recurrence importance 90 at %d %d * * *",
			where, off%60, off/60, on%60, on/60)))
	}
	if len(aging) > 0 {
		steps = append(steps, advice.Tell(fmt.Sprintf("never by their power: %s, of a model that may not come back from it (Field Notice 63772)", enumerate(aging))))
	}
	a.add(config.Note, "A32", "", "%s %s something new to read, and nothing below service phone makes a phone read its file at a time of day: it does when it boots", enumerate(who), verb).
		seen("%s", why).fix(steps...)
}
