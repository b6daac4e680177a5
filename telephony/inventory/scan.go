package inventory

import (
	"net/netip"
	"strings"
	"time"

	"option150/platform/ether"
	"option150/platform/sorted"
)

// scan is what one address named within a window.
type scan struct {
	since time.Time
	names map[ether.MAC]bool

	// Once it named too many phones.
	scanning    bool
	first, last time.Time
	asked       int // names, each time it asked
	given       int // files of phones it was sent
}

// scans reports that the address is, or was a moment ago, trying names.
func (s *scan) scans(at time.Time) bool { return s.scanning && at.Sub(s.last) < scanTime }

// scanned counts the phones an address names and reports whether it names too
// many to be one: then nothing it names counts, before and after. One phone
// names itself; a handful behind one address is a site behind a router.
func (v *Inventory) scanned(at time.Time, a netip.Addr, mac ether.MAC, name string, make bool) bool {
	s := v.hosts[a]
	if !make {
		return s != nil && s.scans(at)
	}
	if s == nil || at.Sub(s.since) >= scanTime && !s.scans(at) {
		if s == nil && len(v.hosts) >= maxHosts {
			v.forgetHost()
		}
		s = &scan{since: at, names: map[ether.MAC]bool{}}
		v.hosts[a] = s
	}
	if r := v.byIP[a]; r != nil && r.mac == mac && r.dhcp {
		return false // who holds the lease asks for its own
	}
	switch {
	case s.scanning:
		s.asked++
	case s.names[mac]:
	case len(s.names) < scanNames:
		s.names[mac] = true
	default:
		s.scanning, s.first, s.asked = true, s.since, len(s.names)+1
		v.disown(a, s)
	}
	if s.scanning {
		s.last = at
	}
	return s.scanning
}

// disown takes back what an address named before it was known as a scan.
func (v *Inventory) disown(a netip.Addr, s *scan) {
	for mac := range s.names {
		r := v.phones[mac]
		if r == nil || r.dhcp || r.named != a {
			continue
		}
		v.drop(r)
	}
	s.names = nil
	delete(v.nobody, a)
	if r := v.byIP[a]; r != nil && !r.dhcp {
		delete(v.byIP, a)
	}
}

// forgetHost lets the address go that was begun longest ago, scans last.
func (v *Inventory) forgetHost() {
	var oldest netip.Addr
	for h, x := range v.hosts {
		o := v.hosts[oldest]
		if o == nil || x.scanning != o.scanning && o.scanning || x.scanning == o.scanning && x.since.Before(o.since) {
			oldest = h
		}
	}
	delete(v.hosts, oldest)
}

// Scan is an address that tried the names of phones: R33.
type Scan struct {
	Addr        netip.Addr
	First, Last time.Time
	Asked       int // times it named a phone
	Given       int // files of phones it was sent
}

// Verdict is what is to be said of it.
func (s Scan) Verdict() Verdict { return scanVerdict(s) }

// Scans are the addresses that tried the names of phones, the last one first.
func (v *Inventory) Scans() []Scan {
	v.mu.Lock()
	defer v.mu.Unlock()
	var out []Scan
	for a, s := range v.hosts {
		if s.scanning {
			out = append(out, Scan{Addr: a, First: s.first, Last: s.last, Asked: s.asked, Given: s.given})
		}
	}
	sorted.By(out, func(a, b Scan) int {
		if c := b.Last.Compare(a.Last); c != 0 {
			return c
		}
		return strings.Compare(a.Addr.String(), b.Addr.String())
	})
	return out
}
