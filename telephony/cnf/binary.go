package cnf

import (
	"cmp"
	"fmt"

	"option150/telephony/phone"
)

// binaryLines say for `create cnf-files` which .cnf files are expected and not
// made: a line a type, in the order the types come. The text files of SIP
// phones are others, and are built.
func (s *Set) binaryLines() []string {
	if s == nil {
		return nil
	}
	var order []string
	phones := map[string]int{}
	of := func(keyword string, built bool) {
		m, ok := phone.Lookup(keyword)
		if word := cmp.Or(m.Keyword, keyword); built && word != "" && !m.Addon && (ok || s.config.Service.BuildCNF == phone.BuildAll) && phone.ExpectsBinary(s.config.Service.BuildCNF, m) {
			if phones[word]++; phones[word] == 1 {
				order = append(order, word)
			}
		}
	}
	for i := range s.made.in.Phones {
		p := &s.made.in.Phones[i]
		of(p.Type, !p.MAC.IsZero())
	}
	for i := range s.made.in.Pools {
		p := &s.made.in.Pools[i]
		m, _ := phone.Lookup(p.Type)
		of(p.Type, !p.MAC.IsZero() && m.SIPFile == phone.SEPXML)
	}
	var out []string
	for _, t := range order {
		out = append(out, fmt.Sprintf("  %-8s .cnf of %d of type %s: the layout of that file is not published", "withheld", phones[t], oneLine(t)))
	}
	return out
}
