package audit

import (
	"net/netip"
	"testing"

	"option150/platform/config"
	"option150/telephony/cnf"
)

// TestCurrentFiles: the files in force are those of the configuration also where
// they were built without a language that nobody serves, or with a server for the
// logs of phones.
func TestCurrentFiles(t *testing.T) {
	k := config.Default(config.Facts{})
	c := &k.Telephony
	c.Service.Present, c.Service.UserLocales = true, []cnf.Locale{{Code: "DE"}}
	c.Service.SourceAddress.Addr = netip.MustParseAddr("10.0.0.1")
	c.Ephones = []cnf.Ephone{{Tag: 1, MAC: [6]byte{0, 0x1e, 0x7a, 0, 0, 1}, Type: "7961"}}
	for name, o := range map[string]cnf.Options{"nothing": {}, "no language": {Absent: cnf.Names(c)}} {
		set, err := cnf.Rebuild(nil, *c, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range Run(k, config.Facts{}, World{Set: set}).Findings {
			if f.Code == "A18" {
				t.Errorf("%s: %s", name, f.Text)
			}
		}
	}
}
