package peers

import (
	"fmt"
	"net/netip"
	"time"
)

func hex8(v uint32) string { return fmt.Sprintf("%08X", v) }

// reply is a datagram to be sent once the lock is released.
type reply struct {
	to   netip.Addr
	verb string
	args []any
}

// take acts on a datagram of a peer.
func (n *Node) take(d datagram) {
	n.mu.Lock()
	var out []reply
	var adopt netip.Addr
	h := n.trees[d.group]
	switch {
	case h == nil:
	case d.verb == vClaim:
		out = n.heardClaim(h, d)
	case d.verb == vRoot:
		if a := d.addr(0); h.role == "" && !h.parent.IsValid() && a.IsValid() && a != n.cfg.Addr.Addr() {
			h.root = a
		}
	case d.verb == vJoin:
		out = n.heardJoin(h, d)
	case d.verb == vPlace:
		if a := d.addr(0); h.role == "" && !h.parent.IsValid() && a.IsValid() {
			h.root, h.parent, h.depth, h.tree = d.from, a, d.number(1), d.hex(2)
		}
	case d.verb == vAdopt:
		if a := d.addr(0); a.IsValid() && (n.children[a] == nil || n.children[a].done) {
			n.children[a] = &child{active: time.Now()}
			adopt = a
		}
	case d.verb == vBye:
		if c := n.children[d.from]; c != nil {
			c.done = true
		}
	case d.verb == vLeave:
		for i := range h.members {
			if h.members[i].addr == d.from {
				h.members[i].left = true
			}
		}
	}
	if h != nil {
		select {
		case h.changed <- struct{}{}:
		default:
		}
	}
	n.mu.Unlock()
	if adopt.IsValid() {
		n.adopted(adopt)
	}
	for _, r := range out {
		if r.verb == vAdopt && r.to == n.cfg.Addr.Addr() { // a root adopts by itself
			n.take(datagram{from: r.to, verb: vAdopt, group: d.group, args: []string{fmt.Sprint(r.args[0])}})
			continue
		}
		n.send(r.to, r.verb, d.group, r.args...)
	}
}

// heardClaim yields to a stronger claim and tells of a root that is there.
func (n *Node) heardClaim(h *hierarchy, d datagram) []reply {
	switch {
	case h.confirmed && !n.closing:
		return []reply{{d.from, vRoot, []any{n.cfg.Addr.Addr()}}}
	case h.role != "" || h.root.IsValid():
	case h.sent == 0 && n.cfg.Habits.SilentChildren, d.hex(1) > h.strength,
		d.hex(1) == h.strength && n.cfg.Addr.Addr().Less(d.from):
		h.root = d.from
	}
	return nil
}

// heardJoin gives a place, the same one when asked again.
func (n *Node) heardJoin(h *hierarchy, d datagram) []reply {
	if !h.confirmed {
		// Only who is followed sends on: to somebody stronger, so never in a ring.
		if d.addr(3) == n.cfg.Addr.Addr() && h.root.IsValid() && h.root != d.from && h.role != Alone {
			return []reply{{d.from, vRoot, []any{h.root}}}
		}
		return nil
	}
	m, old := h.find(d.from)
	if !old && !n.closing {
		m = h.place(d.from)
	}
	if !m.addr.IsValid() {
		return nil
	}
	return []reply{{m.parent, vAdopt, []any{m.addr}}, {m.addr, vPlace, []any{m.parent, m.depth, hex8(h.xid)}}}
}

func (h *hierarchy) find(a netip.Addr) (member, bool) {
	for _, m := range h.members[1:] {
		if m.addr == a {
			return m, true
		}
	}
	return member{}, false
}

// place is the first free slot, level by level.
func (h *hierarchy) place(a netip.Addr) member {
	for i := range h.members {
		p := &h.members[i]
		if p.kids < slots && !p.left {
			p.kids++
			m := member{addr: a, parent: p.addr, depth: p.depth + 1}
			h.members = append(h.members, m)
			return m
		}
	}
	return member{}
}
