package appliance_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"option150/cli/session"
	"option150/cmd/option150/appliance"
	"option150/platform/netns"
)

// rightOffice is a router with phones and nothing wrong.
const rightOffice = `hostname Router
interface GigabitEthernet0/0
 ip address 10.150.0.1 255.255.255.0
ip dhcp excluded-address 10.150.0.1 10.150.0.9
ip dhcp pool VOICE
 network 10.150.0.0 255.255.255.0
 default-router 10.150.0.1
 option 150 ip 10.150.0.1
ip http server
no phone-probe call-control
telephony-service
 load 7961 SCCP41.9-4-2SR3-1S
 max-ephones 10
 max-dn 10
 ip source-address 10.150.0.1 port 2000
 hfs enable port 6970
 hfs home-path flash:phones
ephone-dn 1
 number 1001
ephone 1
 mac-address 001e.7a00.0001
 type 7961
 button 1:1
voice register global
 mode cme
 source-address 10.150.0.1 port 5060
 max-dn 10
 max-pool 10
voice register dn 1
 number 2001
voice register pool 1
 id mac 001e.7a00.0002
 type 8841
 number 1 dn 1
`

// office is a box a mistake was made at.
type office struct {
	*testing.T
	w *world
}

// types are lines at the console, and what they answer.
func (o *office) types(lines ...string) string {
	o.Helper()
	var out bytes.Buffer
	b := o.w.box.Box()
	s := session.New(session.Options{Language: b.Language, Store: b.Store, Recorder: b.Journal, Out: &out, Line: "con0", From: "console", Privilege: 15})
	for _, line := range lines {
		s.Line(o.Context(), line)
	}
	return out.String()
}

// has checks for parts of a text.
func (o *office) has(text string, parts ...string) {
	o.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			o.Errorf("no %q in\n%s", p, text)
		}
	}
}

// hasNot checks that parts are not in a text.
func (o *office) hasNot(text string, parts ...string) {
	o.Helper()
	for _, p := range parts {
		if strings.Contains(text, p) {
			o.Errorf("%q in\n%s", p, text)
		}
	}
}

// does drives the world.
func (o *office) does(command string) string {
	o.Helper()
	out, err := o.w.Do(command)
	if err != nil {
		o.Error(err)
	}
	return out
}

func (o *office) audit() string { return o.types("show provisioning audit") }

// theMistakes are the twenty-three that configurations of CME routers and their
// owners make most, as public reports tell them. says is what the audit of the
// running box says; `option150 check` says the same wherever the configuration
// is enough, which blind tells it is not. Where the box has taken the edge off a
// mistake there is nothing to say, and live shows that it has.
var theMistakes = []struct {
	n     int
	name  string
	lines string
	says  []string
	blind bool
	live  func(o *office)
}{
	{1, "option 150 is not ip source-address", "ip dhcp pool VOICE\n option 150 ip 10.150.1.1\n", []string{"M01", "option 150 is 10.150.1.1 but ip source-address is 10.150.0.1: a digit may be wrong"}, false, nil},
	{2, "ip source-address is on no interface", "telephony-service\n ip source-address 10.150.0.255\n", []string{"M02", "is the broadcast address of 10.150.0.0/24: no host can have it"}, false, nil},
	{2, "ip source-address is another host", "telephony-service\n ip source-address 10.77.0.1\n", []string{"M02", "phones register at 10.77.0.1, which is another host"}, false, nil},
	{2, "option 150 has no address of the box", "ip dhcp pool VOICE\n option 150 ip 10.150.0.77\n", []string{"A09", "option 150 names 10.150.0.77, which is not this box", "option 150 ip 10.150.0.1"}, false, nil},
	{3, "no option 150 in the pool of the phones, whatever its name", "no ip dhcp pool VOICE\nip dhcp pool X7\n network 10.150.0.0 255.255.255.0\n default-router 10.150.0.1\n",
		[]string{"M03", "ip dhcp pool X7: has no option 150", "ip dhcp pool X7 / option 150 ip 10.150.0.1"}, false, nil},
	{4, "no default-router", "ip dhcp pool VOICE\n no default-router\n", []string{"A12", "has no default-router"}, false, nil},
	{4, "default-router outside", "ip dhcp pool VOICE\n default-router 10.151.0.1\n", []string{"A12", "default-router 10.151.0.1 is outside network 10.150.0.0/24"}, false, nil},
	{4, "default-router is not excluded", "no ip dhcp excluded-address 10.150.0.1 10.150.0.9\nip dhcp excluded-address 10.150.0.4 10.150.0.254\nip dhcp pool VOICE\n default-router 10.150.0.2\n", nil, false, func(o *office) {
		o.hasNot(o.audit(), "not excluded")
		o.does("phone 7961 001e.7a00.0004 boots SCCP41.9-4-2SR3-1S")
		if p, ok := o.w.box.Box().Inventory.Find("SEP001E7A000004", time.Now()); !ok || p.Addr.String() != "10.150.0.3" {
			o.Errorf("the phone has %s, not the one address that is neither the box nor its router", p.Addr)
		}
	}},
	{5, "two pools for one network", "ip dhcp pool B\n network 10.150.0.0 255.255.255.0\n default-router 10.150.0.1\n option 150 ip 10.150.0.1\n", []string{"M05", "has the same network"}, false, nil},
	{5, "a pool without network", "ip dhcp pool NOTHING\n", []string{"M05", "it serves nobody"}, false, nil},
	{6, "tftp-server names one file of a load", "tftp-server flash:phones/SCCP41.9-4-2SR3-1S.loads alias SCCP41.9-4-2SR3-1S.loads\n", nil, true, func(o *office) {
		o.has(o.does("get tftp cnu41.9-4-2ES26.sbn"), "bytes")
		o.hasNot(o.audit(), "A02")
		o.types("delete /force flash:phones/cnu41.9-4-2ES26.sbn")
		o.has(o.audit(), "A02", "cnu41.9-4-2ES26.sbn is absent")
		o.has(o.types("show firmware"), "4 of 5")
		o.does("firmware SCCP41.9-4-2SR3-1S phones")
	}},
	{7, "a load with its suffix and in other capitals", "telephony-service\n load 7961 sccp41.9-4-2sr3-1s.loads\n", nil, true, func(o *office) {
		o.hasNot(o.audit(), "A01", "A02")
		o.has(o.does("get http 6970 sccp41.9-4-2sr3-1s.LOADS"), "200 OK")
	}},
	{7, "a load with a slip", "telephony-service\n load 7961 SCCP41.9-4-2SR3-2S\n", []string{"A01", "SCCP41.9-4-2SR3-2S.loads is absent, SCCP41.9-4-2SR3-1S is there", "load 7961 SCCP41.9-4-2SR3-1S"}, true, nil},
	{8, "create cnf-files is forgotten", "", nil, true, func(o *office) {
		before := o.does("get tftp SEP001E7A000001.cnf.xml")
		o.types("configure terminal", "telephony-service", "url directories http://directory.branch.example/somewhere", "end")
		if after := o.does("get tftp SEP001E7A000001.cnf.xml"); after == before {
			o.Errorf("the file is what it was: %s", after)
		}
		o.has(o.types("configure terminal", "telephony-service", "create cnf-files"), "no change in")
	}},
	{9, "the clock is not set", "", nil, true, func(o *office) {
		stamp := func() string {
			text := o.types("more system:/its/SEP001E7A000001.cnf.xml")
			_, text, _ = strings.Cut(text, "<versionStamp>")
			text, _, _ = strings.Cut(text, "</")
			return text
		}
		first := stamp()
		o.types("configure terminal", "telephony-service", "create cnf-files", "end")
		if again := stamp(); first == "" || again != first {
			o.Errorf("stamps %q and %q of one content", first, again)
		}
		o.types("configure terminal", "telephony-service", "time-format 24", "end")
		if now := stamp(); now == first {
			o.Errorf("a new content has the stamp %q of the old one", now)
		}
	}},
	{10, "HFS without ip http server", "no ip http server\n", []string{"A05", "ip http server is off"}, false, nil},
	{10, "HFS has the port of the HTTP server", "ip http port 6970\n", nil, true, func(o *office) { // refused, both ways round
		o.has(o.types("configure terminal", "ip http port 6970"), "Invalid port number or port in use by other application")
		var out bytes.Buffer
		if clean, err := appliance.Check(rightOffice+"ip http port 6970\n", &out); err != nil || clean {
			o.Errorf("%v\n%s", err, &out)
		}
	}},
	{11, "a file over HFS that only TFTP has", "tftp-server flash:elsewhere.bin alias over.bin\n", nil, true, func(o *office) {
		o.has(o.does("get tftp over.bin"), "bytes")
		o.has(o.does("get http 6970 over.bin"), "200 OK")
		o.has(o.does("get http 6970 SCCP41.9-4-2SR3-2S.loads"), "404")
		o.has(o.types("show file-server requests"), "SCCP41.9-4-2SR3-2S.loads")
	}},
	{12, "one phone is ephone and pool", "voice register pool 2\n id mac 001e.7a00.0001\n type 8841\n number 1 dn 1\n", []string{"M12", "is also in ephone 1"}, false, nil},
	{13, "a load over a release that phones cannot skip", "telephony-service\n load 7961 SCCP41.9-4-2SR3-1S force\n", nil, true, func(o *office) {
		o.does("phone 7961 001e.7a00.0001 boots SCCP41.8-3-1S")
		o.has(o.types("show phone SEP001E7A000001"), "R15", "8.5(2)")
	}},
	{14, "trust lists of another cluster", "", nil, true, func(o *office) {
		o.has(o.does("get http 6970 CTLSEP001E7A000001.tlv"), "404")
		o.hasNot(o.audit(), "CTL")
		o.has(o.types(`explain "No Trust List Installed"`), "R12", "trusts another call manager")
	}},
	{15, "an ephone of auto-registration has the address", "telephony-service\n auto assign 1 to 1 type 7961\n", nil, true, func(o *office) {
		o.does("phone 7961 001e.7a00.0009 boots SCCP41.9-4-2SR3-1S")
		out := o.types("configure terminal", "ephone 7", "mac-address 001e.7a00.0009", "type 7961", "end")
		o.hasNot(out, "already", "%Error", "% Invalid")
		o.has(o.types("show running-config"), "mac-address 001E.7A00.0009")
	}},
	{16, "fewer ephones than phones", "telephony-service\n max-ephones 1\nephone 2\n mac-address 001e.7a00.0008\n type 7961\n button 1:1\n", []string{"M16", "max-ephones 1 is less"}, false, nil},
	{16, "no numbers at all", "telephony-service\n no max-dn\n", []string{"M16", "max-dn is 0"}, false, nil},
	{16, "a phone asks and is not configured", "", nil, true, func(o *office) {
		o.does("phone 7941 001e.7a00.0003 boots SCCP41.9-4-2SR3-1S")
		o.has(o.types("show ephone attempted-registrations"), "001E.7A00.0003")
	}},
	{17, "an ephone without type", "ephone 1\n no type\n", []string{"A16", "has no type"}, false, nil},
	{17, "an ephone without button", "ephone 1\n no button 1:1\n", []string{"A16", "has no button"}, false, nil},
	{17, "a dn without number", "ephone-dn 2\nephone 1\n button 2:2\n", []string{"A16", "has no number"}, false, nil},
	{17, "a button over a dn that is not there", "ephone 1\n button 2:7\n", []string{"A16", "names ephone-dn 7, which is not defined"}, false, nil},
	{17, "auto assign over numbers that are not there", "telephony-service\n auto assign 3 to 5 type 7961\n", []string{"A16", "auto assign"}, false, nil},
	{18, "more than two addresses in option 150", "ip dhcp pool VOICE\n option 150 ip 10.150.0.1 10.150.0.2 10.150.0.3\n", []string{"A10", "option 150 has 3 addresses", "phones keep the first two"}, false, nil},
	{19, "a blank behind the name in OS79XX.TXT", "", []string{"A23", "OS79XX.TXT has a blank behind the name of the image"}, true, nil},
	{20, "the home path is all of flash:", "telephony-service\n hfs home-path flash:\n", []string{"M20", "the root of flash:"}, false, func(o *office) {
		o.has(o.does("get http 6970 startup-config"), "40")
		o.has(o.does("get http 6970 ssh_host_ed25519_key"), "40")
	}},
	{21, "a file for each phone without a place", "telephony-service\n cnf-file perphone\n", []string{"M21", "without cnf-file location"}, false, nil},
	{22, "voice register global without mode", "voice register global\n no mode\n", []string{"M22", "mode is not set"}, false, nil},
	{22, "no voice register global", "no voice register global\n", []string{"M22", "voice register global is not configured"}, false, nil},
	{23, "stamps make every comparison differ", "", nil, true, func(o *office) {
		first := o.types("show running-config")
		o.types("configure terminal", "telephony-service", "create cnf-files", "end")
		if again := o.types("show running-config"); again != first {
			o.Errorf("\n%s\n%s", first, again)
		}
	}},
}

// TestTwentyThreeMistakes makes each at a running box, as a whole configuration,
// and gives the same to `option150 check`.
func TestTwentyThreeMistakes(t *testing.T) {
	netns.Need(t)
	made := map[int]bool{}
	w := newWorld(t)
	w.startup = strings.Split(strings.TrimSpace(rightOffice), "\n")
	for _, do := range []string{"firmware SCCP41.9-4-2SR3-1S phones", "file elsewhere.bin something"} {
		if _, err := w.Do(do); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.open(); err != nil {
		t.Fatal(err)
	}
	for _, m := range theMistakes {
		made[m.n] = true
		t.Run(m.name, func(t *testing.T) {
			o := &office{t, w}
			if m.n == 19 {
				o.does("file phones/OS79XX.TXT P00308010200 ")
				defer o.types("delete /force flash:phones/OS79XX.TXT")
			}
			if !strings.Contains(m.lines, "ip http port") { // that one is refused
				if err := w.put("flash/mistake.txt", []byte(rightOffice+m.lines+"end\n")); err != nil {
					t.Fatal(err)
				}
				o.has(o.types("configure replace flash:mistake.txt force"), "Rollback Done")
			}
			if len(m.says) > 0 {
				o.has(o.audit(), m.says...)
			}
			if m.live != nil {
				m.live(o)
			}
			var out bytes.Buffer
			if _, err := appliance.Check(rightOffice+m.lines, &out); err != nil {
				t.Fatal(err)
			}
			if !m.blind {
				o.has(out.String(), m.says...)
			}
		})
	}
	for n := 1; n <= 23; n++ {
		if !made[n] {
			t.Errorf("mistake %d is not made", n)
		}
	}
}
