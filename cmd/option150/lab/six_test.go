package lab

import (
	"strings"
	"testing"
	"time"

	"option150/telephony/inventory"
	"option150/telephony/simphone"
)

// A phone with both families and one of IPv6 alone come up; the timeline of each
// has both, and tells by which one it asked for its files.
func TestIPv6(t *testing.T) {
	if alone(t) {
		return
	}
	if testing.Short() {
		t.Skip("a lab takes seconds")
	}
	if _, ok := parse([]string{"--ipv6", "--pfs"}); ok {
		t.Error("two labs at once")
	}
	o, ok := parse([]string{"--ipv6"})
	if !ok || len(o.Phones) != 2 {
		t.Fatal(ok, len(o.Phones))
	}
	o.Root, o.SSH = t.TempDir(), "127.0.0.1:2222"
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	settled := l.Settle(t.Context(), settleTime)
	box := l.Box.Box()
	for _, s := range o.Phones {
		p, found := box.Inventory.Phone(s.MAC, time.Now())
		text := inventory.ShowPhone(p, time.Now(), "")
		if !settled || !found || !p.Up() || !Network6.Contains(p.Addr6) {
			t.Errorf("%s\n%+v", text, box.DHCPv6.Status())
			continue
		}
		want := []string{"DHCPv6  SOLICIT", "DHCPv6  REPLY", "9/1=2001:db8:150::1", "over IPv6"}
		if s.Family == simphone.DualStack {
			want = append(want, "DHCP  ACK", "150=10.150.0.1")
		} else if strings.Contains(text, "DHCP  ") {
			t.Errorf("a phone of IPv6 alone spoke IPv4\n%s", text)
		}
		for _, x := range want {
			if !strings.Contains(text, x) {
				t.Errorf("no %q in\n%s", x, text)
			}
		}
	}
	if n := len(box.DHCPv6.Bindings()); n != 2 {
		t.Errorf("%d bindings", n)
	}
	if rs := box.DHCPv6.Routers(); len(rs) != 1 || !rs[0].Managed {
		t.Errorf("routers %+v", rs)
	}
	// The lease of IPv6 says whose an address is, as that of IPv4 does.
	if b := box.DHCPv6.Bindings(); len(b) == 2 && b[0].MAC == b[1].MAC {
		t.Errorf("%+v", b)
	}
}
