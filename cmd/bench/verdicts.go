package main

import (
	"context"
	"fmt"
	"net/netip"
	"runtime"
	"time"

	"option150/dhcp"
	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/journal"
	"option150/platform/wire"
	"option150/telephony/inventory"
)

// The aims of the project for the verdicts.
const (
	aimEvent  = 20 // µs of one event, a thousand phones in view
	aimPhone  = 32 // kB of one phone, three boots of it
	aimForged = 32 // MB that forged phones and names leave behind
	aimLook   = 50 // ms of a look at all of a thousand phones
)

const (
	inView = 1000
	forged = 100_000
)

// measureVerdicts measures the fold that makes verdicts, in this process.
func measureVerdicts(ctx context.Context, b *bench) error {
	t := b.report.table("Verdicts", []string{option150.name}, nil)
	heap := func() float64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	before := heap()
	v := inventory.New(inventory.Options{})
	s := &story{v: v, now: time.Now()}
	for range 3 {
		for i := range inView {
			s.boot(i)
		}
		s.now = s.now.Add(time.Hour)
	}
	t.aim(fmt.Sprintf("memory of a phone, of %d with three boots each", inView), "kB", (heap()-before)/inView/1e3, aimPhone)
	begun, folded := time.Now(), s.n
	for until := begun.Add(b.longer(3 * time.Second)); time.Now().Before(until) && ctx.Err() == nil; s.now = s.now.Add(time.Hour) {
		for i := range inView {
			s.boot(i)
		}
	}
	took, n := time.Since(begun), s.n-folded
	t.aim(fmt.Sprintf("time of an event, %d phones in view", inView), "µs", float64(took.Microseconds())/float64(n), aimEvent)
	t.note(fmt.Sprintf("%.0f events folded in a second", float64(n)/took.Seconds()))
	begun = time.Now()
	v.Phones(s.now)
	t.aim(fmt.Sprintf("a look at all %d phones", inView), "ms", ms(time.Since(begun)), aimLook)
	v.Clear()
	before = heap()
	for i := range forged {
		s.forge(i)
	}
	after := heap()
	t.aim(fmt.Sprintf("memory that %d forged addresses and names leave behind", forged), "MB", max(0, after-before)/1e6, aimForged)
	t.note(fmt.Sprintf("memory before %.1f MB and after %.1f MB; %d phones are kept", before/1e6, after/1e6, len(v.Phones(s.now))))
	runtime.KeepAlive(v)
	return ctx.Err()
}

// story tells events of phones.
type story struct {
	v   *inventory.Inventory
	now time.Time
	n   int
}

func (s *story) tell(e journal.Event) {
	s.n++
	s.now = s.now.Add(time.Millisecond)
	s.v.Fold(journal.Entry{Seq: uint64(s.n), Time: s.now, Event: e})
}

const class7961 = "Cisco Systems, Inc. IP Phone CP-7961G"

// boot is what a healthy phone does.
func (s *story) boot(i int) {
	mac := ether.MAC{0, 0x1e, 0x7a, 1, byte(i >> 8), byte(i)}
	addr, box := netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), netip.AddrFrom4([4]byte{10, 0, 0, 1})
	c := netip.AddrPortFrom(addr, 49152)
	s.tell(dhcp.Discover{MAC: mac, VendorClass: class7961})
	s.tell(dhcp.Offer{MAC: mac, Addr: addr, Option150: []netip.Addr{box}})
	s.tell(dhcp.Requested{MAC: mac, VendorClass: class7961, Addr: addr, Server: box})
	s.tell(dhcp.Ack{MAC: mac, VendorClass: class7961, Addr: addr, Pool: "VOICE", Option150: []netip.Addr{box}})
	for _, name := range []string{"/CTL" + mac.Device() + ".tlv", "/ITL" + mac.Device() + ".tlv", "/ITLFile.tlv"} {
		s.tell(fileserver.Asked{Transport: fileserver.HTTP, Client: c, Name: name})
		s.tell(fileserver.NotFound{Transport: fileserver.HTTP, Client: c, Name: name, Expected: true})
	}
	for _, name := range []string{"/" + mac.Device() + ".cnf.xml", "/United_States/g3-tones.xml"} {
		s.tell(fileserver.Asked{Transport: fileserver.HTTP, Client: c, Name: name})
		s.tell(fileserver.Served{Transport: fileserver.HTTP, Client: c, Name: name, Route: fileserver.RouteGenerated, Size: 1748, Bytes: 1748, Status: 200, Complete: true})
	}
}

// forge is a phone that is none, at an address of its own, and a station.
func (s *story) forge(i int) {
	mac := ether.MAC{2, 0, byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)}
	addr := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
	s.tell(dhcp.Discover{MAC: mac, VendorClass: class7961})
	s.tell(fileserver.Asked{Transport: fileserver.TFTP, Client: netip.AddrPortFrom(addr, 40000), Name: mac.Device() + ".cnf.xml"})
	s.tell(wire.Sought{MAC: ether.MAC{4, 0, byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)}, Client: addr, Target: addr.Next()})
}
