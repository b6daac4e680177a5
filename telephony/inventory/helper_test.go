package inventory

import (
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"option150/dhcp"
	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/journal"
	"option150/platform/testkit/golden"
	"option150/telephony/firmware"
	"option150/telephony/phone"
)

func check(t *testing.T, name, got string) {
	t.Helper()
	golden.Check(t, filepath.Join("testdata", name+".golden"), got)
}

var (
	zero  = time.Date(2026, 11, 21, 14, 2, 11, 0, time.UTC)
	box   = netip.MustParseAddr("10.0.0.1")
	ours  = ether.MAC{0x00, 0x1e, 0x7a, 0, 0, 1}
	addr1 = netip.MustParseAddr("10.0.0.23")
)

const (
	class61 = "Cisco Systems, Inc. IP Phone CP-7961G"
	load9   = "SCCP41.9-4-2SR3-1S"
)

// world feeds an inventory with what a phone does. Times move on by themselves
// a little with each event.
type world struct {
	*Inventory
	now  time.Time
	port uint16
	mac  ether.MAC
	addr netip.Addr
	http bool // transport of the files
	seq  uint64

	offers  []netip.Addr // option 150 of the lease
	mask    string
	block   int
	placed  bool   // its file lies in flash:
	route   string // or comes from there; "" = it does not
	put     Given
	router  netip.Addr
	outside Outside
	setups  map[ether.MAC]Setup
	stock   map[string]firmware.State
	here    []string
	where   map[string]string
	box     Box
	step    func()    // called as time goes by; nil = nobody looks
	fact    time.Time // when something happened last
}

// whole is a load that is here with these files.
func whole(load string, parts ...string) firmware.State {
	set := &firmware.LoadSet{Name: load + ".loads"}
	for _, p := range parts {
		set.Components = append(set.Components, firmware.Component{Name: p, Size: -1})
	}
	return firmware.State{Load: phone.Load(load), Set: set, Total: len(parts), Present: len(parts)}
}

// setup configures the phone of the world.
func (w *world) setup(s Setup) *world {
	if s.Section == "" {
		s.Section = "ephone 1"
	}
	s.Built, s.Given = true, w.setups[w.mac].Given
	w.setups[w.mac], w.fact = s, w.now
	return w
}

func newWorld(parts ...string) *world {
	w := &world{now: zero, port: 40000, mac: ours, addr: addr1, http: true, offers: []netip.Addr{box}, block: 512, setups: map[ether.MAC]Setup{}, stock: map[string]firmware.State{}, where: map[string]string{},
		box: Box{Own: []netip.Addr{box}, HTTP: true, Pools: 1, Home: "flash:"}}
	w.outside = Outside{Load: func(load string) firmware.State {
		if x, ok := w.stock[load]; ok {
			return x
		}
		if load != load9 || len(parts) == 0 {
			return firmware.State{}
		}
		return whole(load, parts...)
	}, Setup: func(mac ether.MAC) Setup { return w.setups[mac] }, Box: func() Box { return w.box },
		Loads: func(string) []string { return w.here }, Where: func(f string) string { return w.where[f] }, Placed: func(string) Given { return w.put }}
	w.Inventory = New(Options{Outside: w.outside})
	return w
}

func (w *world) ev(e journal.Event) {
	w.seq++
	w.Fold(journal.Entry{Seq: w.seq, Time: w.now, Event: e})
	w.fact = w.now
	w.now = w.now.Add(10 * time.Millisecond)
}

func (w *world) wait(d time.Duration) *world {
	const slice = 250 * time.Millisecond
	for w.step != nil && d > slice {
		w.step()
		w.now, d = w.now.Add(slice), d-slice
	}
	w.now = w.now.Add(d)
	return w
}

func (w *world) discover(class string) *world {
	w.ev(dhcp.Discover{MAC: w.mac, VendorClass: class, Requested: "1,66,6,3,15,150,35"})
	return w
}

func (w *world) lease(class string) *world {
	w.discover(class)
	w.ev(dhcp.Offer{MAC: w.mac, Addr: w.addr, Option66: box.String(), Option150: w.offers})
	w.ev(dhcp.Requested{MAC: w.mac, VendorClass: class, Addr: w.addr, Server: box})
	w.ev(dhcp.Ack{MAC: w.mac, VendorClass: class, Addr: w.addr, Pool: "PHONES", Option66: box.String(), Option150: w.offers, Mask: w.mask, Router: w.router})
	return w
}

func (w *world) transport() fileserver.Transport {
	if w.http {
		return fileserver.HTTP
	}
	return fileserver.TFTP
}

func (w *world) ends() (client, local netip.AddrPort) {
	port := uint16(6970)
	if !w.http {
		port = 69
	}
	return netip.AddrPortFrom(w.addr, w.port), netip.AddrPortFrom(box, port)
}

func (w *world) ask(name string) *world {
	w.port++
	c, l := w.ends()
	w.ev(fileserver.Asked{Transport: w.transport(), Client: c, Local: l, Name: name})
	return w
}

func (w *world) get(name string, size int64) *world {
	w.ask(name)
	c, l := w.ends()
	route := fileserver.RouteFlash
	if kindOf(name) == kindOwn && !w.placed {
		route = fileserver.RouteGenerated
		if w.route != "" {
			route = w.route
		}
	} else if w.route == upstreamRoute {
		route = w.route
	}
	e := fileserver.Served{Transport: w.transport(), Client: c, Local: l, Name: name, File: name, Route: route, Size: size, Bytes: size,
		Duration: 9 * time.Millisecond, Complete: true}
	if w.http {
		e.Status = 200
	}
	if mac, ok := phone.MACOfFile(name); ok && route == fileserver.RouteGenerated { // what the box keeps of a file it sent
		s := w.setups[mac]
		s.Given = &Given{At: w.now, Known: true, Load: s.Load, Server: s.Server, Sharing: s.Sharing, Control: s.Control}
		w.setups[mac] = s
	}
	w.ev(e)
	return w
}

func (w *world) cut(name string, size, sent int64, why string) *world {
	w.ask(name)
	c, l := w.ends()
	w.ev(fileserver.Served{Transport: w.transport(), Client: c, Local: l, Name: name, Size: size, Bytes: sent, BlockSize: w.block, Retransmits: 5,
		Duration: 20 * time.Second, Why: why})
	return w
}

func (w *world) miss(names ...string) *world {
	for _, n := range names {
		w.near(n, "")
	}
	return w
}

func (w *world) near(name, nearest string) *world {
	w.ask(name)
	c, l := w.ends()
	w.ev(fileserver.NotFound{Transport: w.transport(), Client: c, Local: l, Name: name, Expected: phone.ExpectedAbsent(name), Nearest: nearest})
	return w
}

func (w *world) deny(name, why string) *world {
	w.ask(name)
	c, l := w.ends()
	w.ev(fileserver.Denied{Transport: w.transport(), Client: c, Local: l, Name: name, Why: why})
	return w
}

// odd is a request no phone makes.
func (w *world) odd(name string) *world {
	w.port++
	c, l := w.ends()
	w.ev(fileserver.Asked{Transport: w.transport(), Client: c, Local: l, Name: name, Odd: true})
	w.ev(fileserver.Denied{Transport: w.transport(), Client: c, Local: l, Name: name, Why: "method", Odd: true})
	return w
}

func (w *world) busy(name string) *world {
	w.ask(name)
	c, l := w.ends()
	w.ev(fileserver.Busy{Transport: w.transport(), Client: c, Local: l, Name: name, Serving: 200, Limit: 200})
	return w
}

// nowhere is a file that other file servers were asked for too.
func (w *world) nowhere(name, asked string, unsure bool) *world {
	w.ask(name)
	c, l := w.ends()
	w.ev(fileserver.NotFound{Transport: w.transport(), Client: c, Local: l, Name: name, Asked: asked, Unsure: unsure})
	return w
}

func (w *world) trust() *world {
	return w.miss("/CTL"+w.mac.Device()+".tlv", "/ITL"+w.mac.Device()+".tlv", "/ITLFile.tlv")
}

func (w *world) sep() string { return "/" + w.mac.Device() + ".cnf.xml" }

// config is a boot up to the configuration file.
func (w *world) config() *world { return w.lease(class61).trust().get(w.sep(), 6412) }

func (w *world) look(t *testing.T) Phone {
	t.Helper()
	p, ok := w.Phone(w.mac, w.now)
	if !ok {
		t.Fatal("no such phone")
	}
	return p
}
