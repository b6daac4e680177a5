package appliance_test

import (
	"strings"
	"testing"

	"option150/platform/netns"
	"option150/telephony/advice"
	"option150/telephony/proof"
)

// theFindings are what the proof finds with a configuration and this box can
// mend: what is added to the right office, and the code of the finding.
var theFindings = []struct{ name, lines, code string }{
	{"no file server in the lease", "ip dhcp pool VOICE\n no option 150\n", "R38"},
	{"another file server in the lease", "ip dhcp pool VOICE\n option 150 ip 10.150.0.77\n", "R38"},
	{"another file server before this box", "ip dhcp pool VOICE\n option 150 ip 10.150.0.77 10.150.0.1\n", "R38"},
	{"a file server by name", "ip dhcp pool VOICE\n no option 150\n option 66 ascii files.example.com\n", "R38"},
	{"a file server far away, and no router", "ip dhcp pool VOICE\n no default-router\n option 150 ip 10.9.9.9\n", "R38"},
	{"call control far away, and no router", "ip dhcp pool VOICE\n no default-router\ntelephony-service\n ip source-address 10.9.9.9 port 2000\nvoice register global\n source-address 10.9.9.9 port 5060\n", "R28"},
	{"no files of SCCP", "telephony-service\n no create cnf-files\n", "R37"},
	{"no files of SIP", "voice register global\n no create profile\n", "R37"},
	{"no DHCP", "no service dhcp\n", "R02"},
}

// TestProofAdviceWorks: what the proof advises is typed as it stands, and the
// finding is gone: no phone is left that would not come up, and none of which it
// cannot be said. A candidate is found to be what it is when it runs.
func TestProofAdviceWorks(t *testing.T) {
	netns.Need(t)
	w := newWorld(t)
	w.startup = strings.Split(strings.TrimSpace(rightOffice), "\n")
	if _, err := w.Do("firmware SCCP41.9-4-2SR3-1S phones"); err != nil {
		t.Fatal(err)
	}
	if err := w.open(); err != nil {
		t.Fatal(err)
	}
	prove := func() *proof.Report {
		t.Helper()
		b := w.box.Box()
		r, err := b.Prove(t.Context(), b.Store.Current())
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, f := range theFindings {
		t.Run(f.name, func(t *testing.T) {
			o := &office{t, w}
			for name, text := range map[string]string{"right": rightOffice, "wrong": rightOffice + f.lines} {
				if err := w.put("flash/"+name+".txt", []byte(text+"end\n")); err != nil {
					t.Fatal(err)
				}
			}
			o.has(o.types("configure replace flash:right.txt force"), "Rollback Done")
			if r := prove(); r.Count(proof.Up) != len(r.Phones) || len(r.Phones) != 2 {
				t.Fatal(r.Text().String())
			}
			candidate := o.types("show provisioning proof flash:wrong.txt")
			o.has(o.types("configure replace flash:wrong.txt force"), "Rollback Done")
			r := prove()
			if r.Text().String() != candidate {
				t.Errorf("as a candidate:\n%s\nwhen it runs:\n%s", candidate, r.Text().String())
			}
			var fix advice.Steps
			found := 0
			for _, p := range r.Phones {
				if p.Outcome != proof.Up {
					fix, found = p.Fix, found+1
					if p.Code != f.code {
						t.Errorf("%s: %s %s", p.Device, p.Code, p.Text)
					}
				}
			}
			// A fault may need more than one look: a lease that names no file server
			// has no need of a router yet.
			for range 3 {
				if r = prove(); r.Count(proof.Up) == len(r.Phones) {
					break
				}
				for _, p := range r.Phones {
					if p.Outcome != proof.Up {
						fix = p.Fix
					}
				}
				for _, step := range fix {
					if answer := o.types(step.Lines()...); strings.Contains(answer, "% ") || strings.Contains(answer, "%Error") {
						t.Errorf("FIX %s: %s", step, answer)
					}
				}
			}
			if found == 0 || r.Count(proof.Up) != len(r.Phones) {
				t.Errorf("after FIX %s:\n%s", fix, r.Text().String())
			}
		})
	}
}
