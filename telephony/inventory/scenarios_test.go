package inventory

import (
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"option150/dhcp"
	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/wire"
	"option150/telephony/advice"
	"option150/telephony/cnf"
	"option150/telephony/firmware"
)

// quiet is longer than the silence that is waited for.
const quiet = 10 * time.Second

// scenario is what a phone did and what is to be said about it.
type scenario struct {
	name  string
	code  string
	basis Basis
	state State
	fix   string // part of it
	do    func(w *world)
}

var (
	foreign = netip.MustParseAddr("10.0.0.254")
	pbx     = netip.MustParseAddrPort("10.0.0.2:2000")
	sep     = "/SEP001E7A000001.cnf.xml"
)

// chain is the whole load.
func (w *world) chain() *world {
	w.get("/"+load9+".loads", 655)
	for _, n := range parts9 {
		w.get("/"+n, 1000)
	}
	return w
}

// seek is n requests for a hardware address, a second apart.
func (w *world) seek(a netip.Addr, n int) *world {
	for range n {
		w.ev(wire.Sought{MAC: w.mac, Client: w.addr, Target: a})
		w.wait(time.Second)
	}
	return w
}

// mirror is what a mirror port shows of a phone that registers.
func (w *world) mirror(load, control string) *world {
	w.ev(wire.Told{MAC: w.mac, Addr: w.addr, By: wire.Mirror, Load: load, CallControl: control})
	return w
}

// spoil says that a file of the load is not what it is to be.
func (w *world) spoil(m firmware.Missing) *world {
	st := whole(load9, parts9...)
	m.Load = load9
	st.Missing, st.Present = append(st.Missing, m), st.Present-1
	w.stock[load9] = st
	return w
}

// scenarios has a sequence for every code.
func scenarios() []scenario {
	return append(scenarios6(), []scenario{
		{"no pool", "R02", Observed, Stuck, "ip dhcp pool", func(w *world) {
			w.box.Networks = []netip.Prefix{netip.MustParsePrefix("10.0.0.1/24")}
			w.discover(class61)
			w.ev(dhcp.NoLease{MAC: ours, Why: "NO POOL"})
		}},
		{"no pool behind a relay", "R02", Observed, Stuck, "holds 10.9.0.1", func(w *world) {
			w.discover(class61)
			w.ev(dhcp.NoLease{MAC: ours, Relay: netip.MustParseAddr("10.9.0.1"), Why: "NO POOL"})
		}},
		{"exhausted", "R02", Observed, Stuck, "exclude fewer addresses", func(w *world) {
			w.discover(class61)
			w.ev(dhcp.NoLease{MAC: ours, Why: "POOL EXHAUSTED"})
		}},
		{"a box without pools sees a phone ask", "R02", Inferred, Stuck, "pool", func(w *world) {
			w.box.Pools = 0
			for range 4 {
				w.ev(wire.Booting{MAC: ours, VendorClass: class61, Requested: "1,66,150"})
				w.wait(8 * time.Second)
			}
		}},
		{"text option", "R03", Observed, Stuck, "as addresses", func(w *world) {
			w.discover(class61)
			w.ev(dhcp.ForeignServer{Server: foreign, Client: ours, Option150: `not addresses: "10.136.123.11"`})
		}},
		{"text option, its answers unicast", "R03", Inferred, Stuck, "as addresses", func(w *world) {
			w.discover(class61)
			w.ev(dhcp.Requested{MAC: ours, VendorClass: class61, Server: foreign, Foreign: true})
			w.ev(dhcp.ForeignServer{Server: foreign, Client: ether.MAC{2, 0, 0, 0, 0, 9}, Option150: `not addresses: "10.136.123.11"`, Again: true})
		}},
		{"foreign lease", "R04", Observed, Stuck, "10.0.0.254", func(w *world) {
			w.discover(class61)
			w.ev(dhcp.ForeignServer{Server: foreign, Client: ours, Option150: "10.0.0.254"})
			w.ev(dhcp.Requested{MAC: ours, VendorClass: class61, Server: foreign, Foreign: true})
			w.wait(quiet)
		}},
		{"foreign lease while this box is exhausted", "R04", Observed, Stuck, "10.0.0.254", func(w *world) {
			w.discover(class61)
			w.ev(dhcp.NoLease{MAC: ours, Why: "POOL EXHAUSTED"})
			w.ev(dhcp.Requested{MAC: ours, VendorClass: class61, Server: foreign, Foreign: true})
			w.wait(quiet)
		}},
		{"foreign lease while this box offers too", "R04", Observed, Stuck, "option 150 with 10.0.0.1", func(w *world) {
			w.discover(class61)
			w.ev(dhcp.Offer{MAC: ours, Addr: addr1, Option150: []netip.Addr{box}})
			w.ev(dhcp.ForeignServer{Server: foreign, Client: ours, Option150: "10.0.0.254"})
			w.ev(dhcp.Requested{MAC: ours, VendorClass: class61, Server: foreign, Foreign: true})
			w.wait(quiet)
		}},
		{"text option while this box is exhausted", "R03", Inferred, Stuck, "as addresses", func(w *world) {
			w.ev(dhcp.ForeignServer{Server: foreign, Client: ether.MAC{2, 0, 0, 0, 0, 9}, Option150: `not addresses: "10.136.123.11"`})
			w.discover(class61)
			w.ev(dhcp.NoLease{MAC: ours, Why: "POOL EXHAUSTED"})
			w.ev(dhcp.Requested{MAC: ours, VendorClass: class61, Server: foreign, Foreign: true})
		}},
		{"foreign lease of a server nobody saw", "R04", Observed, Stuck, "10.0.0.254", func(w *world) {
			w.discover(class61)
			w.ev(dhcp.Requested{MAC: ours, VendorClass: class61, Server: foreign, Foreign: true})
			w.wait(quiet)
		}},
		{"another server is as it should be", "ok", Observed, Provisioned, "", func(w *world) {
			w.box.Pools = 0
			w.ev(wire.Booting{MAC: ours, VendorClass: class61})
			w.ev(wire.Booting{MAC: ours, VendorClass: class61, Request: true, Server: foreign})
			w.wait(5*time.Second).trust().get(sep, 6412).get("/g3-tones.xml", 10)
		}},
		{"alternate TFTP", "R05", Inferred, Stuck, "Alternate TFTP", func(w *world) { w.lease(class61).wait(DefaultWaits().NoFile) }},
		{"alternate TFTP, it asks for an address again and again", "R05", Inferred, Stuck, "Alternate TFTP", func(w *world) {
			for range 3 {
				w.lease(class61).wait(30 * time.Second)
			}
		}},
		{"our option 150 names somebody else", "R38", Inferred, Addressed, "option 150 ip 10.0.0.1", func(w *world) {
			w.offers = []netip.Addr{foreign}
			w.lease(class61).wait(DefaultWaits().NoFile)
		}},
		{"our option 150 names nobody", "R38", Observed, Addressed, "option 150 ip 10.0.0.1", func(w *world) {
			w.offers = []netip.Addr{foreign}
			w.lease(class61).seek(foreign, 3)
		}},
		{"asks here anyway", "R06", Observed, Addressed, "option 150", func(w *world) {
			w.discover(class61)
			w.ev(dhcp.Ack{MAC: ours, Addr: addr1, Option150: []netip.Addr{foreign}})
			w.ask("/CTLSEP001E7A000001.tlv")
		}},
		{"typo", "R07", Observed, Stuck, "telephony-service / load 7961 SCCP41.9-4-2SR2-2S", func(w *world) {
			w.config().near("/SCCP41.9-4-2SR2-25.loads", "SCCP41.9-4-2SR2-2S.loads")
		}},
		{"no load", "R07", Observed, Stuck, "flash:", func(w *world) { w.config().miss("/SCCP41.9-4-2SR2-2S.loads") }},
		{"an empty load", "R07", Observed, Stuck, "again", func(w *world) {
			w.stock[load9] = firmware.State{Missing: []firmware.Missing{{File: load9 + ".loads", Kind: firmware.Empty}}}
			w.config().near("/"+load9+".loads", load9+".loads")
		}},
		{"incomplete load", "R08", Observed, Stuck, "Copy cnu41.9-4-2ES26.sbn to flash:", func(w *world) {
			w.config().get("/"+load9+".loads", 655).get("/"+parts9[0], 1000).miss("/" + parts9[1])
		}},
		{"a component beside the home path", "R08", Observed, Stuck, "copy flash:" + parts9[1] + " flash:phones/" + parts9[1], func(w *world) {
			w.box.Home, w.where[strings.ToLower(parts9[1])], w.where[parts9[1]] = "flash:phones", "flash:"+parts9[1], "flash:"+parts9[1]
			w.spoil(firmware.Missing{File: parts9[1], Kind: firmware.Absent})
			w.config().get("/"+load9+".loads", 655).get("/"+parts9[0], 1000).miss("/" + parts9[1])
		}},
		{"a truncated component", "R08", Observed, Stuck, "again", func(w *world) {
			w.spoil(firmware.Missing{File: parts9[2], Kind: firmware.SizeDiff, Want: 100, Have: 50})
			w.config().chain()
		}},
		{"a renamed component", "R08", Observed, Stuck, "again", func(w *world) {
			w.spoil(firmware.Missing{File: parts9[2], Kind: firmware.Renamed, Detail: "other.sbn"})
			w.config().chain()
		}},
		{"an empty component", "R08", Observed, Stuck, "again", func(w *world) {
			w.spoil(firmware.Missing{File: parts9[2], Kind: firmware.Empty})
			w.config().get("/"+load9+".loads", 655).near("/"+parts9[2], parts9[2])
		}},
		{"a component of another case is served", "ok", Inferred, Provisioned, "", func(w *world) {
			st := whole(load9, parts9...)
			st.Missing = []firmware.Missing{{File: parts9[2], Kind: firmware.OtherCase, Detail: strings.ToUpper(parts9[2])}}
			w.stock[load9] = st
			w.config().chain().wait(time.Minute).config().wait(quiet)
		}},
		{"own fault", "R09", Observed, Addressed, "report", func(w *world) {
			w.lease(class61)
			w.miss("/Ringlist.xml")
			w.http = false
			w.get("/Ringlist.xml", 10)
		}},
		{"no HTTP, observed", "R10", Observed, Addressed, "hfs enable", func(w *world) {
			w.lease(class61)
			w.http = false
			w.ev(wire.Refused{Client: addr1, Port: 6970})
			w.ask("CTLSEP001E7A000001.tlv")
		}},
		{"never completes", "R11", Observed, Stuck, "cable", func(w *world) {
			w.config().get("/"+load9+".loads", 655)
			for range 3 {
				w.cut("/"+parts9[0], 2000000, 70000, "connection closed")
			}
		}},
		{"a ring tone never completes", "ok", Observed, Provisioned, "", func(w *world) {
			w.config()
			for range 3 {
				w.cut("/Bass.raw", 20000, 7000, "connection closed")
			}
			w.wait(quiet)
		}},
		{"foreign trust list", "R12", Observed, Stuck, "Trust List", func(w *world) { w.lease(class61).trust().miss(sep + ".sgn") }},
		{"foreign trust list of a configured phone", "R12", Observed, Stuck, "Trust List", func(w *world) {
			w.setup(Setup{Load: load9})
			w.lease(class61).trust().miss(sep+".sgn", "/XMLDefault.cnf.xml.sgn").wait(quiet)
		}},
		{"foreign trust list of an 8841", "R12", Observed, Stuck, "Reset Settings > Security", func(w *world) {
			w.lease("Cisco Systems, Inc. IP Phone CP-8841").trust().miss(sep + ".sgn")
		}},
		{"HTTPS", "R13", Observed, Stuck, "Trust List", func(w *world) {
			w.lease(class61)
			w.ev(wire.Secure{MAC: ours, Client: addr1, Port: 6971})
		}},
		{"recovery", "R14", Observed, Stuck, "term61.default.loads", func(w *world) {
			w.lease(class61)
			w.http = false
			w.miss("term61.default.loads")
		}},
		{"recovery with a load it may not have", "R14", Observed, Stuck, "show firmware; Copy term61.default.loads", func(w *world) {
			w.lease(class61)
			w.http = false
			w.near("term61.default.loads", "term61.default.loads")
		}},
		{"recovery that does not lead on", "R14", Observed, Stuck, "another release", func(w *world) {
			w.lease(class61)
			w.http = false
			for range 4 {
				w.get("term61.default.loads", 600).wait(10 * time.Second)
			}
		}},
		{"recovery with another family's load", "R14", Observed, Stuck, "its own firmware", func(w *world) {
			w.stock["term61.default"] = whole("term61.default", "cnu45.9-4-2ES26.sbn", "apps45.9-4-2ES26.sbn")
			w.lease(class61)
			w.http = false
			w.get("term61.default.loads", 600)
		}},
		{"image refused after its files", "R15", Observed, Stuck, "8.5(2)", func(w *world) {
			w.config().get("/"+load9+".loads", 655).get("/"+parts9[0], 1000)
			w.wait(time.Minute).config().get("/"+load9+".loads", 655)
		}},
		{"image refused, the whole load twice", "R15", Observed, Stuck, "telephony-service / load 7961 SCCP41.8-5-2S", func(w *world) {
			w.here = []string{"SCCP41.8-3-1S", "SCCP41.8-5-2S", load9}
			w.http = false
			for range 3 {
				w.config().chain().wait(time.Minute)
			}
			w.config().wait(time.Minute).chain()
		}},
		{"image refused, the list alone in one boot", "R15", Observed, Stuck, "8.5(2)", func(w *world) {
			w.http = false
			w.config()
			for range 4 {
				w.get(load9+".loads", 655).wait(5 * time.Second)
			}
		}},
		{"image refused, the list alone in each boot", "R15", Observed, Stuck, "8.5(2)", func(w *world) {
			w.http = false
			for range 4 {
				w.config().get(load9+".loads", 655).wait(20 * time.Second)
			}
		}},
		{"configuration refused", "R16", Observed, Stuck, "create cnf-files", func(w *world) {
			w.config().wait(300*time.Millisecond).get("/XMLDefault.cnf.xml", 900)
		}},
		{"configuration refused, minutes later", "R16", Observed, Stuck, "create cnf-files", func(w *world) {
			w.config().wait(300*time.Millisecond).get("/XMLDefault.cnf.xml", 900).wait(10 * time.Minute)
		}},
		{"configuration refused, wrong type", "R16", Observed, Stuck, "ephone 1 / type 7961", func(w *world) {
			w.setup(Setup{Type: "7940"})
			w.config().get("/XMLDefault.cnf.xml", 900)
		}},
		{"configuration refused, one that lies in flash:", "R16", Observed, Stuck, "telephony-service / create cnf-files", func(w *world) {
			w.placed = true
			w.config().get("/XMLDefault.cnf.xml", 900)
		}},
		{"unknown phone", "R17", Observed, Stuck, "ephone 1 / mac-address 001E.7A00.0001 / type 7961", func(w *world) {
			w.lease(class61).trust().miss(sep).get("/XMLDefault.cnf.xml", 900)
		}},
		{"unknown 8841", "R17", Observed, Stuck, "voice register pool 1 / id mac 001E.7A00.0001 / type 8841", func(w *world) {
			w.lease("Cisco Systems, Inc. IP Phone CP-8841").trust().miss(sep).get("/XmlDefault.cnf.xml", 900)
		}},
		{"unknown 9971", "R17", Observed, Stuck, "voice register pool 1 / id mac 001E.7A00.0001 / type 9971", func(w *world) {
			w.lease("Cisco Systems, Inc. IP Phone CP-9971").trust().miss(sep).get("/XMLDefault.cnf.xml", 900)
		}},
		{"return port", "R18", Inferred, Stuck, "tftp-server single-port", func(w *world) {
			w.lease(class61)
			w.http = false
			w.cut("SEP001E7A000001.cnf.xml", 6412, 0, "no acknowledgement")
			w.cut("SEP001E7A000001.cnf.xml", 6412, 0, "no acknowledgement")
		}},
		{"return port, files that are not here", "R18", Inferred, Stuck, "tftp-server single-port", func(w *world) {
			w.lease(class61)
			w.http = false
			for range 4 {
				w.miss("CTLSEP001E7A000001.tlv")
				w.port--
			}
		}},
		{"never completes, a boot for each try", "R11", Observed, Stuck, "cable", func(w *world) {
			w.http = false
			for range 3 {
				w.lease(class61).cut("SEP001E7A000001.cnf.xml", 6412, 512, "no acknowledgement").wait(time.Minute)
			}
		}},
		{"large blocks", "R19", Observed, Stuck, "block size", func(w *world) {
			w.lease(class61)
			w.http, w.block = false, 8192
			w.cut("SEP001E7A000001.cnf.xml", 64120, 0, "no acknowledgement")
			w.cut("SEP001E7A000001.cnf.xml", 64120, 0, "no acknowledgement")
		}},
		{"blocks that are too large for the way, by the phone's own account", "R19", Inferred, Stuck, "block size", func(w *world) {
			w.lease(class61)
			w.http = false
			w.miss("CTLSEP001E7A000001.tlv")
			for range 3 {
				w.port++
				c, l := w.ends()
				w.ev(fileserver.Asked{Transport: fileserver.TFTP, Client: c, Local: l, Name: "SEP001E7A000001.cnf.xml", BlockSize: 1400})
				w.wait(2 * time.Second)
			}
		}},
		{"7940 hunts", "R20", Observed, Stuck, "load line", func(w *world) {
			w.lease("Cisco Systems, Inc. IP Phone CP-7940G")
			w.http = false
			for range 4 {
				w.miss("CTLSEP001E7A000001.tlv").wait(time.Second)
			}
		}},
		{"other firmware", "R21", Observed, Stuck, "voice register pool", func(w *world) {
			w.config().miss("/SIP001E7A000001.cnf")
		}},
		{"a SIP model below ephone", "R21", Observed, Stuck, "no ephone 1; voice register pool 1 / id mac 001E.7A00.0001 / type 8841", func(w *world) {
			w.setup(Setup{Type: "8841"})
			w.lease("Cisco Systems, Inc. IP Phone CP-8841").trust().get(sep, 6412).wait(quiet)
		}},
		{"another device sends from its address", "R22", Observed, Provisioned, "find the device", func(w *world) {
			w.config().wait(quiet)
			w.ev(wire.Sought{MAC: ether.MAC{2, 0, 0, 0, 0, 9}, Client: addr1, Target: box})
		}},
		{"duplicate address", "R22", Observed, Addressed, "conflict", func(w *world) {
			w.lease(class61)
			w.ev(dhcp.Conflict{Addr: addr1, Method: "Gratuitous ARP", MAC: ours})
		}},
		{"kept out by a list", "R35", Observed, Stuck, "show access-lists", func(w *world) {
			w.config().deny("/"+load9+".loads", "access list 10 of tftp-server flash:"+load9+".loads")
		}},
		{"of a network that is not known here", "R35", Observed, Stuck, "ip access-list standard FAR-PHONES / permit 10.9.0.0 0.0.0.255; file-server bind-lease trust FAR-PHONES", func(w *world) {
			w.config().ask("/" + load9 + ".loads")
			c, l := w.ends()
			w.ev(fileserver.Denied{Transport: w.transport(), Client: c, Local: l, Name: "/" + load9 + ".loads", Why: "its network is neither connected nor configured here",
				Cure: advice.Steps{advice.In("ip access-list standard FAR-PHONES", "permit 10.9.0.0 0.0.0.255"), advice.Set("file-server bind-lease trust FAR-PHONES")}})
		}},
		{"kept out until the list was corrected", "ok", Inferred, Provisioned, "", func(w *world) {
			w.config().deny("/"+load9+".loads", "access list 10 of tftp-server flash:"+load9+".loads").wait(quiet)
			w.chain().wait(time.Minute).config().wait(quiet)
		}},
		{"it asks for what no phone needs", "ok", Inferred, Provisioned, "", func(w *world) {
			w.config().deny("/startup-config", "protected kind of file").wait(quiet)
		}},
		{"somebody asks with another method", "ok", Inferred, Provisioned, "", func(w *world) {
			w.config()
			for _, n := range []string{sep, "/XMLDefault.cnf.xml", "/" + load9 + ".loads"} {
				w.odd(n)
			}
			w.wait(quiet)
		}},
		{"a trust file is kept from it", "ok", Inferred, Provisioned, "", func(w *world) {
			w.lease(class61).deny("/CTLSEP001E7A000001.tlv", "access list 10").wait(time.Second)
			w.get(sep, 6412).wait(quiet)
		}},
		{"busy", "R23", Observed, Addressed, "maximum-serving-count 400", func(w *world) { w.lease(class61).busy("/CTLSEP001E7A000001.tlv") }},
		{"no file server knows it", "R24", Observed, Stuck, "mac-address 001E.7A00.0001", func(w *world) {
			w.lease(class61).nowhere(sep, "10.9.0.1 404, 10.9.0.2 404", false).get("/XMLDefault.cnf.xml", 900).wait(quiet)
		}},
		{"one of them could not be asked", "R17", Observed, Stuck, "", func(w *world) {
			w.lease(class61).nowhere(sep, "10.9.0.1 404, 10.9.0.2 does not answer", true).get("/XMLDefault.cnf.xml", 900).wait(quiet)
		}},
		{"the alternates do not answer", "R23", Observed, Addressed, "show file-server alternate", func(w *world) {
			w.lease(class61).ask(sep)
			c, l := w.ends()
			w.ev(fileserver.Busy{Transport: w.transport(), Client: c, Local: l, Name: sep, Limit: 200, Remote: true, Why: "10.9.0.1 does not answer"})
		}},
		{"two servers ask each other", "R27", Observed, Configured, "show file-server alternate", func(w *world) {
			w.config()
			w.ev(fileserver.Looped{From: foreign, Name: w.sep()})
			w.ev(fileserver.Asked{Transport: fileserver.HTTP, Client: netip.AddrPortFrom(foreign, 999), Name: w.sep(), Peer: true})
			w.ev(fileserver.NotFound{Transport: fileserver.HTTP, Client: netip.AddrPortFrom(foreign, 999), Name: w.sep(), Peer: true})
		}},
		{"call control does not answer", "R25", Observed, Provisioned, "ping 10.0.0.2", func(w *world) {
			w.setup(Setup{Control: []netip.AddrPort{pbx}})
			w.box.Control = map[netip.AddrPort]Answer{pbx: {Basis: Observed, Why: "10.0.0.2:2000 refuses a TCP connection"}}
			w.config().wait(quiet)
		}},
		{"call control is being asked for the first time", "-", Observed, Provisioned, "", func(w *world) {
			w.setup(Setup{Control: []netip.AddrPort{pbx}})
			w.box.Control = map[netip.AddrPort]Answer{pbx: {Asking: true, Basis: Observed}}
			w.config().get("/g3-tones.xml", 10).wait(quiet)
		}},
		{"SIP call control is silent", "R25", Inferred, Provisioned, "call control", func(w *world) {
			w.setup(Setup{Control: []netip.AddrPort{pbx}})
			w.box.Control = map[netip.AddrPort]Answer{pbx: {Basis: Inferred, Why: "10.0.0.2:5060 does not answer SIP OPTIONS"}}
			w.config().wait(quiet)
		}},
		{"the phone asks for its call control in vain", "R25", Observed, Configured, "call control", func(w *world) {
			w.setup(Setup{Control: []netip.AddrPort{pbx}})
			w.config().seek(pbx.Addr(), 3)
		}},
		{"the file names this box", "R25", Observed, Provisioned, "ip source-address", func(w *world) {
			at := netip.AddrPortFrom(box, 2000)
			w.setup(Setup{Control: []netip.AddrPort{at}})
			w.box.Control = map[netip.AddrPort]Answer{at: {Basis: Observed, Why: "10.0.0.1:2000 refuses a TCP connection"}}
			w.config().wait(quiet)
		}},
		{"the second call control answers", "ok", Inferred, Provisioned, "", func(w *world) {
			second := netip.MustParseAddrPort("10.0.0.3:2000")
			w.setup(Setup{Control: []netip.AddrPort{pbx, second}})
			w.box.Control = map[netip.AddrPort]Answer{pbx: {Basis: Observed, Why: "x"}, second: {OK: true}}
			w.config().wait(quiet)
		}},
		{"a mirror port shows that call control refuses it", "R26", Observed, Configured, "does not know the device", func(w *world) {
			w.setup(Setup{Load: load9, Control: []netip.AddrPort{pbx}})
			w.config()
			w.ev(wire.Told{MAC: w.mac, Addr: w.addr, By: wire.Mirror, Load: load9, CallControl: pbx.Addr().String(), Refused: "No Such Device"})
			w.wait(quiet)
		}},
		{"a mirror port shows that its registration has ended", "R25", Observed, Configured, "ping 10.0.0.2", func(w *world) {
			w.setup(Setup{Load: load9, Control: []netip.AddrPort{pbx}})
			w.config().mirror(load9, pbx.Addr().String()).wait(time.Hour)
			w.ev(wire.Told{MAC: w.mac, Addr: w.addr, By: wire.Mirror, Idle: true})
			w.wait(DefaultWaits().NoFile)
		}},
		{"a mirror port shows that it registers, whatever hides its firmware", "ok", Observed, Provisioned, "", func(w *world) {
			w.setup(Setup{Load: load9, Server: "192.168.9.9", Control: []netip.AddrPort{pbx}})
			w.config().mirror(load9, pbx.Addr().String())
		}},
		{"the same of a phone that does not give its name", "ok", Observed, Provisioned, "", func(w *world) {
			w.setup(Setup{Load: load9, Sharing: true, Control: []netip.AddrPort{pbx}})
			w.config()
			w.ev(wire.Told{Addr: w.addr, By: wire.Mirror, Load: load9, CallControl: pbx.Addr().String()})
		}},
		{"a mirror port shows an encrypted connection", "ok", Inferred, Provisioned, "", func(w *world) {
			w.setup(Setup{Control: []netip.AddrPort{pbx}})
			w.box.Control = map[netip.AddrPort]Answer{pbx: {Basis: Observed, Why: "10.0.0.2:2000 refuses a TCP connection"}} // of this box
			w.config()
			w.ev(wire.Told{MAC: w.mac, Addr: w.addr, By: wire.Mirror, CallControl: pbx.Addr().String(), Inferred: true})
		}},
		{"an encrypted connection says nothing of the load", "-", Inferred, Provisioned, "", func(w *world) {
			w.setup(Setup{Load: load9, Server: "192.168.9.9", Control: []netip.AddrPort{pbx}})
			w.config()
			w.ev(wire.Told{MAC: w.mac, Addr: w.addr, By: wire.Mirror, CallControl: pbx.Addr().String(), Inferred: true})
		}},
		{"it registers with another load than it is to run", "-", Observed, Provisioned, "", func(w *world) {
			w.setup(Setup{Load: load9, Control: []netip.AddrPort{pbx}})
			w.config().mirror(stone8, pbx.Addr().String())
		}},
		{"it registers at a call control its file does not name", "-", Observed, Provisioned, "", func(w *world) {
			w.setup(Setup{Load: load9, Control: []netip.AddrPort{pbx}})
			w.config().mirror(load9, "10.0.0.3")
		}},
		{"six boots in a row", "R26", Observed, Configured, "call control", func(w *world) {
			for range 6 {
				w.config().wait(20 * time.Second)
			}
		}},
		{"no gateway", "R28", Observed, Provisioned, "ip dhcp pool PHONES / default-router 10.0.0.1", func(w *world) {
			w.setup(Setup{Control: []netip.AddrPort{netip.MustParseAddrPort("192.168.9.1:2000")}})
			w.mask = "255.255.255.0"
			w.config().wait(quiet)
		}},
		{"slow", "R29", Observed, Configured, "duplex", func(w *world) {
			w.lease(class61)
			w.ask(sep)
			c, l := w.ends()
			w.ev(fileserver.Served{Transport: fileserver.HTTP, Client: c, Local: l, Name: sep, Size: 9, Bytes: 9, Duration: time.Minute, Complete: true})
		}},
		{"did not return", "R30", Inferred, Stuck, "Look at its screen", func(w *world) { w.config().chain().wait(DefaultWaits().NoReturn) }},
		{"peers share, it does not", "R31", Inferred, Loading, "peer firmware sharing on", func(w *world) {
			w.setup(Setup{Load: load9, Sharing: true})
			w.mac, w.addr = ether.MAC{0, 0x1e, 0x7a, 0, 0, 2}, netip.MustParseAddr("10.0.0.24")
			w.setup(Setup{Section: "ephone 2", Load: load9, Sharing: true})
			w.config()
			w.ev(wire.Shared{MAC: w.mac, Client: w.addr})
			w.mac, w.addr = ours, addr1
			w.config().get("/"+load9+".loads", 655).get("/"+parts9[0], 1000)
		}},
		{"its file changed since", "R32", Observed, Provisioned, "Restart", func(w *world) {
			w.config().wait(time.Minute)
			w.setup(Setup{Changed: w.now})
			w.wait(DefaultWaits().Stale)
		}},
		{"somebody else's file", "R34", Observed, Configured, "binding", func(w *world) {
			w.config()
			w.mac, w.addr = ether.MAC{0, 0x1e, 0x7a, 0, 0, 2}, netip.MustParseAddr("10.0.0.24")
			w.lease(class61)
			w.get(sep, 6412)
			w.mac = ours
		}},
		{"load server silent", "R36", Observed, Stuck, "no service phone loadServer", func(w *world) {
			w.setup(Setup{Load: load9, Server: foreign.String()})
			w.config().seek(foreign, 3)
		}},
		{"it takes unsigned images only", "R39", Observed, Provisioned, "Restart the phone: its file names P00307020300 first", func(w *world) {
			w.setup(Setup{Load: "P00307020300", Given: nil})
			w.lease(class61).miss("OS79XX.TXT").get(sep, 900).miss("P0030801SR02.bin").wait(DefaultWaits().Quiet)
		}},
		{"a binary file of a type of the table", "R49", Observed, Stuck, "of the call manager that builds it to flash:", func(w *world) {
			w.setup(Setup{Type: "7935"})
			w.lease("Cisco Systems, Inc.").miss("SEP001E7A000001.cnf").miss("SEPDEFAULT.cnf")
		}},
		{"a binary file of a load that reads no XML", "R49", Observed, Stuck, "a load that reads XML", func(w *world) {
			w.setup(Setup{Type: "7961"})
			w.lease(class61).miss("SEP001E7A000001.cnf").miss("SEPDefault.cnf")
		}},
		{"a binary default file of nobody knows what", "R49", Observed, Stuck, "reads XML", func(w *world) {
			w.lease("Cisco Systems, Inc.").miss("SEPDEFAULT.cnf")
		}},
		{"a binary file, and XML then", "ok", Observed, Provisioned, "", func(w *world) {
			w.setup(Setup{Type: "7961", Load: load9})
			w.lease(class61).miss("SEP001E7A000001.cnf").get(sep, 6412).get("/g3-tones.xml", 10).wait(DefaultWaits().Quiet)
		}},
		{"an analog gateway", "R50", Observed, Stuck, "copy SKIGW1FA30F8331.cnf.xml of the call manager that builds it to flash:", func(w *world) {
			w.lease("Cisco Systems, Inc.").miss("SKIGW1FA30F8331.cnf.xml")
		}},
		{"a gateway by its host name, nobody's", "R50", Inferred, Stuck, "copy branch-gw1.cnf.xml of", func(w *world) {
			w.lease("Cisco Systems, Inc.").miss("branch-gw1.cnf.xml")
		}},
		{"a softphone of no pool", "R50", Inferred, Stuck, "id device-id-name CSFjdoe.", func(w *world) {
			w.lease("Cisco Systems, Inc.").miss("CSFjdoe.cnf.xml")
		}},
		{"a gateway that is given its file", "-", Observed, Configured, "", func(w *world) {
			w.lease("Cisco Systems, Inc.").miss("branch-gw1.cnf.xml").get("branch-gw1.cnf.xml", 900).wait(DefaultWaits().Quiet)
		}},
		{"a phone that asks for another's name too", "ok", Observed, Provisioned, "", func(w *world) {
			w.config().miss("branch-gw1.cnf.xml").get("/g3-tones.xml", 10).wait(DefaultWaits().Quiet)
		}},
		{"configured and no file", "R37", Observed, Stuck, "create cnf-files", func(w *world) {
			w.setup(Setup{})
			s := w.setups[ours]
			s.Built = false
			w.setups[ours] = s
			w.lease(class61).trust().miss(sep).get("/XMLDefault.cnf.xml", 900)
		}},
		{"never asks for an address", "R01", Observed, Stuck, "voice VLAN", func(w *world) {
			w.setup(Setup{Type: "7961"})
			w.seek(box, 3).wait(DefaultWaits().NoDiscover)
		}},
		{"asks for an address under another vendor class than phones have", "-", Observed, Addressed, "", func(w *world) {
			w.setup(Setup{Type: "7961"})
			w.ev(cnf.Phones{Added: []ether.MAC{ours}})
			w.seek(box, 3).wait(DefaultWaits().NoDiscover).lease("udhcp 1.35.0").seek(box, 3)
		}},

		// This box as the load server of a phone configured elsewhere.
		{"it fetches its load here, its configuration elsewhere", "ok", Inferred, Provisioned, "", func(w *world) {
			w.offers = []netip.Addr{foreign}
			w.lease(class61).chain().wait(time.Hour)
		}},
		{"it is back from that", "ok", Inferred, Provisioned, "", func(w *world) {
			w.offers = []netip.Addr{foreign}
			w.lease(class61).chain().wait(time.Minute).lease(class61).wait(DefaultWaits().NoFile)
		}},
		{"it is back from that and did not get all of it", "-", Observed, Addressed, "", func(w *world) {
			w.lease(class61).get("/"+load9+".loads", 655).get("/"+parts9[0], 1000).ask("/" + parts9[1])
			w.wait(time.Minute).lease(class61).wait(DefaultWaits().NoFile)
		}},
		{"its load server is dead, the line is the phone's own", "R36", Observed, Stuck, "ephone 1 / no service phone loadServer", func(w *world) {
			w.setup(Setup{Load: load9, Server: "10.0.0.77", ServerIn: "ephone 1"})
			w.config().seek(netip.MustParseAddr("10.0.0.77"), 3)
		}},

		// What is not decided, and says what is waited for.
		{"firmware comes from elsewhere", "-", Observed, Configured, "", func(w *world) {
			w.setup(Setup{Load: load9, Server: "192.168.9.9"})
			w.config().wait(time.Hour)
		}},
		{"firmware comes from elsewhere, and it went on", "-", Observed, Provisioned, "", func(w *world) {
			w.setup(Setup{Load: load9, Server: "192.168.9.9"})
			w.config().get("/g3-tones.xml", 10).wait(time.Hour)
		}},
		{"it waits for a peer", "-", Observed, Loading, "", func(w *world) {
			w.setup(Setup{Load: load9, Sharing: true})
			w.config()
			w.ev(wire.Shared{MAC: ours, Client: addr1})
			w.wait(time.Hour)
		}},
		{"it may wait for a peer", "-", Observed, Configured, "", func(w *world) {
			w.setup(Setup{Load: load9, Sharing: true})
			w.config().wait(time.Hour)
		}},
		{"it has its load from a peer", "ok", Observed, Provisioned, "", func(w *world) {
			w.setup(Setup{Load: load9, Sharing: true})
			w.config()
			w.ev(wire.Shared{MAC: ours, Client: addr1})
			w.wait(time.Minute).config().get("/g3-tones.xml", 10)
		}},
		{"it asked for its call control once", "ok", Observed, Provisioned, "", func(w *world) {
			w.setup(Setup{Load: load9, Control: []netip.AddrPort{pbx}})
			w.config().seek(pbx.Addr(), 1).wait(time.Second)
		}},
		{"this box is a load server only", "ok", Inferred, Provisioned, "", func(w *world) { w.lease(class61).chain().wait(time.Hour) }},
		{"a boot that soon ended has to be outlasted", "-", Observed, Configured, "", func(w *world) {
			w.config().wait(40 * time.Second).config().wait(quiet)
		}},
	}...)
}

// TestVerdicts: each sequence gives its code first, with its basis, one line of
// evidence, a sentence and advice.
func TestVerdicts(t *testing.T) {
	for _, c := range scenarios() {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(parts9...)
			c.do(w)
			p := want(t, w, c.name, c.state, c.code)
			if p.Verdict.Basis != c.basis {
				t.Errorf("%s: %s, want %s", p.Verdict.Code, p.Verdict.Basis, c.basis)
			}
			if !strings.Contains(p.Verdict.Fix.String(), c.fix) {
				t.Errorf("fix %q", p.Verdict.Fix)
			}
			if m := bannedIn(ShowPhone(p, w.now, "")); m != "" {
				t.Errorf("banned phrase %q", m)
			}
		})
	}
}

// TestSentences: what is said of phones is sentences an engineer reads without a
// frown: whole, with their numbers and articles right, whatever model they name.
func TestSentences(t *testing.T) {
	odd := regexp.MustCompile(`\b[Aa] 8\d|\b1 (phones|answers|requests|boots|files|addresses)\b|\.;|:;|\.\.|  | ,|[^p] arp\b`)
	for _, v := range Verdicts() {
		if v.Code == "R33" { // of an address nobody asked from
			continue
		}
		all := v.Text + "\n" + v.Evidence + "\n" + v.Fix.String()
		if m := odd.FindString(all); m != "" {
			t.Errorf("%q in %s", m, all)
		}
		if !strings.HasSuffix(v.Text, ".") || v.Text[0] > 'Z' || strings.HasSuffix(v.Evidence, ".") {
			t.Errorf("no sentence, or evidence that is one: %s", all)
		}
	}
}

func TestEveryRule(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rules() {
		if !regexp.MustCompile(`^R\d\d$`).MatchString(r.Code) || seen[r.Code] || r.Says == "" {
			t.Errorf("code %q", r.Code)
		}
		seen[r.Code] = true
		if text := Explain(r.Code); !strings.HasPrefix(text, r.Code+"  "+r.Says) || bannedIn(text) != "" {
			t.Errorf("explain %s: %q", r.Code, text)
		}
	}
}

// TestExplain: the texts of phone screens lead to codes; what is printed does
// not repeat those that automation reads as failures.
func TestExplain(t *testing.T) {
	for screen, code := range map[string]string{
		"Configuring IP": "R02", "Configuring CM List": "R05", "Configuring VLAN": "R01", "Upgrading": "R08", "Auth Fail": "R15", "auth fail": "R15",
		"Registration Rejected": "R25", "Unprovisioned": "R17", "Protocol Application Invalid": "R20", "Image Authentication Failed": "R15",
		"No Load Specified": "R14", "W210 TFTP Error : buffer full": "R23", "TFTP Timeout": "R18", "No Trust List Installed": "R12",
		"File Not Found: CTLFile.tlv": "R20", "Programming Error XmlDefault.cnf.xml": "R16", "r33": "R33",
	} {
		text := Explain(screen)
		if !strings.Contains("\n"+text, "\n"+code+"  ") || bannedIn(text) != "" {
			t.Errorf("%s: %q", screen, text)
		}
	}
	for _, s := range []string{"", "R99", "hello", "file", "file not here"} {
		if text := Explain(s); text != "" {
			t.Errorf("%q is explained: %q", s, text)
		}
	}
}
