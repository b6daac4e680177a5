package fileserver

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"option150/platform/acl"
)

// office lets 10.1.1.0/24 in and nobody else.
func office(name string) acl.List {
	return acl.List{Name: name, Entries: []acl.Entry{acl.Rule(true, netip.MustParseAddr("10.1.1.0"), netip.MustParseAddr("0.0.0.255"), false)}}
}

// TestBindingAccess: the list of a line decides about the name it gives and
// about the file, over both transports; other files are everybody's.
func TestBindingAccess(t *testing.T) {
	fl, _ := flashWith(t, map[string]string{
		"P00308.bin": "p003", "phones/jar41.sbn": "jar", "ring.raw": "ring", "open.raw": "open", "logo.xml.sgn": signed("<logo/>"), "both.raw": "both", "new.raw": "new"})
	rec := &notes{}
	s := New(Options{Flash: fl, Generated: lookup, Recorder: rec})
	apply(t, s, Spec{Lists: []acl.List{office("10"), {Name: "11", Entries: []acl.Entry{{Remark: "empty"}}}}, Config: Config{MaximumServingCount: 9, Bindings: []Binding{
		{File: "flash:P00308.bin", ACL: "10"},
		{File: "flash:phones/jar41.sbn", Alias: "jar41sccp.sbn", ACL: "10"},
		{File: "flash:RING.raw", Alias: "first", ACL: "10"},
		{File: "flash:logo.xml.sgn", Alias: "logo", ACL: "10"},
		{File: "flash:both.raw", Alias: "restricted", ACL: "10"}, {File: "flash:both.raw", Alias: "free"},
		{File: "flash:new.raw", ACL: "12"}, {File: "flash:open.raw", ACL: "11"},
		{File: "system:/its/XMLDefault.cnf.xml", Alias: "XMLDefault.cnf.xml", ACL: "10"},
	}}})
	inside, outside := netip.MustParseAddrPort("10.1.1.5:2000"), netip.MustParseAddrPort("10.1.2.5:2000")
	for _, c := range []struct {
		name string
		open bool // for everybody
	}{
		{"P00308.bin", false}, {"/p00308.BIN", false}, {`Communicator\P00308.bin`, false},
		{"jar41sccp.sbn", false}, {"phones/jar41.sbn", false}, {"JAR41SCCP.sbn", false},
		{"first", false}, {"ring.raw", false}, {"Ring.RAW", false},
		{"logo", false}, {"logo.xml.sgn", false}, {"logo.xml", false}, // out of its envelope
		{"restricted", false}, {"free", true}, {"both.raw", true},
		{"new.raw", true},  // list 12 is not defined
		{"open.raw", true}, // list 11 has no rule
		{"XMLDefault.cnf.xml", false}, {"SEP001E7A000001.cnf.xml", true},
	} {
		for _, tr := range []Transport{TFTP, HTTP} {
			if _, _, _, err := get(s, Request{Transport: tr, Name: c.name, Client: inside}); err != nil {
				t.Errorf("%s %s from inside: %v", tr, c.name, err)
			}
			_, _, _, err := get(s, Request{Transport: tr, Name: c.name, Client: outside})
			if c.open && err != nil || !c.open && !errors.Is(err, ErrDenied) {
				t.Errorf("%s %s from outside: %v", tr, c.name, err)
			}
			if d, ok := rec.last().(Denied); ok == c.open || ok && !strings.HasPrefix(d.Why, "access list 10 of tftp-server ") {
				t.Errorf("%s %s is recorded as %+v", tr, c.name, rec.last())
			}
		}
	}
	if n, _ := s.Serving(); n != 0 {
		t.Errorf("%d places lost", n)
	}
	// The next configuration opens it, without a restart.
	apply(t, s, Spec{Config: Config{Bindings: []Binding{{File: "flash:P00308.bin", ACL: "10"}}}})
	if _, _, _, err := get(s, Request{Transport: TFTP, Name: "P00308.bin", Client: outside}); err != nil {
		t.Error(err)
	}
}
