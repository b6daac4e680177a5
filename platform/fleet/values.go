package fleet

import (
	"encoding/json"
	"slices"
	"strings"

	"option150/platform/plain"
)

// here is the value of the key that goes with its lease.
type here struct {
	Instance string `json:"i"` // of the process
	Since    int64  `json:"s"` // seconds since 1970, by its clock
}

// About is what a box says of itself.
type About struct {
	Version  string    `json:"v"`
	Started  int64     `json:"s"` // seconds since 1970, by its clock
	Hash     string    `json:"h"` // of its configuration, without secrets
	Changed  int64     `json:"c"` // when it was last another, since it started; by its clock
	Services []Service `json:"x,omitempty"`
	Phones   int       `json:"n"` // it has, published or not
	Silent   bool      `json:"q"` // it publishes no more than that it is there
}

// Service is how one service of a box stands.
type Service struct {
	Name  string `json:"n"`
	State string `json:"s"`
	Why   string `json:"w,omitempty"`
}

// Phone is how one phone of a box stands. What is inferred says so in its verdict.
type Phone struct {
	Device  string `json:"d"`
	State   string `json:"s"`
	Code    string `json:"c"` // of the verdict
	Text    string `json:"t,omitempty"`
	Basis   string `json:"b,omitempty"`
	Model   string `json:"m,omitempty"`
	Load    string `json:"l,omitempty"`
	Address string `json:"a,omitempty"`
	Since   int64  `json:"z,omitempty"` // of the boot, seconds since 1970, by the clock of its box
}

// States are the words for how a phone stands, in the order of a boot.
var States = []string{"seen", "addressed", "configured", "loading", "provisioned", "stuck"}

// Counts are phones by state, in the order of States.
type Counts [6]int

// Bounds of texts, bytes.
const (
	shortText = 48
	longText  = 200
	services  = 32
)

// phrases are what programs that drive routers read as a failure. [facts/ios-cli.md 3.2]
var phrases = []string{"error:", "% error", "returned error code", "% inval" + "id", "inval" + "id input", "not fo" + "und", "timed o" + "ut", "overlaps " + "with", "% bad", "bad password", "bad secret",
	"unknown comm" + "and", "incomplete comm" + "and", "ambiguous comm" + "and", "command rejected", "authorization fai" + "led", "no such dev" + "ice"}

// ours says the same as some of them do.
var ours = strings.NewReplacer("connection timed o"+"ut", "no answer in time", "request timed o"+"ut", "no answer in time", "not fo"+"und", "not there", "i/o timeout", "no answer in time")

// said is what the engine or the machine says, in words that may be shown.
func said(s string) string { return tame(ours.Replace(s), longText) }

// tame is a text of another box as it may be shown: what does not print is written
// out, and the phrases that programs read as a failure of this box are not repeated.
func tame(s string, most int) string {
	s = plain.Shown(s, most)
	low := strings.ToLower(s)
	for _, p := range phrases {
		if strings.Contains(low, p) {
			return "(withheld)"
		}
	}
	return s
}

func readAbout(v string) (a About, ok bool) {
	if len(v) > maxAbout || json.Unmarshal([]byte(v), &a) != nil || len(a.Services) > services {
		return About{}, false
	}
	a.Version, a.Hash = tame(a.Version, shortText), tame(a.Hash, shortText)
	a.Phones = min(max(a.Phones, 0), 1<<20)
	for i := range a.Services {
		s := &a.Services[i]
		s.Name, s.State, s.Why = tame(s.Name, shortText), tame(s.State, shortText), tame(s.Why, longText)
	}
	return a, true
}

func readPhones(v string) (out []Phone, ok bool) {
	if len(v) > maxChunk || json.Unmarshal([]byte(v), &out) != nil || len(out) > chunkOf {
		return nil, false
	}
	for i := range out {
		p := &out[i]
		if !slices.Contains(States, p.State) {
			return nil, false
		}
		p.Device, p.Code, p.Basis, p.Model = tame(p.Device, shortText), tame(p.Code, 8), tame(p.Basis, 16), tame(p.Model, shortText)
		p.Load, p.Address, p.Text = tame(p.Load, shortText), tame(p.Address, shortText), tame(p.Text, longText)
	}
	return out, true
}

func count(list []Phone) (n Counts) {
	for i := range list {
		n[slices.Index(States, list[i].State)]++
	}
	return n
}

// cut is a text of this box as it is published.
func cut(s string, most int) string { return s[:min(len(s), most)] }
