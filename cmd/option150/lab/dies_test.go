package lab

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"option150/pfs"
	"option150/platform/ether"
	"option150/telephony/simphone/peers"
)

// TestParentDies: a phone loses its power while it hands firmware on. Whatever
// the habits of the phones, with or without a mirror port, every phone that
// fetched here what another had fetched is named, nobody says that sharing works
// where it did not, and no edge is drawn that was not there.
func TestParentDies(t *testing.T) {
	for i := range 8 {
		h := peers.Habits{ParentConnects: i&1 != 0, KeepConnection: i&2 != 0, SilentChildren: i&4 != 0}
		for _, mirror := range []bool{true, false} {
			if !mirror && (h.ParentConnects || h.KeepConnection) {
				continue // connections are not seen
			}
			t.Run(fmt.Sprintf("parent calls %v kept %v silent %v mirror %v", h.ParentConnects, h.KeepConnection, h.SilentChildren, mirror), func(t *testing.T) {
				if !alone(t) {
					parentDies(t, h, mirror)
				}
			})
		}
	}
}

func parentDies(t *testing.T, h peers.Habits, mirror bool) {
	var once sync.Once
	died := ""
	h.Patience = 2 * time.Second
	h.Dies = func(device string, sent int64) bool {
		dies := false
		if sent > 400_000 && device < "SEP001E7A00150A" { // one of the first family
			once.Do(func() { dies, died = true, device })
		}
		return dies
	}
	l, s, f := upgrade(t, h, mirror, false, "")
	if died == "" {
		t.Fatal("nobody died")
	}
	fetched := map[string]map[string]int{} // file, device
	shared := false                        // a phone of the first family had a file from a peer
	for _, x := range l.Truth() {
		shared = shared || x.Role == peers.Child && strings.Contains(x.File, "41") && strings.HasPrefix(x.Addr.String(), "10.150.0.")
		if x.Role == peers.Child || !x.Served || !strings.HasPrefix(x.Addr.String(), "10.150.0.") {
			continue
		}
		if fetched[x.File] == nil {
			fetched[x.File] = map[string]int{}
		}
		fetched[x.File][x.Device]++
	}
	all := pfs.ShowVerify(pfs.Verify(s, f, "")).String()
	for file, who := range fetched {
		n := 0
		var devices []string
		for d, k := range who {
			n += k
			devices = append(devices, d)
		}
		slices.Sort(devices)
		named := 0
		for _, d := range devices {
			if strings.Contains(all, "\n  "+d+" fetched") {
				named++
			}
		}
		if n > 1 && named < len(devices)-1 {
			t.Errorf("%s was fetched by %v, %d of them are named", file, who, named)
		}
		for _, v := range pfs.Verify(s, f, "") {
			// Of a file that was cut short it may be said that its size does not tell which.
			if n > 1 && v.Load != "" && v.Family == "41" && strings.HasPrefix(v.Subnet.String(), "10.150.0.") && strings.Contains(file, "41") && (v.Result == pfs.Works || shared && v.Result != pfs.Partly) {
				t.Errorf("%s was fetched by %v, and sharing is said to be %q", file, who, v.Result)
			}
		}
	}
	for _, v := range pfs.Verify(s, f, "") {
		if v.Load != "SCCP41.9-4-2SR3-1S" && v.Load != "SCCP45.9-4-2SR4-3S" && !(v.Load == "" && v.Result == pfs.Unsure) {
			t.Errorf("a load nobody wanted: %+v", v)
		}
	}
	at := map[netip.Addr]ether.MAC{}
	for _, p := range s.Peers {
		at[p.Addr] = p.MAC
	}
	from := map[string]map[ether.MAC]bool{} // device and file: who gave it
	for _, x := range l.Truth() {
		k := x.Device + " " + x.File
		if from[k] == nil {
			from[k] = map[ether.MAC]bool{}
		}
		if x.Role == peers.Child {
			from[k][at[x.Parent]] = true
		}
	}
	for _, tree := range pfs.Trees(s, f) {
		for _, n := range tree.Nodes {
			for _, file := range tree.Files {
				switch {
				case tree.Load == "":
				case n.Role == pfs.Child && len(from[n.MAC.Device()+" "+file]) == 0:
					t.Errorf("%s did not get %s from a peer: %+v", n.MAC.Device(), file, n)
				case !n.Parent.IsZero() && !from[n.MAC.Device()+" "+file][n.Parent]:
					t.Errorf("%s did not get %s from %s", n.MAC.Device(), file, n.Parent.Device())
				case !mirror && (n.Role == pfs.Child && n.Basis == pfs.Observed || !n.Parent.IsZero()):
					t.Errorf("seen without a mirror: %+v", n)
				}
			}
		}
	}
	if t.Failed() || testing.Verbose() {
		t.Logf("%s died\n%s\n%s", died, all, pfs.ShowTree(pfs.Trees(s, f), "").String())
	}
	if t.Failed() {
		t.Log(pfs.ShowEvidence(s))
	}
}
