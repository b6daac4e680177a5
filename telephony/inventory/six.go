package inventory

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"option150/dhcp/v6"
)

// six is what a boot shows of IPv6.
type six struct {
	solicited, replied, informed time.Time
	solicits                     int
	iface, pool                  string
	leased                       netip.Addr
	tftp                         []netip.Addr // suboption 1 of Cisco's option
	service                      string       // suboption 2
	vendor                       bool         // Cisco's option was sent
	others                       []uint32     // enterprise numbers of other ones
	odd                          bool         // suboption 1 is no list of addresses
	refused                      string       // why there was no address
	foreign                      bool         // it chose another server
}

// router is what was heard of the routers of an interface.
type router struct {
	addr           netip.Addr
	managed, other bool
	none           bool // asked for, and nobody answered
}

// bare is an address as it is compared: without a zone.
func bare(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// only6: it spoke no DHCP of IPv4 in this boot and has no address of it.
func (b *boot) only6() bool {
	return b.discovered.IsZero() && b.requested.IsZero() && b.acked.IsZero() && b.files4 == 0 && (!b.six.solicited.IsZero() || !b.six.informed.IsZero())
}

// sixBoot is the boot a message of DHCPv6 belongs to; one of a phone that begins
// anew without IPv4 begins it.
func (r *record) sixBoot(at time.Time, begins bool) *boot {
	b := r.now()
	if b == nil {
		return r.begin(at)
	}
	again := !b.six.replied.IsZero() && at.Sub(b.six.replied) >= sameBoot
	if begins && (again || !b.firstFile.IsZero() && at.Sub(b.start) >= bootQuiet || !b.lastFile.IsZero() && !b.six.solicited.IsZero()) {
		return r.begin(at)
	}
	return b
}

func (v *Inventory) received6(at time.Time, x v6.Received) {
	r := v.get(x.MAC, at, x.Phone)
	if r == nil {
		return
	}
	r.learn(x.Class, "")
	r.dhcp = true
	begins := x.Type == "SOLICIT" || x.Type == "INFORMATION-REQUEST"
	if x.Type == "RENEW" || x.Type == "REBIND" {
		if r.now() == nil {
			r.begin(at)
		}
	} else {
		r.sixBoot(at, begins)
	}
	b := r.now()
	b.six.iface = keep(x.Interface)
	switch x.Type {
	case "SOLICIT":
		b.six.solicited = at
		b.six.solicits++
	case "REQUEST":
		b.six.foreign = x.Foreign
	case "INFORMATION-REQUEST":
		b.six.informed = at
	}
	what := ""
	if x.Class != "" {
		what = "class " + quoted(x.Class)
	}
	if x.Relay.IsValid() {
		what = joinNonEmpty("  ", what, "relay "+x.Relay.String())
	}
	if x.Foreign {
		what = joinNonEmpty("  ", what, "another server")
	}
	b.say(Line{At: at, Transport: "DHCPv6", What: x.Type, Name: what, Bytes: -1})
}

func (v *Inventory) sent6(at time.Time, x v6.Sent) {
	r := v.get(x.MAC, at, x.Phone)
	if r == nil {
		return
	}
	b := r.now()
	if b == nil {
		b = r.begin(at)
	}
	s := &b.six
	s.pool, s.tftp, s.service, s.vendor, s.odd = keep(x.Pool), append([]netip.Addr(nil), x.TFTP...), keep(x.Service), x.Vendor, x.Odd
	s.others, s.refused = append([]uint32(nil), x.Others...), keep(x.Status)
	text := servers6(x)
	if x.Type == "REPLY" && (x.Addr.IsValid() || x.To == "INFORMATION-REQUEST") {
		s.replied, s.foreign = at, false
		if r.pool == "" {
			r.pool = keep(x.Pool)
		}
		r.proven = true
		b.left = time.Time{}
		if x.Addr.IsValid() {
			s.leased = x.Addr
			v.place(r, x.Addr)
		}
	}
	r.now().say(Line{At: at, Transport: "DHCPv6", What: x.Type, Name: text, Bytes: -1})
}

// servers6 is what an answer carried: "2001:db8::5  9/1=2001:db8::1".
func servers6(x v6.Sent) string {
	var list []string
	for _, a := range x.TFTP[:min(len(x.TFTP), 8)] {
		list = append(list, a.String())
	}
	text := addrText(x.Addr)
	switch {
	case len(list) > 0:
		text = joinNonEmpty("  ", text, "9/1="+strings.Join(list, ","))
	case x.To == "RELEASE" || x.To == "DECLINE" || x.To == "CONFIRM":
	default:
		text = joinNonEmpty("  ", text, "no TFTP server")
	}
	if x.Service != "" {
		text = joinNonEmpty("  ", text, "9/2="+keep(x.Service))
	}
	return joinNonEmpty("  ", text, keep(x.Status))
}

func (v *Inventory) noAddress6(at time.Time, x v6.NoAddress) {
	_, b := v.current(x.MAC, at)
	if b == nil {
		return
	}
	b.six.refused = strings.ToLower(keep(x.Why))
	b.say(Line{At: at, Transport: "DHCPv6", What: "!", Name: "no address: " + b.six.refused, Bytes: -1})
}

func (v *Inventory) released6(at time.Time, x v6.Released) {
	if _, b := v.current(x.MAC, at); b != nil {
		b.say(Line{At: at, Transport: "DHCPv6", What: "RELEASE", Name: addrText(x.Addr), Bytes: -1})
	}
	v.vacate6(x.Addr)
}

// vacate6: the address is nobody's any more.
func (v *Inventory) vacate6(a netip.Addr) {
	if r := v.byIP[bare(a)]; r != nil {
		if b := r.now(); b != nil && b.six.leased == bare(a) {
			b.six.leased = netip.Addr{}
		}
		delete(v.byIP, bare(a))
	}
}

const maxRouters = 64 // interfaces of which routers are remembered

func (v *Inventory) routerHeard(iface string, r router) {
	if _, ok := v.routers[iface]; ok || len(v.routers) < maxRouters {
		v.routers[iface] = r
	}
}

// own6 is the address of this box that a phone of IPv6 can be told.
func (e *evidence) own6() netip.Addr {
	for _, a := range e.box.Own {
		if a.Is6() && a.IsGlobalUnicast() && !a.IsPrivate() {
			return a
		}
	}
	i := slices.IndexFunc(e.box.Own, func(a netip.Addr) bool { return a.Is6() && a.IsGlobalUnicast() })
	if i < 0 {
		return netip.Addr{}
	}
	return e.box.Own[i]
}
