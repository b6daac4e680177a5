package bulk

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"option150/platform/ether"
	"option150/telephony/cnf"
	"option150/telephony/phone"
)

func mac(n byte) ether.MAC { return ether.MAC{0, 0x1e, 0x7a, 0, 0, n} }

// The headers of the exports of others, in their spellings, make the same phones.
func TestHeaders(t *testing.T) {
	for name, text := range map[string]string{
		"of this box":              "MAC Address,Device Type,Device Protocol,Description,Directory Number 1,Display 1,Line Text Label 1\n001E7A000001,7961,SCCP,Desk,1001,Alice,Reception\n",
		"CUCM BAT, details":        "Device Name,Description,Device Pool,Device Type,Device Protocol,Directory Number 1,Route Partition 1,Display 1,Line Text Label 1\nSEP001E7A000001,Desk,Default,Cisco 7961,SCCP,1001,,Alice,Reception\n",
		"CUCM BAT, phones":         "MAC ADDRESS,DESCRIPTION,MODEL,DIRECTORY NUMBER  1,DISPLAY  1,LINE TEXT LABEL  1\n00:1E:7A:00:00:01,Desk,Cisco Unified IP Phone 7961G,1001,Alice,Reception\n",
		"FreePBX endpoint manager": "mac,brand,model,line,ext,name,label,description\n00-1e-7a-00-00-01,Cisco,7961,1,1001,Alice,Reception,Desk\n",
		"semicolons, a mark, CRLF": "\xef\xbb\xbfMAC;Model;Extension;Name;Label;Description\r\n001e.7a00.0001;CP-7961G;1001;Alice;Reception;Desk\r\n",
		"tabs, any order":          "extension\tphone model\tmac_address\tdisplayname\tdesc\tline label\n1001\t7961\t00 1E 7A 00 00 01\tAlice\tDesk\tReception\n",
		"quotes":                   "\"Mac Addr\",\"Model\",\"DN\",\"Full Name\",\"Label\",\"Desc\"\n\"SEP001E7A000001\",\"7961\",\"1001\",\"Alice\",\"Reception\",\"Desk\"\n\n",
	} {
		t.Run(name, func(t *testing.T) {
			tab, err := Read([]byte(text))
			if err != nil || len(tab.Refused) > 0 || len(tab.Rows) != 1 {
				t.Fatalf("%+v, %v", tab, err)
			}
			r := tab.Rows[0]
			if r.MAC != mac(1) || r.Model.Keyword != "7961" || r.Description != "Desk" || !reflect.DeepEqual(r.Lines, []Line{{"1001", "Alice", "Reception"}}) {
				t.Errorf("%+v", r)
			}
		})
	}
}

// A row that is no phone is named with its line and the reason; the others are
// read.
func TestRefused(t *testing.T) {
	const head = "mac,model,protocol,extension,name,label\n001E7A000001,7961,,1001,Alice,\n"
	for row, why := range map[string]string{
		"001E7A00000,7961,,1002,,":                                  "not a hardware address",
		"FFFFFFFFFFFF,7961,,1002,,":                                 "not a hardware address",
		"000000000000,7961,,1002,,":                                 "not a hardware address",
		"SEP001E7A0000010,7961,,1002,,":                             "not a hardware address",
		",7961,,1002,,":                                             "no hardware address",
		"001E7A000002,,,1002,,":                                     "no model",
		"001E7A000002,9999,,1002,,":                                 "not in the model table",
		"001E7A000002,7914,,1002,,":                                 "not in the model table",
		"00:1e:7a:00:00:01,7961,,1003,,":                            "in line 2 already",
		"001E7A000002,7961,,1001,,":                                 "number 1001 is in line 2 already",
		"001E7A000002,7961,H323,1002,,":                             "neither SCCP nor SIP",
		"001E7A000002,7961,,10 02,,":                                "is not up to 27 digits",
		"001E7A000002,7961,," + strings.Repeat("1", 28) + ",,":      "is not up to 27 digits",
		"001E7A000002,7961,,1002,\"Bob \"\"B\"\"\",":                "holds a quote",
		"001E7A000002,7961,,1002,\"Bob\nno shutdown\",":             "line end",
		"001E7A000002,7961,,1002," + strings.Repeat("b", 300) + ",": "longer than 255",
		"001E7A000002,7961,,1002,\"Bob,":                            "quote is open",
	} {
		t.Run(row[:min(len(row), 40)], func(t *testing.T) {
			tab, err := Read([]byte(head + row + "\n"))
			if err != nil || len(tab.Refused) != 1 || tab.Refused[0].Line != 3 || !strings.Contains(tab.Refused[0].Why, why) || len(tab.Rows) != 1 {
				t.Errorf("%+v, %v", tab, err)
			}
		})
	}
	for _, text := range []string{"", "\n", "name,model\nAlice,7961\n", "!\nversion 15.2\n", "\xff\xfe"} {
		if tab, err := Read([]byte(text)); err == nil {
			t.Errorf("%q is a table: %+v", text, tab)
		}
	}
}

// What Apply refuses depends on the configuration.
func TestApplyRefuses(t *testing.T) {
	base := func() cnf.Config {
		c := cnf.Default()
		c.Service.MaxDN, c.Global.MaxDN = 2, 2
		c.Ephones = []cnf.Ephone{{Tag: 1, MAC: mac(9), Type: "7961", Buttons: []cnf.Button{{Position: 1, Separator: ':', DNs: []int{1}}}}}
		c.EphoneDNs = []cnf.EphoneDN{{Tag: 1, Number: "1009"}}
		c.Pools = []cnf.RegisterPool{{Tag: 1, MAC: mac(8), Type: "7841", Numbers: []cnf.PoolNumber{{Position: 1, DN: 1}}}}
		c.DNs = []cnf.RegisterDN{{Tag: 1, Number: "2009"}}
		return c
	}
	for row, why := range map[string]string{
		"001E7A000001,7961,,1009":                                   "number 1009 is that of ephone 1",
		"001E7A000001,7841,,2009":                                   "number 2009 is that of voice register pool 1",
		"001E7A000001,8841,SCCP,1001":                               "does not speak SCCP",
		"001E7A000009,7961,SIP,1001":                                "it is ephone 1",
		"001E7A000008,7961,SCCP,1001":                               "it is voice register pool 1",
		"001E7A000001,7961,,1001,1002":                              "max-dn 2 is reached",
		"001E7A000001,7941,,1,2,3":                                  "3 lines: a 7941 has 2",
		"001E7A000001,7841,,2001,2002":                              "max-dn 2 is reached",
		"001E7A000001,7961,,1001,,,label" + strings.Repeat("x", 30): "a label 30",
	} {
		t.Run(row[:min(len(row), 40)], func(t *testing.T) {
			head := "mac,model,protocol,extension 1,extension 2,extension 3,label 1\n"
			if strings.Contains(why, "label") {
				head = "mac,model,protocol,extension 1,extension 2,extension 3,label 1\n"
			}
			tab, err := Read([]byte(head + row + "\n"))
			if err != nil || len(tab.Rows) != 1 {
				t.Fatalf("%+v %v", tab, err)
			}
			c := base()
			_, refused := Apply(&c, tab.Rows)
			if len(refused) != 1 || refused[0].Line != 2 || !strings.Contains(refused[0].Why, why) {
				t.Errorf("%v", refused)
			}
		})
	}
}

// A file twice changes nothing the second time, and never the version before.
func TestIdempotent(t *testing.T) {
	text := []byte("mac,model,description,extension 1,name 1,extension 2,secret\n" +
		"001E7A000001,7961,Desk,1001,Alice,1002,\n001E7A000002,7841,,2001,Bob,,s3cret\n001E7A000003,7941,,,,,\n")
	tab, err := Read(text)
	if err != nil || len(tab.Refused) > 0 {
		t.Fatalf("%+v, %v", tab, err)
	}
	c := cnf.Default()
	c.Service.MaxDN, c.Global.MaxDN = 10, 10
	before := c.Clone()
	done, refused := Apply(&c, tab.Rows)
	if len(refused) > 0 || len(done) != 3 || done[0].What != Added {
		t.Fatalf("%v %v", done, refused)
	}
	if p := c.Pools[0]; p.Username != "2001" || p.Password != "s3cret" {
		t.Errorf("%+v", p)
	}
	if len(before.Ephones) != 0 {
		t.Error("the version before was changed")
	}
	again := c.Clone()
	done, _ = Apply(&again, tab.Rows)
	for _, d := range done {
		if d.What != Same {
			t.Errorf("the second time: %+v", d)
		}
	}
	if !reflect.DeepEqual(c, again) {
		t.Error("the second time it changed something")
	}
	// One thing changed: that one phone.
	tab, _ = Read([]byte(strings.Replace(string(text), "Desk", "Hall", 1)))
	done, _ = Apply(&again, tab.Rows)
	if done[0].What != Changed || done[1].What != Same || again.Ephones[0].Description != "Hall" || c.Ephones[0].Description != "Desk" {
		t.Errorf("%+v", done)
	}
}

// What is exported makes the same phones in an empty box, and changes nothing in
// the one it is from.
func TestRoundTrip(t *testing.T) {
	c := cnf.Default()
	c.Service.MaxDN, c.Global.MaxDN = 1000, 750
	var rows strings.Builder
	rows.WriteString("mac,model,description,extension 1,name 1,label 1,extension 3\n")
	for i := range 100 {
		model := []string{"7961", "8851"}[i%2]
		fmt.Fprintf(&rows, "SEP001E7A00%04X,%s,\"Desk; %d, left\",%d,Ünï %d 😀,L%d,%d\n", i+1, model, i, 3000+i, i, i, 5000+i)
	}
	tab, err := Read([]byte(rows.String()))
	if err != nil || len(tab.Refused) > 0 {
		t.Fatalf("%v %v", tab.Refused, err)
	}
	if _, refused := Apply(&c, tab.Rows); len(refused) > 0 {
		t.Fatal(refused)
	}
	csv := CSV(&c)
	if tab, err = Read(csv); err != nil || len(tab.Refused) > 0 || len(tab.Rows) != 100 {
		t.Fatalf("%+v, %v", tab, err)
	}
	same := c.Clone()
	done, _ := Apply(&same, tab.Rows)
	for _, d := range done {
		if d.What != Same {
			t.Fatalf("%+v", d)
		}
	}
	fresh := cnf.Default()
	if _, refused := Apply(&fresh, tab.Rows); len(refused) > 0 {
		t.Fatal(refused)
	}
	if got := CSV(&fresh); string(got) != string(csv) {
		t.Errorf("the second export differs:\n%s\n%s", csv[:400], got[:400])
	}
}

// Lines of one phone in several rows, as the endpoint manager writes them.
func TestRowsOfOnePhone(t *testing.T) {
	tab, err := Read([]byte("mac,model,line,ext,name\n001E7A000001,7961,1,1001,Alice\n001E7A000001,7961,2,1002,Bob\n001E7A000001,7961,2,1003,Eve\n"))
	if err != nil || len(tab.Rows) != 1 || len(tab.Rows[0].Lines) != 2 || tab.Rows[0].Lines[1].Number != "1002" {
		t.Fatalf("%+v, %v", tab, err)
	}
	if len(tab.Refused) != 1 || tab.Refused[0].Line != 4 {
		t.Errorf("%v", tab.Refused)
	}
}

// Columns nothing is made of are named, so that nobody believes in them.
func TestIgnored(t *testing.T) {
	tab, err := Read([]byte("mac,model,voicemail,Device Pool\n001E7A000001,7961,novm,Default\n"))
	if err != nil || strings.Join(tab.Ignored, "|") != "voicemail|Device Pool" {
		t.Errorf("%+v, %v", tab, err)
	}
}

// Every model is found by what exports call it.
func TestModelNames(t *testing.T) {
	for _, m := range phone.Models() {
		if m.Addon {
			continue
		}
		for _, s := range []string{m.Keyword, "Cisco " + m.Keyword, "Cisco Unified IP Phone " + m.Keyword} {
			if got, ok := ModelOf(s); !ok || got.Keyword != m.Keyword {
				t.Errorf("%q is %q", s, got.Keyword)
			}
		}
	}
	for s, want := range map[string]string{"CP-7961G-GE": "7961GE", "Cisco 7841": "7841", "CISCO 7941G": "7941"} {
		if got, _ := ModelOf(s); got.Keyword != want {
			t.Errorf("%q is %q", s, got.Keyword)
		}
	}
}

// Whatever a file holds: it ends, what it makes is applied without a fault, and
// nothing in it can end a line of the configuration.
func FuzzRead(f *testing.F) {
	f.Add([]byte("mac,model,extension 1,name 1\n001E7A000001,7961,1001,Alice\n"))
	f.Add([]byte("Device Name;Device Type;Directory Number 60\nSEP001E7A000001;7841;1\n\"x"))
	f.Add([]byte("mac\tmodel\tline\text\n001E7A000001\t7961\t9\t1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		tab, err := Read(b)
		if err != nil {
			return
		}
		c := cnf.Default()
		Apply(&c, tab.Rows)
		for _, r := range tab.Rows {
			for _, l := range r.Lines {
				if s := r.Description + l.Number + l.Name + l.Label; strings.ContainsAny(s, "\r\n\"") {
					t.Errorf("%q", s)
				}
			}
		}
		if _, err := Read(CSV(&c)); err != nil {
			t.Errorf("what was written is not read: %v", err)
		}
	})
}
