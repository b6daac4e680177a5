package inventory

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"option150/dhcp/v6"
)

var (
	own6   = netip.MustParseAddr("2001:db8::1")
	phone6 = netip.MustParseAddr("2001:db8::23")
)

const class88 = "Cisco Systems, Inc. IP Phone CP-8841"

// lease6 is an address of IPv6 with what the pool told of TFTP.
func (w *world) lease6(s v6.Sent) *world {
	w.box.Own = append(w.box.Own, own6)
	w.ev(v6.Received{Type: "SOLICIT", MAC: w.mac, Class: class88, Phone: true, Interface: "GigabitEthernet0/0"})
	s.MAC, s.Pool, s.Interface, s.Phone, s.Class = w.mac, "VOICE6", "GigabitEthernet0/0", true, class88
	s.Type, s.To, s.Addr = "ADVERTISE", "SOLICIT", phone6
	w.ev(s)
	w.ev(v6.Received{Type: "REQUEST", MAC: w.mac, Class: class88, Phone: true, Interface: "GigabitEthernet0/0"})
	s.Type, s.To = "REPLY", "REQUEST"
	w.ev(s)
	return w
}

// told6 is what a pool as it should be tells.
func told6() v6.Sent { return v6.Sent{Vendor: true, TFTP: []netip.Addr{own6}} }

// scenarios6 are those of phones of IPv6.
func scenarios6() []scenario {
	return []scenario{
		{"IPv6 only, no TFTP server told", "R45", Observed, Stuck, "ipv6 dhcp pool VOICE6 / vendor-specific 9 / suboption 1 address 2001:DB8::1", func(w *world) {
			w.lease6(v6.Sent{}).wait(DefaultWaits().NoFile)
		}},
		{"IPv6 only, the box has no TFTP of IPv6", "R45", Observed, Stuck, "show services", func(w *world) {
			w.lease6(told6()).wait(DefaultWaits().NoFile)
		}},
		{"IPv6 only, sent elsewhere", "R45", Inferred, Stuck, "suboption 1 address 2001:DB8::1", func(w *world) {
			w.box.IPv6 = true
			w.lease6(v6.Sent{Vendor: true, TFTP: []netip.Addr{netip.MustParseAddr("2001:db8::99")}}).wait(DefaultWaits().NoFile)
		}},
		{"IPv6 only, TFTP servers as text", "R45", Observed, Stuck, "suboption 1 address", func(w *world) {
			w.box.IPv6 = true
			w.lease6(v6.Sent{Vendor: true, Odd: true}).wait(DefaultWaits().NoFile)
		}},
		{"the vendor option has another enterprise number", "R46", Observed, Stuck, "vendor-specific 9 / suboption 1 address 2001:DB8::1", func(w *world) {
			w.lease6(v6.Sent{Others: []uint32{4491}}).wait(DefaultWaits().NoFile)
		}},
		{"no router advertises", "R47", Inferred, Stuck, "show ipv6 routers", func(w *world) {
			w.box.IPv6 = true
			w.ev(v6.NoRouter{Interface: "GigabitEthernet0/0"})
			w.lease6(told6()).wait(DefaultWaits().NoFile)
		}},
		{"the router clears its M flag", "R48", Inferred, Stuck, "ipv6 nd managed-config-flag", func(w *world) {
			w.box.IPv6 = true
			w.ev(v6.RouterHeard{Interface: "GigabitEthernet0/0", Router: netip.MustParseAddr("fe80::1"), Other: true})
			w.ev(v6.Received{Type: "INFORMATION-REQUEST", MAC: w.mac, Class: class88, Phone: true, Interface: "GigabitEthernet0/0"})
			s := told6()
			s.MAC, s.Type, s.To, s.Pool = w.mac, "REPLY", "INFORMATION-REQUEST", "VOICE6"
			w.ev(s)
			w.wait(DefaultWaits().NoFile)
		}},
		{"IPv6 only, as it should be", "ok", Observed, Provisioned, "", func(w *world) {
			w.box.IPv6 = true
			w.ev(v6.RouterHeard{Interface: "GigabitEthernet0/0", Router: netip.MustParseAddr("fe80::1"), Managed: true})
			w.lease6(told6())
			w.addr = phone6
			w.trust().get(sep, 6412).get("/g3-tones.xml", 10)
		}},
	}
}

// What is not known is not said: before the time a phone may take, of a phone
// that has IPv4 as well, and of routers nobody asked.
func TestNothingSaidOfIPv6TooEarly(t *testing.T) {
	for name, do := range map[string]func(*world){
		"just answered":         func(w *world) { w.lease6(v6.Sent{}).wait(time.Second) },
		"it has IPv4":           func(w *world) { w.lease(class61).lease6(v6.Sent{}).trust().get(sep, 6412).wait(DefaultWaits().NoFile) },
		"routers are not known": func(w *world) { w.box.IPv6 = true; w.lease6(told6()).wait(DefaultWaits().NoFile) },
		"a router of another link": func(w *world) {
			w.box.IPv6 = true
			w.ev(v6.NoRouter{Interface: "Vlan9"})
			w.lease6(told6()).wait(DefaultWaits().NoFile)
		},
	} {
		w := newWorld()
		do(w)
		p := w.look(t)
		for _, v := range append(p.Others, p.Verdict) {
			if strings.Contains(" R45 R46 R47 R48 ", " "+v.Code+" ") {
				t.Errorf("%s: %s %s", name, v.Code, v.Text)
			}
		}
	}
}

// A timeline has both families, and tells by which one files were asked for.
func TestTimelineOfBothFamilies(t *testing.T) {
	w := newWorld()
	w.box.IPv6 = true
	w.lease(class61)
	w.lease6(told6())
	w.addr = phone6
	w.trust().get(sep, 6412)
	p := w.look(t)
	if p.Addr != addr1 || p.Addr6 != phone6 || len(p.Boots) != 1 {
		t.Fatalf("%s, %s, %d boots", p.Addr, p.Addr6, len(p.Boots))
	}
	text := ShowPhone(p, w.now, "")
	for _, want := range []string{"10.0.0.23  2001:db8::23", "DHCP  ACK", "DHCPv6  SOLICIT", "DHCPv6  REPLY", "9/1=2001:db8::1", "6,412 B  9 ms  over IPv6"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for _, a := range []string{"10.0.0.23", "2001:DB8::23"} {
		if f, ok := w.Find(a, w.now); !ok || f.MAC != w.mac {
			t.Errorf("not known by %s", a)
		}
	}
	w.ev(v6.Released{MAC: w.mac, Addr: phone6})
	if w.byIP[phone6] != nil || w.byIP[addr1] == nil {
		t.Error("a released address stays, or takes the other along")
	}
}

// The columns of the summary begin where their headings do, however long an
// address is, and stay where they were without one of IPv6.
func TestColumnsOfLongAddresses(t *testing.T) {
	long := Phone{Addr: netip.MustParseAddr("2001:db8:150:1000:2000:3000:4000:5000"), Model: "7841", Load: "sip78xx", State: Addressed}
	short := Phone{Addr: addr1, Model: "8841", Load: "sip88xx", State: Addressed}
	for width, list := range map[int][]Phone{15: {short}, 37: {long, short}} {
		lines := strings.Split(strings.TrimRight(ShowPhones(list, nil).String(), "\n"), "\n")
		rows := lines[len(lines)-len(list)-1:]
		at := strings.Index(rows[0], "Model")
		if want := 15 + 2 + width + 2; at != want {
			t.Errorf("Model at %d, not %d\n%s", at, want, rows[0])
		}
		for i, row := range rows[1:] {
			if len(row) <= at || !strings.HasPrefix(row[at:], list[i].Model+" ") {
				t.Errorf("no %s under its heading\n%s\n%s", list[i].Model, rows[0], row)
			}
		}
	}
}
