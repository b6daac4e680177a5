package cnf

import (
	"slices"
	"strconv"
	"strings"

	"option150/platform/sorted"
)

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

// keySet are the keys of one call state, at most 16.
type keySet struct {
	id   string
	keys []string
}

var softkeySets = []keySet{
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

// maxSoftkeys is what phones read of one set. [facts/phones.md 2.7]
const maxSoftkeys = 16

// SoftkeyStates are the states of `softkeys` in a voice register template, with
// the sets phones have for them.
var softkeyStates = map[string][]string{
	"idle": {"On Hook"}, "seized": {"Off Hook"}, "ringIn": {"Ring In"}, "connected": {"Connected"}, "hold": {"On Hold"}, "remote-in-use": {"Remote In Use"},
}

// softkeyWords are the keys as IOS calls them where phones have another name
// for them. "" is a key whose definition is published nowhere.
var softkeyWords = map[string]string{
	"Cfwdall": "CFwdAll", "Endcall": "EndCall", "Newcall": "NewCall", "Pickup": "PickUp", "Gpickup": "GPickUp", "Opickup": "OPickUp", "Meetme": "MeetMe",
	"Trnsfer": "Transfer", "DnD": "DND", "Callback": "CallBack", "LiveRcd": "Record", "Qrt": "QRT", "Mcid": "MCID", "HLog": "HLog",
	"Barge": "", "cBarge": "", "Mobility": "", "Acct": "", "Flash": "", "Login": "", "TrnsfVM": "", "Night": "",
}

// SoftkeyWords are the words of `softkeys`.
func SoftkeyWords() []string {
	out := []string{"Answer", "Confrn", "ConfList", "DND", "Hold", "iDivert", "Join", "Park", "Redial", "Resume", "RmLstC", "Select"}
	for w := range softkeyWords {
		if w != "DnD" {
			out = append(out, w)
		}
	}
	sorted.By(out, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return out
}

// SoftkeyUnknown are those of a line that no phone is told of, because their
// definition is not published.
func SoftkeyUnknown(keys string) (out []string) {
	for _, k := range strings.Fields(keys) {
		if name, listed := softkeyWords[k]; listed && name == "" {
			out = append(out, k)
		}
	}
	return out
}

// setsOf are the sets of a template: its lines over the default, without what
// it takes away.
func setsOf(t *Template) []keySet {
	sets := slices.Clone(softkeySets)
	for _, line := range t.Softkeys {
		var keys []string
		for _, w := range strings.Fields(line.Keys) {
			k, listed := softkeyWords[w]
			if !listed {
				k = w
			}
			if k != "" && !slices.Contains(keys, k) {
				keys = append(keys, k)
			}
		}
		for i := range sets {
			if slices.Contains(softkeyStates[line.State], sets[i].id) {
				sets[i].keys = keys
			}
		}
	}
	var gone []string
	if t.NoConference {
		gone = append(gone, "Confrn", "Join", "ConfList", "RmLstC")
	}
	if t.NoDND {
		gone = append(gone, "DND")
	}
	if t.NoTransferAttend && t.NoTransferBlind {
		gone = append(gone, "Transfer")
	}
	if t.NoForwardLocal {
		gone = append(gone, "CFwdAll")
	}
	for i := range sets {
		sets[i].keys = slices.DeleteFunc(slices.Clone(sets[i].keys), func(k string) bool { return slices.Contains(gone, k) })
		sets[i].keys = sets[i].keys[:min(len(sets[i].keys), maxSoftkeys)]
	}
	return sets
}

// softkeys is a softkey file. [usecallmanager.nz: soft keys]
func softkeys(stamp string, sets []keySet) []byte {
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
	for _, s := range sets {
		t.open("softKeySet", "id", s.id)
		for _, k := range s.keys {
			t.leaf("softKey", "", "keyID", k)
		}
		t.close(1)
	}
	return t.bytes()
}

// features are the feature policy of 8961, 9951 and 9971, ids 1 to 16, each
// with the softkey it goes with: "" = none.
var features = []struct {
	name string
	on   bool
	key  string
}{
	{"Forward All", true, "CFwdAll"}, {"Park", true, "Park"}, {"Divert (Alerting)", true, "iDivert"}, {"Conference Details", true, "ConfList"},
	{"Speed Dial", true, ""}, {"Call Back", true, "CallBack"}, {"Redial", true, "Redial"}, {"Barge", false, "Barge"}, {"Divert (Connected)", true, "iDivert"},
	{"Call PickUp", true, "PickUp"}, {"Other Call PickUp", true, "OPickUp"}, {"Group Call PickUp", true, "GPickUp"}, {"Mobility", false, "Mobility"},
	{"Meet Me", true, "MeetMe"}, {"Quality Reporting Tool", true, "QRT"}, {"Malicious Caller ID", true, "MCID"},
}

// policyOf says which features a template leaves: with `softkeys` lines those
// whose key is in a set or on a feature button, without any the default, less
// what it takes away.
func policyOf(t *Template) []bool {
	has := map[string]bool{}
	for _, s := range setsOf(t) {
		for _, k := range s.keys {
			has[k] = true
		}
	}
	for _, l := range t.Softkeys {
		for _, w := range strings.Fields(l.Keys) {
			has[w] = has[w] || softkeyWords[w] == "" && w != "cBarge"
			has["Barge"] = has["Barge"] || w == "cBarge"
		}
	}
	for _, b := range t.Buttons {
		k, listed := softkeyWords[b.Feature]
		if !listed || k == "" {
			k = b.Feature
		}
		has[k] = true
	}
	out := make([]bool, len(features))
	for i, f := range features {
		switch out[i] = f.on; {
		case f.key == "":
		case len(t.Softkeys) > 0 || has[f.key]:
			out[i] = has[f.key]
		case f.key == "CFwdAll" && t.NoForwardLocal, f.key == "ConfList" && t.NoConference:
			out[i] = false
		}
	}
	return out
}

// featurePolicy is a feature policy file. [usecallmanager.nz: feature policy]
func featurePolicy(stamp, name string, on []bool) []byte {
	t := &tree{gap: " "}
	t.b.WriteString(header + "\n")
	t.open("featurePolicy", "name", name)
	t.leaf("versionStamp", stamp)
	for i, f := range features {
		t.open("featureDef", "name", f.name)
		t.leaf("id", strconv.Itoa(i+1))
		t.flag("enable", on[i])
		t.close(1)
	}
	return t.bytes()
}

// Names of the files of a template. [facts/cme.md 6.2; sources/004 table 11-3:
// SK<softkey_template>.xml]
func softkeyName(tag int) (name, kpml, sk string) {
	n := strconv.Itoa(tag)
	return "softkey" + n + ".xml", "softkey" + n + "_kpml.xml", "SK" + n + ".xml"
}

func policyName(tag int) string { return "featurePolicy" + strconv.Itoa(tag) + ".xml" }

// policed reports that a template has a feature policy of its own.
func (t *Template) policed() bool { return t.restricted() || len(t.Buttons) > 0 }

// softkeyFiles adds the softkeys and the feature policies of the templates.
func (b *builder) softkeyFiles(dir string) {
	for i := range b.in.Templates {
		t := &b.in.Templates[i]
		where := "voice register template " + strconv.Itoa(t.Tag)
		if t.restricted() {
			name, kpml, sk := softkeyName(t.Tag)
			sets := setsOf(t)
			content, stamp := b.stamped(func(stamp string) []byte { return softkeys(stamp, sets) }, b.in.sync, digitStamp)
			r := rendered{content: content, stamp: stamp}
			if f := b.shared(dir, name, r, where); f != nil {
				b.alias(f, sk, where)
			}
			b.shared(dir, kpml, r, where)
		}
		if t.policed() {
			name := policyName(t.Tag)
			on := policyOf(t)
			content, stamp := b.stamped(func(stamp string) []byte { return featurePolicy(stamp, strings.TrimSuffix(name, ".xml"), on) }, b.in.sync, digitStamp)
			b.shared(dir, name, rendered{content: content, stamp: stamp}, where)
		}
	}
}

// featureIDs are the functions of line buttons by the words of `feature-button`.
// [usecallmanager.nz: line keys] Words of IOS that are not here have no number
// anybody published.
var featureIDs = map[string]int{
	"Redial": 1, "Hold": 3, "Trnsfer": 4, "Cfwdall": 5, "Mcid": 27, "Confrn": 102, "Meetme": 123, "Park": 126, "Pickup": 127, "Gpickup": 128, "DnD": 130,
	"RmLstC": 132, "Qrt": 133, "Callback": 134, "Opickup": 135, "Newcall": 137, "HLog": 139, "Answer": 141, "LiveRcd": 159,
}

// FeatureKnown reports that phones can be given a function on a button.
func FeatureKnown(word string) bool { return featureIDs[word] != 0 }
