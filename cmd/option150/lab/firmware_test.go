package lab

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"option150/platform/ether"
	"option150/platform/wire"
	"option150/telephony/firmware"
	"option150/telephony/inventory"
	"option150/telephony/simphone"
	"option150/telephony/simphone/peers"
)

// diary keeps what phones did.
type diary struct {
	mu    sync.Mutex
	steps map[string][]simphone.Step
}

func (d *diary) note(s simphone.Step) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.steps == nil {
		d.steps = map[string][]simphone.Step{}
	}
	d.steps[s.Device] = append(d.steps[s.Device], s)
}

// installed are the loads a phone installed, in their order, and what else
// came of trying.
func (d *diary) installed(device string) (out []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.steps[device] {
		switch {
		case s.Kind == simphone.Install && s.Result == "installed":
			out = append(out, s.Name)
		case s.Kind == simphone.Install:
			out = append(out, s.Name+": "+s.Result)
		case s.Kind == simphone.Stuck:
			out = append(out, "stuck: "+s.Result)
		}
	}
	return out
}

func (d *diary) asked(device, name string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.ContainsFunc(d.steps[device], func(s simphone.Step) bool { return s.Kind == simphone.File && s.Name == name })
}

func g3(n byte, model, load string) simphone.Spec {
	return simphone.Spec{MAC: ether.MAC{0, 0x1e, 0x7a, 0, 2, n}, Model: model, Protocol: simphone.SCCP, Load: load}
}

const (
	stone41 = "SCCP41.8-5-2S"
	load41  = "SCCP41.9-4-2SR3-1S"
)

// TestSteppingStones: phones of 8.3(2) reach the target through the stone and
// never see it first, with and without Peer Firmware Sharing, with a load
// server, after a factory reset. One that runs the stone is not told to fetch
// it; one of 9.3 goes at once.
func TestSteppingStones(t *testing.T) {
	if alone(t) {
		return
	}
	for name, change := range map[string]func(*Options){
		"alone":            func(*Options) {},
		"sharing firmware": func(o *Options) { o.Sharing = &peers.Habits{Join: time.Second} },
		"load server":      func(o *Options) { o.Lines = " service phone loadServer 10.150.0.1\n" },
	} {
		t.Run(name, func(t *testing.T) {
			var d diary
			reset := g3(5, "7961", "SCCP41.8-3-2S")
			reset.FactoryReset = true
			o := Options{Root: t.TempDir(), SSH: "127.0.0.1:0", OnStep: d.note, Pace: 0.001, Hold: true, Phones: []simphone.Spec{
				g3(1, "7961", "SCCP41.8-3-2S"), g3(2, "7941", "SCCP41.8-3-2S"), g3(3, "7961", stone41), g3(4, "7961", "SCCP41.9-3-1SR2-1S"), reset}}
			change(&o)
			l, err := New(o)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			for dir, load := range map[string]string{"stone": stone41, "new": load41} {
				list, err := firmware.DefaultLoad("term61.default.loads", load)
				if err != nil {
					t.Fatal(err)
				}
				at := filepath.Join(o.Root, "flash", "phones", dir)
				if err := os.MkdirAll(at, 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(at, "term61.default.loads"), list, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			for _, s := range o.Phones {
				if err := l.Boot(s); err != nil {
					t.Fatal(err)
				}
			}
			if !l.Settle(t.Context(), 60*time.Second) {
				t.Errorf("not all phones came up\n%s", inventory.ShowPhones(l.Box.Box().Inventory.Phones(time.Now()), nil))
			}
			for device, want := range map[string]string{
				"SEP001E7A000201": stone41 + " " + load41, "SEP001E7A000202": stone41 + " " + load41,
				"SEP001E7A000203": "", "SEP001E7A000204": load41, "SEP001E7A000205": "term61.default " + load41,
			} {
				if got := strings.Join(d.installed(device), " "); got != want {
					t.Errorf("%s installed %q, want %q", device, got, want)
				}
			}
			if d.asked("SEP001E7A000203", stone41+".loads") {
				t.Error("a phone that runs the stone fetched it")
			}
		})
	}
}

// TestUnknownPhonesKeepTheirs: where port 6970 is closed nobody knows what a
// phone runs: healthy phones are never taken to another load.
func TestUnknownPhonesKeepTheirs(t *testing.T) {
	if alone(t) {
		return
	}
	var d diary
	o := Options{Root: t.TempDir(), SSH: "127.0.0.1:0", OnStep: d.note, Pace: 0.001, Phones: []simphone.Spec{
		g3(1, "7961", "SCCP41.9-3-1SR2-1S"), g3(2, "7961", "SCCP41.8-3-2S"), g3(3, "7961", load41)}}
	o.Config = strings.Replace(ConfigOf(o), " hfs enable port 6970\n", "", 1)
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if !l.Settle(t.Context(), 60*time.Second) {
		t.Error("not all phones came up")
	}
	for _, s := range o.Phones {
		if got := d.installed(s.MAC.Device()); len(got) > 0 {
			t.Errorf("%s with %s installed %v", s.MAC.Device(), s.Load, got)
		}
	}
}

// TestToldPhonesStep: where the port does not tell, what a phone says of itself
// by CDP does.
func TestToldPhonesStep(t *testing.T) {
	if alone(t) {
		return
	}
	var d diary
	o := Options{Root: t.TempDir(), SSH: "127.0.0.1:0", OnStep: d.note, Pace: 0.001, Hold: true, Phones: []simphone.Spec{
		g3(1, "7961", "SCCP41.8-3-2S"), g3(2, "7941", "SCCP41.8-3-2S"), g3(3, "7961", stone41)}}
	o.Config = strings.Replace(ConfigOf(o), " hfs enable port 6970\n", "", 1)
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, s := range []int{0, 2} {
		l.Box.Box().Journal.Record(wire.Told{MAC: o.Phones[s].MAC, By: wire.CDP, Load: o.Phones[s].Load})
	}
	for _, s := range o.Phones {
		if err := l.Boot(s); err != nil {
			t.Fatal(err)
		}
	}
	if !l.Settle(t.Context(), 60*time.Second) {
		t.Error("not all phones came up")
	}
	for device, want := range map[string]string{"SEP001E7A000201": stone41 + " " + load41, "SEP001E7A000202": "", "SEP001E7A000203": load41} {
		if got := strings.Join(d.installed(device), " "); got != want {
			t.Errorf("%s installed %q, want %q", device, got, want)
		}
	}
}

// TestNoPhoneLoops: with any one file of its load away, phones come up with
// what they run; forced, they are told of it.
func TestNoPhoneLoops(t *testing.T) {
	if alone(t) {
		return
	}
	files, err := firmware.Synthesise(load41, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	var d diary
	phones := []simphone.Spec{}
	for i := range byte(len(files)) {
		phones = append(phones, g3(i+1, "7961", "SCCP41.9-3-1SR2-1S"))
	}
	l, err := New(Options{Root: t.TempDir(), SSH: "127.0.0.1:0", OnStep: d.note, Pace: 0.001, Hold: true, Phones: phones})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	i := 0
	for name, content := range files {
		at := filepath.Join(l.opt.Root, "flash", "phones", name)
		if err := os.Remove(at); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1100 * time.Millisecond) // what is taken from outside is seen within a second
		s := phones[i]
		if err := l.Boot(s); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(30 * time.Second); !l.provisioned(s.MAC) && time.Now().Before(end); {
			time.Sleep(10 * time.Millisecond)
		}
		if got := d.installed(s.MAC.Device()); len(got) > 0 || !l.provisioned(s.MAC) {
			t.Errorf("without %s: %v, provisioned %v", name, got, l.provisioned(s.MAC))
		}
		if err := os.WriteFile(at, content, 0o644); err != nil {
			t.Fatal(err)
		}
		i++
	}
}
