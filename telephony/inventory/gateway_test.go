package inventory

import (
	"strings"
	"testing"
)

// TestGatewayOfNobody: a gateway has no lease here, as most, and is known by its
// address alone; where a section names its file, that is said, of its ports too.
func TestGatewayOfNobody(t *testing.T) {
	for _, c := range []struct {
		file, says string
		basis      Basis
	}{
		{"SKIGW1FA30F8331.cnf.xml", "by its name the file of an analog gateway (VG202, VG204, VG224, or a router with analog ports). Beyond that name the layout of those files is not published: none is made. It is configured as voice-gateway system 1.", Observed},
		{"AN1FA30F8331400.cnf.xml", "of a port of an analog gateway. Beyond that name the layout of those files is not published: none is made. It is configured as voice-gateway system 1.", Observed},
		{"SDA0001C9D85577.cnf", "of a digital access gateway (Catalyst 6608).", Observed},
		{"Router.example.com.cnf.xml", "which is no name of a phone: it may be an MGCP gateway, which asks by its host name. Which device it is was not told", Inferred},
	} {
		w := newWorld(parts9...)
		w.box.Gateways = map[string]string{"skigw1fa30f8331.cnf.xml": "voice-gateway system 1"}
		w.miss(c.file)
		all := w.Phones(w.now)
		if len(all) != 1 || all[0].Addr != addr1 || !all[0].MAC.IsZero() {
			t.Fatalf("%+v", all)
		}
		v := all[0].Verdict
		if v.Code != "R50" || v.Basis != c.basis || !strings.Contains(v.Text, c.says) || !strings.Contains(v.Fix.String(), "copy "+c.file+" of the call manager") || all[0].State != Stuck {
			t.Errorf("%s: %s %+v", c.file, all[0].State, v)
		}
		w.get(c.file, 900) // it lies in flash: now
		if p := w.Phones(w.now.Add(DefaultWaits().Quiet))[0]; p.State != Configured || p.Verdict.Code != Open || p.Up() {
			t.Errorf("%s: %s %+v", c.file, p.State, p.Verdict)
		}
	}
}

// What phones ask for, and strangers, is no gateway's.
func TestNoGateway(t *testing.T) {
	for _, name := range []string{"RingList.xml", "x.xml", "../../etc/passwd", "-.cnf.xml", "SEP001E7A0001.cnf.xml", strings.Repeat("a", 400) + ".cnf.xml"} {
		w := newWorld(parts9...)
		if w.miss(name); len(w.Phones(w.now)) != 0 {
			t.Errorf("%.40q makes a phone of an address", name)
		}
	}
}
