package inventory

import (
	"net"
	"net/netip"
	"strings"
	"time"

	"option150/dhcp"
	"option150/dhcp/v6"
	"option150/pfs"
	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/journal"
	"option150/platform/wire"
	"option150/telephony/cnf"
	"option150/telephony/phone"
)

// Fold implements journal.Fold.
func (v *Inventory) Fold(e journal.Entry) {
	v.mu.Lock()
	defer v.mu.Unlock()
	at := e.Time
	v.events++
	switch x := e.Event.(type) {
	case dhcp.Discover:
		v.discover(at, x)
	case dhcp.Offer:
		v.offer(at, x)
	case dhcp.Requested:
		v.requested(at, x)
	case dhcp.Ack:
		v.ack(at, x)
	case dhcp.Nak:
		v.dhcpLine(at, x.MAC, "NAK", joinNonEmpty("  ", addrText(x.Addr), x.Why))
		v.leave(at, v.phones[x.MAC], "its request for "+dash(addrText(x.Addr))+" was refused")
	case dhcp.NoLease:
		v.noLease(at, x)
	case dhcp.Release:
		v.dhcpLine(at, x.MAC, "RELEASE", addrText(x.Addr))
		v.leave(at, v.byIP[x.Addr.Unmap()], "it gave its address back")
		v.vacate(x.Addr)
	case dhcp.Expired:
		v.leave(at, v.byIP[x.Addr.Unmap()], "its lease ended, and it did not renew it")
		v.vacate(x.Addr)
	case v6.Received:
		v.received6(at, x)
	case v6.Sent:
		v.sent6(at, x)
	case v6.NoAddress:
		v.noAddress6(at, x)
	case v6.Released:
		v.released6(at, x)
	case v6.Expired:
		v.vacate6(x.Addr)
	case v6.Conflict:
		v.vacate6(x.Addr)
	case v6.RouterHeard:
		v.routerHeard(x.Interface, router{addr: x.Router, managed: x.Managed, other: x.Other})
	case v6.NoRouter:
		v.routerHeard(x.Interface, router{none: true})
	case dhcp.ForeignServer:
		v.foreignServer(at, x)
	case dhcp.Conflict:
		v.conflict(at, x)
	case fileserver.Asked:
		if !x.Peer {
			v.asked(at, x)
		}
	case fileserver.Served:
		if !x.Peer {
			v.served(at, x)
		}
	case fileserver.NotFound:
		if !x.Peer {
			v.notFound(at, x)
		}
	case fileserver.Busy:
		switch {
		case x.Peer:
		case x.Remote:
			v.elsewhere(at, x)
		case x.Rebuild: // in a moment it has it
			v.again(at, x)
		default:
			v.turned(at, x.Transport, x.Client, x.Name, x.Limit, "too many requests, it asks again", nil)
		}
	case fileserver.Denied:
		if !x.Peer {
			v.turned(at, x.Transport, x.Client, x.Name, 0, x.Why, x.Cure)
		}
	case fileserver.Looped:
		v.looped(x)
	case cnf.Phones:
		v.listed(x)
	case wire.Refused:
		v.refused(at, x)
	case wire.Secure:
		v.secure(at, x)
	case wire.Sought:
		v.sought(at, x)
	case wire.Shared:
		v.shared(at, x)
	case pfs.Roles:
		v.took(at, x)
	case wire.Told:
		v.told(at, x)
	case wire.Booting:
		if x.Request {
			v.requested(at, dhcp.Requested{MAC: x.MAC, Hostname: x.Hostname, VendorClass: x.VendorClass, Addr: x.Addr, Server: x.Server, Foreign: x.Server.IsValid(),
				Reboot: x.Addr.IsValid() && !x.Server.IsValid()})
		} else {
			v.discover(at, dhcp.Discover{MAC: x.MAC, Hostname: x.Hostname, VendorClass: x.VendorClass, Requested: x.Requested})
		}
	default:
		v.events-- // nothing changed
	}
}

// isPhone: it is configured as one, has a vendor class of Cisco, or the host name
// phones give.
func (v *Inventory) isPhone(mac ether.MAC, class, hostname string) bool {
	_, err := phone.ParseDevice(hostname)
	return v.configured[mac] || phone.IsCisco(class) || err == nil
}

// get returns the record of a phone; make says whether to begin one.
func (v *Inventory) get(mac ether.MAC, at time.Time, make bool) *record {
	r := v.phones[mac]
	if r == nil && make && !mac.IsZero() {
		listed := v.configured[mac]
		if !listed && v.unconfigured() >= MaxPhones {
			v.evict()
		}
		r = &record{mac: mac, listed: listed}
		v.phones[mac] = r
		delete(v.signs, mac)
	}
	if r != nil {
		v.saw(r, at)
	}
	return r
}

// leave: a phone has no address any more. One that is there asks for another.
func (v *Inventory) leave(at time.Time, r *record, why string) {
	if r != nil && r.now() != nil {
		r.now().left, r.now().leftWhy = at, why
	}
}

// vacate: the address is nobody's lease any more.
func (v *Inventory) vacate(a netip.Addr) {
	if r := v.byIP[a.Unmap()]; r != nil && r.now() != nil {
		r.now().acked = time.Time{}
		delete(v.byIP, a.Unmap())
	}
}

func (v *Inventory) unlink(r *record) {
	for _, a := range []netip.Addr{r.addr, r.addr6} {
		if v.byIP[a] == r {
			delete(v.byIP, a)
		}
	}
}

// place says that a phone has an address now.
func (v *Inventory) place(r *record, a netip.Addr) {
	a = bare(a)
	if !a.IsValid() || a.IsUnspecified() {
		return
	}
	switch {
	case a.Is6() && r.addr6 != a:
		if v.byIP[r.addr6] == r {
			delete(v.byIP, r.addr6)
		}
		r.addr6 = a
	case a.Is4() && r.addr != a:
		if v.byIP[r.addr] == r {
			delete(v.byIP, r.addr)
		}
		r.addr = a
	}
	v.byIP[a] = r
	if x := v.nobody[a]; x != nil && x != r {
		// It asked for files before it gave its name away.
		delete(v.nobody, a)
		if r.now() == nil {
			r.boots = x.boots
			r.load = x.load
		} else if x.now() != nil && r.now().firstFile.IsZero() {
			adopt(r.now(), x.now())
		}
	}
}

// adopt moves what is known of files from an unnamed record to a boot that had
// no files yet.
func adopt(b, x *boot) {
	lines, first := b.lines, b.first
	keepDHCP := *b
	*b = *x
	b.number, b.start, b.first = keepDHCP.number, keepDHCP.start, 0
	b.discovered, b.acked, b.requested, b.offers150 = keepDHCP.discovered, keepDHCP.acked, keepDHCP.requested, keepDHCP.offers150
	b.foreign, b.foreign150, b.chosen, b.stranger = keepDHCP.foreign, keepDHCP.foreign150, keepDHCP.chosen, keepDHCP.stranger
	b.discovers, b.leased, b.router, b.conflict = keepDHCP.discovers, keepDHCP.leased, keepDHCP.router, keepDHCP.conflict
	b.six = keepDHCP.six
	b.sought, b.shared, b.secure = keepDHCP.sought, keepDHCP.shared, keepDHCP.secure
	// The lines of both, DHCP first; the indexes of open requests shift.
	for i := range b.open {
		b.open[i].line += len(lines) + first - x.first
	}
	b.first = first
	b.lines = append(append([]Line(nil), lines...), x.lines...)
	if drop := len(b.lines) - maxLines; drop > 0 {
		b.lines = append([]Line(nil), b.lines[drop:]...)
		b.first += drop
	}
}

func (r *record) learn(class, pool string) {
	if class != "" && class != r.class {
		r.class = keep(class)
		c := phone.ParseClass(class)
		r.num, r.model, r.known = c.Number, c.Model, c.Known
		if c.Known {
			r.num = c.Model.Keyword
		}
	}
	if pool != "" {
		r.pool = keep(pool)
	}
}

func (v *Inventory) discover(at time.Time, x dhcp.Discover) {
	r := v.get(x.MAC, at, v.isPhone(x.MAC, x.VendorClass, x.Hostname))
	if r == nil {
		return
	}
	r.learn(x.VendorClass, "")
	r.dhcp = true
	b := r.now()
	// A phone repeats its DISCOVER until somebody offers; that is one boot.
	if b == nil || !b.firstFile.IsZero() || !b.acked.IsZero() && at.Sub(b.acked) >= sameBoot || at.Sub(b.start) >= bootQuiet {
		b = r.begin(at)
	}
	b.discovered = at
	b.discovers++
	what := "class " + quoted(x.VendorClass)
	if x.Requested != "" {
		what += "  asks " + keep(x.Requested)
	}
	if x.Relay.IsValid() && !x.Relay.IsUnspecified() {
		what += "  relay " + x.Relay.String()
	}
	b.say(Line{At: at, Transport: "DHCP", What: "DISCOVER", Name: what, Bytes: -1})
}

// current is the boot DHCP messages belong to.
func (v *Inventory) current(mac ether.MAC, at time.Time) (*record, *boot) {
	r := v.get(mac, at, false)
	if r == nil {
		return nil, nil
	}
	b := r.now()
	if b == nil {
		b = r.begin(at)
	}
	return r, b
}

func (v *Inventory) dhcpLine(at time.Time, mac ether.MAC, what, name string) {
	if _, b := v.current(mac, at); b != nil {
		b.say(Line{At: at, Transport: "DHCP", What: what, Name: keep(name), Bytes: -1})
	}
}

func (v *Inventory) offer(at time.Time, x dhcp.Offer) {
	_, b := v.current(x.MAC, at)
	if b == nil {
		return
	}
	b.offers150 = append([]netip.Addr(nil), x.Option150...)
	b.noLease = ""
	v.dhcpLine(at, x.MAC, "OFFER", servers(x.Addr, x.Option150, x.Option66))
}

func (v *Inventory) requested(at time.Time, x dhcp.Requested) {
	r := v.get(x.MAC, at, v.isPhone(x.MAC, x.VendorClass, x.Hostname))
	if r == nil {
		return
	}
	r.learn(x.VendorClass, "")
	b := r.now()
	if b == nil || x.Reboot && (!b.firstFile.IsZero() || !b.acked.IsZero() && at.Sub(b.acked) >= sameBoot) {
		b = r.begin(at) // it starts and remembers its address [RFC 2131 3.2]
	}
	r.dhcp = true
	b.requested = at
	if x.Server.IsValid() {
		b.chosen, b.stranger = x.Server.Unmap(), x.Foreign
	}
	what := addrText(x.Addr)
	if x.Server.IsValid() {
		what = joinNonEmpty("  ", what, "server "+x.Server.String())
	}
	b.say(Line{At: at, Transport: "DHCP", What: "REQUEST", Name: what, Bytes: -1})
}

func (v *Inventory) ack(at time.Time, x dhcp.Ack) {
	r := v.get(x.MAC, at, v.isPhone(x.MAC, x.VendorClass, x.Hostname))
	if r == nil {
		return
	}
	r.learn(x.VendorClass, x.Pool)
	b := r.now()
	if b == nil {
		b = r.begin(at)
	}
	r.dhcp = true
	v.prove(r)
	b.acked, b.noLease, b.stranger, b.left = at, "", false, time.Time{}
	b.offers150 = append([]netip.Addr(nil), x.Option150...)
	b.router, b.leased = x.Router.Unmap(), leased(x.Addr, x.Mask)
	v.place(r, x.Addr)
	r.now().say(Line{At: at, Transport: "DHCP", What: "ACK", Name: servers(x.Addr, x.Option150, x.Option66), Bytes: -1})
}

func (v *Inventory) noLease(at time.Time, x dhcp.NoLease) {
	_, b := v.current(x.MAC, at)
	if b == nil {
		return
	}
	b.noLease, b.noLeaseAt = keep(x.Why), x.Relay
	b.say(Line{At: at, Transport: "DHCP", What: "!", Name: "no answer: " + strings.ToLower(keep(x.Why)), Bytes: -1})
}

func (v *Inventory) foreignServer(at time.Time, x dhcp.ForeignServer) {
	server := x.Server.Unmap()
	if _, ok := v.others[server]; ok || len(v.others) < maxOthers {
		v.others[server] = keep(x.Option150)
	}
	_, b := v.current(x.Client, at)
	if b == nil {
		return // the answer was to a DISCOVER of this box
	}
	if b.foreign == server && b.foreign150 == keep(x.Option150) {
		return
	}
	b.foreign, b.foreign150 = server, keep(x.Option150)
	what := "OFFER from " + addrText(x.Server) + " also seen"
	if x.Option150 != "" && x.Option150 != `not addresses: ""` {
		what += ", 150=" + keep(x.Option150)
	}
	b.say(Line{At: at, Transport: "DHCP", What: "!", Name: what, Bytes: -1})
}

// leased is the address and network of a lease, invalid without a mask.
func leased(a netip.Addr, mask string) netip.Prefix {
	m, err := netip.ParseAddr(mask)
	if err != nil || !m.Is4() || !a.Unmap().Is4() {
		return netip.Prefix{}
	}
	ones, _ := net.IPMask(m.AsSlice()).Size()
	return netip.PrefixFrom(a.Unmap(), ones)
}

func (v *Inventory) conflict(at time.Time, x dhcp.Conflict) {
	r := v.byIP[x.Addr.Unmap()]
	if r == nil {
		r = v.phones[x.MAC]
	}
	if r == nil || r.now() == nil {
		return
	}
	r.now().conflictAt, r.now().conflicted = x.Addr.Unmap(), at
	r.now().conflict = addrText(x.Addr) + " is in use, seen by " + small(keep(x.Method))
	r.now().say(Line{At: at, Transport: "DHCP", What: "!", Name: addrText(x.Addr) + " is in use (" + keep(x.Method) + ")", Bytes: -1})
}
