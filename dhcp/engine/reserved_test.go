package engine

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"option150/dhcp/wire"
)

func desk(name, addr string, change func(*Pool)) func(*Spec) {
	return func(s *Spec) {
		p := Pool{Name: name, Host: netip.MustParsePrefix(addr + "/24")}
		change(&p)
		s.Pools = append(s.Pools, p)
	}
}

// A reservation made while a lease runs takes effect at the next renewal, for
// who is to have the address and for who has it.
func TestReservationWhileLeased(t *testing.T) {
	for name, host := range map[string]func(*Pool){
		"client-identifier": func(p *Pool) { p.ClientID = idMAC(mac(0, 1)) },
		"hardware-address":  func(p *Pool) { p.HardwareAddr = mac(0, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			mine, b := w.lease(mac(0, 1)), w.lease(mac(0, 2))
			s := baseSpec()
			desk("MINE", b.String(), host)(&s)
			w.set(s)
			// The address is another's still: the lease that runs goes on.
			w.one(renewal(mac(0, 1), mine), fromUnicast(mine.String())).is(t, wire.MsgAck, mine.String())
			w.one(renewal(mac(0, 2), b), fromUnicast(b.String())).is(t, wire.MsgNak, "")
			if a := w.lease(mac(0, 2)); a == b {
				t.Fatalf("%s given to its old owner", a)
			}
			w.one(renewal(mac(0, 1), mine), fromUnicast(mine.String())).is(t, wire.MsgNak, "")
			if a := w.lease(mac(0, 1)); a != b {
				t.Errorf("got %s, reserved is %s", a, b)
			}
			w.one(phoneRequest(mac(0, 1), wire.MsgRequest, opt(50, ipb(mine.String())))).is(t, wire.MsgNak, "")
			w.one(phoneRequest(mac(0, 1), wire.MsgRequest, opt(50, ipb(b.String())))).is(t, wire.MsgAck, b.String())
		})
	}
}

// hardware-address serves every identity of that address, with one binding:
// boot loader, system with and without an identifier, BOOTP.
func TestHardwareAddressEveryIdentity(t *testing.T) {
	w := newWorld(t, desk("PC", "10.77.0.60", func(p *Pool) { p.HardwareAddr = mac(0, 7) }))
	const a = "10.77.0.60"
	only := func(when string) {
		t.Helper()
		n := 0
		for _, b := range w.e.bindings {
			if b.leased {
				n++
			}
		}
		if b := w.e.bindings[ip(a)]; n != 1 || b == nil || !b.Manual || len(w.e.clients) != 1 {
			t.Errorf("%s: %d bindings, %+v", when, n, b)
		}
	}
	for name, id := range map[string][]byte{"none": nil, "01 and the address": idMAC(mac(0, 7)), "a DUID": {0xff, 1, 2, 3, 4, 0, 1, 9}, "text": []byte("\x00pxe")} {
		r := pcRequest(mac(0, 7), wire.MsgDiscover)
		q := pcRequest(mac(0, 7), wire.MsgRequest, opt(50, ipb(a)), opt(54, ipb(us)))
		n := renewal(mac(0, 7), ip(a))
		n.Opts = n.Opts[:1]
		if id != nil {
			r.Opts, q.Opts, n.Opts = append(r.Opts, opt(61, id)), append(q.Opts, opt(61, id)), append(n.Opts, opt(61, id))
		}
		w.one(r).is(t, wire.MsgOffer, a)
		w.one(q).is(t, wire.MsgAck, a)
		w.one(n, fromUnicast(a)).is(t, wire.MsgAck, a)
		only(name)
	}
	boot := testRequest{Op: 1, HType: 1, HLen: 6, XID: 5, MAC: mac(0, 7)}
	if g := w.one(boot); g.YIAddr != ip(a) {
		t.Errorf("BOOTP got %s", g.YIAddr)
	}
	// Any of its identities may give it back.
	rel := pcRequest(mac(0, 7), wire.MsgRelease, opt(54, ipb(us)))
	rel.CIAddr = a
	w.silent(rel, fromUnicast(a))
	if w.e.bindings[ip(a)].leased {
		t.Error("not given back")
	}
	// Another station does not get it by saying so.
	w.one(pcRequest(mac(0, 8), wire.MsgRequest, opt(50, ipb(a)), opt(54, ipb(us)), opt(61, idMAC(mac(0, 7))))).is(t, wire.MsgNak, "")
}

// A pool for phones is silent to everybody else, NAKs too.
func TestClassLockIsSilent(t *testing.T) {
	w := newWorld(t, func(s *Spec) { s.Pools = s.Pools[:1]; s.Pools[0].ClassLock, s.Authoritative = true, true })
	a := w.lease(mac(0, 1))
	w.silent(pcRequest(mac(3, 1), wire.MsgDiscover))
	for _, o := range [][]tlv{
		{opt(50, ipb(a.String())), opt(54, ipb(us))}, {opt(50, ipb(a.String()))}, {opt(50, ipb("192.168.9.9"))}, {opt(50, ipb("10.77.0.150"))},
	} {
		w.silent(pcRequest(mac(3, 1), wire.MsgRequest, o...))
	}
	for _, c := range []string{a.String(), "10.77.0.150", "192.168.9.9"} {
		r := pcRequest(mac(3, 1), wire.MsgRequest)
		r.CIAddr = c
		w.silent(r, fromUnicast(c))
		w.silent(r)
	}
	// A phone that leaves its class out of a renewal is known.
	r := pcRequest(mac(0, 1), wire.MsgRequest, opt(61, idMAC(mac(0, 1))))
	r.CIAddr = a.String()
	w.one(r, fromUnicast(a.String())).is(t, wire.MsgAck, a.String())
}

// The address a relay has itself is never offered.
func TestRelaysOwnAddress(t *testing.T) {
	w := newWorld(t)
	far := func(m byte, giaddr string) netip.Addr {
		r := phoneRequest(mac(0, m), wire.MsgDiscover)
		r.GIAddr = giaddr
		return w.one(r, fromRelay(giaddr)).YIAddr
	}
	if a := far(1, "10.88.0.100"); a != ip("10.88.0.101") {
		t.Errorf("offered %s through relay 10.88.0.100", a)
	}
	if a := far(2, "10.88.0.102"); a != ip("10.88.0.103") {
		t.Errorf("offered %s through relay 10.88.0.102", a)
	}
	if a := far(3, "10.88.0.102"); a != ip("10.88.0.104") {
		t.Errorf("offered %s", a)
	}
	r := phoneRequest(mac(0, 4), wire.MsgDiscover, opt(50, ipb("10.88.0.100")))
	r.GIAddr = "10.88.0.1"
	if a := w.one(r, fromRelay("10.88.0.1")).YIAddr; a == ip("10.88.0.100") {
		t.Error("the other relay's address was offered to who asked for it")
	}
}

// A long identifier does not push other options out of a reply.
func TestLongIdentifier(t *testing.T) {
	w := newWorld(t)
	r := phoneRequest(mac(0, 1), wire.MsgDiscover)
	r.Opts[1].Val = bytes.Repeat([]byte{7}, 250)
	g := w.one(r)
	for _, c := range []byte{58, 59, 15, 6, 3, 66, 150, 1, 51, 54} {
		if !g.Has(c) {
			t.Errorf("option %d is missing", c)
		}
	}
}

// Each utilization mark logs by itself.
func TestMarksLogByThemselves(t *testing.T) {
	w := newWorld(t, small, func(s *Spec) {
		s.Pools[0].UtilizationHigh, s.Pools[0].UtilizationLow, s.Pools[0].UtilizationLog = 50, 10, true
	})
	var last netip.Addr
	for n := range 5 {
		r := phoneRequest(mac(4, byte(n)), wire.MsgDiscover)
		if gs := w.arrives(r); len(gs) == 1 {
			last = w.lease(mac(4, byte(n)))
		}
	}
	if u, ok := has[Utilization](w); !ok || !u.High {
		t.Fatalf("%+v, last lease %s", u, last)
	}
	w.pass(time.Hour)
	if u, _ := has[Utilization](w); !u.High {
		t.Errorf("the low mark logs without log: %+v", u)
	}
}
