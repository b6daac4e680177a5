package cnf

import "strconv"

// syncinfo is syncinfo.xml: a 7940 or 7960 told to check restarts when SYNC
// differs from the sync of its configuration. [facts/phones.md 2.7]
func syncinfo(sync string) []byte {
	t := &tree{gap: " "}
	t.open("SYNCINFO")
	t.leaf("IMAGE", "", "VERSION", "*", "SYNC", sync)
	return t.bytes()
}

// softkeyDefs are the keys with tag and event; the help id is 300 + event.
// [facts/phones.md 2.7]
var softkeyDefs = []struct {
	key        string
	tag, event int
}{
	{"Undefined", 0, 0}, {"Redial", 1, 1}, {"NewCall", 2, 2}, {"Hold", 3, 3}, {"Transfer", 4, 4}, {"CFwdAll", 5, 5}, {"<<", 8, 8},
	{"EndCall", 9, 9}, {"Resume", 10, 10}, {"Answer", 11, 11}, {"Confrn", 13, 13}, {"Park", 14, 14}, {"Join", 15, 15}, {"MeetMe", 16, 16},
	{"PickUp", 17, 17}, {"GPickUp", 18, 18}, {"RmLstC", 57, 19}, {"CallBack", 65, 20}, {"DND", 63, 69}, {"QRT", 75, 22}, {"MCID", 76, 27},
	{"Select", 78, 29}, {"ConfList", 79, 30}, {"iDivert", 80, 31}, {"OPickUp", 91, 34}, {"HLog", 92, 35}, {"AbbrDial", 7740, 71}, {"Record", 7747, 74},
}

// softkeySets are the keys of each call state, at most 16 a set.
var softkeySets = []struct {
	id   string
	keys []string
}{
	{"On Hook", []string{"Redial", "NewCall", "CFwdAll", "PickUp", "GPickUp", "DND"}},
	{"Off Hook", []string{"Redial", "EndCall", "CFwdAll", "PickUp", "GPickUp", "MeetMe"}},
	{"Off Hook With Feature", []string{"Redial", "EndCall"}},
	{"Digits After First", []string{"<<", "EndCall"}},
	{"Ring In", []string{"Answer", "iDivert", "DND"}},
	{"Ring Out", []string{"EndCall", "CallBack"}},
	{"Connected", []string{"Hold", "EndCall", "Transfer", "Confrn", "Park", "Join", "Select"}},
	{"Connected No Feature", []string{"Hold", "EndCall"}},
	{"Connected Transfer", []string{"EndCall", "Transfer"}},
	{"Connected Conference", []string{"EndCall", "Confrn", "ConfList", "RmLstC"}},
	{"On Hold", []string{"Resume", "NewCall", "Transfer", "Join", "Select"}},
	{"Remote In Use", []string{"NewCall"}},
}

// softkeys is softkeyDefault.xml. [facts/phones.md 2.7]
func softkeys(stamp string) []byte {
	t := &tree{gap: " "}
	t.b.WriteString(header + "\n")
	t.open("softKeyCfg")
	t.leaf("versionStamp", stamp)
	t.open("typeSoftKey")
	for _, d := range softkeyDefs {
		help := 0
		if d.event != 0 {
			help = 300 + d.event
		}
		t.open("softKeyDef", "keyID", d.key)
		t.number("tag", d.tag)
		t.number("eventID", d.event)
		t.number("helpID", help)
		t.close(1)
	}
	t.close(1)
	t.open("softKeySets")
	for _, s := range softkeySets {
		t.open("softKeySet", "id", s.id)
		for _, k := range s.keys {
			t.leaf("softKey", "", "keyID", k)
		}
		t.close(1)
	}
	return t.bytes()
}

// features are the feature policy of 8961, 9951 and 9971, ids 1 to 16.
var features = []struct {
	name string
	on   bool
}{
	{"Forward All", true}, {"Park", true}, {"Divert (Alerting)", true}, {"Conference Details", true}, {"Speed Dial", true}, {"Call Back", true},
	{"Redial", true}, {"Barge", false}, {"Divert (Connected)", true}, {"Call PickUp", true}, {"Other Call PickUp", true},
	{"Group Call PickUp", true}, {"Mobility", false}, {"Meet Me", true}, {"Quality Reporting Tool", true}, {"Malicious Caller ID", true},
}

// featurePolicy is featurePolicyDefault.xml. [facts/phones.md 2.7]
func featurePolicy(stamp string) []byte {
	t := &tree{gap: " "}
	t.b.WriteString(header + "\n")
	t.open("featurePolicy", "name", "featurePolicyDefault")
	t.leaf("versionStamp", stamp)
	for i, f := range features {
		t.open("featureDef", "name", f.name)
		t.leaf("id", strconv.Itoa(i+1))
		t.flag("enable", f.on)
		t.close(1)
	}
	return t.bytes()
}
