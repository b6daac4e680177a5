package firmware

import "option150/telephony/phone"

// Step is a release a phone has to run before it can take another.
type Step struct {
	phone.Step
	Release string // "8.5(2)"
}

// Steps tells through which releases a phone has to go between two loads; nil
// means that it can go at once, or that the names do not tell. The rules are a
// table beside the models, each with its source: telephony/phone/steps.toml.
func Steps(from, to phone.Load) []Step {
	if FamilyOf(string(from)) != FamilyOf(string(to)) {
		return nil
	}
	if s, ok := phone.StepTo(FamilyOf(string(to)), to); ok {
		if needs, known := s.Needs(from); known && needs {
			return []Step{{s, s.Release()}}
		}
	}
	return nil
}

// Before tells through which releases a phone may have to go before it can
// take a load, whatever it runs now.
func Before(to phone.Load) []Step {
	if s, ok := phone.StepTo(FamilyOf(string(to)), to); ok {
		return []Step{{s, s.Release()}}
	}
	return nil
}

// Stone is the name of the load a phone goes over to another, where stones of
// its family have names of one form; "" = they have none.
func (s Step) Stone(to phone.Load) string {
	i := len(to.Protocol()) + len(to.Family())
	if s.Name == "" || i > len(to) {
		return ""
	}
	return string(to)[:i] + s.Name
}
