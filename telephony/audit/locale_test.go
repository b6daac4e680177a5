package audit

import (
	"strings"
	"testing"

	"option150/platform/config"
	"option150/telephony/cnf"
	"option150/telephony/phone"
)

// TestLocaleNames: what a finding says is missing of a language is what the phone's
// file would have led it to ask for, for each model whose files are known.
func TestLocaleNames(t *testing.T) {
	german := []cnf.Locale{{Code: "DE"}}
	for _, sip := range []bool{false, true} {
		for _, typ := range phone.Types(sip) {
			if m, ok := phone.Lookup(typ); !ok || m.Jar == "" {
				continue
			}
			k := config.Default(config.Facts{})
			c := &k.Telephony
			if sip {
				c.Global.Present, c.Global.UserLocales = true, german
				c.Pools = []cnf.RegisterPool{{Tag: 1, Type: typ}}
			} else {
				c.Service.Present, c.Service.UserLocales = true, german
				c.Ephones = []cnf.Ephone{{Tag: 1, Type: typ}}
			}
			want := cnf.Names(c)
			if len(want) == 0 {
				t.Fatalf("%s: no name", typ)
			}
			said := false
			for _, p := range Run(k, config.Facts{}, World{}).Findings {
				said = said || p.Code == "A21" && strings.HasPrefix(p.Text, want[0]+" ")
			}
			if !said {
				t.Errorf("%s, SIP %v: nothing is said of %s", typ, sip, want[0])
			}
		}
	}
}
