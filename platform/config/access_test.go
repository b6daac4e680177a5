package config

import (
	"net/netip"
	"strings"
	"testing"

	"option150/platform/acl"
)

// TestAccessClassFailsClosed: who asked for a filter does not get none. A list
// that is missing, or kept and not acted on, lets nobody in, on the lines and on
// the HTTP server, and is a finding.
func TestAccessClassFailsClosed(t *testing.T) {
	from := netip.MustParseAddr("10.0.0.5")
	permit := acl.List{Name: "10", Entries: []acl.Entry{acl.Rule(true, netip.MustParseAddr("10.0.0.0"), netip.MustParseAddr("0.0.0.255"), false)}}
	for _, c := range []struct {
		name, class, finding string
		in                   bool
		carried              []Carried
	}{
		{"no class", "", "", true, nil},
		{"defined", "10", "", true, nil},
		{"missing", "11", "access list 11 is not defined: nobody is let in", false, nil},
		{"numbered and kept", "101", "access list 101 is kept and not acted on: nobody is let in", false, []Carried{{Kept: Kept{Line: "access-list 101 permit ip any any"}}}},
		{"named and kept", "MGMT", "access list MGMT is kept and not acted on: nobody is let in", false, []Carried{{Kept: Kept{Line: "ip access-list extended MGMT"}}}},
		{"another one is kept", "10", "", true, []Carried{{Kept: Kept{Line: "access-list 101 permit ip any any"}}}},
	} {
		k := Default(Facts{})
		k.AccessLists, k.Carried = []acl.List{permit}, c.carried
		k.Lines[1].AccessIn, k.HTTP.AccessClass = c.class, c.class
		for _, l := range k.sshLines() {
			if l.Number == 0 && l.Access.Permits(acl.Of(from)) != c.in {
				t.Errorf("%s: the line lets in: %v", c.name, !c.in)
			}
		}
		if g := k.httpAccess(); g.Permits(acl.Of(from)) != c.in {
			t.Errorf("%s: HTTP lets in: %v", c.name, !c.in)
		}
		var found []string
		for _, p := range k.security() {
			if strings.HasPrefix(p.Text, "access list") {
				found = append(found, p.Text)
			}
		}
		if (c.finding == "") != (len(found) == 0) || c.finding != "" && (len(found) != 2 || found[0] != c.finding) {
			t.Errorf("%s: %q", c.name, found)
		}
		if k.AccessNote(c.class, false) != c.finding {
			t.Errorf("%s: note %q", c.name, k.AccessNote(c.class, false))
		}
	}
}
