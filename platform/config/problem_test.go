package config

import (
	"errors"
	"testing"

	"option150/platform/ether"
	"option150/telephony/cnf"
)

// TestAbout: who gives a phone the address of another hears of the other,
// whichever of the two is edited.
func TestAbout(t *testing.T) {
	f := lan("10.0.0.1/24")
	c := Default(f)
	mac := ether.MAC{0, 0x1e, 0x7a, 0, 0, 1}
	c.Telephony.Ephones = []cnf.Ephone{{Tag: 1, MAC: mac}, {Tag: 2}, {Tag: 3, MAC: mac}}
	c.Telephony.Pools = []cnf.RegisterPool{{Tag: 4}, {Tag: 5}}
	err := Refusal(c.Validate(f))
	for section, want := range map[string]string{
		"ephone  1": "% Mac-address 001E.7A00.0001 is already in ephone 3",
		"ephone  3": "% Mac-address 001E.7A00.0001 is already in ephone 1",
	} {
		if got := Explain(About(err, section)); got != want {
			t.Errorf("%s: %q, want %q", section, got, want)
		}
	}
	if About(err, "ephone  2") != err || About(nil, "x") != nil || !errors.Is(About(errors.ErrUnsupported, "x"), errors.ErrUnsupported) {
		t.Error("an error of elsewhere is another one")
	}
}
