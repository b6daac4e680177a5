package advice

import (
	"slices"
	"testing"
)

func TestText(t *testing.T) {
	for _, c := range []struct {
		steps Steps
		want  string
	}{
		{nil, ""},
		{Steps{Tell("Set Alternate TFTP to No on the phone.")}, "Set Alternate TFTP to No on the phone."},
		{Steps{Do("write memory")}, "write memory"},
		{Steps{Set("service dhcp")}, "service dhcp"},
		{Steps{In("ephone 3", "mac-address 001e.7a00.0001"), In("ephone 3", "type 7961")}, "ephone 3 / mac-address 001e.7a00.0001 / type 7961"},
		{Steps{Tell("Do it there, or here:"), In("ephone 3", "type 7961")}, "Do it there, or here: ephone 3 / type 7961"},
		{Steps{Tell("Copy it."), Do("show firmware"), Tell("look again.")}, "Copy it; show firmware; look again."},
		{Steps{In("ephone 3", "type 7961"), Set("service dhcp"), Set("ip http server")}, "ephone 3 / type 7961; service dhcp; ip http server"},
	} {
		if got := c.steps.String(); got != c.want {
			t.Errorf("%v: %q, want %q", []Fix(c.steps), got, c.want)
		}
	}
}

func TestLines(t *testing.T) {
	for _, c := range []struct {
		fix  Fix
		want []string
	}{
		{Tell("Look at its screen."), nil},
		{Do("write memory"), []string{"write memory"}},
		{Set("service dhcp"), []string{"configure terminal", "service dhcp", "end"}},
		{In("ephone 3", "type 7961"), []string{"configure terminal", "ephone 3", "type 7961", "end"}},
	} {
		if got := c.fix.Lines(); !slices.Equal(got, c.want) {
			t.Errorf("%v: %q, want %q", c.fix, got, c.want)
		}
		if c.fix.Typed() != (c.want != nil) {
			t.Errorf("%v: Typed is %v", c.fix, c.fix.Typed())
		}
	}
	if !(Fix{}).IsZero() || Tell("x").IsZero() {
		t.Error("IsZero")
	}
}

// A section in a section is entered by both headers.
func TestNestedSection(t *testing.T) {
	f := In("ipv6 dhcp pool V / vendor-specific 9", "suboption 1 address 2001:DB8::1")
	want := []string{"configure terminal", "ipv6 dhcp pool V", "vendor-specific 9", "suboption 1 address 2001:DB8::1", "end"}
	if got := f.Lines(); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got := f.String(); got != "ipv6 dhcp pool V / vendor-specific 9 / suboption 1 address 2001:DB8::1" {
		t.Error(got)
	}
}
