package appliance

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"

	"option150/dhcp"
	"option150/dhcp/engine"
	"option150/dhcp/v6"
	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/host"
	"option150/platform/journal"
)

// holders knows which address is whose: leases of this box, as they are given,
// and what the machine sees on the wire. It is a fold of the journal, so that a
// phone that has just got its lease is known before it asks.
type holders struct {
	bindings   func() []engine.Binding // those of before the start
	bindings6  func() []v6.Binding
	neighbours func() []host.Neighbour

	mu     sync.Mutex
	began  bool
	addrs  map[netip.Addr]ether.MAC
	leases map[station]int // addresses of addrs
	seen   []host.Neighbour
	looked time.Time
}

// station is a hardware address in one of the two families: what is known of a
// phone in one says nothing of the other.
type station struct {
	mac ether.MAC
	six bool
}

// lookAgain is how old what was seen on the wire may be.
const lookAgain = 100 * time.Millisecond

// Fold implements journal.Fold.
func (h *holders) Fold(e journal.Entry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch x := e.Event.(type) {
	case dhcp.Ack:
		h.lease(x.MAC, x.Addr)
	case v6.Sent:
		if x.Type == "REPLY" {
			h.lease(x.MAC, x.Addr)
			for _, a := range x.Also {
				h.lease(x.MAC, a)
			}
		}
	case dhcp.Moved: // of both families
		h.vacate(x.From)
	case dhcp.Release:
		h.vacate(x.Addr)
	case dhcp.Expired:
		h.vacate(x.Addr)
	case dhcp.Conflict:
		h.vacate(x.Addr)
	case dhcp.Cleared:
		h.vacate(x.Addr)
	case v6.Released:
		h.vacate(x.Addr)
	case v6.Expired:
		h.vacate(x.Addr)
	case v6.Conflict:
		h.vacate(x.Addr)
	case v6.Cleared:
		h.vacate(x.Addr)
	}
}

func (h *holders) lease(mac ether.MAC, a netip.Addr) {
	if mac.IsZero() || !a.IsValid() {
		return
	}
	if h.addrs == nil {
		h.addrs, h.leases = map[netip.Addr]ether.MAC{}, map[station]int{}
	}
	if h.addrs[a] != mac {
		h.vacate(a)
		h.addrs[a] = mac
		h.leases[station{mac, a.Is6()}]++
	}
}

func (h *holders) vacate(a netip.Addr) {
	mac, ok := h.addrs[a]
	if !ok {
		return
	}
	delete(h.addrs, a)
	of := station{mac, a.Is6()}
	if h.leases[of]--; h.leases[of] == 0 {
		delete(h.leases, of)
	}
}

// holds is fileserver.Options.Holder.
func (h *holders) holds(ctx context.Context, mac ether.MAC, a netip.Addr, wait bool) fileserver.Holding {
	got := h.look(mac, a)
	if got == fileserver.Held || !wait {
		return got
	}
	// Who asks over TFTP from an address of its own has not been asked for its
	// hardware address yet.
	if c, err := net.Dial("udp", netip.AddrPortFrom(a, 9).String()); err == nil {
		_, _ = c.Write([]byte{0})
		c.Close()
	}
	for range 3 {
		select {
		case <-time.After(lookAgain):
		case <-ctx.Done():
			return got
		}
		if got = h.look(mac, a); got == fileserver.Held {
			return got
		}
	}
	return got
}

func (h *holders) look(mac ether.MAC, a netip.Addr) fileserver.Holding {
	zone := a.Zone()
	a = a.WithZone("")
	h.mu.Lock()
	began := h.began
	h.began = true
	h.mu.Unlock()
	if !began {
		all, six := h.bindings(), h.bindings6()
		h.mu.Lock()
		for _, b := range six {
			if _, known := h.addrs[b.Addr]; !known {
				h.lease(b.MAC, b.Addr)
			}
		}
		for _, b := range all {
			if _, known := h.addrs[b.Addr]; b.Active && !known {
				h.lease(b.MAC, b.Addr)
			}
		}
		h.mu.Unlock()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if has, ok := h.addrs[a]; ok && isOf(mac, has) {
		return fileserver.Held
	}
	if time.Since(h.looked) >= lookAgain {
		h.seen, h.looked = h.neighbours(), time.Now()
	}
	other := h.leases[station{mac, a.Is6()}] > 0
	for _, n := range h.seen {
		switch {
		case n.Incomplete || zone != "" && n.Device != zone:
		case n.Addr == a && isOf(mac, n.MAC):
			return fileserver.Held
		case n.MAC == mac && n.Addr.Is6() == a.Is6() && !n.Addr.IsLinkLocalUnicast(): // everybody has one of the link beside his own
			other = true
		}
	}
	if other {
		return fileserver.Foreign
	}
	return fileserver.Unknown
}

// isOf reports that a device with the one address has files in the name of the
// other: its own, or that of a port of it. The second port of an ATA and the ports
// of a VG248 are named by the last ten digits and the number of the port. [Cisco
// ATA 186 Administrator's Guide; VG248 Software Configuration Guide]
func isOf(name, device ether.MAC) bool {
	return name == device || [5]byte(name[:5]) == [5]byte(device[1:]) && name[5] != 0
}

// at is who holds an address: by a lease of this box, else as seen on the wire.
func (h *holders) at(a netip.Addr) (ether.MAC, bool) {
	h.look(ether.MAC{}, a) // reads what was leased before the start, and the wire
	h.mu.Lock()
	defer h.mu.Unlock()
	zone := a.Zone()
	a = a.WithZone("")
	if mac, ok := h.addrs[a]; ok {
		return mac, true
	}
	for _, n := range h.seen {
		if n.Addr == a && (zone == "" || n.Device == zone) && !n.Incomplete && !n.MAC.IsZero() {
			return n.MAC, true
		}
	}
	return ether.MAC{}, false
}
