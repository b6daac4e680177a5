package inventory

// Verdicts are those of every scenario, what else was found included.
func Verdicts() (out []Verdict) {
	for _, c := range scenarios() {
		w := newWorld(parts9...)
		c.do(w)
		for _, p := range w.Phones(w.now) {
			out = append(append(out, p.Verdict), p.Others...)
		}
	}
	return out
}

// Codes are those of every rule.
func Codes() (out []string) {
	for _, r := range rules() {
		out = append(out, r.code)
	}
	return out
}
