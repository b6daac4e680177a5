package phone

import (
	"strings"
	"testing"
)

// TestStepRows: every rule says where it comes from, is about images of the
// model table or of the second generation, and leads to a stone.
func TestStepRows(t *testing.T) {
	images := map[string]bool{"7905": true, "7912": true}
	for _, m := range Models() {
		images[m.Images] = true
	}
	for _, s := range Steps() {
		if s.Source == "" || s.Why == "" || len(s.Images) == 0 {
			t.Errorf("%+v says not enough", s)
		}
		for _, i := range s.Images {
			if !images[i] {
				t.Errorf("no model runs images %q", i)
			}
		}
		if !s.Stone.Known && s.Form == "" || s.Asks == "" && !s.Below.Known {
			t.Errorf("%s: nothing leads to the stone, or tells who needs it", s.Why)
		}
	}
	for _, broken := range []string{"[[step]]\nbelow = \"8.5.2\"", "[[step]]\nwhat = 1", "[[step"} {
		if _, err := parseSteps(broken); err == nil {
			t.Errorf("%q is read", broken)
		}
	}
}

func TestSteps(t *testing.T) {
	for _, x := range []struct {
		family     string
		runs, to   Load
		applies    bool
		needs, ok  bool
		stone, not Load
	}{
		{"41", "SCCP41.8-3-2S", "SCCP41.9-4-2SR3-1S", true, true, true, "SCCP41.8-5-2S", "SCCP41.8-5-3S"},
		{"41", "SCCP41.8-5-2S", "SCCP41.8-5-2SR1S", true, false, true, "SCCP41.8-5-2S.loads", "SCCP41.8-5-2S.bin"},
		{"41", "SCCP41.8-0-3S", "SCCP41.8-5-2S", false, false, false, "", ""},
		{"7960", "P00303020214", "P0030801SR02", true, true, true, "P00307020300.bin", "P00307020300"},
		{"7960", "P00308000500", "P0S3-8-12-00", true, false, true, "P003-08-12-00.bin", "P00303020214.bin"},
		{"7960", "P00303020214", "P00307020300.bin", false, false, false, "", ""},
		{"7905", "CP7905010000SCCP030529A", "CP7905080003SCCP070409A", true, false, false, "CP7905080001SCCP051117A.zup", "CP7905080001SCCP051117A.sbin"},
		{"78xx", "sip78xx.10-1-1-9", "sip78xx.12-1-1-12", false, false, false, "", ""},
	} {
		s, applies := StepTo(x.family, x.to)
		if applies != x.applies {
			t.Errorf("to %s: %v", x.to, applies)
			continue
		}
		if !applies {
			continue
		}
		if needs, ok := s.Needs(x.runs); needs != x.needs || ok != x.ok {
			t.Errorf("%s to %s: needs %v %v", x.runs, x.to, needs, ok)
		}
		if !s.Is(x.stone) || s.Is(x.not) {
			t.Errorf("%s a stone %v, %s a stone %v", x.stone, s.Is(x.stone), x.not, s.Is(x.not))
		}
		if s.Release() == "" || strings.Contains(s.Release(), "unknown") {
			t.Errorf("%q", s.Release())
		}
	}
	for in, want := range map[Load]string{"P00308000500": "8.0(5)", "P0S3-08-12-00": "8.12(0)", "P0030801SR02": "8.1(0)SR2", "P00405000700": "",
		"CP7905080003SCCP070409A": "8.0(3)", "P00303020214": "3.2(2)"} {
		if got := in.Version().String(); got != want {
			t.Errorf("%s: %q", in, got)
		}
	}
}
