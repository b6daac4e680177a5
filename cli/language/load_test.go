package language_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"option150/cli/language"
)

// TestLoad: what is made of a text. want is what is printed beyond the factory
// configuration, classes are the lines implemented, carried and rejected.
func TestLoad(t *testing.T) {
	b := newBox(t)
	for _, c := range []struct{ name, text, want, classes string }{
		{"empty", "", "", "0 0 0"},
		{"comments only", "!\n! a comment\n !\n", "", "0 0 0"},
		{"one line", "hostname X\n", "hostname X", "1 0 0"},
		{"no line end", "hostname X", "hostname X", "1 0 0"},
		{"crlf", "hostname X\r\nip dhcp pool P\r\n network 10.0.0.0 /24\r\n", "hostname X/ip dhcp pool P/ network 10.0.0.0 255.255.255.0", "3 0 0"},
		{"tabs", "ip dhcp pool P\n\tnetwork\t10.0.0.0  255.255.255.0\n", "ip dhcp pool P/ network 10.0.0.0 255.255.255.0", "2 0 0"},
		{"three blanks", "ip dhcp pool P\n   network 10.0.0.0\n   accounting default\n", "ip dhcp pool P/ network 10.0.0.0 255.0.0.0/ accounting default", "2 1 0"},
		{"trailing blanks", "ip dhcp pool P\n option 150 ip 10.0.0.1 \n", "ip dhcp pool P/ option 150 ip 10.0.0.1", "2 0 0"},
		{"case", "HOSTNAME X\nIP DHCP POOL p\n", "hostname X/ip dhcp pool p", "2 0 0"},
		{"abbreviated", "host X\nint gi0/0\n desc LAN\n", "hostname X/ description LAN", "3 0 0"},

		{"session noise", "User Access Verification\n\nUsername: a\nPassword: \nR1>en\nR1#sh run\nBuilding configuration...\n\nCurrent configuration : 99 bytes\n!\nversion 15.2\nhostname X\nend\n\nR1#exit\n", "hostname X", "2 0 0"},
		{"startup noise", "Using 1292 out of 262144 bytes\n!\nhostname X\n", "hostname X", "1 0 0"},
		{"no mark after noise", "R1#show run | include hostname\nhostname X\nR1#\n", "hostname X", "1 0 0"},
		{"lines before the first mark", "hostname X\nip domain name a#b.example\n!\nusername u privilege 15\n", "hostname X/ip domain name a#b.example/username u privilege 15", "3 0 0"},
		{"a banner before the first mark", "banner motd #Hi#\nhostname X\n!\n", "hostname X/banner motd ^C/Hi/^C", "2 0 0"},
		{"typed at prompts", "R1#conf t\nR1(config)#hostname X\nX(config)#int gi0/0\nX(config-if)#description LAN\nX(config-if)#end\nX#\n", "hostname X/ description LAN", "3 0 0"},
		{"pager", "hostname X\n --More-- \x08\x08\x08\x08\x08\x08\x08\x08\x08        \x08\x08\x08\x08\x08\x08\x08\x08\x08ip dhcp pool P\n --More-- \n network 10.0.0.0 /24\n", "hostname X/ip dhcp pool P/ network 10.0.0.0 255.255.255.0", "3 0 0"},
		{"log lines", "hostname X\n*Mar  1 00:01:02.003: %SYS-5-CONFIG_I: Configured from console by console\nip domain name a.example\n", "hostname X/ip domain name a.example", "2 0 0"},
		{"after end", "hostname X\nend\nhostname Y\n", "hostname X", "1 0 0"},

		{"the whole text indented", "  hostname X\n  !\n  ip dhcp pool P\n    network 10.0.0.0 /24\n  !\n  ip domain name a.example\n", "hostname X/ip dhcp pool P/ network 10.0.0.0 255.255.255.0/ip domain name a.example", "4 0 0"},
		{"flat", "ip dhcp pool P\nnetwork 10.0.0.0 /24\nhostname X\n", "hostname X/ip dhcp pool P/ network 10.0.0.0 255.255.255.0", "3 0 0"},
		{"flat, same first word", "interface gi0/0\nip address 10.0.0.1 255.255.255.0\nip http server\n", " ip address 10.0.0.1 255.255.255.0/ip http server", "3 0 0"},
		{"flat, unknown stays below", "ip dhcp pool P\naccounting default\nnetwork 10.0.0.0 /24\n", "ip dhcp pool P/ network 10.0.0.0 255.255.255.0/ accounting default", "2 1 0"},
		{"flat, unknown after a mark", "ip dhcp pool P\nnetwork 10.0.0.0 /24\n!\nfoo bar\n", "foo bar/ip dhcp pool P/ network 10.0.0.0 255.255.255.0", "2 1 0"},
		{"flat, unknown of the top level", "ip dhcp pool P\nrouter rip\n", "ip dhcp pool P/router rip", "1 1 0"},
		{"flat, interface that is not here", "ip dhcp pool P\ninterface FastEthernet0/1\nip address 10.0.0.1 255.0.0.0\nmop enabled\nhostname X\n", "hostname X/ip dhcp pool P/interface FastEthernet0/1/ ip address 10.0.0.1 255.0.0.0/ mop enabled", "2 3 0"},
		{"flat, refused header", "ephone 1\ntype 7960\nephone 99999\ntype 7961\nhostname X\n", "hostname X/ephone  1/ type 7960", "3 0 2"},
		{"flat, the next of its kind", "ephone 1\ntype 7960\nephone 2\ntype 7961\nephone-dn 1\nnumber 1\nephone-dn 2\nnumber 2\nno ephone-dn 2\n", "ephone-dn  1/ number 1/ephone  1/ type 7960/ephone  2/ type 7961", "9 0 0"},
		{"flat, exit", "ip dhcp pool P\nexit\nnetwork 10.0.0.0\n", "network 10.0.0.0/ip dhcp pool P", "1 1 0"},
		{"exit in an indented file", "ip dhcp pool P\n network 10.0.0.0 /24\n exit\nhostname X\n", "hostname X/ip dhcp pool P/ network 10.0.0.0 255.255.255.0", "3 0 0"},

		{"header with a blank before it", "ephone 1\n mac-address 001E.7A00.0001\n ephone 2\n mac-address 001E.7A00.0002\n ephone-dn 2\n number 2\n", "ephone-dn  2/ number 2/ephone  1/ mac-address 001E.7A00.0001/ephone  2/ mac-address 001E.7A00.0002", "6 0 0"},
		{"pool with a blank before it", "ip dhcp pool A\n network 10.1.0.0 /24\n ip dhcp pool B\n network 10.2.0.0 /24\n", "ip dhcp pool A/ network 10.1.0.0 255.255.255.0/ip dhcp pool B/ network 10.2.0.0 255.255.255.0", "4 0 0"},
		{"voice register dn with a blank before it", "voice register dn 1\n number 1\n voice register dn 2\n number 2\n", "voice register dn  1/ number 1/voice register dn  2/ number 2", "4 0 0"},
		{"one indented line and flat sections", "interface gi0/1\n no shutdown\ntelephony-service\nmax-dn 11\nip source-address 10.0.0.1 port 2000\nephone 1\ntype 7961\n", "telephony-service/ max-dn 11/ ip source-address 10.0.0.1 port 2000/ephone  1/ type 7961", "7 0 0"},
		{"comments and blank lines in a flat section", "ephone 1\n! the phone of the desk\ntype 7961\n\n!\nbutton 1:1\n", "ephone  1/ type 7961/ button  1:1", "3 0 0"},
		{"a header after a mark that the section also takes", "ephone 1\n type 7961\n!\nephone-template 1\n softkeys idle Redial\n", "ephone-template  1/ softkeys idle Redial/ephone  1/ type 7961", "3 1 0"},
		{"the same without a mark, in the section", "ephone 1\ntype 7961\nephone-template 1\nbutton 1:1\n", "ephone  1/ type 7961/ button  1:1/ ephone-template 1", "4 0 0"},
		{"prompts between lines", "R(config)#ephone 1\nR(config-ephone)#type 7961\nR(config-ephone)#ephone 2\nR(config-ephone)#type 7960\nR(config)#hostname X\n", "hostname X/ephone  1/ type 7961/ephone  2/ type 7960", "5 0 0"},
		{"an interface that is not here takes its lines", "interface gi0/0\n ip address 10.0.0.1 255.255.255.0\ninterface GigabitEthernet0/9\n ip address 10.9.0.1 255.255.255.0\n shutdown\nint vlan 10\n ip address 10.8.0.1 255.255.255.0\n", " ip address 10.0.0.1 255.255.255.0/interface GigabitEthernet0/9/ ip address 10.9.0.1 255.255.255.0/ shutdown/interface Vlan10/ ip address 10.8.0.1 255.255.255.0", "2 5 0"},
		{"a line that is not here takes its lines", "line con 0\n exec-timeout 5 0\nline aux 0\n exec-timeout 0 0\n no exec\n", " exec-timeout 5 0/line aux 0/ exec-timeout 0 0/ no exec", "2 3 0"},
		{"nobody is made below a refused phone", "ephone 7\n type 7961\nephone 2000\n mac-address 001E.7A00.0007\n username evil password evil\n line vty 0 4\n interface gi0/0\n", "ephone  7/ type 7961", "2 0 5"},
		{"nobody is made below a router", "router ospf 1\n username evil password evil\n interface gi0/0\n shutdown\nhostname X\n", "hostname X/router ospf 1/ username evil password evil/ interface gi0/0/ shutdown", "1 4 0"},
		{"flat sections in sections", "router bgp 1\nneighbor 10.0.0.1 remote-as 2\naddress-family ipv4\nnetwork 10.0.0.0\nexit-address-family\nip route 0.0.0.0 0.0.0.0 10.0.0.1\n", "router bgp 1/ neighbor 10.0.0.1 remote-as 2/ address-family ipv4/  network 10.0.0.0/ exit-address-family/ip route 0.0.0.0 0.0.0.0 10.0.0.1", "1 5 0"},
		{"one value of a kept line", "router ospf 1\n router-id 1.1.1.1\n router-id 2.2.2.2\n", "router ospf 1/ router-id 2.2.2.2", "0 3 0"},
		{"no of a whole list", "access-list 101 permit ip any any\naccess-list 101 deny ip any any\nno access-list 101\nno access-list 101\n", "", "0 4 0"},
		{"lines of a script", "enable\nconf t\nhostname X\nend\nwr\nconf t\nip http server\nend\n", "hostname X/ip http server", "2 0 0"},
		{"blanks, quotes and case of a kept line", "dial-peer voice 1 pots\n description  \"A  B\"\n Port 0/1/0\n", "dial-peer voice 1 pots/ description  \"A  B\"/ Port 0/1/0", "0 3 0"},

		{"banner", "banner motd ^C\n  Hello\n\n! not a comment\nhostname Y\n^C\nhostname X\n", "hostname X/banner motd ^C/  Hello//! not a comment/hostname Y/^C", "2 0 0"},
		{"banner on one line", "banner login #Go away#\n", "banner login ^C/Go away/^C", "1 0 0"},
		{"banner with the character itself", "banner exec \x03\nHi\n\x03\n", "banner exec ^C/Hi/^C", "1 0 0"},
		{"banner with text beside the delimiters", "banner motd @Hi\nyou@\n", "banner motd ^C/Hi/you/^C", "1 0 0"},
		{"banner with a wide delimiter", "banner motd §Grüezi§\n", "banner motd ^C/Grüezi/^C", "1 0 0"},
		{"banner that holds ^C", "banner motd #\npress ^C\n#\n", "banner motd #/press ^C/#", "1 0 0"},
		{"banner in a section", "ip dhcp pool P\n network 10.0.0.0 /24\n banner motd #\n Hi\n#\n", "ip dhcp pool P/ network 10.0.0.0 255.255.255.0/banner motd ^C/ Hi/^C", "3 0 0"},
		{"banner abbreviated", "ban mo #Hi#\n", "banner motd ^C/Hi/^C", "1 0 0"},
		{"banner without end", "banner motd #Hi\nhostname X\n", "hostname X/banner motd ^C/Hi/^C", "2 0 0"},
		{"banner that is empty", "banner motd ##\n", "", "1 0 0"},
		{"no banner", "banner motd #Hi#\nno banner motd\n", "", "2 0 0"},
		{"banner of another kind", "banner prompt-timeout ^C\nhostname Y\n^C\nhostname X\n", "hostname X/banner prompt-timeout ^C/hostname Y/^C", "1 3 0"},
		{"art in a flat file", "banner motd ^C\n   /\\\n^C\nip dhcp pool P\nnetwork 10.0.0.0 /24\n", "ip dhcp pool P/ network 10.0.0.0 255.255.255.0/banner motd ^C/   /\\/^C", "3 0 0"},

		{"certificate", "crypto pki certificate chain T\n certificate self-signed 01\n  30820222 308201CC \n  \tquit\nhostname X\n", "hostname X/crypto pki certificate chain T/ certificate self-signed 01/  30820222 308201CC/  quit", "1 4 0"},
		{"nested", "voice service voip\n sip\n  bind all source-interface Gi0/0\n h323\n", "voice service voip/ sip/  bind all source-interface Gi0/0/ h323", "0 4 0"},
		{"unknown section", "router bgp 65000\n address-family ipv4\n  network 10.0.0.0\n exit-address-family\n", "router bgp 65000/ address-family ipv4/  network 10.0.0.0/ exit-address-family", "0 4 0"},
		{"unknown lines in every kind of section", "telephony-service\n foo 1\nephone 1\n foo 2\nephone-dn 1\n foo 3\nvoice register global\n foo 4\nvoice register dn 1\n foo 5\nvoice register pool 1\n foo 6\nip dhcp pool P\n foo 7\ninterface gi0/0\n foo 8\nline vty 0 4\n foo 9\nephone-template 1\n foo 10\n",
			"ip dhcp pool P/ foo 7/voice register global/ foo 4/voice register dn  1/ foo 5/voice register pool  1/ foo 6/ foo 8/telephony-service/ foo 1/ephone-template  1/ foo 10/ephone-dn  1/ foo 3/ephone  1/ foo 2/ foo 9", "10 10 0"},
		{"interface that is not here", "interface FastEthernet0/0.20\n encapsulation dot1Q 20\n ip address 10.0.0.1 255.0.0.0\n", "interface FastEthernet0/0.20/ encapsulation dot1Q 20/ ip address 10.0.0.1 255.0.0.0", "0 3 0"},
		{"a word of a script within a section", "interface Vlan9\n enable\n mtu 1400\n  reload\n!\nenable\nhostname X\n", "hostname X/interface Vlan9/ enable/ mtu 1400/ reload", "1 4 0"},
		{"interface twice", "interface gi0/0\n mtu 1400\ninterface GigabitEthernet 0/0\n mtu 1400\n cdp enable\n", " mtu 1400/ cdp enable", "2 3 0"},
		{"section twice", "ip dhcp pool P\n network 10.0.0.0 /24\nip dhcp pool P\n default-router 10.0.0.1\n", "ip dhcp pool P/ network 10.0.0.0 255.255.255.0/ default-router 10.0.0.1", "4 0 0"},
		{"carried twice", "ip nat pool X\nip nat pool X\nrouter rip\n version 2\nrouter rip\n version 2\n network 10.0.0.0\n", "router rip/ version 2/ network 10.0.0.0/ip nat pool X", "0 7 0"},
		{"duplicates", "hostname X\nhostname X\nlogging host 10.0.0.1\nlogging host 10.0.0.1\n", "hostname X/logging host 10.0.0.1", "4 0 0"},
		{"carried lines keep their order", "aaa new-model\naaa authentication login default local\nboot-start-marker\nboot-end-marker\n", "aaa new-model/aaa authentication login default local/boot-start-marker/boot-end-marker", "0 4 0"},

		{"no of a carried line", "ip cef\nno ip cef\n", "", "0 2 0"},
		{"no of the beginning of one", "snmp-server location here\nno snmp-server location\n", "", "0 2 0"},
		{"no of the beginning of several", "snmp-server host a\nsnmp-server host b\nno snmp-server host\n", "", "0 3 0"},
		{"no that is carried", "no ip cef\nno ip domain lookup\n", "no ip cef/no ip domain lookup", "0 2 0"},
		{"a line takes the place of its no", "no aaa new-model\naaa new-model\n", "aaa new-model", "0 2 0"},
		{"no of a carried flag", "ephone-dn 1\n no huntstop\n call-forward busy 1\n no call-forward\n", "ephone-dn  1/ no huntstop", "1 3 0"},
		{"no, then the line", "ephone-dn 1\n no park-slot\n park-slot 1\n", "ephone-dn  1/ park-slot 1", "1 2 0"},
		{"no no", "no no no\nno no\n", "no no", "0 2 0"},
		{"no of a section", "ephone 1\n type 7960\n foo\nno ephone 1\n", "", "3 1 0"},

		{"bad argument", "ip http port 99999\nhostname X\n", "hostname X", "1 0 1"},
		{"not finished", "hostname\nip dhcp pool\n", "", "0 0 2"},
		{"surplus word", "ip http server now\n", "", "0 0 1"},
		{"refused header takes what is below", "ephone 99999\n type 7960\n button 1:1\nhostname X\n", "hostname X", "1 0 3"},
		{"refused line in a section", "ephone 1\n mac-address nonsense\n type 7960\n", "ephone  1/ type 7960", "2 0 1"},
		{"refused by its Set", "ip dhcp pool P\n network 10.0.0.0 /24\n host 10.0.0.1\n default-router 10.0.0.1\n", "ip dhcp pool P/ network 10.0.0.0 255.255.255.0/ default-router 10.0.0.1", "3 0 1"},
		{"actions", "telephony-service\n create cnf-files\nvoice register global\n create profile\n", "voice register global/telephony-service", "4 0 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rep := b.loads(t, c.text, c.want, c.classes)
			b.stable(t, rep)
		})
	}
}

// loads loads a text and asks what is printed then, and how many of its lines
// were implemented, carried and rejected.
func (b *box) loads(t *testing.T, text, want, classes string) *language.Report {
	t.Helper()
	rep := b.load(t, text)
	if got := b.only(rep.Config); got != want {
		t.Errorf("printed\ngot  %q\nwant %q", got, want)
	}
	if got := fmt.Sprint(rep.Implemented, rep.Carried, len(rep.Rejected)); got != classes {
		t.Errorf("lines implemented, carried, rejected: got %s, want %s; %v", got, classes, rep.Rejected)
	}
	return rep
}

// stable: what is printed loads as the same value and prints the same again.
func (b *box) stable(t *testing.T, rep *language.Report) {
	t.Helper()
	text := b.RenderText(rep.Config)
	again := b.load(t, text)
	if len(again.Rejected) > 0 {
		t.Fatalf("what was printed is rejected: %v\n%s", again.Rejected[0], text)
	}
	if !again.Config.Equal(rep.Config) {
		t.Fatalf("load(render(c)) is not c:\n%s", cmp.Diff(text, b.RenderText(again.Config)))
	}
	if d := cmp.Diff(text, b.RenderText(again.Config)); d != "" {
		t.Fatalf("render(load(canonical)) is not canonical:\n%s", d)
	}
	over, err := b.Load(text, rep.Config, nil)
	if err != nil || !over.Config.Equal(rep.Config) {
		t.Fatalf("typing it again changes it: %v\n%s", err, cmp.Diff(text, b.RenderText(over.Config)))
	}
}

func TestRejectedSayWhere(t *testing.T) {
	b := newBox(t)
	rep := b.load(t, "!\nhostname X\nip http port 0\n!\nephone 99999\n type 7960\nhostname\nip dhcp excluded-address 10.0.0.2 10.0.0.1\n")
	var got []string
	for _, e := range rep.Rejected {
		got = append(got, e.Error())
	}
	if d := cmp.Diff([]string{
		`line 3: ip http port 0: not understood at "0"`,
		`line 5: ephone 99999: not understood at "99999"`,
		`line 6: type 7960: the section it stands in was refused`,
		`line 7: hostname: incomplete command`,
		`line 8: ip dhcp excluded-address 10.0.0.2 10.0.0.1: Low address must not be above the high address`,
	}, got); d != "" {
		t.Error(d)
	}
}

// TestBaseIsUntouched: a file is read into a copy.
func TestBaseIsUntouched(t *testing.T) {
	b := newBox(t)
	before := b.RenderText(b.factory)
	b.load(t, "hostname X\nip dhcp pool P\n network 10.0.0.0 /24\nrouter rip\nline vty 0 2\n length 0\n")
	if d := cmp.Diff(before, b.RenderText(b.factory)); d != "" {
		t.Error(d)
	}
}

// TestCandidate: of a configuration that is refused as a whole the lines that
// are to blame are left out, named, and everything else is kept.
func TestCandidate(t *testing.T) {
	b := newBox(t)
	for _, c := range []struct{ name, text, want, rejected string }{
		{"hfs on the port of http", "ip http server\nip http port 6970\ntelephony-service\n hfs enable port 6970\n max-ephones 5\n", "ip http port 6970/ip http server/telephony-service/ max-ephones 5", "4"},
		{"a swap has no order", "ip http server\nip http port 6970\ntelephony-service\n hfs enable port 1234\n", "ip http port 6970/ip http server/telephony-service/ hfs enable port 1234", ""},
		{"overlapping pools", "ip dhcp pool A\n network 10.0.0.0 255.255.255.0\nip dhcp pool B\n network 10.0.0.0 255.0.0.0\n default-router 10.0.0.1\nhostname X\n", "hostname X/ip dhcp pool A/ network 10.0.0.0 255.255.255.0/ip dhcp pool B/ network 10.0.0.0 255.0.0.0/ default-router 10.0.0.1", ""},
		{"one MAC twice", "ephone 1\n mac-address 001E.7A00.0001\nephone 2\n mac-address 001e.7a00.0001\n type 7960\n", "ephone  1/ mac-address 001E.7A00.0001/ephone  2/ type 7960", "4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rep, err := b.Candidate(c.text, b.factory, b.refuse)
			if err != nil {
				t.Fatal(err)
			}
			var lines []string
			for _, e := range rep.Rejected {
				lines = append(lines, fmt.Sprint(e.Number))
			}
			if got := strings.Join(lines, " "); got != c.rejected {
				t.Errorf("rejected lines %q, want %q", got, c.rejected)
			}
			if got := b.only(rep.Config); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if err := b.refuse(rep.Config); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestBounds(t *testing.T) {
	b := newBox(t)
	for _, text := range []string{strings.Repeat("x", language.MaxFileBytes+1), strings.Repeat("\n", language.MaxFileLines+1)} {
		if _, err := b.Load(text, b.factory, nil); !errors.Is(err, language.ErrTooLarge) {
			t.Errorf("got %v", err)
		}
	}
}

// TestLargeFiles: files far larger than any router's are read, whatever they
// are made of. The limit is far from any machine's speed: it catches what is
// quadratic.
func TestLargeFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	b := newBox(t)
	n := language.MaxFileLines / 3
	for name, line := range map[string]func(i int) string{
		"carried lines":           func(i int) string { return fmt.Sprintf("ip route 10.%d.%d.0 255.255.255.0 10.0.0.1", i/256%256, i%256) },
		"banners without end":     func(i int) string { return fmt.Sprintf("banner motd %c", 'a'+i%26) },
		"sections":                func(i int) string { return fmt.Sprintf("ephone %d", i%1000+1) },
		"rejected":                func(int) string { return "ip http port 0" },
		"blocks":                  func(i int) string { return []string{"router rip", fmt.Sprintf(" network %d", i)}[i%2] },
		"interfaces not here":     func(i int) string { return fmt.Sprintf("interface Serial0/%d", i) },
		"carried and their no":    func(i int) string { return []string{"foo", "no foo"}[i%2] },
		"one word":                func(int) string { return "x" },
		"flat sections, then not": func(i int) string { return []string{"ip dhcp pool P", "foo", "!"}[i%3] },
	} {
		t.Run(name, func(t *testing.T) {
			var text strings.Builder
			for i := range n {
				text.WriteString(line(i) + "\n")
			}
			start := time.Now()
			rep := b.load(t, text.String())
			if d := time.Since(start); d > time.Minute {
				t.Errorf("took %v", d)
			} else {
				t.Logf("%v for %d lines, %d carried", d.Round(time.Millisecond), n, len(rep.Config.Carried))
			}
		})
	}
}

// TestUnfitLines: a line with a control character, or a mark that makes it read
// as another, is rejected with all that stands below it, whatever it is.
func TestUnfitLines(t *testing.T) {
	b := newBox(t)
	for _, c := range []struct{ name, text, want, classes string }{
		{"a command", "hostname a\u202eb\nip http server\n", "ip http server", "1 0 1"},
		{"a header", "ip dhcp pool A\u2066\n network 10.0.0.0 /24\nip http server\n", "ip http server", "1 0 2"},
		{"a kept line", "snmp-server location a\x1b[2Jb\u200f\nsnmp-server location \u009b\nip http server\n", "ip http server", "1 0 2"},
		{"a kept section", "router bgp 1\u202e\n neighbor 10.0.0.1\nip http server\n", "ip http server", "1 0 2"},
		{"an unknown line", "quux \u061c\n below it\nip http server\n", "ip http server", "1 0 2"},
		{"in a section", "ephone 1\n type 7961\n description a\u202db\n button 1:1\n", "ephone  1/ type 7961/ button  1:1", "3 0 1"},
		{"a banner", "banner motd #Hi\u202e\nyou#\nip http server\n", "ip http server", "1 0 1"},
		{"a joiner, other scripts and bytes of an old one", "snmp-server location می\u200cخواهم\nsnmp-server contact B\xfcro\n", "snmp-server location می\u200cخواهم/snmp-server contact B\xfcro", "0 2 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rep := b.loads(t, c.text, c.want, c.classes)
			for _, e := range rep.Rejected {
				if s := e.Error(); strings.ContainsAny(s, "\x1b\u009b\u202e\u202d\u2066\u200f\u061c") {
					t.Errorf("%q", s)
				}
			}
		})
	}
}
