package lab

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"option150/platform/ether"
	"option150/telephony/inventory"
	"option150/telephony/simphone"
)

// truth is what phones say of themselves, step by step.
type truth struct {
	mu   sync.Mutex
	up   map[string]bool
	when map[string]time.Time // it became so
	step map[string]time.Time // its last
}

func (x *truth) note(s simphone.Step) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.step[s.Device] = time.Now()
	up := x.up[s.Device]
	switch s.Kind {
	case simphone.Provisioned:
		up = true
	case simphone.PowerOn, simphone.Reboot, simphone.Stuck, simphone.PowerOff:
		up = false
	case simphone.Register:
		up = s.Result == simphone.Registered
	}
	if up != x.up[s.Device] || x.when[s.Device].IsZero() {
		x.up[s.Device], x.when[s.Device] = up, s.Time
	}
}

// down reports that a phone has not been up for so long, and is not on its way:
// what a boot takes is the business of the machine, unless it never ends.
func (x *truth) down(mac ether.MAC, least time.Duration) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	since := time.Since(x.when[mac.Device()])
	return !x.up[mac.Device()] && since >= least && (time.Since(x.step[mac.Device()]) >= least || since >= 4*least)
}

// ailments are what can be wrong with a phone; some are nothing.
var ailments = []func(*simphone.Spec){
	func(*simphone.Spec) {},
	func(*simphone.Spec) {},
	func(s *simphone.Spec) { s.ForeignTrust = true },
	func(s *simphone.Spec) { s.AlternateTFTP = nobody },
	func(s *simphone.Spec) { s.AlternateTFTP = boxAddr },
	func(s *simphone.Spec) { s.FactoryReset = true },
	func(s *simphone.Spec) { s.Faults.HTTPS = true },
	func(s *simphone.Spec) { s.Faults.Deaf = true },
	func(s *simphone.Spec) { s.Faults.CutAfter = 700 },
	func(s *simphone.Spec) { s.Faults.Blocks = 1400 },
	func(s *simphone.Spec) { s.Faults.Unicast = true },
	func(s *simphone.Spec) { s.Faults.Dies = true },
	func(s *simphone.Spec) { s.Faults.Hunts = 3 },
	func(s *simphone.Spec) { s.Faults.Slow = 40_000 },
	func(s *simphone.Spec) { s.Faults.Refuses = "SCCP41.9-4-2SR3-1S" },
	func(s *simphone.Spec) { s.Load = "SCCP41.8-3-1S" },
	func(s *simphone.Spec) { s.Load = "" },
}

// worlds are what can be wrong beside phones.
var worlds = []struct {
	name  string
	shape func(*Options)
	edit  func(string) string
}{
	{"nothing", func(*Options) {}, func(s string) string { return s }},
	{"no call control", func(o *Options) { o.NoControl = true }, func(s string) string { return s }},
	{"a dead load server", func(*Options) {}, func(s string) string {
		return strings.Replace(s, "telephony-service\n", "telephony-service\n service phone loadServer "+nobody.String()+"\n", 1)
	}},
	{"a router nobody has", func(*Options) {}, func(s string) string {
		return strings.NewReplacer(" default-router 10.150.0.1\n", " default-router 10.150.0.98\n", " ip source-address 10.150.0.2", " ip source-address 192.168.9.1").Replace(s)
	}},
	{"no HTTP", func(*Options) {}, func(s string) string { return strings.Replace(s, " hfs enable port 6970\n", "", 1) }},
}

// TestNeverOKWhenNotUp: phones with whatever may be wrong with them and around
// them, drawn by lot, boot and boot again; the box never says ok of one that is
// not up by its own account. A phone is down when it starts, so a moment until
// the box can have heard of that is allowed.
func TestNeverOKWhenNotUp(t *testing.T) {
	for seed := range len(worlds) {
		world := worlds[seed]
		t.Run(world.name, func(t *testing.T) {
			if alone(t) {
				return
			}
			draw := rand.New(rand.NewPCG(uint64(seed), 150))
			x := &truth{up: map[string]bool{}, when: map[string]time.Time{}, step: map[string]time.Time{}}
			o := Options{Root: t.TempDir(), SSH: "127.0.0.1:0", Hold: true, OnStep: x.note, Phones: simphone.Catalogue()}
			world.shape(&o)
			o.Config = world.edit(forced(ConfigOf(o)))
			var drawn []string
			for i := range o.Phones {
				s := &o.Phones[i]
				if draw.IntN(8) == 0 {
					o.Config = without(o.Config, *s)
					drawn = append(drawn, s.MAC.Device()+" is not configured")
				}
				k := draw.IntN(len(ailments))
				ailments[k](s)
				if s.Protocol != simphone.SCCP || !strings.HasPrefix(s.Model, "79") {
					s.Load = simphone.Catalogue()[i].Load // a load of its own family
				}
				drawn = append(drawn, fmt.Sprintf("%s has ailment %d", s.MAC.Device(), k))
			}
			l, err := New(o)
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() { defer close(done); _ = l.Run(ctx) }()
			defer func() { stop(); <-done; l.Close() }()
			for _, s := range o.Phones {
				if err := l.Boot(s); err != nil {
					t.Fatal(err)
				}
			}
			inv := l.Box.Box().Inventory
			ok := 0
			for end := time.Now().Add(25 * time.Second); time.Now().Before(end); time.Sleep(150 * time.Millisecond) {
				for _, s := range o.Phones {
					if p, found := inv.Phone(s.MAC, time.Now()); found && p.Up() && x.down(s.MAC, 2*time.Second) {
						t.Fatalf("ok, and the phone is not up\n%s\n%s", inventory.ShowBoots(p, time.Now(), "", 3), strings.Join(drawn, "\n"))
					} else if found && p.Up() {
						ok++
					}
				}
			}
			if ok == 0 && seed == 0 {
				t.Error("no phone came up at all")
			}
		})
	}
}
