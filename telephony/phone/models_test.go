package phone

import (
	"slices"
	"strings"
	"testing"
)

func TestEveryRowHasItsSource(t *testing.T) {
	ids, words := map[int]string{}, map[string]string{}
	for _, m := range Models() {
		if m.Source == "" || !strings.Contains(m.Source, "[V]") && !strings.Contains(m.Source, "[M]") {
			t.Errorf("%s: source %q does not say where the facts come from and how sure they are", m.Keyword, m.Source)
		}
		if m.Keyword == "" || m.Name == "" || m.Generation == "" {
			t.Errorf("row %+v: keyword, name and generation are needed", m)
		}
		if m.ID != 0 {
			if o, dup := ids[m.ID]; dup {
				t.Errorf("device id %d twice: %s and %s", m.ID, o, m.Keyword)
			}
			ids[m.ID] = m.Keyword
		}
		for _, w := range append([]string{m.Keyword}, m.Aliases...) {
			k := strings.ToLower(w)
			if o, dup := words[k]; dup {
				t.Errorf("keyword %s twice: %s and %s", w, o, m.Keyword)
			}
			words[k] = m.Keyword
		}
		if !m.SCCP && !m.SIP && !m.Addon {
			t.Errorf("%s: of no protocol", m.Keyword)
		}
		if m.Lines < 1 {
			t.Errorf("%s: no lines", m.Keyword)
		}
		for _, p := range m.Params {
			if p < 1 || p > 254 {
				t.Errorf("%s: option code %d", m.Keyword, p)
			}
		}
		if !slices.Contains([]string{"", "yes", "no", "9.3"}, m.HTTP) {
			t.Errorf("%s: http %q", m.Keyword, m.HTTP)
		}
		for _, c := range m.Class {
			if got, ok := ByClass(c); !ok || got.Name != m.Name {
				t.Errorf("%s: ByClass(%q) = %q, %v", m.Keyword, c, got.Keyword, ok)
			}
			if got, ok := ByClass(c + "\x00"); !ok || got.Name != m.Name {
				t.Errorf("%s: a trailing NUL changes the model to %q", m.Keyword, got.Keyword)
			}
		}
		switch m.SIPFile {
		case "", SEPXML, SIPCNF, LD, GK, ATA:
		default:
			t.Errorf("%s: sip_file %q", m.Keyword, m.SIPFile)
		}
	}
}

func TestModelTableRefusesUnknownKeys(t *testing.T) {
	if _, err := parseModels("[[model]]\nkeyword = \"1\"\ncolour = \"red\"\n"); err == nil {
		t.Error("an unknown key was accepted")
	}
	if _, err := parseModels("[[model"); err == nil {
		t.Error("broken TOML was accepted")
	}
}

func TestLookup(t *testing.T) {
	for in, want := range map[string]string{
		"7961": "7961", "7961GE": "7961GE", "7961ge": "7961GE", "7961G-GE": "7961GE", "CP-7961G": "7961",
		"CP-7961G-GE": "7961GE", "cipc": "CIPC", "ata": "ATA", "CP-8841": "8841", "8851nr": "8851NR",
		"7915-12": "7915-12", "7960-7940": "7960", "cp-8800-audio": "CP-8800-Audio", "7971G-GE": "7971",
	} {
		if m, ok := Lookup(in); !ok || m.Keyword != want {
			t.Errorf("Lookup(%q) = %q, %v, want %q", in, m.Keyword, ok, want)
		}
	}
	for _, in := range []string{"", " ", "9999", "79", "G"} {
		if m, ok := Lookup(in); ok {
			t.Errorf("Lookup(%q) = %q", in, m.Keyword)
		}
	}
	for id, want := range map[int]string{30018: "7961", 8: "7940", 7: "7960", 621: "7821", 369: "7906"} {
		if m, ok := ByID(id); !ok || m.Keyword != want {
			t.Errorf("ByID(%d) = %q", id, m.Keyword)
		}
	}
	if m, _ := Lookup("7961"); m.Name != "Cisco IP Phone 7961" {
		t.Errorf("XMLDefault name of the 7961 is %q", m.Name)
	}
}

func TestLoadKeys(t *testing.T) {
	keys := func(k string) (out []string) {
		for _, m := range ByLoadKey(k) {
			out = append(out, m.Keyword)
		}
		return out
	}
	if got := keys("7960-7940"); !slices.Equal(got, []string{"7940", "7960"}) {
		t.Errorf("7960-7940 is for %v", got)
	}
	if got := keys("7961"); !slices.Equal(got, []string{"7961"}) {
		t.Errorf("7961 is for %v", got)
	}
	if got := LoadKeys(false); !slices.Contains(got, "7960-7940") || slices.Contains(got, "8841") {
		t.Errorf("SCCP load keys %v", got)
	}
	for _, k := range Keywords() {
		if _, ok := Lookup(k); !ok {
			t.Errorf("Lookup does not know the keyword %s", k)
		}
	}
	if !slices.Contains(Keywords(), "7960-7940") || !slices.Contains(Keywords(), "7961GE") {
		t.Error("Keywords is incomplete")
	}
	if got := Types(true); !slices.Contains(got, "8841") || slices.Contains(got, "7915-12") {
		t.Errorf("SIP types %v", got)
	}
	if got := ByDefaultLoad("TERM61.DEFAULT.loads"); len(got) != 2 {
		t.Errorf("term61.default.loads is of %d models", len(got))
	}
}

func TestParseClass(t *testing.T) {
	for in, want := range map[string]Class{
		"Cisco Systems, Inc. IP Phone CP-7961G\x00":    {Cisco: true, Number: "7961", Known: true},
		"Cisco Systems, Inc. IP Phone CP-7961G-GE\x00": {Cisco: true, Number: "7961GE", Known: true},
		"cisco systems inc. ip phone cp-7841":          {Cisco: true, Number: "7841", Known: true},
		"Cisco System, Inc. IP Phone CP-8945":          {Cisco: true, Number: "8945", Known: true},
		"Cisco Systems Inc. Wireless Phone 7921":       {Cisco: true, Number: "7921", Known: true},
		"Cisco Systems, Inc. IP Phone 7912":            {Cisco: true, Number: "7912", Known: true},
		"Cisco Systems, Inc.":                          {Cisco: true},
		"Cisco Systems, Inc. IP Phone\x00":             {Cisco: true},
		"  Cisco  Systems, Inc. IP Phone CP-8865NR ":   {Cisco: true, Number: "8865NR", Known: true},
		"CP-8841-3PCC\x00":                             {Cisco: true, Number: "8841", MPP: true, Known: true},
		"CISCO ATA191-MPP":                             {Cisco: true, Number: "ATA-191", MPP: true, Known: true},
		"CISCO ATA190":                                 {Cisco: true, Number: "ATA-190", Known: true},
		"Cisco Systems, Inc. IP Phone CP-1234":         {Cisco: true, Number: "1234"},
		"MSFT 5.0":                                     {},
		"":                                             {},
		"\x00\x00":                                     {},
		"Polycom phone 7961":                           {},
	} {
		got := ParseClass(in)
		got.Model = Model{}
		if got.Cisco != want.Cisco || got.Number != want.Number || got.MPP != want.MPP || got.Known != want.Known {
			t.Errorf("ParseClass(%q) = %+v, want %+v", in, got, want)
		}
	}
}

func FuzzParseClass(f *testing.F) {
	f.Add("Cisco Systems, Inc. IP Phone CP-7961G\x00")
	f.Add("CISCO ATA191-MPP")
	f.Fuzz(func(t *testing.T, s string) {
		c := ParseClass(s)
		if c.Known && (!c.Cisco || c.Model.Keyword == "") {
			t.Errorf("ParseClass(%q) = %+v", s, c)
		}
	})
}

// TestKeywordsOfTheManual: every keyword of facts/cme.md 8.2 has a row.
func TestKeywordsOfTheManual(t *testing.T) {
	for k, id := range map[string]int{
		"3905": 592, "3911": 446, "3951": 412, "6901": 547, "6911": 548, "6921": 495, "6941": 496, "6961": 497, "6922": 0, "6945": 564,
		"7811": 36213, "7821": 621, "7832": 36247, "7841": 622, "7861": 623, "7902": 30008, "7905": 20000, "7906": 369, "7911": 307, "7910": 6,
		"7912": 30007, "7914": 124, "7915-12": 227, "7915-24": 228, "7916-12": 229, "7916-24": 230, "7920": 30002, "7921": 365, "7925": 484,
		"7926": 577, "7931": 348, "7935": 9, "7936": 30019, "7937": 431, "7940": 8, "7960": 7, "7941": 115, "7961": 30018, "7941GE": 309,
		"7961GE": 308, "7942": 434, "7962": 404, "7945": 435, "7965": 436, "7970": 30006, "7971": 119, "7975": 437, "7985": 302, "8811": 36217,
		"8821": 36216, "8831": 659, "8841": 683, "8845": 36224, "8851": 684, "8851NR": 36232, "8861": 685, "8865": 36225, "8941": 586,
		"8945": 585, "8961": 540, "9951": 537, "9971": 493, "9900": 0, "CIPC": 30016, "12SP": 3, "bri": 30028, "vgc-phone": 10, "anl": 30027,
		"ata": 12, "IPSTE": 30035, "ATA": 12, "ATA-187": 550, "ATA-190": 681, "ATA-191": 36262, "DX650": 647, "Jabber-Android": 575,
		"Jabber-CSF-Client": 503, "CiscoMobile-iOS": 562, "P100": 0, "P600": 0, "CKEM": 232, "E61": 376,
	} {
		if m, ok := Lookup(k); !ok || m.ID != id {
			t.Errorf("%s: id %d, want %d", k, m.ID, id)
		}
	}
}
