package cnf

import (
	"fmt"
	"strings"
	"testing"

	"option150/platform/testkit/golden"
	"option150/telephony/phone"
)

// whole is office with what templates, dial plans, types and people say.
func whole() Config {
	c := office()
	g := &c.Global
	g.Voicemail, g.OutboundProxy, g.Logo = "2999", "system", "http://10.20.0.9/logo.bmp"
	g.QoS = QoS{Media: 46 + 1, Signal: 24 + 1, Video: 34 + 1}
	g.Keepalive, g.MaxRedirect, g.Interdigit, g.Stutter, g.OlsonZone = 60, 10, 7, true, "Europe/Berlin"
	g.DST = Daylight{Start: Turn{Month: 3, Week: 8, Weekday: 1, Minute: 120}, Stop: Turn{Month: 10, Day: 31, Minute: 180}}
	g.UserLocales, g.NetworkLocales = []Locale{{}, {Tag: 2, Code: "DE"}}, []Locale{{}, {Tag: 2, Code: "DE"}}
	c.Dialplans = []Dialplan{
		{Tag: 1, Type: PlanXML, Patterns: []DialPattern{{Position: 1, Digits: "9,1..........", Timeout: 1}, {Position: 2, Digits: `\*98`, Timeout: 1, Button: 2, User: "ip"}, {Position: 3, Digits: "5T"}}},
		{Tag: 2, Type: PlanText, Patterns: []DialPattern{{Position: 1, Digits: "1..", Timeout: 1}, {Position: 2, Digits: "9*", Timeout: 4}, {Position: 3, Digits: "00T"}}},
		{Tag: 3, Type: PlanXML, Filename: "ours.xml"},
	}
	c.RegisterTemplates = []Template{{Tag: 1, UserLocale: 2, NetworkLocale: 2, Voicemail: "2998", Transport: "udp", AnonymousBlock: true, CallerIDBlock: true,
		NoForwardLocal: true, NoDND: true, NoConference: true, NoTransferAttend: true, NoTransferBlind: true,
		Softkeys:   []Softkeys{{"connected", "Hold Endcall Trnsfer Park cBarge"}, {"idle", "Redial Newcall"}, {"ringIn", "Answer DND iDivert"}},
		Layout:     []Layout{{1, 1, kindLine}, {2, 2, kindBLF}, {3, 4, kindSpeed}, {5, 5, kindFeature}, {6, 6, kindService}},
		URLButtons: []URLButton{{1, "http://10.20.0.9/menu", "Menu"}}, URLs: []URL{{"idle", "http://10.20.0.9/idle"}},
		Features: Features{BusyTrigger: 3, VAD: On, KeepConference: Off, SSHUser: "admin", SSHPassword: "cisco",
			BLFs: []BLFDial{{SpeedDial: SpeedDial{1, "2002", "Bob"}}}, Buttons: []FeatureButton{{1, "Park", ""}, {2, "Privacy", ""}}}}}
	for i := range c.Pools {
		p := &c.Pools[i]
		p.Template, p.Transport, p.Dialplan = 1, "", 1
		if p.Type == "7905" || p.Type == "7912" {
			p.Dialplan = 2
		}
	}
	c.DNs[5].AutoAnswer, c.DNs[5].Shared, c.DNs[5].MaxCalls, c.DNs[5].Huntstop = true, true, 8, 6
	c.EphoneTemplates = []Template{{Tag: 1, UserLocale: 1, Type: "7961", Features: Features{SSHUser: "admin", SSHPassword: "cisco"}}}
	c.Service.UserLocales = []Locale{{Code: "DE"}, {Tag: 1, Code: "FR"}}
	c.Service.QoS, c.Service.OlsonZone = QoS{Service: 8 + 1, Signal: 26 + 1}, "Europe/Paris"
	c.Ephones[0].Template, c.Ephones[0].Type = 1, ""
	c.PoolTypes = []PhoneType{{Name: "8899", Reference: "8851", Buttons: 3, Transport: "tcp", MaxNumCalls: 9, BusyTrigger: 5, NoLoad: true, NoUTF8: true}}
	c.Pools = append(c.Pools, RegisterPool{Tag: 40, MAC: mac(0x70), Type: "8899", Numbers: []PoolNumber{{1, 1}}, Description: "Büro 電話"})
	return c
}

// TestGoldenWhole keeps the files of whole, each parsed back.
func TestGoldenWhole(t *testing.T) {
	s := mustBuild(whole(), Options{Absent: []string{"ours.xml"}})
	for _, n := range []string{"dialplan1.xml", "DR1.xml", "dialplan.xml", "DRDefault.xml", "softkey1.xml", "featurePolicy1.xml", "SIPDefault.cnf", "SIP001E7A000044.cnf", "ld001e7a000042.txt",
		"SEP001E7A000045.cnf.xml", "SEP001E7A00004A.cnf.xml", "SEP001E7A000048.cnf.xml", "SEP001E7A000001.cnf.xml", "SEP001E7A000070.cnf.xml"} {
		f, ok := s.Lookup(n)
		if !ok {
			t.Fatalf("no %s", n)
		}
		checkContentAs(t, f, n == "SEP001E7A000070.cnf.xml")
		golden.Check(t, "testdata/golden/whole-"+n, string(f.Content))
	}
	for _, alias := range []string{"SK1.xml", "softkey1_kpml.xml"} {
		if _, ok := s.Lookup(alias); !ok {
			t.Errorf("no %s", alias)
		}
	}
}

// checkContentAs is checkContent, or that of a file in Latin-1.
func checkContentAs(t *testing.T, f *File, latin1 bool) {
	t.Helper()
	if !latin1 {
		checkContent(t, f)
		return
	}
	if !strings.HasPrefix(string(f.Content), headerLatin1) || !strings.Contains(string(f.Content), "<phoneLabel>B\xfcro &#38651;&#35441;</phoneLabel>") {
		t.Errorf("%s is not Latin-1:\n%s", f.Name, f.Content)
	}
}

func contentOf(t *testing.T, c Config, name string, o Options) string {
	t.Helper()
	f, ok := mustBuild(c, o).Lookup(name)
	if !ok {
		t.Fatalf("no %s", name)
	}
	return string(f.Content)
}

func hasAll(t *testing.T, content string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(content, w) {
			t.Errorf("%q is not in\n%s", w, content)
		}
	}
}

// TestSpeedDialIsFeature2: 21 would watch the other, which the line does not say.
func TestSpeedDialIsFeature2(t *testing.T) {
	got := contentOf(t, office(), "SEP001E7A000048.cnf.xml", Options{})
	hasAll(t, got, "<featureID>2</featureID>\n<featureLabel>Operator</featureLabel>")
	if strings.Contains(got, "<featureID>21</featureID>") {
		t.Error("a speed dial is one with presence")
	}
}

// TestMissedCalls: a character for each line.
func TestMissedCalls(t *testing.T) {
	c := office()
	c.Pools[8].Numbers = []PoolNumber{{1, 1}, {2, 2}, {4, 3}}
	hasAll(t, contentOf(t, c, "SEP001E7A000048.cnf.xml", Options{}), "<MissedCallLoggingOption>1101</MissedCallLoggingOption>")
}

// TestSecretsOfTextFiles: what a text file cannot hold is refused with a reason.
func TestSecretsOfTextFiles(t *testing.T) {
	for _, x := range []struct {
		pool     int
		password string
		refused  bool
	}{{4, `a"b`, true}, {4, "a;b", true}, {4, "a\nb", true}, {4, "a'b", false}, {8, `a";b`, false}, {2, strings.Repeat("x", 33), true}, {3, strings.Repeat("x", 32), false}, {11, strings.Repeat("x", 33), true}} {
		c := office()
		c.Pools[x.pool].Password = x.password
		found := false
		for _, p := range Refusals(Validate(c)) {
			found = found || p.Code == "password-text" && strings.Contains(p.Text, "cannot hold")
		}
		if found != x.refused {
			t.Errorf("%q of a %s: refused %v", x.password, c.Pools[x.pool].Type, found)
		}
	}
}

// TestPhoneLabel: 12 characters, none of them a blank on a 7900; a finding tells
// when it is cut.
func TestPhoneLabel(t *testing.T) {
	for _, x := range []struct{ typ, text, want string }{
		{"7961", "Room 7961", "Room_7961"}, {"8851", "Room 8851", "Room 8851"}, {"7961", "A name that is long", "A_name_that_"},
		{"8851", "☎😀 long long long", "☎😀 long long"[:len("☎😀 long long ")-1]}, {"7940", "A name that is long", "A_name_that"},
	} {
		c := office()
		for i := range c.Pools {
			if c.Pools[i].Type == x.typ {
				c.Pools[i].Description = x.text
				m := typesOf(&c).model(x.typ, true)
				got, cut := phoneLabel(m, x.text)
				if want := []rune(x.want); got != string(want[:min(len(want), 12)]) && got != x.want {
					t.Errorf("%s %q: %q", x.typ, x.text, got)
				}
				told := false
				for _, p := range Validate(c) {
					told = told || p.Code == "phone-label"
				}
				if told != cut {
					t.Errorf("%s %q: cut %v, told %v", x.typ, x.text, cut, told)
				}
			}
		}
	}
}

// TestNamedFilesAreServed: a phone's file names no file that nobody serves.
func TestNamedFilesAreServed(t *testing.T) {
	c := whole()
	c.Pools[8].Dialplan = 3
	absent := Names(&c)
	hasAll(t, contentOf(t, c, "SEP001E7A000048.cnf.xml", Options{}), "<dialTemplate>ours.xml</dialTemplate>", "<name>German_Germany</name>")
	got := contentOf(t, c, "SEP001E7A000048.cnf.xml", Options{Absent: absent})
	hasAll(t, got, "<dialTemplate>DRDefault.xml</dialTemplate>")
	if strings.Contains(got, "German_Germany") || strings.Contains(got, "ours.xml") {
		t.Error("a file that is not there is named")
	}
	c.Pools[8].Dialplan = 17 // nobody defined it
	if got := contentOf(t, c, "SEP001E7A000048.cnf.xml", Options{Absent: Names(&c)}); strings.Contains(got, "dialplan17") {
		t.Error("dialplan17.xml is named and not there")
	}
}

// TestLanguageIsServed: no phone of any model is told of a language whose files are
// not there, also where it is not known which files its model asks for.
func TestLanguageIsServed(t *testing.T) {
	for _, sip := range []bool{false, true} {
		for _, typ := range phone.Types(sip) {
			c := office()
			c.Service.CnfPer = "perphone"
			c.Ephones, c.Pools = c.Ephones[:1], c.Pools[:1]
			c.Ephones[0].Type, c.Pools[0].Type = sccpTypes[0], sipTypes[0]
			if sip {
				c.Pools[0].Type = typ
			} else {
				c.Ephones[0].Type = typ
			}
			c.Global.UserLocales, c.Global.NetworkLocales = []Locale{{Code: "DE"}}, []Locale{{Code: "DE"}}
			names := Names(&c)
			for _, n := range names {
				if n == "" || strings.HasPrefix(n, "/") {
					t.Errorf("%s: name %q", typ, n)
				}
			}
			for _, f := range mustBuild(c, Options{Absent: names}).Files() {
				if strings.Contains(string(f.Content), "German") {
					t.Errorf("%s of a %s names a language nobody serves", f.Name, typ)
				}
			}
		}
	}
}

// TestDaylight: `dst` acts on the 7940 and 7960.
func TestDaylight(t *testing.T) {
	hasAll(t, contentOf(t, whole(), "SIPDefault.cnf", Options{}), `dst_auto_adjust: "1"`, `dst_start_month: "March"`, `dst_start_week_of_month: "8"`, `dst_start_day_of_week: "Sun"`,
		`dst_stop_month: "October"`, `dst_stop_day: "31"`, `dst_stop_day_of_week: "0"`, `dst_stop_time: "03/00"`)
	c := office()
	c.Global.DST.NoAdjust = true
	hasAll(t, contentOf(t, c, "SIPDefault.cnf", Options{}), `dst_auto_adjust: "0"`, `dst_start_month: "April"`)
}

// TestCharsetIsAGuess: where no document says how a model reads its texts, a
// finding says that UTF-8 is a guess.
func TestCharsetIsAGuess(t *testing.T) {
	c := office()
	c.DNs[4].Name = "Jürgen" // of the 7940
	c.DNs[8].Name = "Jürgen" // of the 8851
	n := 0
	for _, p := range Validate(c) {
		if p.Code == "charset" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d findings", n)
	}
}

// TestDialRules of a 7905 and 7912.
func TestDialRules(t *testing.T) {
	hasAll(t, contentOf(t, whole(), "gk001e7a000043.txt", Options{}), "DialPlan:1..|9t3-|00t7-\n", "VoiceMailNumber:2998\n", "Conference:0\n")
	if strings.Contains(contentOf(t, office(), "gk001e7a000043.txt", Options{}), "DialPlan") {
		t.Error("a phone without a dial plan of ours keeps its own")
	}
}

// TestNobodyWaits15Seconds: a phone without a dial plan has one all the same.
func TestNobodyWaits15Seconds(t *testing.T) {
	hasAll(t, contentOf(t, office(), "SEP001E7A000048.cnf.xml", Options{}), "<dialTemplate>DRDefault.xml</dialTemplate>")
	hasAll(t, contentOf(t, office(), "DRDefault.xml", Options{}), `match="*" timeout="5"`)
	hasAll(t, contentOf(t, office(), "dialplan.xml", Options{}), `MATCH="*" Timeout="5"`)
}

// TestLogin: the lines of a phone are those of who is logged in, else of its
// logout profile.
func TestLogin(t *testing.T) {
	c := office()
	c.Users = []Profile{{Tag: 7, User: "anna", Password: "pw", Dialplan: 1, Numbers: []ProfileNumber{{"2555", "silent-ring"}, {"2001", "normal"}}, SpeedDials: []ProfileDial{{SpeedDial{1, "9", ""}, true}}}}
	c.Logouts = []Profile{{Tag: 1, User: "guest", Password: "guest", Numbers: []ProfileNumber{{"2900", "normal"}}}}
	c.Dialplans = []Dialplan{{Tag: 1, Type: PlanXML, Patterns: []DialPattern{{Position: 1, Digits: "1.."}}}}
	c.Pools[8].Logout = 1
	name := c.Pools[8].MAC.Device() + ".cnf.xml"
	hasAll(t, contentOf(t, c, name, Options{Services: "http://10.20.0.1:80/CMEserverForPhone/"}), "<name>2900</name>", "<authName>guest</authName>", "<servicesURL>http://10.20.0.1:80/CMEserverForPhone/serviceurl</servicesURL>")
	was := mustBuild(c, Options{})
	in := Options{Logins: []Login{{MAC: c.Pools[8].MAC, User: 7}}}
	set, err := Rebuild(was, c, in)
	if err != nil {
		t.Fatal(err)
	}
	sameSets(t, set, mustBuild(c, in), "after a login")
	f, _ := set.Lookup(name)
	hasAll(t, string(f.Content), `lineIndex="1"`, "<name>2001</name>", "<name>2555</name>", "<authName>anna</authName>", "<dialTemplate>DR1.xml</dialTemplate>", "<featureID>21</featureID>")
	if sum := Summarise(was, set); fmt.Sprint(sum.Names()) != "["+name+"]" {
		t.Errorf("a login changes %v", sum.Names())
	}
}

// TestHostileSections: names of all kinds in what templates, plans and people
// say leave every file well formed.
func TestHostileSections(t *testing.T) {
	for _, text := range append(hostile[:9:9], strings.Repeat("x", 300), "😀☎️", "\u202eabc\u202c\u200f", strings.Repeat("é", 300)) {
		c := whole()
		for i := range c.DNs {
			c.DNs[i].Name, c.DNs[i].Label = text, text
		}
		t1 := &c.RegisterTemplates[0]
		t1.Voicemail, t1.SSHUser, t1.SSHPassword = text, text, text
		t1.URLButtons[0] = URLButton{1, text, text}
		t1.BLFs[0].Label, t1.Buttons[0].Label, t1.Softkeys[0].Keys = text, text, text
		c.Global.Logo, c.Global.Voicemail, c.Global.OutboundProxy = text, text, "dns:"+text
		c.Dialplans[0].Patterns[0].Digits, c.Dialplans[1].Patterns[0].Digits = text, text
		c.Logouts = []Profile{{Tag: 1, User: text, Password: text, Numbers: []ProfileNumber{{text, "normal"}}, SpeedDials: []ProfileDial{{SpeedDial{1, text, text}, true}}}}
		c.Pools[6].Logout, c.Pools[4].Logout = 1, 1
		for _, f := range mustBuild(c, Options{}).Files() {
			if f.MAC != mac(0x70) {
				checkContent(t, f)
			}
		}
	}
}
