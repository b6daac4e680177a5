package cnf

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
)

// edits are lines an operator types, as they change the configuration.
var edits = []func(*Config, *rand.Rand){
	func(c *Config, r *rand.Rand) {
		e := &c.Ephones[r.IntN(len(c.Ephones))]
		e.Type = sccpTypes[r.IntN(len(sccpTypes))]
	},
	func(c *Config, r *rand.Rand) { c.Ephones[r.IntN(len(c.Ephones))].MAC = mac(byte(r.IntN(8))) },
	func(c *Config, r *rand.Rand) {
		c.Ephones[r.IntN(len(c.Ephones))].DeviceSecurity = []string{"", "authenticated"}[r.IntN(2)]
	},
	func(c *Config, r *rand.Rand) {
		c.Ephones[r.IntN(len(c.Ephones))].Addons = [][]string{nil, {"7915-12"}, {"7915-24", "7914"}}[r.IntN(3)]
	},
	func(c *Config, r *rand.Rand) {
		e := &c.Ephones[r.IntN(len(c.Ephones))]
		e.SpeedDials = append(e.SpeedDials, SpeedDial{Position: 1, Number: "9"})
	},
	func(c *Config, r *rand.Rand) {
		c.Ephones = append(c.Ephones, Ephone{Tag: 40 + r.IntN(3), MAC: mac(byte(r.IntN(99))), Type: "7961"})
	},
	func(c *Config, r *rand.Rand) {
		i := r.IntN(len(c.Ephones))
		c.Ephones = append(c.Ephones[:i], c.Ephones[i+1:]...)
	},
	func(c *Config, r *rand.Rand) { c.EphoneDNs[r.IntN(len(c.EphoneDNs))].Number = fmt.Sprint(r.IntN(50)) },
	func(c *Config, r *rand.Rand) { c.Service.CnfPer = []string{"", "perphone", "perphonetype"}[r.IntN(3)] },
	func(c *Config, r *rand.Rand) { c.Service.CnfLocation = []string{"", "flash:"}[r.IntN(2)] },
	func(c *Config, r *rand.Rand) {
		c.Service.Loads[r.IntN(len(c.Service.Loads))].File = fmt.Sprint("SCCP41.9-4-", r.IntN(3), "S")
	},
	func(c *Config, r *rand.Rand) { c.Service.NoCreate = r.IntN(2) == 0 },
	func(c *Config, r *rand.Rand) {
		c.Service.ServicePhone[r.IntN(len(c.Service.ServicePhone))].Value = fmt.Sprint(r.IntN(2))
	},
	func(c *Config, r *rand.Rand) {
		p := &c.Pools[r.IntN(len(c.Pools))]
		p.Type = sipTypes[r.IntN(len(sipTypes))]
	},
	func(c *Config, r *rand.Rand) { c.Pools[r.IntN(len(c.Pools))].MAC = mac(byte(r.IntN(0x48))) },
	func(c *Config, r *rand.Rand) {
		c.Pools[r.IntN(len(c.Pools))].Description = fmt.Sprint("Room ", r.IntN(9))
	},
	func(c *Config, r *rand.Rand) {
		p := &c.Pools[r.IntN(len(c.Pools))]
		p.SpeedDials = append(p.SpeedDials, SpeedDial{Position: 2, Number: fmt.Sprint(r.IntN(9))})
	},
	func(c *Config, r *rand.Rand) {
		c.Pools[r.IntN(len(c.Pools))].Numbers = []PoolNumber{{1, 1 + r.IntN(20)}, {2, 1 + r.IntN(20)}}
	},
	func(c *Config, r *rand.Rand) { c.DNs[r.IntN(len(c.DNs))].Number = fmt.Sprint(2000 + r.IntN(9)) },
	func(c *Config, r *rand.Rand) { c.DNs[r.IntN(len(c.DNs))].Label = fmt.Sprint("Desk ", r.IntN(9)) },
	func(c *Config, r *rand.Rand) {
		i := r.IntN(len(c.Pools))
		c.Pools = append(c.Pools[:i], c.Pools[i+1:]...)
	},
	func(c *Config, r *rand.Rand) {
		c.Pools = append(c.Pools, RegisterPool{Tag: 30 + r.IntN(3), MAC: mac(byte(r.IntN(99))), Type: "7940"})
	},
	func(c *Config, r *rand.Rand) { c.Global.Upgrade, c.Global.FileText = r.IntN(2) == 0, r.IntN(2) == 0 },
	func(c *Config, r *rand.Rand) { c.Global.Loads[0].File = fmt.Sprint("sip78xx.12-1-1-", r.IntN(3)) },
	func(c *Config, r *rand.Rand) { c.Global.Present = r.IntN(4) > 0 },
}

// TestRebuildIsBuild: a law. Whatever was built before, and however many times,
// the set is the one the configuration gives by itself.
func TestRebuildIsBuild(t *testing.T) {
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 150))
		c, options := office(), Options{}
		var was *Set
		for step := range 60 {
			next := c.Clone()
			if step > 0 && len(next.Ephones) > 1 && len(next.Pools) > 1 {
				edits[r.IntN(len(edits))](&next, r)
			}
			if r.IntN(20) == 0 {
				options = Options{Stamp: fmt.Sprint("Jan 01 2002 00:00:0", r.IntN(3)), Sync: "0000000000000001"}
			}
			options.Generation = uint64(step)
			got, err := Rebuild(was, next, options)
			if err != nil {
				t.Fatal(err)
			}
			sameSets(t, got, mustBuild(next, options), fmt.Sprintf("seed %d step %d", seed, step))
			if t.Failed() {
				return
			}
			c, was = next, got
		}
	}
}

func sameSets(t *testing.T, got, want *Set, where string) {
	t.Helper()
	if got.Generation != want.Generation || got.SCCPStamp != want.SCCPStamp || got.Sync != want.Sync || got.Devices != want.Devices || got.Len() != want.Len() {
		t.Errorf("%s: %s %s, %d devices, %d files; want %s %s, %d, %d", where, got.SCCPStamp, got.Sync, got.Devices, got.Len(), want.SCCPStamp, want.Sync, want.Devices, want.Len())
		return
	}
	for i := range want.files {
		if !reflect.DeepEqual(got.files[i], want.files[i]) {
			t.Errorf("%s: %s is %s\nwant %s", where, want.files[i].Name, got.files[i].Content, want.files[i].Content)
		}
	}
	if len(got.names) != len(want.names) {
		t.Errorf("%s: %d names, want %d", where, len(got.names), len(want.names))
	}
	for n, f := range want.names {
		if g := got.names[n]; g == nil || g.Name != f.Name {
			t.Errorf("%s: the name %s", where, n)
		}
	}
	if !reflect.DeepEqual(got.Problems(), want.Problems()) {
		t.Errorf("%s: problems\n%v\nwant\n%v", where, got.Problems(), want.Problems())
	}
}

// TestRebuildKeepsFiles: a line that changes one phone's file leaves the others
// what they are, and a line that changes none leaves them all.
func TestRebuildKeepsFiles(t *testing.T) {
	c := office()
	was := mustBuild(c, Options{})
	next := c.Clone()
	next.Ephones[0].SpeedDials = []SpeedDial{{Position: 1, Number: "9"}}
	set, _ := Rebuild(was, next, Options{})
	if &set.files[0] != &was.files[0] {
		t.Error("a speed dial of an ephone made the files anew")
	}
	after := next.Clone()
	after.Pools[9].Description = "elsewhere"
	set, _ = Rebuild(set, after, Options{})
	changed := 0
	for _, p := range after.Pools {
		if o, n := was.made.pools[p.Tag].files, set.made.pools[p.Tag].files; len(o) > 0 && o[0] != n[0] {
			changed++
		}
	}
	if changed != 1 {
		t.Errorf("%d pools have new files", changed)
	}
}

func BenchmarkRebuild(b *testing.B) {
	c := office()
	for i := range 250 {
		m := mac(byte(i))
		m[4] = 9
		c.Pools = append(c.Pools, RegisterPool{Tag: 20 + i, MAC: m, Type: "7961", Numbers: []PoolNumber{{1, 1}}})
	}
	was := mustBuild(c, Options{})
	for i := 0; b.Loop(); i++ {
		next := c
		next.Pools = append([]RegisterPool(nil), c.Pools...)
		next.Pools[20].Description = fmt.Sprint("Room ", i)
		var err error
		if was, err = Rebuild(was, next, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
