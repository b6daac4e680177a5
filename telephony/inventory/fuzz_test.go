package inventory

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"option150/dhcp"
	"option150/pfs"
	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/wire"
)

// story is what the fuzzer made of one phone since its last boot began, kept
// apart from the fold: the facts by which it can be caught.
type story struct {
	own, def  time.Time // its own file was sent; the default was asked for
	list      time.Time
	parts     map[string]bool // asked for: sent
	loadGone  bool            // the list was answered with: no such file
	signed    bool            // the signed file was, and the plain one not sent since
	seeks     int             // requests for its call control since its own file
	refused   bool            // call control refused it since its own file, and did not register it after that
	ended     bool            // its registration has ended since its own file
	next      time.Time
	elsewhere bool

	registered bool
	byName     bool // somebody at another address was sent a file that has its name
}

// contradictions are the facts after which a phone is never called ok.
var contradictions = []struct {
	name  string
	holds func(s *story) bool
}{
	{"no configuration was sent", func(s *story) bool { return s.own.IsZero() && !s.byName && !s.elsewhere }},
	{"it asked for the default file after its own", func(s *story) bool { return s.def.After(s.own) && !s.own.IsZero() }},
	{"its load is not here", func(s *story) bool { return s.loadGone }},
	{"a component of its load was not sent", func(s *story) bool {
		for _, sent := range s.parts {
			if !sent {
				return true
			}
		}
		return false
	}},
	{"it fetched a load and did not come back", func(s *story) bool { return !s.list.IsZero() && !s.elsewhere }},
	{"it asks for signed files only", func(s *story) bool { return s.signed }},
	{"its call control does not answer it", func(s *story) bool { return s.seeks >= 3 && !s.registered }},
	{"its call control refused it", func(s *story) bool { return s.refused }},
	{"its registration has ended", func(s *story) bool { return s.ended }},
}

// The facts the fuzzer has, by their place in its switch.
const (
	toldRegistered = 17 + iota
	toldRefused
	toldEnded
	kindsOfFacts = 25
)

// FuzzFold feeds any order of events of two phones and a few names: no crash,
// and never ok after a fact that contradicts it.
func FuzzFold(f *testing.F) {
	f.Add([]byte("adrqknsbxt"), uint8(3))
	f.Add([]byte{1, 3, 13, 13}, uint8(1))
	names := []string{"/CTLSEP001E7A000001.tlv", sep, sep + ".sgn", "/XMLDefault.cnf.xml", "/" + load9 + ".loads",
		"/" + parts9[0], "/kern88xx.12-0-1.sbn", "/SIP001E7A000002.cnf", "gk001e7a000002", "OS79XX.TXT", "term61.default.loads", "/g3-tones.xml", "\x1b"}
	f.Fuzz(func(t *testing.T, script []byte, step uint8) {
		if len(script) > 300 {
			return
		}
		w := newWorld(parts9...)
		w.setup(Setup{Load: load9, Control: []netip.AddrPort{pbx}})
		var s story // of the first phone
		for i, c := range script {
			first := c>>7 == 0
			w.mac = ether.MAC{0, 0x1e, 0x7a, 0, 0, 1 + c>>7}
			w.addr = netip.AddrFrom4([4]byte{10, 0, 0, 23 + c>>7&1})
			w.http = c&0x40 == 0
			name := names[(int(c)+i)%len(names)]
			before := w.now
			switch c & 0x3f % kindsOfFacts {
			case 0:
				w.discover(class61)
			case 1:
				w.lease(class61)
			case 2:
				w.ask(name)
			case 3:
				w.get(name, 5)
			case 4:
				w.miss(name)
			case 5:
				w.busy(name)
			case 6:
				w.cut(name, 9, int64(c&1), "why")
			case 7:
				w.ev(dhcp.Release{MAC: w.mac, Addr: w.addr})
			case 8:
				w.ev(dhcp.NoLease{MAC: w.mac, Why: "NO POOL"})
			case 9:
				w.ev(dhcp.ForeignServer{Client: w.mac, Server: box, Option150: `not addresses: "x"`})
			case 10:
				w.ev(dhcp.Conflict{Addr: w.addr})
			case 11:
				w.ev(wire.Refused{Client: w.addr, Port: 6970})
			case 12:
				w.ev(dhcp.Nak{MAC: w.mac})
			case 13:
				w.wait(time.Duration(step) * 10 * time.Second)
			case 14:
				w.seek(pbx.Addr(), 1)
			case 15:
				w.ev(wire.Shared{MAC: w.mac, Client: w.addr})
			case 16:
				w.odd(name)
			case toldRegistered:
				w.mirror(load9, pbx.Addr().String())
			case toldRefused:
				w.ev(wire.Told{MAC: w.mac, By: wire.Mirror, CallControl: pbx.Addr().String(), Refused: "403 Forbidden"})
			case toldEnded:
				w.ev(wire.Told{MAC: w.mac, By: wire.Mirror, Idle: true})
			case 20:
				w.deny(name, "access list 10")
			case 21:
				w.ev(dhcp.Expired{Addr: w.addr})
			case 22:
				w.ev(fileserver.Looped{From: foreign, Name: w.sep()})
			case 23:
				w.ev(pfs.Roles{MAC: w.mac, Load: load9, Role: pfs.Waiting, Basis: pfs.Inferred, Outside: c&0x40 != 0})
			case 24:
				w.nowhere(name, "10.9.0.1 404", false)
			}
			p, seen := w.Phone(ours, w.now)
			if p.Started.Equal(before) {
				s = story{}
			}
			if first {
				s.note(before, int(c&0x3f%kindsOfFacts), name)
			} else if c&0x3f%kindsOfFacts == 3 && strings.HasPrefix(name, sep) {
				s.byName = true
			}
			for _, p := range w.Phones(w.now) {
				if p.State == "" || p.Verdict.Code == "" || p.Verdict.Blocking != (p.State == Stuck) || p.Verdict.Basis == "" {
					t.Fatalf("%+v", p)
				}
			}
			if seen && p.Verdict.Code == OK {
				for _, no := range contradictions {
					if no.holds(&s) {
						t.Fatalf("ok, although %s\n%s", no.name, ShowBoots(p, w.now, "", 3))
					}
				}
			}
		}
		for _, mac := range []ether.MAC{{0, 0x1e, 0x7a, 0, 0, 1}, {0, 0x1e, 0x7a, 0, 0, 2}} {
			if p, ok := w.Phone(mac, w.now); ok {
				if s := ShowBoots(p, w.now, "", 3); bannedIn(s) != "" || strings.Contains(s, "\x1b") {
					t.Fatalf("%q", s)
				}
			}
		}
	})
}

// note takes down what the first phone did. Where a boot begins is the fold's
// word: what a boot is it may decide, what follows from it not.
func (s *story) note(at time.Time, what int, name string) {
	sent, gone := what == 3, what == 4 || what == 24
	asked := what >= 2 && what <= 6 || what == 20 || what == 24
	if !s.own.IsZero() {
		switch what {
		case 14:
			s.seeks++
		case toldRegistered:
			s.registered, s.refused, s.ended = true, false, false
		case toldRefused:
			s.registered, s.refused, s.ended = false, true, false
		case toldEnded:
			s.registered, s.ended = false, !s.refused
		}
	}
	if !asked {
		return
	}
	switch name {
	case sep:
		if sent {
			s.own, s.signed, s.seeks = at.Add(10*time.Millisecond), false, 0
			s.registered, s.refused, s.ended = false, false, false
		}
	case sep + ".sgn":
		if s.signed = gone; sent {
			s.own = at.Add(10 * time.Millisecond)
			s.registered, s.refused, s.ended = false, false, false
		}
	case "/XMLDefault.cnf.xml":
		s.def = at
	case "/" + load9 + ".loads":
		s.loadGone = gone
		s.parts = map[string]bool{}
		if sent {
			s.list = at
		}
	case "/" + parts9[0], "/kern88xx.12-0-1.sbn":
		if !s.list.IsZero() {
			if s.parts == nil {
				s.parts = map[string]bool{}
			}
			s.parts[name] = sent
		}
	case "/g3-tones.xml":
		if !s.own.IsZero() && s.next.IsZero() {
			s.next = at
		}
	}
}
