package simphone

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"option150/platform/ether"
	"option150/platform/wire"
	"option150/telephony/phonepage"
)

// TestPages: the box reads of the pages what the phone is; a phone that is not
// up, or that was told to, shows none.
func TestPages(t *testing.T) {
	mac := ether.MAC{0, 0x1e, 0x7a, 0, 0, 7}
	p, err := New(Spec{MAC: mac, Model: "7961"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := p.Pages()
	s := httptest.NewServer(w)
	defer s.Close()
	get := func(path string) (int, []byte) {
		r, err := http.Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		b, _ := io.ReadAll(r.Body)
		return r.StatusCode, b
	}
	if code, _ := get("/DeviceInformationX"); code != http.StatusNotFound {
		t.Errorf("a phone without power answers %d", code)
	}
	w.Up(Outcome{Kind: Provisioned, Load: "SCCP41.9-4-2SR3-1S"})
	var told wire.Told
	for _, path := range []string{"/DeviceInformationX", "/NetworkConfigurationX", "/PortInformationX?1"} {
		code, b := get(path)
		if code != http.StatusOK {
			t.Errorf("%s: %d", path, code)
		}
		phonepage.Take(&told, b)
	}
	want := wire.Told{MAC: mac, Model: "CP-7961", Load: "SCCP41.9-4-2SR3-1S", Serial: "FCH15000007", Switch: "access-1", Port: "GigabitEthernet1/0/7"}
	if told != want {
		t.Errorf("%+v", told)
	}
	w.Up(Outcome{Kind: Provisioned, Settings: Settings{WebAccess: "1"}})
	if code, _ := get("/DeviceInformationX"); code != http.StatusNotFound {
		t.Errorf("web access is off and it answers %d", code)
	}
	if got, err := parseXML([]byte(`<device><vendorConfig><webAccess>1</webAccess></vendorConfig></device>`), 0); err != nil || got.WebAccess != "1" {
		t.Errorf("%+v %v", got, err)
	}
	if strings.Contains(told.CallControl, "Active") {
		t.Error("no call control is known")
	}
}
