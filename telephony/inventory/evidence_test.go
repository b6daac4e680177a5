package inventory

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"option150/dhcp"
	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/wire"
	"option150/telephony/firmware"
	"option150/telephony/phone"
)

const stone8 = "SCCP41.8-5-2S"

var parts8 = []string{"jar41sccp.8-5-2TH1-9.sbn", "cnu41.8-5-2TH1-9.sbn"}

// recovered is a phone that fetched the load of a factory reset and is back.
func (w *world) recovered(parts ...string) *world {
	w.stock["term61.default"] = whole("term61.default", parts...)
	w.lease(class61)
	w.http = false
	w.get("term61.default.loads", 600)
	for _, n := range parts {
		w.get(n, 1000)
	}
	w.http = true
	return w.wait(time.Minute)
}

func (w *world) tell(by wire.Source, load, control string) *world {
	w.ev(wire.Told{MAC: w.mac, Addr: w.addr, By: by, Load: load, CallControl: control, Idle: control == "" && by == wire.Page})
	return w
}

// TestNotByItself: what looks as if it came up and did not, or cannot be told to
// have: each of these was ok, or would be by silence alone.
func TestNotByItself(t *testing.T) {
	others := []struct {
		name string
		do   func(w *world)
		says string
	}{
		{"it runs the load of a factory reset and did not ask for its own", func(w *world) {
			w.setup(Setup{Load: load9}).recovered(parts8...).config()
		}, "It fetched term61.default and did not ask for " + load9},
		{"the load of a factory reset, and never a file of its own", func(w *world) {
			w.recovered(parts8...)
		}, "installs it"},
		{"one component, asked for after a restart of this box", func(w *world) {
			w.lease(class61).get("/"+parts9[3], 1000)
		}, "It fetches load"},
		{"a load server of phones elsewhere that is still sending", func(w *world) {
			w.stock[load9] = firmware.State{}
			w.lease(class61).get("/"+load9+".loads", 655).get("/"+parts9[0], 1000).ask("/" + parts9[1])
		}, "fetches load"},
		{"it looks for peers after it has asked for its tones", func(w *world) {
			w.setup(Setup{Load: load9, Sharing: true}).config().get("/g3-tones.xml", 10)
			w.ev(wire.Shared{MAC: w.mac, Client: w.addr})
		}, "waits for a peer's copy of " + load9},
		{"an 8841 looks for peers and goes on beside", func(w *world) {
			w.setup(Setup{Section: "voice register pool 1", SIP: true, Load: "sip88xx.12-0-1MN-113", Sharing: true})
			w.lease("Cisco Systems, Inc. IP Phone CP-8841").trust().get(w.sep(), 6412)
			w.ev(wire.Shared{MAC: w.mac, Client: w.addr})
			w.wait(time.Second).get("/AppDialRules.xml", 25)
		}, "waits for a peer's copy of sip88xx.12-0-1MN-113"},
		{"the load server is corrected, and the phone has not read it", func(w *world) {
			w.setup(Setup{Load: load9, Server: foreign.String()}).config().wait(time.Minute)
			w.setup(Setup{Load: load9, Changed: w.now})
		}, "Its firmware comes from the load server 10.0.0.254"},
		{"sharing is taken off, and the phone has not read it", func(w *world) {
			w.setup(Setup{Load: load9, Sharing: true}).config().wait(time.Minute)
			w.setup(Setup{Load: load9, Changed: w.now})
		}, "It may wait for a peer's copy"},
		{"its file changed before this box knew what it said", func(w *world) {
			w.setup(Setup{Load: load9}).config()
			s := w.setups[w.mac]
			s.Given, s.Changed = nil, w.now
			w.setups[w.mac] = s
		}, "Its file has changed since"},
		{"a file that lies in flash: names a load server", func(w *world) {
			w.placed = true
			w.put = Given{Known: true, Load: load9, Server: "192.168.9.9"}
			w.setup(Setup{Load: load9}).config()
		}, "Its firmware comes from the load server 192.168.9.9"},
		{"a file that lies in flash: and cannot be read", func(w *world) {
			w.placed = true
			w.setup(Setup{Load: load9}).config()
		}, "is one that lies in flash: and cannot be read"},
		{"a file of an alternate, and another of that name in flash:", func(w *world) {
			w.route = upstreamRoute
			w.put = Given{Known: true, Load: load9}
			w.setup(Setup{Load: load9}).config()
		}, "came from an alternate file server"},
		{"it asked for the signed file first", func(w *world) {
			w.lease(class61).trust().miss(sep+".sgn").get(sep, 6412)
		}, "trust list"},
		{"nobody acknowledged the last block of its file", func(w *world) {
			w.lease(class61)
			w.http = false
			w.ask(sep)
			c, l := w.ends()
			w.ev(fileserver.Served{Transport: fileserver.TFTP, Client: c, Local: l, Name: sep, Size: 6412, Bytes: 6412, BlockSize: 512, Complete: true, Why: "the last acknowledgement is missing"})
		}, "did not acknowledge the last block"},
		{"nobody acknowledged its file of one block", func(w *world) {
			w.lease(class61)
			w.http = false
			w.ask(sep)
			c, l := w.ends()
			w.ev(fileserver.Served{Transport: fileserver.TFTP, Client: c, Local: l, Name: sep, Size: 1200, Bytes: 1200, BlockSize: 1400, Complete: true, Why: "the last acknowledgement is missing"})
		}, "asks for its files"},
		{"it asks for more by HTTPS", func(w *world) {
			w.config()
			w.ev(wire.Secure{MAC: w.mac, Client: w.addr, Port: 6971})
		}, "by HTTPS"},
		{"it gave its address back", func(w *world) {
			w.config().wait(time.Minute)
			w.ev(dhcp.Release{MAC: w.mac, Addr: w.addr})
		}, "gave its address back"},
		{"its lease ended", func(w *world) {
			w.config().wait(8 * time.Hour)
			w.ev(dhcp.Expired{Addr: w.addr})
		}, "its lease ended"},
		{"its address was refused", func(w *world) {
			w.config().wait(time.Minute)
			w.ev(dhcp.Nak{MAC: w.mac, Addr: w.addr})
		}, "was refused"},
		{"it starts with the address it remembers and asks for nothing", func(w *world) {
			w.config().wait(time.Hour)
			w.ev(dhcp.Requested{MAC: w.mac, VendorClass: class61, Addr: w.addr, Reboot: true})
			w.ev(dhcp.Ack{MAC: w.mac, VendorClass: class61, Addr: w.addr, Pool: "PHONES", Option150: []netip.Addr{box}})
		}, ""},
		{"somebody read a part of its file", func(w *world) {
			w.lease(class61).ask(sep)
			c, l := w.ends()
			w.ev(fileserver.Served{Transport: fileserver.HTTP, Client: c, Local: l, Name: sep, Size: 6412, Bytes: 100, Complete: true, Status: 206})
		}, ""},
		{"somebody at the address of another phone has its file", func(w *world) {
			w.ev(dhcp.Discover{MAC: ours, VendorClass: class61})
			w.mac, w.addr = ether.MAC{0, 0x1e, 0x7a, 0, 0, 2}, netip.MustParseAddr("10.0.0.24")
			w.lease(class61)
			w.get(sep, 6412)
			w.mac = ours
		}, ""},
		{"another phone behind its address asked for tones", func(w *world) {
			w.get(sep, 6412)
			w.get("/SEP001E7A000002.cnf.xml", 6412)
			w.get(sep, 6412).get("/g3-tones.xml", 10)
		}, "Several phones ask from its address"},
		{"its gateway is its call control, and it asked for that", func(w *world) {
			w.setup(Setup{Load: load9, Server: "192.168.9.9", Control: []netip.AddrPort{pbx}}).config().seek(pbx.Addr(), 1)
		}, "load server"},
		{"the boots before ended sooner and later", func(w *world) {
			w.config().wait(90 * time.Second).config().wait(60 * time.Second).config().wait(65 * time.Second)
		}, "outlast"},
		{"its page says that it runs another load", func(w *world) {
			w.setup(Setup{Load: load9}).config().get("/g3-tones.xml", 10).wait(time.Minute).tell(wire.Page, stone8, pbx.Addr().String())
		}, "It says itself that it runs " + stone8},
		{"CDP says that it runs another load", func(w *world) {
			w.setup(Setup{Load: load9}).config().wait(time.Minute).tell(wire.CDP, stone8, "")
		}, "It says itself that it runs " + stone8},
		{"its page says that it is registered elsewhere", func(w *world) {
			w.setup(Setup{Load: load9, Control: []netip.AddrPort{pbx}}).config().tell(wire.Page, load9, "192.168.7.7")
		}, "registered at 192.168.7.7, which its file does not name"},
		{"its page names call control and no state", func(w *world) {
			w.setup(Setup{Load: load9, Control: []netip.AddrPort{pbx}}).config().tell(wire.Page, load9, "")
		}, "does not say that it is registered"},
	}
	for _, c := range others {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(parts9...)
			c.do(w)
			for i := range 12 { // now and later
				p := w.look(t)
				if p.Verdict.Code == OK || i == 11 && !strings.Contains(p.Verdict.Text, c.says) {
					t.Fatalf("%s\n%s", c.name, ShowBoots(p, w.now, "", 3))
				}
				w.wait(time.Second)
			}
		})
	}
}

// TestBestEvidence: what a phone says of itself decides where nothing else can.
func TestBestEvidence(t *testing.T) {
	up := []struct {
		name string
		load string
		do   func(w *world)
	}{
		{"a load server elsewhere", load9, func(w *world) {
			w.setup(Setup{Load: load9, Server: "192.168.9.9"}).config().wait(time.Minute).tell(wire.Page, load9, pbx.Addr().String())
		}},
		{"firmware sharing", load9, func(w *world) {
			w.setup(Setup{Load: load9, Sharing: true}).config().wait(time.Minute).tell(wire.Page, load9, pbx.Addr().String())
		}},
		{"older by what it asked", load9, func(w *world) {
			w.setup(Setup{Load: load9}).lease(class61)
			w.http = false
			w.trust().get(sep, 6412).wait(time.Minute).tell(wire.Page, load9, pbx.Addr().String())
		}},
		{"the load of a factory reset that is its own", load9, func(w *world) {
			w.setup(Setup{Load: load9}).recovered(parts9...).config().wait(quiet)
		}},
		{"the load of a factory reset is its own, behind another DHCP server", load9, func(w *world) {
			w.setup(Setup{Load: load9})
			w.stock["term61.default"] = whole("term61.default", parts9...)
			w.http = false
			w.get("term61.default.loads", 600)
			for _, n := range parts9 {
				w.get(n, 1000)
			}
			w.http = true
			w.wait(time.Minute).trust().get(sep, 6412).wait(quiet)
		}},
		{"it fetched its load, by TFTP", load9, func(w *world) {
			w.setup(Setup{Load: load9}).config()
			w.http = false
			w.chain().wait(time.Minute).lease(class61).trust().get(sep, 6412).wait(quiet)
		}},
		{"a key module fetches its own firmware", load9, func(w *world) {
			w.setup(Setup{Load: load9}).config().get("/B016-1-0-4-2.SBN", 1000).wait(quiet)
		}},
		{"it renews an address it had left", "", func(w *world) {
			w.config().wait(8 * time.Hour)
			w.ev(dhcp.Expired{Addr: w.addr})
			w.ev(dhcp.Ack{MAC: w.mac, Addr: w.addr, Option150: []netip.Addr{box}, Renewal: true})
		}},
		{"its call control is asked for once an hour", "", func(w *world) {
			w.setup(Setup{Control: []netip.AddrPort{pbx}}).config()
			for range 9 {
				w.seek(pbx.Addr(), 1).wait(time.Hour)
			}
		}},
		{"it took another address after a conflict", "", func(w *world) {
			w.lease(class61)
			w.ev(dhcp.Conflict{Addr: addr1, MAC: ours, Method: "Gratuitous ARP"})
			w.addr = netip.MustParseAddr("10.0.0.77")
			w.config().wait(quiet)
			if p := w.look(t); len(p.Others) > 0 {
				t.Errorf("%+v", p.Others)
			}
		}},
		{"it was said to be up, and the load line changed", load9, func(w *world) {
			w.setup(Setup{Load: load9}).config().chain().wait(time.Minute).config().wait(quiet)
			w.setup(Setup{Load: stone8, Changed: w.now}).wait(quiet)
		}},
	}
	for _, c := range up {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(parts9...)
			c.do(w)
			p := w.look(t)
			if p.Verdict.Code != OK || p.Load != c.load {
				t.Errorf("load %q\n%s", p.Load, ShowBoots(p, w.now, "", 3))
			}
		})
	}
}

// TestEraseKeys: the keys that erase a trust list are those of the family.
func TestEraseKeys(t *testing.T) {
	for model, keys := range map[string]string{
		"7940": "Settings > Security Configuration > CTL File", "7961": "Trust List > ITL File", "7965": "Trust List > ITL File", "7911": "Trust List > ITL File",
		"6921": "Applications > Settings > Admin Settings > Reset Settings > Security", "7841": "Applications > Admin Settings > Reset Settings > Security Settings",
		"8861": "Applications > Admin Settings > Reset Settings > Security Settings", "9971": "Applications > Administrator Settings > Reset Settings > Security Settings",
		"8961": "Applications > Administrator Settings > Reset Settings > Security Settings",
	} {
		m, ok := phone.Lookup(model)
		if got := eraseTrust(m); !ok || !strings.Contains(got, keys) {
			t.Errorf("%s: %q", model, got)
		}
	}
	for _, m := range phone.Models() {
		if got := eraseTrust(m); !strings.HasSuffix(got, ".") || !strings.HasPrefix(got, "Erase the trust list") {
			t.Errorf("%s: %q", m.Keyword, got)
		}
	}
}

// TestGatewayIsSilent: call control behind a router that nobody has.
func TestGatewayIsSilent(t *testing.T) {
	w := newWorld()
	w.setup(Setup{Control: []netip.AddrPort{netip.MustParseAddrPort("192.168.9.1:2000")}})
	w.router, w.mask = netip.MustParseAddr("10.0.0.99"), "255.255.255.0"
	w.config().seek(w.router, 3)
	p := want(t, w, "silent", Configured, "R28")
	if p.Verdict.Basis != Observed || !strings.Contains(p.Verdict.Text, "10.0.0.99, does not answer") || !strings.Contains(p.Verdict.Fix.String(), "default-router 10.0.0.1") {
		t.Errorf("%+v", p.Verdict)
	}
	w.wait(time.Hour)
	want(t, w, "later", Configured, "R28")
}

// TestPageWithdraws: a phone that was said to be up and says something else
// itself is taken back, once; one that says where it is registered and then
// nowhere leads to its call control.
func TestPageWithdraws(t *testing.T) {
	w := newWorld(parts9...)
	said := &record0{}
	r := newReporter(said, w.waits)
	look := func() { r.look(w.now, w.Phones(w.now), nil) }
	w.setup(Setup{Load: load9, Control: []netip.AddrPort{pbx}}).config().wait(quiet)
	look()
	w.tell(wire.Page, stone8, pbx.Addr().String())
	look()
	look()
	if len(said.all) != 2 || !strings.Contains(said.all[1], "is not provisioned after all: It has its configuration. It says itself that it runs "+stone8) {
		t.Errorf("%q", said.all)
	}
	w.wait(time.Minute).tell(wire.Page, load9, pbx.Addr().String()).wait(quiet)
	want(t, w, "as it is to be", Provisioned, OK)
	look()
	w.wait(time.Minute).tell(wire.Page, load9, "")
	want(t, w, "registered nowhere", Configured, Open)
	look()
	if len(said.all) != 4 || !strings.Contains(said.all[3], "WITHDRAWN") {
		t.Errorf("%q", said.all)
	}
	w.wait(DefaultWaits().NoFile)
	if p := want(t, w, "for long", Configured, "R25"); !strings.Contains(p.Verdict.Fix.String(), "rejects the registration") {
		t.Errorf("%s", p.Verdict.Fix)
	}
}

// TestGivenUpEachBoot: a phone that gives its file up in each boot, long before
// the server does, is told of after the third.
func TestGivenUpEachBoot(t *testing.T) {
	w := newWorld()
	w.http = false
	for range 6 {
		w.lease(class61).ask("SEP001E7A000001.cnf.xml").wait(10 * time.Second)
	}
	want(t, w, "six boots", Stuck, "R11")
	w.lease(class61).get("SEP001E7A000001.cnf.xml", 6412).wait(quiet)
	if p := w.look(t); p.Verdict.Code == "R11" {
		t.Errorf("%+v", p.Verdict)
	}
}

// TestWithheldLoad: where a line names a load and the phone's file does not, as
// that load is not whole, the sentence says so and not that there is no line.
func TestWithheldLoad(t *testing.T) {
	for configured, says := range map[string]string{load9: "though " + load9 + " is configured: it keeps its image", "": "No load is named for it"} {
		w := newWorld()
		w.setup(Setup{Load: configured}).config()
		s := w.setups[w.mac]
		s.Given.Load = ""
		w.setups[w.mac] = s
		w.get("/United_States/g3-tones.xml", 10).wait(quiet)
		if p := w.look(t); p.Verdict.Code != OK || !strings.Contains(p.Verdict.Text, says) {
			t.Errorf("%q configured: %+v", configured, p.Verdict)
		}
	}
}
