package peers

import (
	"hash/fnv"
	"math/rand/v2"
	"net/netip"
	"time"
)

// hierarchy is what a phone knows of one tree. Its fields are under the lock
// of the node, but for group.
type hierarchy struct {
	group    string
	first    string // the first file of the hierarchy
	xid      uint32
	strength uint32
	role     Role // "" until it is decided
	why      string
	sent     int // broadcasts

	root      netip.Addr // whom we follow; our own address as root
	tree      uint32     // its XID
	parent    netip.Addr
	depth     int
	confirmed bool
	members   []member // of a root, in the order of joining
	changed   chan struct{}
}

// member is a place in the tree, kept by its root.
type member struct {
	addr   netip.Addr
	parent netip.Addr
	depth  int
	kids   int
	left   bool
}

// groupOf is who may share a file: the same firmware base, and the same load
// or the same file.
func (n *Node) groupOf(file string) string {
	if n.cfg.Habits.EachFile {
		return n.cfg.Images + "/" + file
	}
	return n.cfg.Images + "/" + n.cfg.Load
}

// hierarchy is the tree for a file; the first time it is formed.
func (n *Node) hierarchy(file string) (*hierarchy, error) {
	g := n.groupOf(file)
	n.mu.Lock()
	h := n.trees[g]
	if h == nil {
		h = &hierarchy{group: g, first: file, xid: 0x08000000 | rand.Uint32()>>6, strength: rand.Uint32() | 1, changed: make(chan struct{}, 1)}
		n.trees[g] = h
	} else if h.role != "" {
		n.mu.Unlock()
		return h, nil
	}
	n.mu.Unlock()
	return h, n.form(h)
}

// form finds the phone's place: claim, then root or child, or alone.
func (n *Node) form(h *hierarchy) error {
	// Phones that were switched on together do not speak at the same instant.
	if err := n.await(h, time.Duration(rand.Int64N(int64(period))), func() bool { return h.root.IsValid() }); err != nil {
		return err
	}
	for i := 0; i < claims; i++ {
		n.mu.Lock()
		following := h.root.IsValid()
		n.mu.Unlock()
		if following && n.cfg.Habits.SilentChildren {
			break
		}
		n.offer(h, i, following)
		// One period each, so that the rhythm is that of source 002.
		if err := n.await(h, period, nil); err != nil {
			return err
		}
		if !following {
			n.dload("NOT", "^.idl_timeout.c-doTimeout")
			n.dload("DBG", "Timeout XID%08X hier=ClaimRoot(tent)", h.xid)
		}
	}
	n.mu.Lock()
	root := !h.root.IsValid()
	if root {
		h.role, h.root, h.tree, h.confirmed = Root, n.cfg.Addr.Addr(), h.xid, true
		h.members = []member{{addr: n.cfg.Addr.Addr()}}
	}
	n.mu.Unlock()
	if root {
		return n.reign(h)
	}
	return n.seek(h)
}

// offer broadcasts a claim, or a wish to join.
func (n *Node) offer(h *hierarchy, i int, following bool) {
	n.mu.Lock()
	h.sent++
	n.mu.Unlock()
	all := Broadcast(n.cfg.Addr)
	if following {
		n.mu.Lock()
		root := h.root
		n.mu.Unlock()
		n.send(all, vJoin, h.group, hex8(h.xid), i, n.cfg.Model, root)
		return
	}
	n.dload("NOT", "^.idl_protocol.c-sendBroadcastOffer")
	if i == 0 {
		n.dload("INF", "XID%08X TxBdcst ClaimRoot(tent): map=%08x strength=%08x", h.xid, ^h.strength, h.strength)
	} else {
		n.dload("INF", "XID%08X TxBdcst Ad %d: ClaimRoot(tent)", h.xid, i)
	}
	n.send(all, vClaim, h.group, hex8(h.xid), hex8(h.strength), i, n.cfg.Model)
}

// reign is a confirmed root: it says so and waits for its children.
func (n *Node) reign(h *hierarchy) error {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(h.group))
	n.dload("NOT", "UT:Confirmed root bumping strength")
	n.dload("NOT", "@@@HROOT:XID%08X H=%d m=%s ROOT=%s /dnld/%s", h.xid, sum.Sum32()>>6, n.cfg.Model, n.cfg.Addr.Addr(), h.first)
	if err := n.await(h, n.cfg.Habits.Join, nil); err != nil {
		return err
	}
	n.dload("INF", "XID%08X Root sending TFTP XfrCmd on ROOT_WAITING TO", h.xid)
	return nil
}

// seek asks for a place until there is one, or nobody answers.
func (n *Node) seek(h *hierarchy) error {
	limit := time.Now().Add(n.cfg.Habits.Join + claims*period + n.cfg.Habits.Patience)
	for time.Now().Before(limit) {
		n.mu.Lock()
		root, placed := h.root, h.parent.IsValid()
		if placed {
			h.role = Child
		}
		n.mu.Unlock()
		if placed {
			n.slotsLine(true, 0)
			return nil
		}
		n.send(root, vJoin, h.group, hex8(h.xid), 0, n.cfg.Model, root)
		if err := n.await(h, period, func() bool { return h.parent.IsValid() }); err != nil {
			return err
		}
	}
	n.alone(h, "no root answered")
	return nil
}

func (n *Node) alone(h *hierarchy, why string) {
	n.mu.Lock()
	parent := h.parent
	h.role, h.why, h.parent, h.depth = Alone, why, netip.Addr{}, 0
	n.mu.Unlock()
	if parent.IsValid() {
		n.send(parent, vBye, h.group)
	}
}

// await waits a time, or until something is so.
func (n *Node) await(h *hierarchy, d time.Duration, is func() bool) error {
	t := time.NewTimer(d)
	defer t.Stop()
	for {
		if is != nil {
			n.mu.Lock()
			yes := is()
			n.mu.Unlock()
			if yes {
				return nil
			}
		}
		select {
		case <-n.ctx.Done():
			return n.ctx.Err()
		case <-t.C:
			return nil
		case <-h.changed:
		}
	}
}
