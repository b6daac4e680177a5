package inventory

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"option150/telephony/advice"
)

// The rules about IPv6: what a phone that has nothing else is told, and by whom.
// [sources/004, TFTP server access for devices that use IPv6]

// mute6: a phone of IPv6 alone was answered from here, asks for no file, and has
// had the time to.
func (e *evidence) mute6() bool {
	b := e.b
	return b.only6() && !b.six.replied.IsZero() && b.firstFile.IsZero() && e.now.Sub(b.six.replied) >= e.waits.NoFile
}

// vendor6 gives a pool the address of this box in Cisco's option.
func (e *evidence) vendor6() advice.Steps {
	own := e.own6()
	if !own.IsValid() || e.b.six.pool == "" {
		return advice.Steps{advice.Do("show ipv6 dhcp pool"), advice.Do("show ipv6 interface brief"), advice.Tell("give an interface of this box an IPv6 address and the pool a line vendor-specific 9 with it.")}
	}
	return advice.Steps{advice.In("ipv6 dhcp pool "+e.b.six.pool+" / vendor-specific 9", "suboption 1 address "+strings.ToUpper(own.String())), advice.Tell("then restart the phone.")}
}

func otherEnterprise(e *evidence) (Verdict, bool) {
	s := &e.b.six
	if !e.mute6() || s.vendor || len(s.others) == 0 {
		return none()
	}
	v, _ := found(fmt.Sprintf("its answer carries vendor options of enterprise %d and none of 9", s.others[0]),
		"Its pool %s names TFTP servers under enterprise number %d; phones of Cisco read 9 alone.", s.pool, s.others[0])
	v.Fix = e.vendor6()
	return v, true
}

func noTFTP6(e *evidence) (Verdict, bool) {
	s := &e.b.six
	if !e.mute6() || len(s.others) > 0 && !s.vendor {
		return none()
	}
	mine := slices.ContainsFunc(s.tftp, e.ours)
	switch {
	case s.odd:
		v, _ := found("suboption 1 of its answer is not a list of addresses", "It speaks IPv6 only, and suboption 1 of pool %s is not written as addresses.", s.pool)
		v.Fix = e.vendor6()
		return v, true
	case len(s.tftp) == 0 && s.service == "":
		v, _ := found("its answer carries no TFTP server", "It speaks IPv6 only, and pool %s names no TFTP server: it has nobody to ask for its files.", s.pool)
		v.Fix = e.vendor6()
		return v, true
	case mine && !e.box.IPv6:
		v, _ := found("its answer carries "+listOf(s.tftp)+", and TFTP is not open for IPv6 here", "It speaks IPv6 only, and the TFTP server of this box has no IPv6.")
		v.Fix = advice.Steps{advice.Do("show services"), advice.Tell("switch IPv6 on in the kernel of this machine and start the box again.")}
		return v, true
	case len(s.tftp) > 0 && !mine && len(e.box.Own) > 0:
		v, _ := guessed("its answer carries "+listOf(s.tftp), "It speaks IPv6 only and is told TFTP servers of which none is this box; nothing it asks for comes here.")
		v.Fix = e.vendor6()
		return v, true
	}
	return none()
}

func listOf(as []netip.Addr) string {
	var out []string
	for _, a := range as {
		out = append(out, a.String())
	}
	return strings.Join(out, ", ")
}

func noRouter6(e *evidence) (Verdict, bool) {
	r, ok := e.w.routers[e.b.six.iface]
	if !e.mute6() || !ok || !r.none {
		return none()
	}
	v, _ := guessed("routers of "+e.b.six.iface+" were asked to show themselves and none did", "It has an IPv6 address and no router told it which network it is on: it reaches nobody.")
	v.Fix = advice.Steps{advice.Do("show ipv6 routers"), advice.Tell("configure IPv6 on the router of that network, without ipv6 nd ra suppress; then restart the phone.")}
	return v, true
}

func noFlag6(e *evidence) (Verdict, bool) {
	s := &e.b.six
	r, ok := e.w.routers[s.iface]
	if !ok || r.none || r.managed || !e.b.only6() || s.informed.IsZero() || !s.solicited.IsZero() || !e.b.firstFile.IsZero() || e.now.Sub(s.informed) < e.waits.NoFile {
		return none()
	}
	v, _ := guessed(fmt.Sprintf("router %s advertises without the M flag, and the phone asked for options only", r.addr),
		"It asks for no IPv6 address and for no file: the router of its network does not tell it to take an address from DHCPv6.")
	v.Fix = advice.Steps{advice.Do("show ipv6 routers"), advice.Tell("on that router configure ipv6 nd managed-config-flag below its interface; then restart the phone.")}
	return v, true
}
