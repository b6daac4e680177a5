package lab

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"option150/pfs"
	"option150/platform/ether"
	"option150/platform/netns"
	"option150/platform/testkit"
	"option150/telephony/simphone/peers"
)

// upgrade runs a lab until its phones are up and gives what the box makes of it.
func upgrade(t *testing.T, h peers.Habits, mirror, twice bool, more string) (*Lab, pfs.Snapshot, pfs.Facts) {
	t.Helper()
	netns.Need(t)
	o, _ := parse([]string{"--pfs"})
	h.Join = time.Second
	if h.Rate == 0 {
		h.Rate = 400_000 // what the mirror of the lab keeps up with on a machine that has other things to do
	}
	o.Root, o.SSH, o.Hold, o.Sharing, o.Mirror, o.Twice, o.More = t.TempDir(), "127.0.0.1:0", true, &h, mirror, twice, more
	testkit.Neighbours(t, len(o.Phones)+len(o.Far))
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	for _, s := range append(o.Phones, o.Far...) {
		if err := l.Boot(s); err != nil {
			t.Fatal(err)
		}
	}
	if !l.Settle(t.Context(), 90*time.Second) {
		t.Fatal("not all phones came up")
	}
	time.Sleep(2 * burstEnd) // what is on its way is seen
	if mirror && l.Mirror.Lost() > 0 {
		t.Logf("the mirror of the lab lost %d frames", l.Mirror.Lost())
	}
	b := l.Box.Box()
	f := b.PFSFacts(b.Store.Current())
	return l, b.Sharing.Snapshot(f.Subnets), f
}

const burstEnd = 500 * time.Millisecond

// treeOf finds the tree of a file in the subnet of an address, and the node of
// the phone that holds the address.
func treeOf(trees []pfs.Tree, file string, a netip.Addr) (*pfs.Tree, *pfs.Node) {
	for i := range trees {
		t := &trees[i]
		for k := range t.Nodes {
			if t.Nodes[k].Addr != a {
				continue
			}
			for _, f := range t.Files {
				if f == file {
					return t, &t.Nodes[k]
				}
			}
		}
	}
	return nil, nil
}

// TestObservedIsTrue: what the box says of each phone and file is what the
// phone itself says it did: with a mirror port root, parent, direction and
// depth; without one the roots, and children that nobody claims to have seen.
func TestObservedIsTrue(t *testing.T) {
	type way struct {
		h             peers.Habits
		mirror, twice bool
	}
	ways := []way{{h: peers.Habits{}}, {h: peers.Habits{SilentChildren: true}}, {h: peers.Habits{EachFile: true}}}
	for i := range 8 {
		ways = append(ways, way{peers.Habits{ParentConnects: i&1 != 0, KeepConnection: i&2 != 0, SilentChildren: i&4 != 0, EachFile: i == 5}, true, i%3 == 0})
	}
	for _, c := range ways {
		t.Run(fmt.Sprintf("parent calls %v kept %v silent %v each file %v mirror %v", c.h.ParentConnects, c.h.KeepConnection, c.h.SilentChildren, c.h.EachFile, c.mirror), func(t *testing.T) {
			if alone(t) {
				return
			}
			l, s, f := upgrade(t, c.h, c.mirror, c.twice, "")
			trees := pfs.Trees(s, f)
			at := map[netip.Addr]ether.MAC{}
			for _, p := range s.Peers {
				at[p.Addr] = p.MAC
			}
			far := netip.MustParsePrefix("10.150.1.0/24")
			wrong := 0
			for _, said := range l.Truth() {
				tree, n := treeOf(trees, said.File, said.Addr)
				if n == nil {
					t.Errorf("%s is not in a tree of %s", said.Device, said.File)
					continue
				}
				seen := c.mirror && !far.Contains(said.Addr)
				switch {
				case said.Role == peers.Root && n.Role != pfs.Root:
					wrong++
				case said.Role == peers.Child && n.Role != pfs.Child:
					wrong++
				case said.Role == peers.Child && seen && (n.Basis != pfs.Observed || n.Parent != at[said.Parent] || n.Depth != said.Depth || n.Called != c.h.ParentConnects):
					wrong++
				case said.Role == peers.Child && !seen && (n.Basis == pfs.Observed || !n.Parent.IsZero()):
					wrong++
				default:
					continue
				}
				t.Errorf("%s, %s: says %s of %s at depth %d, the box says %s of %s at depth %d (%s)", said.Device, said.File, said.Role, at[said.Parent].Device(), said.Depth, n.Role, n.Parent.Device(), n.Depth, n.Basis)
				if wrong == 5 {
					t.Fatalf("%s\n%s", pfs.ShowTree([]pfs.Tree{*tree}, "").String(), pfs.ShowEvidence(s))
				}
			}
			for _, v := range pfs.Verify(s, f, "") {
				if v.Result != pfs.Works || v.Copies != 1 || v.Peer != v.Phones-1 && !c.h.EachFile {
					t.Errorf("%+v", v)
				}
				if observed := v.Basis == pfs.Observed; observed != (c.mirror && v.Subnet != far) {
					t.Errorf("the basis is %s: %+v", v.Basis, v)
				}
			}
			// The phones log by way of their files: roles and XIDs.
			logs := 0
			for _, p := range s.Peers {
				if p.Log.Role(p.Addr) == pfs.Root {
					logs++
					if len(p.Log.XID) != 8 {
						t.Errorf("%s logged no XID: %+v", p.MAC.Device(), p.Log)
					}
				}
			}
			if c.mirror != (logs > 0) {
				t.Errorf("%d roots by their own log", logs)
			}
		})
	}
}

// TestSharingOffForOne: a line below one ephone turns sharing off in the file of
// that phone; it fetches for itself, and the box says why.
func TestSharingOffForOne(t *testing.T) {
	if alone(t) {
		return
	}
	l, s, f := upgrade(t, peers.Habits{}, true, false, "ephone 2\n service phone peerFirmwareSharing 0\n!\n")
	cfg := l.Box.Box().Store.Current()
	mac := cfg.Telephony.Ephones[1].MAC
	named := false
	for _, v := range pfs.Verify(s, f, "") {
		for _, d := range v.Details {
			named = named || strings.Contains(d, mac.Device()+" fetched it itself: sharing is off in its file (phone)")
		}
	}
	if !named {
		t.Error(pfs.ShowVerify(pfs.Verify(s, f, "")).String())
	}
	if c := f.Phones[mac]; c.Sharing != "0" || c.Level != "phone" {
		t.Errorf("%+v", c)
	}
	// Its timeline and those of its peers say so, and what is advised is for it.
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	defer func() { stop(); <-done }()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		off, on := l.say(t, "show phone "+mac.Device()), ""
		root, child := false, false
		for _, e := range cfg.Telephony.Ephones[:9] {
			on = strings.Join(strings.Fields(l.say(t, "show phone "+e.MAC.Device())), " ")
			root = root || strings.Contains(on, "PFS role root of SCCP41.9-4-2SR3-1S")
			child = child || strings.Contains(on, "PFS role got SCCP41.9-4-2SR3-1S from SEP") && strings.Contains(on, "which it had from its peer SEP")
		}
		outside := strings.Contains(off, "R31") && strings.Contains(off, "sharing is off in its file (phone)") && strings.Contains(off, "service phone peerFirmwareSharing 1")
		if root && child && outside {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("root %v, child %v, outside %v\n%s\n%s", root, child, outside, off, on)
		}
	}
}
