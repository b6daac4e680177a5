package mobility

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"option150/platform/aaa"
	"option150/platform/ether"
	"option150/telephony/cnf"
)

var (
	desk1  = ether.MAC{0, 0x1e, 0x7a, 0, 0, 1}
	desk2  = ether.MAC{0, 0x1e, 0x7a, 0, 0, 2}
	fixed  = ether.MAC{0, 0x1e, 0x7a, 0, 0, 3}
	hashed = func() string { s, _ := aaa.NewSecret("4711"); return s.Value }()
)

// rig is a desk over plain values.
type rig struct {
	*Desk
	c       *cnf.Config
	now     time.Time
	saved   []byte
	full    bool // the disk
	rebuilt int
}

func newRig(saved []byte) *rig {
	r := &rig{now: time.Unix(1_700_000_000, 0), c: &cnf.Config{
		Pools: []cnf.RegisterPool{{Tag: 1, MAC: desk1, Type: "7961", Logout: 1}, {Tag: 2, MAC: desk2, Type: "7940", Logout: 1}, {Tag: 3, MAC: fixed, Type: "7961",
			Features: cnf.Features{FastDials: []cnf.SpeedDial{{Position: 1, Number: "100", Label: `Böhm & "Söhne"`}}}}},
		Users: []cnf.Profile{{Tag: 1, User: "anna", PIN: hashed, Password: "line"}, {Tag: 2, User: "ben", Password: "secret", MaxIdle: 30}, {Tag: 3, User: "eve", PIN: hashed, Password: `a";b`}},
	}}
	r.Desk = New(Options{
		Config: func() *cnf.Config { return r.c }, Rebuild: func() { r.rebuilt++ }, Now: func() time.Time { return r.now },
		Save: func(b []byte) error {
			if r.full {
				return errors.New("no space left on device")
			}
			r.saved = b
			return nil
		},
	}, saved)
	return r
}

func TestLoginAndLogout(t *testing.T) {
	r := newRig(nil)
	if err := r.Login(desk1, "anna", "4711"); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(r.Logins()); got != "[{001e.7a00.0001 1}]" || r.rebuilt != 1 {
		t.Errorf("logins %s, built %d times", got, r.rebuilt)
	}
	// A person is at one phone.
	if err := r.Login(desk2, "anna", "4711"); err != nil || len(r.Seats()) != 1 {
		t.Fatalf("%v, %v", err, r.Seats())
	}
	// A profile without a pin: its password.
	if err := r.Login(desk1, "ben", "secret"); err != nil {
		t.Fatal(err)
	}
	if err := r.Login(fixed, "anna", "4711"); !errors.Is(err, ErrNotHere) {
		t.Errorf("at a phone without logout-profile: %v", err)
	}
	var hold ErrHold
	if err := r.Login(desk2, "eve", "4711"); !errors.As(err, &hold) {
		t.Errorf("a password the file cannot hold: %v", err)
	}
	again := newRig(r.saved) // after a restart
	if a, b := fmt.Sprint(again.Logins()), fmt.Sprint(r.Logins()); a != b || len(again.Logins()) != 2 {
		t.Errorf("after a restart %s, before %s", a, b)
	}
	if r.Logout(desk1, "") != nil || r.Logout(desk1, "") == nil || len(r.Logins()) != 1 {
		t.Error("logout")
	}
	r.now = r.now.Add(31 * time.Minute)
	_ = again.Login(desk1, "ben", "secret")
	again.now = again.now.Add(31 * time.Minute)
	again.Tick()
	if _, in := again.At(desk1); in {
		t.Error("max-idle-time")
	}
	again.c = &cnf.Config{}
	again.Tick()
	if len(again.Logins()) != 0 {
		t.Error("a phone that is not configured any more keeps its person")
	}
}

// TestWrongPINs: of 1,000 attempts the first five are tried; the right PIN is
// refused meanwhile, from that phone, and what is remembered is bounded.
func TestWrongPINs(t *testing.T) {
	r := newRig(nil)
	wrong, waits := 0, 0
	for i := range 1000 {
		var wait ErrWait
		switch err := r.Login(desk1, "anna", fmt.Sprintf("%04d", i)); {
		case errors.Is(err, ErrWrong):
			wrong++
		case errors.As(err, &wait):
			waits++
		default:
			t.Fatal(err)
		}
	}
	if wrong != triesPhone || waits != 1000-triesPhone {
		t.Errorf("%d tried, %d waited", wrong, waits)
	}
	var wait ErrWait
	if err := r.Login(desk1, "anna", "4711"); !errors.As(err, &wait) || wait.For > tryWindow {
		t.Errorf("the right PIN: %v", err)
	}
	if err := r.Login(desk2, "anna", "4711"); err != nil {
		t.Errorf("at another phone: %v", err)
	}
	r.now = r.now.Add(tryWindow)
	if err := r.Login(desk1, "anna", "4711"); err != nil {
		t.Errorf("after the wait: %v", err)
	}
	// Names nobody has count for the phone and are not remembered.
	for i := range 100 {
		_ = r.Login(desk2, fmt.Sprint("nobody", i), "1")
	}
	if len(r.phones) > 2 || len(r.users) > 3 {
		t.Errorf("%d phones and %d users are remembered", len(r.phones), len(r.users))
	}
}

// TestFullDisk: a login holds, and is saved when there is room again.
func TestFullDisk(t *testing.T) {
	r := newRig(nil)
	r.full = true
	if err := r.Login(desk1, "anna", "4711"); err != nil || r.saved != nil {
		t.Fatalf("%v, %s", err, r.saved)
	}
	r.full = false
	r.Tick()
	if !strings.Contains(string(r.saved), "SEP001E7A000001 1 ") {
		t.Errorf("saved %q", r.saved)
	}
}

func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte("SEP001E7A000001 1 1700000000 \"anna\"\nSEP 1 x y\n\xff"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, s := range Unmarshal(text) {
			if s.MAC.IsZero() || s.Tag < 1 {
				t.Errorf("%+v", s)
			}
		}
	})
}

// TestPages: a phone's own client over HTTP, from the menu to the answer.
func TestPages(t *testing.T) {
	r := newRig(nil)
	who, known := desk1, true
	m := &Module{Desk: r.Desk, Phone: func(netip.Addr) (ether.MAC, bool) { return who, known }}
	s := httptest.NewServer(m)
	defer s.Close()
	get := func(u string) string {
		t.Helper()
		res, err := http.Get(u)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		if err := xml.Unmarshal(body, new(struct{})); err != nil || res.Header.Get("Content-Type") != "text/xml; charset=utf-8" {
			t.Fatalf("%v\n%s", err, body)
		}
		return string(body)
	}
	var menu struct {
		Items []item `xml:"MenuItem"`
	}
	if err := xml.Unmarshal([]byte(get(s.URL+Path+pageMenu)), &menu); err != nil || len(menu.Items) != 1 {
		t.Fatal(err, menu)
	}
	var form struct {
		URL   string
		Items []inputItem `xml:"InputItem"`
	}
	if err := xml.Unmarshal([]byte(get(menu.Items[0].URL)), &form); err != nil || len(form.Items) != 2 || !strings.Contains(form.Items[1].InputFlags, "P") {
		t.Fatal(err, form)
	}
	fill := func(name, pin string) string {
		return get(form.URL + "?" + url.Values{form.Items[0].QueryStringParam: {name}, form.Items[1].QueryStringParam: {pin}}.Encode())
	}
	if got := fill("anna", "1"); !strings.Contains(got, "is wrong") {
		t.Error(got)
	}
	if got := fill("anna", "4711"); !strings.Contains(got, "Restart the phone") || r.rebuilt != 1 {
		t.Error(got, r.rebuilt)
	}
	menu.Items = nil
	if _ = xml.Unmarshal([]byte(get(s.URL+Path+pageMenu)), &menu); len(menu.Items) != 1 || !strings.HasSuffix(menu.Items[0].URL, pageLogout) {
		t.Fatal(menu)
	}
	if got := get(menu.Items[0].URL); !strings.Contains(got, "Logged out") || len(r.Logins()) != 0 {
		t.Error(got)
	}
	if got := get(s.URL + Path + pageLogout); !strings.Contains(got, "Nobody is logged in") {
		t.Error(got)
	}
	who = fixed
	if got := get(s.URL + Path + pageDials); !strings.Contains(got, "<Name>Böhm &amp; &#34;Söhne&#34;</Name><Telephone>100</Telephone>") {
		t.Error(got)
	}
	known = false // what stands in the request is not believed
	if got := get(s.URL + Path + pageLogin + "?user=anna&pin=4711&name=SEP001E7A000001"); !strings.Contains(got, "not known here") || len(r.Logins()) != 0 {
		t.Error(got)
	}
	res, err := http.Post(s.URL+Path+pageLogin, "text/plain", strings.NewReader("x"))
	if err != nil || res.StatusCode != http.StatusMethodNotAllowed {
		t.Error(err, res.StatusCode)
	}
	res.Body.Close()
}
