package command

import (
	"strings"
	"testing"

	"option150/platform/config"
)

// TestKeptLinesStand: in a section that is kept, what IOS has several of stands
// side by side, and a line is replaced only by one that takes its place on IOS.
// [Cisco IOS command references named in vocabulary.txt]
func TestKeptLinesStand(t *testing.T) {
	b, f := testBox(t)
	for header, groups := range map[string][]string{
		"interface Vlan10": {
			"ip address 10.1.1.1 255.255.255.0 < ip address 10.1.2.1 255.255.255.0",
			"ip address 10.1.3.1 255.255.255.0 secondary", "ip address 10.1.4.1 255.255.255.0 secondary",
			"ip helper-address 10.0.0.1", "ip helper-address 10.0.0.2", "ip helper-address vrf V 10.0.0.1",
			"description a < description b", "mtu 1400 < mtu 1500", "ip mtu 1300 < ip mtu 1400", "bandwidth 64 < bandwidth 128",
			"encapsulation dot1Q 10 < encapsulation dot1Q 11", "ip access-group A in", "ip access-group A out",
			"ip nat inside", "ip nat enable", "standby 1 ip 10.1.1.8 < standby 1 ip 10.1.1.9", "standby 2 ip 10.1.1.7", "standby 1 priority 100 < standby 1 priority 110",
			"ip ospf cost 5 < ip ospf cost 6", "service-policy output X < service-policy output Y", "service-policy input X",
			"switchport access vlan 5 < switchport access vlan 6", "switchport voice vlan 7", "switchport trunk allowed vlan 1 < switchport trunk allowed vlan 2", "switchport trunk allowed vlan add 3", "switchport trunk allowed vlan add 4",
			"tunnel source Loopback0 < tunnel source Loopback1", "duplex auto < duplex full", "speed 10 < speed 100", "ip ospf message-digest-key 1 md5 7 X", "ip ospf message-digest-key 2 md5 7 Y",
		},
		"interface GigabitEthernet0/1": { // one that is here: its carried lines
			"ip helper-address 10.0.0.1", "ip helper-address 10.0.0.2", "duplex auto < duplex full", "ip access-group A in", "ip access-group A out", "encapsulation dot1Q 10 < encapsulation dot1Q 11",
		},
		"line aux 0": {"length 0 < length 24", "transport input ssh < transport input telnet", "access-class 1 in", "access-class 2 out"},
		"router bgp 65000": {
			"neighbor 10.0.0.1 remote-as 1 < neighbor 10.0.0.1 remote-as 2", "neighbor 10.0.0.2 remote-as 1", "neighbor 10.0.0.1 description a < neighbor 10.0.0.1 description b",
			"network 10.0.0.0", "network 10.0.1.0", "bgp router-id 1.1.1.1 < bgp router-id 2.2.2.2",
		},
		"track 1 interface Vlan10 line-protocol": {"delay up 1 < delay up 2", "delay down 3"},
	} {
		text, want := header+"\n", map[string]bool{}
		var gone []string
		for _, g := range groups {
			lines := strings.Split(g, " < ")
			for i, l := range lines {
				text += " " + l + "\n"
				if i < len(lines)-1 {
					gone = append(gone, l)
				}
			}
			want[lines[len(lines)-1]] = true
		}
		rep, err := b.Language.Load(text, config.Default(f), nil)
		if err != nil || len(rep.Rejected) > 0 {
			t.Fatalf("%s: %v %v", header, err, rep.Rejected)
		}
		printed := b.Language.RenderText(rep.Config)
		for l := range want {
			if strings.Count(printed, "\n "+l+"\n") != 1 {
				t.Errorf("%s: %q is lost, or there twice", header, l)
			}
		}
		for _, l := range gone {
			if strings.Contains(printed, "\n "+l+"\n") {
				t.Errorf("%s: %q is still there", header, l)
			}
		}
	}
}

// TestOwnTypes: a type that the owner defined is a type, in both doors; only
// one type stands in a phone, and a word nobody defined is refused.
func TestOwnTypes(t *testing.T) {
	b, f := testBox(t)
	for _, c := range []struct{ text, want, not string }{
		{"ephone-type E99X\n device-id 376\nephone 1\n type E99X\n", "ephone  1\n type E99X\n", ""},
		{"ephone-type E99X\nephone 1\n type 7961\n type E99X\n", " type E99X\n", " type 7961"},
		{"ephone-type E99X\nephone 1\n type E99X\n type 7961\n", " type 7961\n", " type E99X"},
		{"ephone-type E99X\nephone-type N97 addon\nephone 1\n type E99X\n type N97\n", " type N97\n", " type E99X"},
		{"ephone-type E99X\nephone 1\n type E99X\n no type\n", "ephone  1\n", " type E99X"},
		{"ephone-type E99X\ntelephony-service\n load E99X flash:x\n", " load E99X flash:x\n", ""},
		{"voice register pool-type 99XX\nvoice register pool 1\n type 99XX\n", " type 99XX\n", ""},
	} {
		rep, err := b.Language.Load(c.text, config.Default(f), nil)
		if err != nil || len(rep.Rejected) > 0 {
			t.Errorf("%q: %v %v", c.text, err, rep.Rejected)
			continue
		}
		if printed := b.Language.RenderText(rep.Config); !strings.Contains(printed, c.want) || c.not != "" && strings.Contains(printed, "\n"+c.not+"\n") {
			t.Errorf("%q prints\n%s", c.text, printed)
		}
	}
	for _, text := range []string{"ephone 1\n type E99X\n", "ephone-type E99X\nephone 1\n type E98X\n", "telephony-service\n load E99X x\n"} {
		if rep, err := b.Language.Load(text, config.Default(f), nil); err != nil || len(rep.Rejected) != 1 {
			t.Errorf("%q: %v, rejected %v", text, err, rep.Rejected)
		}
	}
}
