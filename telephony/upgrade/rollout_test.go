package upgrade

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/journal"
	"option150/platform/wire"
	"option150/telephony/cnf"
	"option150/telephony/firmware"
)

const (
	new78 = "sip78xx.12-1-1-12"
	old78 = "sip78xx.11-0-1-11"
)

// fleet is a bench with many phones and a clock of its own; its box can be
// killed and started again.
type fleet struct {
	*bench
	c     *cnf.Config
	r     *Rollouts
	disk  []byte // what is kept
	clock time.Time
	conf  Rollout
}

func newFleet(t *testing.T, phones int, conf Rollout) *fleet {
	f := &fleet{bench: newBench(t, old78, new78), clock: time.Date(2026, 1, 1, 21, 0, 0, 0, time.UTC), conf: conf}
	c := cnf.Default()
	c.Global.Present = true
	c.Global.Loads = []cnf.LoadEntry{{Type: "7841", File: old78}}
	for n := range phones {
		c.Pools = append(c.Pools, cnf.RegisterPool{Tag: n + 1, MAC: macOf(n), Type: "7841"})
	}
	f.c = &c
	f.p.Changes = func() uint64 { return 1 }
	f.boot()
	return f
}

func macOf(n int) ether.MAC { return ether.MAC{0, 0x1e, 0x7a, 1, byte(n >> 8), byte(n)} }

func addrOf(n int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 9, byte(n >> 8), byte(n)}), 40000)
}

// boot starts the box with what is kept.
func (f *fleet) boot() {
	f.r = NewRollouts(f.disk)
	f.r.Now = func() time.Time { return f.clock }
	f.p.Rollouts = f.r
	f.tick()
}

func (f *fleet) keep() {
	if text, ok := f.r.Keep(); ok {
		f.disk = text
	}
}

func (f *fleet) tick() []string {
	defer f.keep()
	return f.r.Tick([]Rollout{f.conf}, func(m ether.MAC) string { return "R08 verdict of " + m.Device() })
}

func (f *fleet) candidates() (out []Candidate) {
	for n, p := range f.c.Pools {
		out = append(out, Candidate{MAC: p.MAC, Line: fmt.Sprintf("voice register pool %d", p.Tag), Tag: p.Tag, SIP: true, Group: fmt.Sprintf("10.0.0.%d", 1+n%2)})
	}
	return out
}

func (f *fleet) start() string {
	f.t.Helper()
	said, err := f.r.Start(f.conf, f.candidates())
	if err != nil {
		f.t.Fatal(err)
	}
	f.keep()
	return said
}

func (f *fleet) event(e journal.Event) {
	en := journal.Entry{Time: f.clock, Event: e}
	f.p.Classes.Fold(en)
	f.r.Fold(en)
	f.keep()
}

func (f *fleet) asks(n int, name string) {
	f.event(fileserver.Asked{Transport: fileserver.HTTP, Client: addrOf(n), Local: netip.MustParseAddrPort("10.0.0.1:6970"), Name: name})
}

func (f *fleet) gets(n int, name string) {
	f.asks(n, name)
	f.event(fileserver.Served{Transport: fileserver.HTTP, Client: addrOf(n), Name: name, Complete: true})
}

// resets is a phone that boots and reads its file; it tells the load in it.
func (f *fleet) resets(n int) string {
	sep := macOf(n).Device() + ".cnf.xml"
	f.asks(n, sep)
	load := old78
	for _, p := range f.p.Firmware(f.c).Phones {
		if p.MAC == macOf(n) {
			load = p.Load
		}
	}
	f.p.Giving(sep)
	f.event(fileserver.Served{Transport: fileserver.HTTP, Client: addrOf(n), Name: sep, Complete: true})
	return load
}

// fetches is a phone that fetches a load whole.
func (f *fleet) fetches(n int, load string) {
	files, _ := firmware.Synthesise(load, "", nil)
	f.gets(n, "/"+load+".loads") // as over HTTP
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if name != load+".loads" && !strings.Contains(name, "2.78xx") { // those of its platform
			f.gets(n, "/"+name)
		}
	}
}

// upgrades is a phone that goes all the way.
func (f *fleet) upgrades(n int) {
	f.fetches(n, f.resets(n))
	f.resets(n)
}

func (f *fleet) progress() Progress {
	p, _ := f.r.Snapshot(f.conf.Name)
	return p
}

func (f *fleet) state(n int) string {
	p := f.progress()
	for _, u := range p.Phones {
		if u.MAC == macOf(n) {
			return u.state(&p)
		}
	}
	return "no part"
}

// inWave are the phones of a wave.
func (f *fleet) inWave(wave int) (out []int) {
	for _, u := range f.progress().Phones {
		if u.Wave == wave {
			out = append(out, int(u.MAC[4])<<8|int(u.MAC[5]))
		}
	}
	return out
}

func rollout() Rollout {
	return Rollout{Name: "spring", Type: "7841", Load: new78, Waves: []Wave{{1, 4}, {2, 6}}, Percent: 75, Minutes: 20}
}

// TestWaves: the phones of a wave get the load, the others keep theirs; a wave
// begins when the one before has come back; file servers take turns.
func TestWaves(t *testing.T) {
	f := newFleet(t, 20, rollout())
	if said := f.start(); said != "upgrade spring: 20 phones in 3 waves" {
		t.Error(said)
	}
	first := f.inWave(1)
	even := 0
	for _, n := range first {
		even += n % 2
	}
	if len(first) != 4 || even != 2 || len(f.inWave(2)) != 6 || len(f.inWave(3)) != 10 {
		t.Fatalf("waves %v %v %v", first, f.inWave(2), f.inWave(3))
	}
	later := f.inWave(3)[0]
	if got := f.resets(later); got != old78 {
		t.Errorf("a phone of a later wave gets %s", got)
	}
	for _, n := range first {
		if f.state(n) != "not reset" {
			t.Errorf("phone %d is %s", n, f.state(n))
		}
	}
	for i, n := range first {
		if i == 3 {
			break // 75 percent are enough
		}
		f.upgrades(n)
		if f.state(n) != "done" {
			t.Errorf("phone %d is %s", n, f.state(n))
		}
		f.tick()
	}
	if p := f.progress(); p.Wave != 2 || p.State != Running {
		t.Fatalf("wave %d, %s", p.Wave, p.State)
	}
	if got := f.resets(first[3]); got != new78 {
		t.Errorf("one of the first wave that comes late gets %s", got)
	}
	// A phone that has the load already asks for its tones.
	n := f.inWave(2)[0]
	f.resets(n)
	f.gets(n, "United_States/g3-tones.xml")
	if f.state(n) != "running" {
		t.Errorf("one that may still fetch its load is %s", f.state(n))
	}
	f.resets(n)
	if p := f.progress(); f.state(n) != "done" {
		t.Errorf("%s: %s", f.state(n), p.Text(f.clock).String())
	}
	// One that says so itself.
	f.event(wire.Told{MAC: macOf(f.inWave(2)[1]), By: wire.Page, Load: new78})
	if f.state(f.inWave(2)[1]) != "done" {
		t.Error("a page that says so counts for nothing")
	}
	for _, n := range append(append([]int{first[3]}, f.inWave(2)[2:]...), f.inWave(3)...) {
		f.tick()
		f.upgrades(n)
	}
	f.tick()
	if p := f.progress(); p.State != Done || strings.Contains(p.Text(f.clock).String(), "waiting") {
		t.Errorf("%s", p.Text(f.clock).String())
	}
	if got := f.resets(later); got != new78 {
		t.Errorf("after the end a phone that has it gets %s", got)
	}
	f.conf.Name = "other" // the section is gone
	f.tick()
	if got := f.resets(later); got != old78 {
		t.Errorf("without the section it gets %s", got)
	}
}

// TestSeenElsewhere: what a phone did at its load server nobody saw; asking for
// tones is no sign that it runs the load.
func TestSeenElsewhere(t *testing.T) {
	f := newFleet(t, 4, rollout())
	f.c.Pools[0].ServicePhone = []cnf.ServicePhone{{Name: cnf.LoadServer, Value: "10.9.9.9"}}
	f.start()
	for range 3 {
		if got := f.resets(0); got != new78 {
			t.Errorf("it gets %s", got)
		}
		f.gets(0, "United_States/g3-tones.xml")
	}
	if f.state(0) != "running" {
		t.Errorf("it is %s", f.state(0))
	}
	f.event(wire.Told{MAC: macOf(0), By: wire.CDP, Load: new78})
	if f.state(0) != "done" {
		t.Errorf("it says it runs it, and is %s", f.state(0))
	}
}

// TestRefusedAgain: a phone that is back and asks for the load once more did not
// take it.
func TestRefusedAgain(t *testing.T) {
	f := newFleet(t, 20, rollout())
	f.start()
	n := f.inWave(1)[0]
	f.upgrades(n)
	if f.state(n) != "done" {
		t.Fatal(f.state(n))
	}
	f.fetches(n, new78)
	f.resets(n)
	f.gets(n, "/"+new78+".loads")
	if f.state(n) != "running" {
		t.Errorf("it is %s", f.state(n))
	}
	f.clock = f.clock.Add(21 * time.Minute)
	if f.tick(); f.state(n) != "stuck" {
		t.Errorf("it is %s", f.state(n))
	}
}

// TestGateFails: the rest keeps its load, and those that did not get the new one
// whole are given the old one again.
func TestGateFails(t *testing.T) {
	f := newFleet(t, 20, rollout())
	f.start()
	w := f.inWave(1)
	f.upgrades(w[0])
	f.resets(w[1])                  // and stops there
	f.fetches(w[2], f.resets(w[2])) // and does not return
	f.clock = f.clock.Add(19 * time.Minute)
	if f.tick(); f.progress().State != Running {
		t.Fatal("too early")
	}
	f.clock = f.clock.Add(2 * time.Minute)
	if turned := f.tick(); len(turned) != 1 || f.progress().State != Stopped {
		t.Fatalf("%v %s", turned, f.progress().State)
	}
	for i, want := range []string{"done", "stuck", "not returned", "waiting"} {
		if got := f.state(w[i]); got != want {
			t.Errorf("phone %d is %s, want %s", w[i], got, want)
		}
	}
	p := f.progress()
	text := p.Text(f.clock).String()
	for i, want := range []string{new78, old78, new78, old78} {
		if got := f.resets(w[i]); got != want {
			t.Errorf("phone %d gets %s, want %s", w[i], got, want)
		}
	}
	if got := f.resets(f.inWave(2)[0]); got != old78 {
		t.Errorf("the rest gets %s", got)
	}
	for _, want := range []string{"wave 1 failed its gate: 2 of 4", "do not power-cycle", "R08 verdict of " + macOf(w[1]).Device()} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// TestNotReset: a phone that never boots is not a failed one.
func TestNotReset(t *testing.T) {
	f := newFleet(t, 20, rollout())
	f.start()
	f.clock = f.clock.Add(24 * time.Hour)
	f.tick()
	if p := f.progress(); p.State != Running || p.Wave != 1 || f.state(f.inWave(1)[0]) != "not reset" {
		t.Errorf("%s", p.Text(f.clock).String())
	}
	if p := f.progress(); !strings.Contains(p.Text(f.clock).String(), "Nothing here can reset a phone") {
		t.Errorf("%s", p.Text(f.clock).String())
	}
}

// TestWindow: outside of it no phone begins; one on its way goes on.
func TestWindow(t *testing.T) {
	r := rollout()
	r.Window = Window{From: 22 * 60, To: 5 * 60}
	f := newFleet(t, 20, r)
	f.start()
	w := f.inWave(1)
	if got := f.resets(w[0]); got != old78 {
		t.Errorf("at 21:00: %s", got)
	}
	f.clock = f.clock.Add(90 * time.Minute)
	f.tick()
	if got := f.resets(w[0]); got != new78 {
		t.Errorf("at 22:30: %s", got)
	}
	f.clock = f.clock.Add(7 * time.Hour)
	f.conf.Minutes = 24 * 60
	f.tick()
	if got := f.resets(w[0]); got != new78 {
		t.Errorf("at 05:30, on its way: %s", got)
	}
	if got := f.resets(w[1]); got != old78 {
		t.Errorf("at 05:30: %s", got)
	}
	for m, want := range map[int]bool{0: true, 22 * 60: true, 5*60 - 1: true, 5 * 60: false, 12 * 60: false} {
		if got := r.Window.Open(time.Date(2026, 1, 1, m/60, m%60, 0, 0, time.UTC)); got != want {
			t.Errorf("%02d:%02d: %v", m/60, m%60, got)
		}
	}
}

// TestPauseAndAbort: no phone begins; those that have the load keep it.
func TestPauseAndAbort(t *testing.T) {
	f := newFleet(t, 20, rollout())
	f.start()
	w := f.inWave(1)
	f.upgrades(w[0])
	f.resets(w[1])
	if err := f.r.Pause("spring"); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{new78, new78, old78} {
		if got := f.resets(w[i]); got != want {
			t.Errorf("paused, phone %d gets %s, want %s", w[i], got, want)
		}
	}
	if said := f.start(); !strings.Contains(said, "goes on with wave 1 of 3") {
		t.Error(said)
	}
	if _, err := f.r.Start(f.conf, f.candidates()); err == nil {
		t.Error("it starts twice")
	}
	if err := f.r.Abort("spring"); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{new78, old78, old78} {
		if got := f.resets(w[i]); got != want {
			t.Errorf("aborted, phone %d gets %s, want %s", w[i], got, want)
		}
	}
	if f.r.Abort("spring") == nil || f.r.Pause("spring") == nil {
		t.Error("it ends twice")
	}
	other := f.conf
	other.Name, other.Phones = "other", []Selection{{Kind: ByPool, From: 1, To: 2}}
	if said, err := f.r.Start(other, f.candidates()); err != nil || !strings.Contains(said, "2 phones") {
		t.Errorf("%s %v", said, err)
	}
	again := f.conf
	if _, err := f.r.Start(again, f.candidates()); err == nil || !strings.Contains(err.Error(), "takes part in upgrade other") {
		t.Errorf("%v", err)
	}
}

// TestSelections: who is meant by a line.
func TestSelections(t *testing.T) {
	c := Candidate{Tag: 7, SIP: true, DHCP: "VOICE", Class: "LOBBY", Group: "10.0.0.1"}
	for s, want := range map[Selection]bool{
		{Kind: ByPool, From: 1, To: 7}: true, {Kind: ByPool, From: 8, To: 9}: false, {Kind: ByEphone, From: 1, To: 7}: false,
		{Kind: ByDHCP, Name: "voice"}: true, {Kind: ByClass, Name: "HALL"}: false, {Kind: ByClass, Name: "LOBBY"}: true,
		{Kind: ByServer, Server: netip.MustParseAddr("10.0.0.1")}: true, {Kind: ByServer, Server: netip.MustParseAddr("10.0.0.2")}: false,
	} {
		if s.chosen(c) != want {
			t.Errorf("%s: %v", s, !want)
		}
	}
	r := rollout()
	r.Phones = []Selection{{Kind: ByEphone, From: 1, To: 5}}
	f := newFleet(t, 5, r)
	if _, err := f.r.Start(r, f.candidates()); err == nil {
		t.Error("an upgrade of nobody starts")
	}
}

// TestTwoHundred: 200 phones in waves, one in twenty does not return, one in
// twenty is stuck; the box is killed again and again, and comes to the same end.
func TestTwoHundred(t *testing.T) {
	run := func(kill bool) Progress {
		r := Rollout{Name: "spring", Type: "7841", Load: new78, Waves: []Wave{{1, 20}, {2, 60}}, Percent: 80, Minutes: 20}
		f := newFleet(t, 200, r)
		f.start()
		for wave := 1; wave <= 3; wave++ {
			for i, n := range f.inWave(wave) {
				f.clock = f.clock.Add(time.Second)
				switch n % 20 {
				case 7:
					f.fetches(n, f.resets(n))
				case 13:
					f.gets(n, f.resets(n)+".loads")
				default:
					if load := f.resets(n); load != new78 {
						t.Fatalf("phone %d of wave %d gets %s", n, wave, load)
					} else {
						f.fetches(n, load)
					}
					if kill && i%9 == 4 {
						f.boot() // between the last file and its return
					}
					f.resets(n)
				}
				if kill && i%7 == 3 {
					f.boot()
				}
				f.tick()
			}
		}
		f.clock = f.clock.Add(30 * time.Minute)
		f.tick()
		return f.progress()
	}
	plain, killed := run(false), run(true)
	if plain.State != Done {
		t.Fatalf("%s", plain.Text(time.Time{}))
	}
	outcome := func(p Progress) map[string]string {
		m := map[string]string{}
		for _, u := range p.Phones {
			m[u.Device] = u.state(&p) + " " + u.Verdict
		}
		return m
	}
	if !maps.Equal(outcome(plain), outcome(killed)) || plain.State != killed.State {
		t.Errorf("another end after kills:\n%s\n%s", plain.Text(time.Time{}), killed.Text(time.Time{}))
	}
	n, total := killed.counts(0)
	if total != 200 || n["not returned"] != 10 || n["stuck"] != 10 || n["done"] != 180 {
		t.Errorf("%v of %d", n, total)
	}
	text := killed.Text(time.Time{}).String()
	var doc struct {
		Phones []struct{ Device, State string } `json:"phones"`
	}
	if err := json.Unmarshal(killed.JSON(), &doc); err != nil || len(doc.Phones) != 200 {
		t.Errorf("%v, %d phones", err, len(doc.Phones))
	}
	for i := range 200 {
		if d := macOf(i).Device(); !strings.Contains(text, d) || (i%20 == 7 || i%20 == 13) && !slices.ContainsFunc(doc.Phones, func(p struct{ Device, State string }) bool {
			return p.Device == d && (p.State == "stuck" || p.State == "not returned")
		}) {
			t.Errorf("%s is not named", d)
		}
	}
}

func FuzzKept(f *testing.F) {
	f.Add([]byte(`[{"name":"x","state":"running","wave":1,"waves":1,"phones":[{"device":"SEP001E7A010001","wave":1},null]}]`))
	f.Add([]byte(`[null]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r := NewRollouts(text)
		r.Tick([]Rollout{rollout()}, func(ether.MAC) string { return "" })
		for _, p := range r.all {
			s, _ := r.Snapshot(p.Name)
			p := s.Text(time.Time{})
			s.Summary(p.Table(RolloutsTable))
			_ = p.String()
		}
	})
}
