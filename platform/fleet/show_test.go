package fleet

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"option150/platform/columns"
	"option150/platform/fleet/etcd"
	"option150/platform/testkit/golden"
)

// What the show commands print of one moment.
func TestShows(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	about := func(n int, s ...Service) About {
		return About{Version: "1.1.0", Started: 1700000000, Hash: "0123456789ab", Phones: n, Services: s}
	}
	v := View{On: true, Answers: true, Answer: now.Add(-2 * time.Second), Cluster: 0xabc, Revision: 1234, First: 12 * time.Millisecond, Writes: 7,
		Config: Config{Name: "BRANCH-1", Domain: "WEST", Servers: []string{"https://10.0.0.1:2379", "http://10.0.0.2:2379"}, User: "branch-1", Password: "x"},
		Boxes: []Box{
			{ID: ID{"WEST", "BRANCH-1"}, Self: true, State: There, At: now.Add(-time.Hour), Known: true, About: about(22, Service{"dhcp", "running", ""}), Counts: Counts{0, 1, 0, 0, 20, 1}},
			{ID: ID{"WEST", "BRANCH-17"}, State: Gone, At: now.Add(-3 * time.Minute), Known: true, About: about(3, Service{"tftp", "failed", "port 69 is in use by in.tftpd"}), Counts: Counts{0, 0, 0, 0, 2, 1}},
			{ID: ID{"WEST", "SILENT"}, State: There, At: now.Add(-50 * time.Hour), Known: true, About: About{Version: "1.1.0", Silent: true}},
			{ID: ID{"WEST", "STORE"}, State: Down, At: now.Add(-20 * time.Second)},
		}}
	list := []PhoneOf{
		{ID{"WEST", "BRANCH-1"}, There, Phone{Device: "SEP001E7A000001", State: "provisioned", Code: "ok", Basis: "observed", Model: "7962", Load: "SCCP42.9-4-2SR3-1S", Address: "10.1.0.11", Since: 1772366000}},
		{ID{"WEST", "BRANCH-1"}, There, Phone{Device: "SEP001E7A000002", State: "stuck", Code: "R08", Text: "load SCCP42.9-4-2SR3-1S is not whole", Basis: "inferred", Model: "7962"}},
		{ID{"WEST", "BRANCH-17"}, Gone, Phone{Device: "SEP001E7A000003", State: "stuck", Code: "R05", Text: "its file is not here", Basis: "observed"}},
	}
	var w strings.Builder
	part := func(name, text string) { w.WriteString("== " + name + "\n" + text) }
	part("fleet", Show(v, now, "", nil).String())
	part("boxes", ShowBoxes(v, now).String())
	part("phones", ShowPhones(v, list).String())
	part("phones summary", ShowSummary(v).String())
	part("phone", ShowPhone(v, list[:2]).String())
	part("phone of none", ShowPhone(v, nil).String())
	part("shares", ShowShares(v, []string{"BRANCH-1", "BRANCH-17", "OTHER"}, nil).String())
	part("no shares", ShowShares(v, nil, nil).String())
	shares := v
	shares.Share = true
	part("fleet, for programs", columns.JSON(Show(shares, now, "shared among 3 boxes, 40 addresses on record", []string{"one thing", "another"})))
	part("phone, for programs", columns.JSON(ShowPhone(v, list[:2])))
	cut := v
	cut.Answers, cut.Why, cut.Double, cut.Passed = false, "no answer in time", true, 3
	cut.ViewAll, cut.Servers, cut.Publish, cut.Share = true, cut.Servers[:1], PublishConfiguration, true
	for i := range cut.Boxes {
		cut.Boxes[i].State = Unknown
	}
	part("cut off: fleet", Show(cut, now, "", nil).String())
	part("cut off: boxes", ShowBoxes(cut, now).String())
	part("cut off: phones summary", ShowSummary(cut).String())
	shut := View{On: true, Shut: true, Why: "permission denied", Config: Config{Name: "A", Domain: "D", Servers: []string{"https://a:1"}, Certificate: "a.pem", Key: "a-key.pem", Publish: PublishNothing}}
	part("refused: fleet", Show(shut, now, "", nil).String())
	for what, f := range []Files{{User: "a", Ends: now.Add(90 * 24 * time.Hour)}, {User: "a", Ends: now.Add(5 * 24 * time.Hour)}, {User: "a", Ends: now.Add(-time.Hour)}, {Problem: "the file nvram:a.pem is not there"}} {
		shut.Files = f
		part(fmt.Sprintf("certificate %d", what), Show(shut, now, "", nil).String())
	}
	for what, x := range []etcd.Status{{Version: "3.4.23", Size: 5 << 20}, {Version: "3.4.23", Size: 1200 << 20}, {Version: "3.6.0", Size: 9 << 20, Quota: 16 << 20}, {Version: "3.4.23", Size: 2 << 30, Full: true}} {
		v.Engine = x
		part(fmt.Sprintf("database %d", what), Show(v, now, "", nil).String())
	}
	part("a configuration", ShowConfiguration("hostname X\n\x1b[2J banner\r\n!\n"))
	golden.Check(t, "testdata/shows.txt", w.String())
}

// That nothing is known is not that there is nothing: it is no table. What is known is one,
// also without a row, and so is that a box is in no fleet.
func TestUnknownIsNoTable(t *testing.T) {
	cut, up := View{On: true}, View{On: true, Answers: true}
	known := View{On: true, Boxes: []Box{{ID: ID{"D", "A"}, State: Unknown}}}
	phones := []PhoneOf{{ID{"D", "A"}, Unknown, Phone{Device: "SEP001E7A000001", State: "provisioned"}}}
	why := errors.New("no answer in time")
	for name, x := range map[string]struct {
		page *columns.Page
		json string // "" = no table, "[]" one without a row, else what is in it
	}{
		"boxes, none known":           {ShowBoxes(cut, time.Now()), ""},
		"phones, none known":          {ShowPhones(cut, nil), ""},
		"a phone that is not known":   {ShowPhone(cut, nil), ""},
		"shares that are not known":   {ShowShares(up, nil, why), ""},
		"boxes, none":                 {ShowBoxes(up, time.Now()), "[]"},
		"phones, none":                {ShowPhones(up, nil), "[]"},
		"no such phone":               {ShowPhone(up, nil), "[]"},
		"no shares":                   {ShowShares(up, nil, nil), "[]"},
		"boxes as they were known":    {ShowBoxes(known, time.Now()), `"state": "unknown"`},
		"phones as they were known":   {ShowPhones(known, phones), `"state": "provisioned?"`},
		"a phone as it was known":     {ShowPhone(known, phones), `"box_state": "unknown"`},
		"the engine does not answer":  {Show(cut, time.Now(), "", nil), `"engine": "has not answered yet:`},
		"in no fleet":                 {Show(View{}, time.Now(), "", nil), "[]"},
		"in no fleet, of its boxes":   {ShowBoxes(View{}, time.Now()), "[]"},
		"in no fleet, of a phone":     {ShowPhone(View{}, nil), "[]"},
		"in no fleet, of its summary": {ShowSummary(View{}), "[]"},
	} {
		if got := columns.JSON(x.page); x.page.Tabled() != (x.json != "") || x.json != "" && !strings.Contains(got, x.json) || x.json == "[]" && got != "[]\n" {
			t.Errorf("%s: a table %v, %s", name, x.page.Tabled(), got)
		}
	}
}
