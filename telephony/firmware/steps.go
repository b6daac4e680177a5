package firmware

import "option150/telephony/phone"

// Step is a release a phone has to run before it can take another.
type Step struct {
	Release string // "8.5(2)"
	Why     string
}

// Steps tells through which releases a phone has to go between two loads; nil
// means that it can go at once, or that the names do not tell.
//
// The 7906 to 7975 below 8.5(2) cannot go beyond it at once: the key that
// signs images changed at 8.5(2)SR1, such phones restart for ever or show
// Auth Fail. [facts/phones.md 3.4; facts/diagnosis.md 6]
func Steps(from, to phone.Load) []Step {
	f, t := from.Version(), to.Version()
	if !f.Known || !t.Known || !thirdGeneration(FamilyOf(string(to))) || FamilyOf(string(from)) != FamilyOf(string(to)) {
		return nil
	}
	if f.Compare(bridge) < 0 && t.Compare(bridge) > 0 {
		return []Step{{bridge.String(), "the key that signs images changed after " + bridge.String()}}
	}
	return nil
}

// Before tells through which releases a phone may have to go before it can
// take a load, whatever it runs now.
func Before(to phone.Load) []Step {
	t := to.Version()
	if t.Known && thirdGeneration(FamilyOf(string(to))) && t.Compare(bridge) > 0 {
		return []Step{{bridge.String(), "the key that signs images changed after " + bridge.String()}}
	}
	return nil
}

// bridge is the last release signed with the old key that phones with either
// key take.
var bridge = phone.Version{Major: 8, Minor: 5, Patch: 2, Known: true}

func thirdGeneration(family string) bool {
	switch family {
	case "11", "31", "41", "42", "45", "70", "75":
		return true
	}
	return false
}
