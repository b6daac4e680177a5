package inventory

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"option150/telephony/advice"
)

// The rules about an address: from DISCOVER to the first file.

// unseen is a configured phone that shows itself by ARP only: R01.
func unseen(r *record, s sign, setup Setup) Phone {
	v, _ := found("it uses "+dash(addrText(s.addr))+" and sent no DISCOVER", "It is on this LAN and never asked for an address here: a static address, or another VLAN.")
	v.Code, v.Blocking = "R01", true
	v.Fix = fixOf(v.Code)
	return Phone{MAC: r.mac, Addr: r.addr, Model: setup.Type, Typed: setup.Type != "", Wanted: setup.Load, State: Stuck, Basis: Observed, Verdict: v,
		Started: s.first, Seen: s.last}
}

func noLease(e *evidence) (Verdict, bool) {
	b := e.b
	if !b.firstFile.IsZero() || !b.acked.IsZero() && !b.discovered.After(b.acked) || b.stranger {
		return none() // somebody gave it one
	}
	if b.noLease == "" {
		if e.box.Pools > 0 || b.discovers < 2 || !b.requested.IsZero() || !b.acked.IsZero() || e.now.Sub(b.start) < e.waits.NoOffer {
			return none()
		}
		v, _ := guessed(fmt.Sprintf("%d DISCOVER and no REQUEST in %s", b.discovers, took(e.now.Sub(b.start))),
			"It asks for an address and nobody offers one; this box has no DHCP pool.")
		v.Fix = e.newPool()
		return v, true
	}
	where, why := "on its interface", strings.ToLower(b.noLease)
	if b.noLeaseAt.IsValid() && !b.noLeaseAt.IsUnspecified() {
		where = "behind relay " + b.noLeaseAt.String()
	}
	switch {
	case strings.Contains(b.noLease, "EXHAUSTED"):
		why = "the pool is exhausted"
	case strings.Contains(b.noLease, "NO POOL"):
		why = "no pool is for that network"
	case strings.Contains(b.noLease, "CLASS"):
		why = "the pool is not for what its option 60 says it is"
	}
	v, _ := found("this box left its request for an address without an answer, "+strings.ToLower(b.noLease), "There is no address to give %s: %s.", where, why)
	switch {
	case strings.Contains(b.noLease, "EXHAUSTED"):
		v.Fix = advice.Steps{advice.Do("show ip dhcp pool"), advice.Do("show ip dhcp binding"), advice.Tell("exclude fewer addresses, make the network of the pool larger, or clear the bindings of what is gone for good.")}
	case b.noLeaseAt.IsValid() && !b.noLeaseAt.IsUnspecified():
		v.Fix = advice.Steps{advice.Do("show ip dhcp pool"), advice.Tell("make a pool whose network holds " + b.noLeaseAt.String() + ".")}
	default:
		v.Fix = e.newPool()
	}
	return v, true
}

// newPool is a pool for the network of this box.
func (e *evidence) newPool() advice.Steps {
	i := slices.IndexFunc(e.box.Networks, func(p netip.Prefix) bool { return p.Addr().Is4() && !p.Addr().IsLoopback() })
	if i < 0 {
		return advice.Steps{advice.Do("show ip dhcp pool"), advice.Tell("make a pool whose network holds the phones.")}
	}
	n := e.box.Networks[i]
	const pool = "ip dhcp pool PHONES"
	mask := netip.AddrFrom4(maskOf(n.Bits()))
	return advice.Steps{advice.In(pool, fmt.Sprintf("network %s %s", n.Masked().Addr(), mask)),
		advice.In(pool, "default-router "+n.Addr().String()), advice.In(pool, "option 150 ip "+n.Addr().String())}
}

func maskOf(bits int) (m [4]byte) {
	for i := range bits {
		m[i/8] |= 0x80 >> (i % 8)
	}
	return m
}

// foreignText is the prefix by which dhcp.ForeignServer says that option 150
// holds text.
const foreignText = "not addresses: "

// another is the other server whose lease the phone took or is offered.
func (e *evidence) another() (server netip.Addr, option150 string, basis Basis) {
	b := e.b
	if b.stranger {
		if b.foreign == b.chosen && b.foreign150 != "" {
			return b.chosen, b.foreign150, Observed
		}
		return b.chosen, e.w.others[b.chosen], Inferred // as it answered this box
	}
	if b.acked.IsZero() {
		return b.foreign, b.foreign150, Observed
	}
	return netip.Addr{}, "", ""
}

func textOption(e *evidence) (Verdict, bool) {
	server, text, basis := e.another()
	if !e.b.firstFile.IsZero() || !server.IsValid() || !strings.HasPrefix(text, foreignText) || text == foreignText+`""` {
		return none()
	}
	how := "its offer to the phone"
	if basis == Inferred {
		how = "its offer to a DISCOVER of this box with the phone's vendor class"
	}
	v, _ := found("option 150 in "+how+" is "+text, "Another DHCP server, %s, sends option 150 as text instead of addresses: %s.", server, strings.TrimPrefix(text, foreignText))
	v.Basis = basis
	return v, true
}

func foreignLease(e *evidence) (Verdict, bool) {
	b := e.b
	if !b.stranger || !b.firstFile.IsZero() || !b.acked.IsZero() {
		return none()
	}
	wait := e.waits.Lease
	if e.box.Pools == 0 {
		wait = e.waits.NoFile // another server is as it should be
	}
	if e.now.Sub(b.requested) < wait {
		return none()
	}
	v, _ := found("its REQUEST names server "+b.chosen.String(), "The phone took the lease of another DHCP server, %s, and asks for no file here.", b.chosen)
	own := "the address of this box"
	if a := e.near(); a.IsValid() {
		own = a.String()
	}
	v.Fix = tell(fmt.Sprintf("Switch off the DHCP server at %s, or give its pool option 150 with %s.", b.chosen, own))
	return v, true
}

func duplicate(e *evidence) (Verdict, bool) {
	if e.b.conflict == "" || e.r.addr.IsValid() && e.r.addr != e.b.conflictAt || e.now.Sub(e.b.conflicted) >= bootQuiet {
		return none() // it has another one meanwhile, or nothing was seen of that for long
	}
	return found(e.b.conflict, "The address of the phone is in use by another device.")
}

// otherFileServer: the phone obeys our own option 150, which names somebody
// else, or nobody.
func otherFileServer(e *evidence) (Verdict, bool) {
	b := e.b
	if b.acked.IsZero() || !b.firstFile.IsZero() || e.elsewhere() || len(e.box.Own) == 0 || slices.ContainsFunc(b.offers150, e.ours) {
		return none()
	}
	dead := netip.Addr{}
	for _, a := range b.offers150 {
		if s := b.sought[a]; s != nil && s.n >= soughtOften {
			dead = a
		}
	}
	if !dead.IsValid() && e.now.Sub(b.acked) < e.waits.NoFile && e.r.mute < 2 {
		return none()
	}
	var names []string
	for _, a := range b.offers150 {
		names = append(names, a.String())
	}
	v, _ := guessed("its lease carries "+servers(netip.Addr{}, b.offers150, ""), "It obeys option 150 of its lease from here, which names %s and not this box: it asks there for its files.", list(names))
	switch {
	case len(b.offers150) == 0:
		v.Text = "Its lease has no option 150, and it asks for no file here."
	case dead.IsValid():
		v.Text = fmt.Sprintf("It obeys option 150 of this box, which names %s; nobody answers there.", dead)
		v.Evidence, v.Basis = fmt.Sprintf("it asked for the hardware address of %s %d times", dead, b.sought[dead].n), Observed
	}
	if own := e.near(); e.r.pool != "" && own.IsValid() {
		v.Fix = advice.Steps{advice.In("ip dhcp pool "+e.r.pool, "option 150 ip "+own.String())}
	} else {
		v.Fix = advice.Steps{advice.Do("show ip dhcp pool"), advice.Tell("give option 150 of the pool an address of this box.")}
	}
	return v, true
}

// near is the address of this box on the network of the lease, else its first.
func (e *evidence) near() netip.Addr {
	for _, a := range e.box.Own {
		if e.b.leased.IsValid() && e.b.leased.Contains(a) {
			return a
		}
	}
	for _, a := range e.box.Own {
		if a.Is4() && !a.IsLoopback() {
			return a
		}
	}
	return netip.Addr{}
}

func askedNothing(e *evidence) (Verdict, bool) {
	b := e.b
	if b.acked.IsZero() || !b.firstFile.IsZero() || e.elsewhere() || b.other.IsValid() || len(b.offers150) == 0 || len(e.box.Own) > 0 && !slices.ContainsFunc(b.offers150, e.ours) {
		return none()
	}
	if e.now.Sub(b.acked) < e.waits.NoFile && e.r.mute < 2 {
		return none()
	}
	since := "no file asked for in " + took(e.now.Sub(b.acked)) + " since the lease was acknowledged"
	if e.r.mute >= 2 {
		since = fmt.Sprintf("%d leases in a row, and no file asked for after any of them", e.r.mute+1)
	}
	return guessed(since, "It has an address from here but asked for no file: it uses an alternate TFTP server of its own.")
}

func otherHolder(e *evidence) (Verdict, bool) {
	if !e.b.other.IsValid() {
		return none()
	}
	return found("a request from "+e.b.other.String(), "Its files were asked for by %s, which is not the address of its lease.", e.b.other)
}

func otherServer(e *evidence) (Verdict, bool) {
	if !e.b.wrongServer.IsValid() {
		return none()
	}
	v, _ := found("its lease carries "+servers(netip.Addr{}, e.b.offers150, ""), "It asks here, at %s, although its lease names another server: an alternate TFTP address or one it remembers.", e.b.wrongServer)
	if own := e.near(); e.r.pool != "" && own.IsValid() {
		v.Fix = advice.Steps{advice.In("ip dhcp pool "+e.r.pool, "option 150 ip "+own.String()), advice.Tell("or set Alternate TFTP to No on the phone.")}
	}
	return v, true
}

func noGateway(e *evidence) (Verdict, bool) {
	b := e.b
	if b.acked.IsZero() || !b.leased.IsValid() || len(e.setup.Control) == 0 {
		return none()
	}
	s := b.sought[b.router]
	if b.router.IsValid() && (s == nil || s.n < soughtOften || e.ours(b.router)) {
		return none()
	}
	if _, ok := e.r.hasConfig(b); !ok {
		return none()
	}
	for _, c := range e.setup.Control {
		if b.leased.Contains(c.Addr()) {
			return none()
		}
	}
	v, _ := found("the lease "+b.leased.String()+" carries no router", "Its lease has no default router and its call control %s is on another network.", e.setup.Control[0].Addr())
	if b.router.IsValid() {
		v, _ = found(fmt.Sprintf("it asked for the hardware address of %s %d times", b.router, s.n), "The default router of its lease, %s, does not answer, and its call control %s is on another network.", b.router, e.setup.Control[0].Addr())
	}
	if own := e.near(); e.r.pool != "" && own.IsValid() {
		v.Fix = advice.Steps{advice.In("ip dhcp pool "+e.r.pool, "default-router "+own.String()), advice.Tell("if this box is the router of that network; else name the one that is. Then restart the phone.")}
	} else {
		v.Fix = tell("Give the pool of its network the default-router that leads there.")
	}
	return v, true
}
