package upgrade

import (
	"testing"
	"testing/fstest"

	"option150/platform/fileserver"
	"option150/platform/wire"
	"option150/telephony/cnf"
	"option150/telephony/firmware"
	"option150/telephony/phone"
)

// TestExact: a phone that says what it runs is judged by that, until it shows
// something else.
func TestExact(t *testing.T) {
	b := newBench(t, old, target)
	c := b.config(cnf.UnknownKeep)
	says := func(by wire.Source, load string) { b.record(wire.Told{MAC: mac, By: by, Load: load}) }
	for _, step := range []struct {
		by         wire.Source
		load, want string
	}{
		{wire.CDP, "SCCP41.8-3-2S", old + " alone"},
		{wire.Page, "no load of ours", old + " alone"}, // tells nothing
		{wire.LLDP, "SCCP41.8-5-2S", target + " alone"},
		{wire.Page, "SCCP41.9-2-3S", "target"},
		{wire.Page, "SCCP41.8-0-1S", old + " alone"}, // somebody put it back
		{wire.Page, "SCCP45.9-4-2S", ""},             // of another family: not known
	} {
		says(step.by, step.load)
		if got := b.named(c); got != step.want {
			t.Errorf("its %s says %s: %q, want %q", step.by, step.load, got, step.want)
		}
	}
	says(wire.CDP, "SCCP41.8-3-2S")
	again := NewClasses(Unmarshal(Marshal(must(b.p.Classes.List()))))
	b.p.Classes = again
	if got := b.named(c); got != old+" alone" {
		t.Errorf("after a restart: %q", got)
	}
	b.boot(fileserver.HTTP) // newer than its frame
	if got := b.named(c); got != "target" {
		t.Errorf("then it asks 6970: %q", got)
	}
	says(wire.Page, "SCCP41.9-4-2SR3-1S")
	b.boot(fileserver.HTTP)
	if got := b.named(c); got != "target" {
		t.Errorf("9.4(2) on its page: %q", got)
	}
	b.boot(fileserver.TFTP)
	if got := b.named(c); got != "" {
		t.Errorf("9.4(2) on its page, asks TFTP: %q", got)
	}
	// The page of before the restart is read late: the stone it fetched stays
	// what is given until it shows that it runs it.
	b = newBench(t, old, target)
	b.boot(fileserver.TFTP)
	b.got(c)
	b.fetch(old)
	b.record(wire.Told{MAC: mac, By: wire.Page, Load: "SCCP41.8-3-2S"})
	b.boot(fileserver.TFTP)
	if got := b.named(c); got != old+" alone" {
		t.Errorf("the page contradicts: %q", got)
	}
}

// TestAwaySteps: what a phone did at a load server nobody saw: only what it
// says itself, or port 6970, takes it beyond the stone.
func TestAwaySteps(t *testing.T) {
	b := newBench(t)
	c := b.config("")
	c.Ephones[0].ServicePhone = []cnf.ServicePhone{{Name: cnf.LoadServer, Value: "10.9.9.9"}}
	b.boot(fileserver.TFTP)
	if got := b.named(c); got != old+" alone" {
		t.Fatalf("the stone of the load server: %q", got)
	}
	b.got(c)
	b.ask(fileserver.TFTP, "United_States/g3-tones.xml") // the server may be dead
	b.boot(fileserver.TFTP)
	if got := b.named(c); got != old+" alone" {
		t.Errorf("it went on without: %q", got)
	}
	b.record(wire.Told{MAC: mac, By: wire.CDP, Load: old})
	if got := b.named(c); got != target+" alone" {
		t.Errorf("it says it runs the stone: %q", got)
	}
	// The other way round: all but one phone have a load server.
	c = b.config(cnf.UnknownDirect)
	c.Service.ServicePhone = []cnf.ServicePhone{{Name: cnf.LoadServer, Value: "10.9.9.9"}}
	c.Ephones[0].ServicePhone = []cnf.ServicePhone{{Name: cnf.LoadServer, Value: ""}}
	if f := b.p.Firmware(c); len(f.Withheld) != 0 || len(f.Phones) != 1 || f.Phones[0].Load != "" {
		t.Errorf("a phone that asks here for what is not here: %+v", f)
	}
}

// TestSecondGeneration: a 7940 and a 7905 show by what they ask for that they
// cannot check signatures.
func TestSecondGeneration(t *testing.T) {
	for _, x := range []struct{ typ, load, stone, unsigned, signed string }{
		{"7940", "P0030801SR02", "P00307020300.bin", "P0030801SR02.bin", "P0030801SR02.loads"},
		{"7905", "CP7905080003SCCP070409A", "CP7905080001SCCP051117A.zup", "CP7905080003SCCP070409A.zup", "CP7905080003SCCP070409A.sbin"},
	} {
		b := newBench(t, x.load)
		c := b.config("")
		c.Service.Loads[0] = cnf.LoadEntry{Type: x.typ, File: x.load}
		c.Ephones[0].Type = x.typ
		named := func() string {
			f := b.p.Firmware(c)
			if len(f.Withheld)+len(f.Strange) > 0 {
				t.Errorf("%s: %+v", x.typ, f)
			}
			if len(f.Phones) == 0 {
				return x.load
			}
			return f.Phones[0].Load
		}
		b.boot(fileserver.TFTP)
		if got := named(); got != x.load {
			t.Errorf("%s: %q", x.typ, got)
		}
		b.ask(fileserver.TFTP, x.unsigned)
		b.boot(fileserver.TFTP)
		if got := named(); got != "" {
			t.Errorf("%s cannot check signatures, no stone: %q", x.typ, got)
		}
		b.tree[x.stone] = &fstest.MapFile{Data: []byte("unsigned image")}
		if got := named(); got != x.stone {
			t.Errorf("%s cannot check signatures: %q", x.typ, got)
		}
		b.ask(fileserver.TFTP, x.stone)
		b.record(fileserver.Served{Transport: fileserver.TFTP, Client: addr, Name: x.stone, Complete: true})
		b.boot(fileserver.TFTP)
		if got := named(); got != x.load {
			t.Errorf("%s after the stone: %q", x.typ, got)
		}
		b.ask(fileserver.TFTP, x.signed)
		if k, _ := b.p.Classes.List(); len(k) != 1 || k[0].Class != Stone && k[0].Class != Direct {
			t.Errorf("%s: %+v", x.typ, k)
		}
	}
	// One that says what it runs.
	b := newBench(t, "P0030801SR02")
	b.tree["P00307020300.bin"] = &fstest.MapFile{Data: []byte("unsigned image")}
	c := b.config("")
	c.Service.Loads[0], c.Ephones[0].Type = cnf.LoadEntry{Type: "7960-7940", File: "P0030801SR02"}, "7960"
	for runs, want := range map[string]int{"P00303020214": 1, "P00308000500": 0} {
		b.record(wire.Told{MAC: mac, By: wire.Page, Load: runs})
		if f := b.p.Firmware(c); len(f.Phones) != want {
			t.Errorf("runs %s: %+v", runs, f.Phones)
		}
	}
}

// TestStoneNames: the table gives the stones the names of their families.
func TestStoneNames(t *testing.T) {
	for to, want := range map[string]string{target: old, "SIP45.9-4-2SR1-1S": "SIP45.8-5-2S", "P0030801SR02": ""} {
		if got := firmware.Before(phone.Load(to))[0].Stone(phone.Load(to)); got != want {
			t.Errorf("%s: %q", to, got)
		}
	}
	if firmware.Before(old) != nil || firmware.Before("sip78xx.12-1-1-12") != nil {
		t.Error("a stone for what needs none")
	}
}
