package audit

import (
	"net/netip"
	"testing"

	"option150/platform/config"
	"option150/telephony/cnf"
	"option150/telephony/firmware"
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

// TestTwoLanguages: the tones of two countries have one name and lie in a directory
// each, where phones ask for them: nothing is said of that.
func TestTwoLanguages(t *testing.T) {
	k := config.Default(config.Facts{})
	var files []File
	for _, p := range []string{"phones/Germany/g3-tones.xml", "phones/France/g3-tones.xml", "phones/German_Germany/mk-sccp.jar", "phones/French_France/mk-sccp.jar", "phones/a/ringlist.xml", "phones/b/ringlist.xml"} {
		files = append(files, File{Path: p, Size: 9})
	}
	said := 0
	for _, f := range Run(k, config.Facts{}, World{Flash: &Flash{Home: "phones", Files: files, Find: func(string) (firmware.Found, bool) { return firmware.Found{}, false }}}).Findings {
		if f.Code == "A03" {
			said++
			if f.Text[:8] != "ringlist" {
				t.Error(f.Text)
			}
		}
	}
	if said != 1 {
		t.Errorf("%d findings", said)
	}
}
