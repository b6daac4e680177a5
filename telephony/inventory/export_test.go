package inventory

// Verdicts are those of every scenario, what else was found included.
func Verdicts() (out []Verdict) {
	for _, c := range scenarios() {
		w := newWorld(parts9...)
		c.do(w)
		out = append(out, Scan{}.Verdict())
		for _, p := range w.Phones(w.now) {
			out = append(append(out, p.Verdict), p.Others...)
		}
	}
	return out
}

// Codes are those of every rule.
func Codes() (out []string) {
	for _, r := range rules() {
		if r.Code != "R33" { // about an address, not about a phone
			out = append(out, r.Code)
		}
	}
	return out
}
