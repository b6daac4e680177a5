package proof

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"option150/dhcp/engine"
	"option150/dhcp/wire"
	"option150/platform/ether"
	"option150/telephony/advice"
	"option150/telephony/phone"
)

// lease is what a phone was given.
type lease struct {
	addr   netip.Prefix
	router netip.Addr
	pool   string
	files  []netip.Addr // in the order in which it asks them
	by     string       // "option 150"
}

// phones are those of the configuration. A hardware address that is in an ephone
// and in a pool is one phone, which finds the file of the ephone first.
func (w *walker) phones() (all []*station) {
	seen := map[ether.MAC]*station{}
	add := func(mac ether.MAC, section, typ, name string, sip bool) {
		if mac.IsZero() && name == "" {
			w.report.NoMAC = append(w.report.NoMAC, section)
			return
		}
		if s := seen[mac]; s != nil && !mac.IsZero() {
			s.Notes = append(s.Notes, "it is "+section+" too, and finds the file of "+s.Section+" first")
			return
		}
		s := &station{Phone: Phone{MAC: mac, Device: mac.Device(), Section: section, Outcome: Up}, order: len(all), sip: sip, typ: typ, name: name}
		if mac.IsZero() {
			s.Device = name
			s.stop(verdict{Unsure, "", "its hardware address is not configured: its lease and its files cannot be walked", nil})
		} else {
			seen[mac] = s
			s.seen = w.Seen(mac)
			s.places = w.where(s)
		}
		all = append(all, s)
	}
	for _, e := range w.Telephony.Ephones {
		add(e.MAC, "ephone "+strconv.Itoa(e.Tag), e.Type, "", false)
	}
	for _, p := range w.Telephony.Pools {
		add(p.MAC, "voice register pool "+strconv.Itoa(p.Tag), p.Type, p.DeviceName, true)
	}
	return all
}

// where are the places a phone may stand in: the one it has its lease from, else
// those whose pools name a file server.
func (w *walker) where(s *station) []Place {
	if s.seen.Interface != "" || s.seen.Relay.IsValid() {
		for _, p := range w.Places {
			if s.seen.Relay.IsValid() && p.Network.Contains(s.seen.Relay) || !s.seen.Relay.IsValid() && p.Interface == s.seen.Interface && !p.Relay.IsValid() {
				return []Place{{p.Network, p.Pool, s.seen.Interface, s.seen.Relay, p.Voice}}
			}
		}
		return []Place{{Interface: s.seen.Interface, Relay: s.seen.Relay}}
	}
	s.Assumed = true
	voice := slices.DeleteFunc(slices.Clone(w.Places), func(p Place) bool { return !p.Voice })
	if len(voice) > 0 {
		return voice
	}
	return w.Places
}

// address gets the phone a lease.
func (w *walker) address(s *station) {
	if s.ended() {
		return
	}
	v, ok := w.model(s)
	if !ok {
		s.stop(v)
		return
	}
	switch {
	case s.seen.Addr.IsValid() && s.seen.Interface == "" && !s.seen.Relay.IsValid():
		// It came with an address that is not from here, and asked this box.
		s.Addr, s.Assumed = s.seen.Addr, false
		s.lease = lease{addr: netip.PrefixFrom(s.seen.Addr, 32), files: w.Own, by: "what it did"}
		s.Notes = append(s.Notes, "its address, "+s.seen.Addr.String()+", is not from here")
		return
	case w.DHCP == nil && w.Down:
		s.stop(verdict{Not, "R02", "there is no address to give: " + w.NoDHCP, advice.Steps{advice.Do("show services")}})
		return
	case w.DHCP == nil:
		s.stop(verdict{Unsure, "R02", "this box gives no addresses (" + w.NoDHCP + ") and the phone was never seen: whether another server gives it one is not known", w.Start})
		return
	case len(s.places) == 0:
		s.stop(verdict{Not, "R02", "there is no address to give: no pool has a network", advice.Steps{advice.Do("show ip dhcp pool")}})
		return
	}
	for i := range s.places {
		w.stand(s, &s.places[i])
	}
	if !s.lease.addr.IsValid() {
		s.stop(append(s.other, s.full...)[0])
		return
	}
	if s.Assumed {
		if !slices.Contains(w.report.Assumed, *s.Place) {
			w.report.Assumed = append(w.report.Assumed, *s.Place)
		}
		w.taken[*s.Place]++
	}
	switch v, ok := w.servers(s.lease); {
	case !ok:
		s.stop(v)
	case s.Assumed && len(s.other) > 0:
		v = s.other[0]
		s.stop(verdict{Unsure, v.code, "where it stands is not known, and in another network it would not come up: " + v.text, v.fix})
	}
}

// stand asks for a lease in a place, and takes the first it gets.
func (w *walker) stand(s *station, p *Place) {
	trial := s.lease.addr.IsValid()
	l, v, ok := w.ask(s, *p, trial)
	if ok && trial {
		v, ok = w.servers(l)
	}
	switch {
	case ok && !trial:
		s.lease, s.Place, s.Addr = l, p, l.addr.Addr()
		w.Holds(s.MAC, s.Addr)
	case ok:
	case w.taken[*p] > 0: // by those before it, which were taken to stand there
		s.full = append(s.full, v)
	default:
		s.other = append(s.other, v)
	}
}

// model refuses what no phone of the model can do.
func (w *walker) model(s *station) (verdict, bool) {
	m, ok := phone.Lookup(s.typ)
	if !ok || m.SIP && m.SCCP || s.sip == m.SIP && s.sip != m.SCCP {
		return verdict{}, true
	}
	if m.Addon {
		return verdict{Not, "R37", "its type, " + m.Keyword + ", is an expansion module: there is no file for it", advice.Steps{advice.Do("show provisioning audit")}}, false
	}
	speaks, section := "SCCP", "an ephone"
	if m.SIP {
		speaks, section = "SIP", "a voice register pool"
	}
	return verdict{Not, "R21", fmt.Sprintf("a %s speaks %s only: it has to be %s", m.Keyword, speaks, section), nil}, false
}

// ask gets a lease in a place; a trial takes none.
func (w *walker) ask(s *station, p Place, trial bool) (lease, verdict, bool) {
	in := &engine.Inbound{Interface: p.Interface, Broadcast: !p.Relay.IsValid(), From: netip.AddrPortFrom(netip.IPv4Unspecified(), 68), Source: s.MAC}
	if p.Relay.IsValid() {
		in.From, in.Source = netip.AddrPortFrom(p.Relay, 67), ether.MAC{}
	}
	offer, out := w.send(s, in, p, wire.MsgDiscover, netip.Addr{}, netip.Addr{})
	if !offer.Addr.IsValid() {
		return lease{}, w.noLease(p, out), false
	}
	if trial {
		// Who takes another server's offer leaves ours.
		w.send(s, in, p, wire.MsgRequest, offer.Addr, netip.AddrFrom4([4]byte{192, 0, 2, 254}))
		return leaseOf(offer, p.Pool), verdict{}, true
	}
	ack, out := w.send(s, in, p, wire.MsgRequest, offer.Addr, offer.Server)
	if !ack.Ack() {
		return lease{}, w.noLease(p, out), false
	}
	pool := p.Pool
	for _, e := range slices.Concat(out.Then, out.Acked) {
		if a, ok := e.(engine.Ack); ok {
			pool = a.Pool
		}
	}
	return leaseOf(ack, pool), verdict{}, true
}

// send hands the engine one message of the phone.
func (w *walker) send(s *station, in *engine.Inbound, p Place, kind byte, wanted, server netip.Addr) (wire.ServerReply, engine.Outcome) {
	w.xid++
	in.Data = message(w.xid, s, kind, p.Relay, wanted, server)
	w.Now += time.Microsecond
	w.DHCP.Packet(w.Now, in)
	out := w.DHCP.Take()
	w.DHCP.Committed(out.Seq)
	for _, r := range slices.Concat(out.Replies, out.Acks) {
		if a, ok := wire.DecodeReply(r.Payload); ok && a.Client == s.MAC {
			return a, out
		}
	}
	return wire.ServerReply{}, out
}

// message is what a phone sends. [RFC 2131; option order of the 7900 series]
func message(xid uint32, s *station, kind byte, relay, wanted, server netip.Addr) []byte {
	b := make([]byte, wire.HeaderLen, wire.DefPayload)
	b[0], b[1], b[2] = 1, 1, 6
	binary.BigEndian.PutUint32(b[4:], xid)
	binary.BigEndian.PutUint16(b[10:], wire.FlagBcast)
	if relay.Is4() {
		copy(b[24:28], relay.AsSlice())
	}
	copy(b[28:], s.MAC[:])
	b = append(b, 99, 130, 83, 99)
	opt := func(code byte, v []byte) { b = append(append(b, code, byte(len(v))), v...) }
	opt(wire.OptMessageType, []byte{kind})
	if server.IsValid() {
		opt(wire.OptServerID, server.AsSlice())
	}
	id := s.seen.ClientID
	if len(id) == 0 || len(id) > 255 {
		id = append([]byte{1}, s.MAC[:]...)
	}
	opt(wire.OptClientID, id)
	opt(wire.OptHostname, []byte(s.Device))
	class, params := clientOf(s)
	opt(wire.OptVendorClass, []byte(class))
	if wanted.IsValid() {
		opt(wire.OptRequestedIP, wanted.AsSlice())
	}
	opt(wire.OptParameters, params)
	return append(b, wire.OptEnd)
}

// clientOf is how the phone names itself: as it did, else as its model does.
func clientOf(s *station) (class string, params []byte) {
	m, ok := phone.Lookup(s.typ)
	class = s.seen.Vendor
	if class == "" && ok && len(m.Class) > 0 {
		class = m.Class[0]
	}
	if class == "" {
		class = "Cisco Systems, Inc. IP Phone CP-" + s.typ
	}
	for _, c := range m.Params {
		params = append(params, byte(c))
	}
	if params == nil {
		params = []byte{1, 66, 6, 3, 15, 150, 35}
	}
	return class[:min(len(class), 255)], params
}

func leaseOf(a wire.ServerReply, pool string) lease {
	bits := 32
	if a.Mask.Is4() {
		m := a.Mask.As4()
		for bits = 0; bits < 32 && m[bits/8]&(0x80>>(bits%8)) != 0; bits++ {
		}
	}
	l := lease{addr: netip.PrefixFrom(a.Addr, bits), pool: pool}
	if l.addr.Contains(a.Router) && a.Router != a.Addr {
		l.router = a.Router // one outside the network leads nowhere
	}
	// In this order: option 150, of which the first two count, option 66, siaddr,
	// sname. [source 004]
	switch n, err := netip.ParseAddr(strings.TrimRight(string(a.Name), "\x00")); {
	case len(a.TFTP) >= 4:
		l.by = "option 150"
		for i := 0; i+4 <= len(a.TFTP) && len(l.files) < 2; i += 4 {
			l.files = append(l.files, netip.AddrFrom4([4]byte(a.TFTP[i:i+4])))
		}
	case len(a.Name) > 0 && err == nil:
		l.by, l.files = "option 66", []netip.Addr{n}
	case len(a.Name) > 0:
		l.by = "option 66, the name " + strconv.Quote(string(a.Name))
	case a.Next.IsValid():
		l.by, l.files = "next-server", []netip.Addr{a.Next}
	case a.Boot != "":
		l.by = "the boot server name " + strconv.Quote(a.Boot)
	}
	return l
}

// noLease says why the engine gave nothing.
func (w *walker) noLease(p Place, out engine.Outcome) verdict {
	where := p.Interface
	if p.Relay.IsValid() {
		where = "relay " + p.Relay.String()
	}
	why := "the DHCP server does not answer"
	for _, e := range slices.Concat(out.First, out.Then, out.Acked) {
		switch x := e.(type) {
		case engine.NoLease:
			why = strings.ToLower(x.Why)
		case engine.LeaseLimit:
			why = fmt.Sprintf("%s has its limit of %d leases", x.Interface, x.Limit)
		case engine.Nak:
			why = x.Why
		case engine.Starving:
			why = "one station asks for too many addresses"
		}
	}
	if held, ok := w.DHCP.Held()[p.Interface]; ok && !p.Relay.IsValid() {
		why = "offers are held, because another DHCP server answers there: " + held.String()
	}
	v := verdict{Not, "R02", fmt.Sprintf("there is no address to give on %s: %s", where, why), advice.Steps{advice.Do("show ip dhcp pool")}}
	if p.Pool != "" {
		v.text = fmt.Sprintf("there is no address to give on %s (pool %s): %s", where, p.Pool, why)
	}
	return v
}

// servers looks at where the phone would ask for its files.
func (w *walker) servers(l lease) (verdict, bool) {
	pool := w.inPool(l, "option 150 ip")
	switch {
	case l.by == "":
		return verdict{Not, "R38", "its lease names no file server", pool}, false
	case len(l.files) == 0:
		return verdict{Unsure, "R38", "its lease names its file server by " + l.by + ", and whom that is is not known here", pool}, false
	case !slices.Contains(w.Own, l.files[0]) && len(l.files) == 2 && slices.Contains(w.Own, l.files[1]):
		return verdict{Unsure, "R38", fmt.Sprintf("it asks %s first, and this box only if that is silent: what it is given there is not known", l.files[0]), pool}, false
	case !slices.Contains(w.Own, l.files[0]):
		return verdict{Unsure, "R38", fmt.Sprintf("%s sends it to %s, which is not this box: its files are not walked", l.by, l.files[0]), pool}, false
	case !l.addr.Contains(l.files[0]) && !l.router.IsValid():
		return verdict{Not, "R28", fmt.Sprintf("its file server %s is on another network, and its lease has no default-router", l.files[0]), w.inPool(l, "default-router")}, false
	}
	return verdict{}, true
}

// inPool is a line of the phone's pool that names this box, where it has an
// address of the network.
func (w *walker) inPool(l lease, line string) advice.Steps {
	for _, a := range w.Own {
		if l.addr.Contains(a) && l.pool != "" && !strings.ContainsAny(l.pool, " \"") {
			return advice.Steps{advice.In("ip dhcp pool "+l.pool, line+" "+a.String())}
		}
	}
	return advice.Steps{advice.Do("show ip dhcp pool")}
}
