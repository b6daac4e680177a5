package fileserver

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"option150/platform/acl"
	"option150/platform/sorted"
	"option150/telephony/advice"
)

// Reach is how this machine reaches an address, see Options.Reach.
type Reach int

// The reaches.
const (
	ReachUnknown Reach = iota // nothing is known: nobody is refused for that
	Connected                 // the machine itself, or on a wire it is on
	Routed                    // behind a gateway, by a route to its network: somebody set it
	Inside                    // behind the default gateway, of the addresses of a site (RFC 1918, 4193)
	Outside                   // behind the default gateway, as the whole of the Internet
)

// strange refuses an address that is of no network of ours.
type strange struct {
	network netip.Prefix // that it seems to be of
	cure    advice.Steps
}

func (strange) Error() string { return "its network is neither connected nor configured here" }

// Unwrap makes it an ErrDenied.
func (strange) Unwrap() error { return ErrDenied }

// stranger refuses an address that is of no network of ours. Connected is what
// the kernel has, whatever the settings name; configured are pools and routes,
// those of the machine too, and whom `file-server bind-lease trust` permits.
//
// A phone with an address of its own behind the default gateway is in none of
// them. It is given files, as a router would, while its address is one that no
// stranger of the Internet can have, unless bind-lease enforces.
func (s *Server) stranger(st *settings, r Request) error {
	a := r.Client.Addr().Unmap().WithZone("")
	switch {
	case r.Peer, !a.IsValid(), a.IsLoopback():
		return nil
	case st.cfg.AccessClass != "", st.cfg.AccessClass6 != "" && a.Is6():
		return st.class(r)
	case s.opt.Reach == nil:
		return nil
	}
	how := s.opt.Reach(a)
	switch {
	case how != Inside && how != Outside:
		return nil
	case slices.ContainsFunc(st.networks, func(p netip.Prefix) bool { return p.Contains(a) }), st.trusts(r.flow()):
		return nil
	}
	given := how == Inside && st.cfg.BindLease != BindEnforce
	s.guard.behind(networkOf(a), given, time.Now())
	if given {
		return nil
	}
	return strange{networkOf(a), st.letsIn(a)}
}

// class asks the access class of the family. A list that is missing lets nobody
// in, as on lines and on HTTP; one of IPv4 that stands alone lets in nobody of
// IPv6.
func (st *settings) class(r Request) error {
	name, ok := st.cfg.AccessClass, false
	if six := st.cfg.AccessClass6; six != "" && !r.Client.Addr().Unmap().Is4() {
		l := acl.Find6(st.lists6, six)
		name, ok = "ipv6 "+six, l != nil && l.Permits(r.flow())
	} else if l := acl.Find(st.lists, name); l != nil {
		ok = l.Permits(r.Client.Addr())
	}
	if ok {
		return nil
	}
	return fmt.Errorf("%w: file-server access-class %s", ErrDenied, name)
}

// networkOf is the network an address seems to be of: its length is a guess.
func networkOf(a netip.Addr) netip.Prefix {
	if a.Is4() {
		return netip.PrefixFrom(a, 24).Masked()
	}
	return netip.PrefixFrom(a, 64).Masked()
}

// farPhones is the list that is proposed where none is named.
const farPhones = "FAR-PHONES"

// letsIn are the lines by which a phone of that address is given files. They
// keep nobody out who is let in without them.
func (st *settings) letsIn(a netip.Addr) advice.Steps {
	p := networkOf(a)
	if !a.Is4() {
		return st.letsIn6(a, strings.ToUpper(p.String()))
	}
	list := st.cfg.Trust
	if list == "" {
		list = farPhones
	} else if e := acl.Find(st.lists, list).Decides(a); e != nil && !e.Permit {
		return advice.Steps{advice.Do("show access-lists"), advice.Tell("access list " + list + ", which file-server bind-lease trust names, denies it.")}
	}
	permit := fmt.Sprintf("permit %s 0.0.0.255", p.Addr())
	steps := advice.Steps{advice.In("ip access-list standard "+list, permit)}
	if acl.Number(list) != 0 {
		steps = advice.Steps{advice.Set("access-list " + list + " " + permit)}
	}
	if st.cfg.Trust == "" {
		steps = append(steps, advice.Set("file-server bind-lease trust "+list))
	}
	return steps
}

// letsIn6 are those for IPv6.
func (st *settings) letsIn6(a netip.Addr, network string) advice.Steps {
	list := st.cfg.Trust6
	if list == "" {
		list = farPhones + "6"
	} else if e := acl.Find6(st.lists6, list).Decides(acl.Of(a)); e != nil && !e.Permit {
		return advice.Steps{advice.Do("show ipv6 access-list"), advice.Tell("IPv6 access list " + list + ", which file-server bind-lease trust names, denies it.")}
	}
	steps := advice.Steps{advice.In("ipv6 access-list "+list, "permit ipv6 "+network+" any")}
	if st.cfg.Trust6 == "" {
		steps = append(steps, advice.Set("file-server bind-lease trust ipv6 "+list))
	}
	return steps
}

// Far is a network behind the default gateway from which files were asked for.
type Far struct {
	Network        netip.Prefix
	Given, Refused int // requests
	Last           time.Time
}

// maxFar bounds the networks that are remembered.
const maxFar = 256

// behind takes down that somebody behind the default gateway asked.
func (g *guard) behind(p netip.Prefix, given bool, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f := g.far[p]
	if f == nil {
		if g.far == nil {
			g.far = map[netip.Prefix]*Far{}
		}
		if len(g.far) >= maxFar {
			var old netip.Prefix
			for k, o := range g.far {
				if !old.IsValid() || o.Last.Before(g.far[old].Last) {
					old = k
				}
			}
			delete(g.far, old)
		}
		f = &Far{Network: p}
		g.far[p] = f
	}
	f.Last = now
	if given {
		f.Given++
	} else {
		f.Refused++
	}
}

// Far are the networks behind the default gateway that asked, in their order.
func (s *Server) Far() []Far {
	s.guard.mu.Lock()
	defer s.guard.mu.Unlock()
	var out []Far
	for _, f := range s.guard.far {
		out = append(out, *f)
	}
	sorted.By(out, func(a, b Far) int { return a.Network.Addr().Compare(b.Network.Addr()) })
	return out
}
