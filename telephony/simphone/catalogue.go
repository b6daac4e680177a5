package simphone

import "option150/platform/ether"

// Catalogue is the fourteen phones of the lab: four families, three ages of
// firmware, all of which come up when their configuration and their loads are
// there. The addresses are 001e.7a00.0001 to 001e.7a00.000e.
//
// Ages: current; one release behind (upgrades over HTTP, where it asks HTTP);
// 8.5(2) (asks TFTP only until it is upgraded).
func Catalogue() []Spec {
	s := []Spec{
		{Model: "7961", Protocol: SCCP, Load: "SCCP41.9-4-2SR3-1S"},
		{Model: "7961", Protocol: SCCP, Load: "SCCP41.9-3-1SR2-1S"},
		{Model: "7961", Protocol: SCCP, Load: "SCCP41.8-5-2S"},
		{Model: "7941", Protocol: SCCP, Load: "SCCP41.9-4-2SR3-1S"},
		{Model: "7941", Protocol: SCCP, Load: "SCCP41.8-5-2S"},
		{Model: "7961", Protocol: SIP, Load: "SIP41.9-4-2-1S"},
		{Model: "7941", Protocol: SIP, Load: "SIP41.8-5-2S"},
		{Model: "7965", Protocol: SCCP, Load: "SCCP45.9-4-2SR4-3S"},
		{Model: "7965", Protocol: SCCP, Load: "SCCP45.9-3-1SR2-1S"},
		{Model: "7841", Protocol: SIP, Load: "sip78xx.12-1-1-12"},
		{Model: "7841", Protocol: SIP, Load: "sip78xx.11-0-1-11"},
		{Model: "8841", Protocol: SIP, Load: "sip88xx.12-0-1MN-113"},
		{Model: "8861", Protocol: SIP, Load: "sip88xx.12-0-1MN-113"},
		{Model: "8861", Protocol: SIP, Load: "sip88xx.11-0-1-11"},
	}
	for i := range s {
		s[i].MAC = ether.MAC{0x00, 0x1e, 0x7a, 0, 0, byte(i + 1)}
	}
	return s
}

// Sharers are phones that upgrade at once and may share firmware: fifteen of
// two families in one subnet and three in another.
func Sharers() (near, far []Spec) {
	for i := range 18 {
		s := Spec{Model: "7961", Protocol: SCCP, Load: "SCCP41.9-3-1SR2-1S", MAC: ether.MAC{0x00, 0x1e, 0x7a, 0, 0x15, byte(i + 1)}}
		switch {
		case i >= 9 && i < 15:
			s.Model, s.Load = "7965", "SCCP45.9-3-1SR2-1S"
		case i%3 == 1:
			s.Model = "7941" // the same images as a 7961
		}
		if i < 15 {
			near = append(near, s)
		} else {
			far = append(far, s)
		}
	}
	return near, far
}
