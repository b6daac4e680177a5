package cnf

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// wholeEdits are more lines, over templates, plans, types and people.
var wholeEdits = []func(*Config, *rand.Rand){
	func(c *Config, r *rand.Rand) { c.Global.Interdigit = r.IntN(3) * 4 },
	func(c *Config, r *rand.Rand) { c.Global.Voicemail = fmt.Sprint(r.IntN(3)) },
	func(c *Config, r *rand.Rand) { c.RegisterTemplates[0].NoDND = r.IntN(2) == 0 },
	func(c *Config, r *rand.Rand) { c.RegisterTemplates[0].BusyTrigger = r.IntN(3) },
	func(c *Config, r *rand.Rand) {
		c.RegisterTemplates[0].Softkeys = []Softkeys{{"idle", []string{"Redial", "Newcall Redial"}[r.IntN(2)]}}
	},
	func(c *Config, r *rand.Rand) { c.Pools[r.IntN(len(c.Pools))].Template = r.IntN(2) },
	func(c *Config, r *rand.Rand) { c.Pools[r.IntN(len(c.Pools))].Dialplan = r.IntN(4) },
	func(c *Config, r *rand.Rand) { c.Pools[r.IntN(len(c.Pools))].Logout = r.IntN(2) },
	func(c *Config, r *rand.Rand) {
		c.Dialplans[0].Patterns = []DialPattern{{Position: 1, Digits: fmt.Sprint(r.IntN(9))}}
	},
	func(c *Config, r *rand.Rand) { c.PoolTypes[0].Buttons = 1 + r.IntN(3) },
	func(c *Config, r *rand.Rand) { c.EphoneTemplates[0].UserLocale = r.IntN(2) },
	func(c *Config, r *rand.Rand) { c.DNs[r.IntN(len(c.DNs))].AutoAnswer = r.IntN(2) == 0 },
}

// TestRebuildWholeIsBuild is TestRebuildIsBuild over everything lines say.
func TestRebuildWholeIsBuild(t *testing.T) {
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 151))
		c, options := whole(), Options{}
		c.Logouts, c.Users = []Profile{{Tag: 1, Numbers: []ProfileNumber{{"2900", "normal"}}}}, []Profile{{Tag: 1, User: "a", Numbers: []ProfileNumber{{"2901", "normal"}}}}
		var was *Set
		for step := range 60 {
			next := c.Clone()
			if step > 0 {
				wholeEdits[r.IntN(len(wholeEdits))](&next, r)
			}
			switch r.IntN(6) {
			case 0:
				options.Absent = [][]string{nil, {"ours.xml"}, Names(&next)}[r.IntN(3)]
			case 1:
				options.Logins = [][]Login{nil, {{MAC: c.Pools[3].MAC, User: 1}}}[r.IntN(2)]
			}
			got, err := Rebuild(was, next, options)
			if err != nil {
				t.Fatal(err)
			}
			if sameSets(t, got, mustBuild(next, options), fmt.Sprintf("seed %d step %d", seed, step)); t.Failed() {
				return
			}
			c, was = next, got
		}
	}
}
