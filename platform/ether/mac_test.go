package ether

import "testing"

func TestParseMAC(t *testing.T) {
	want := MAC{0x00, 0x1e, 0x7a, 0x00, 0x00, 0x01}
	for _, in := range []string{"001e.7a00.0001", "00:1e:7a:00:00:01", "00-1E-7A-00-00-01", "001E7A000001"} {
		if m, err := ParseMAC(in); err != nil || m != want {
			t.Errorf("ParseMAC(%q) = %v, %v", in, m, err)
		}
	}
	for _, in := range []string{"", "001e.7a00.000", "00:1e-7a:00:00:01", "001e7a00000g", "001e.7a00.00011"} {
		if m, err := ParseMAC(in); err == nil {
			t.Errorf("ParseMAC(%q) = %v", in, m)
		}
	}
	if want.Cisco() != "001e.7a00.0001" || want.Device() != "SEP001E7A000001" || want.Hex() != "001E7A000001" {
		t.Error("a form of the address is wrong")
	}
}
