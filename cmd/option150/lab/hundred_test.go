package lab

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"option150/cli/session"
	"option150/pfs"
	"option150/pfs/observe"
	"option150/platform/ether"
	"option150/platform/testkit"
	"option150/telephony/simphone"
	"option150/telephony/simphone/peers"
)

// say types a line at the console of the box and gives its answer.
func (l *Lab) say(t *testing.T, line string) string {
	t.Helper()
	b := l.Box.Box()
	var out bytes.Buffer
	s := session.New(session.Options{Language: b.Language, Store: b.Store, Recorder: b.Journal, Out: &out, Line: "con0", From: "console", Privilege: 15})
	s.Line(t.Context(), line)
	return out.String()
}

// TestHundredPhones: a hundred phones upgrade at once; one has sharing off, one
// another base, two are in another subnet, and a parent dies while it hands on.
// `show pfs verify` names each. What the capture ring kept, written out and read
// elsewhere, has the same parents and none of the firmware.
func TestHundredPhones(t *testing.T) {
	if alone(t) {
		return
	}
	o, _ := parse([]string{"--pfs", "--mirror"})
	phone := func(n int, model string, protocol simphone.Protocol, load string) simphone.Spec {
		return simphone.Spec{Model: model, Protocol: protocol, Load: load, MAC: ether.MAC{0, 0x1e, 0x7a, 0, 0x16, byte(n)}}
	}
	o.Phones = nil
	for i := 1; i <= 97; i++ {
		o.Phones = append(o.Phones, phone(i, []string{"7961", "7941"}[i%2], simphone.SCCP, "SCCP41.9-3-1SR2-1S"))
	}
	off, base := o.Phones[1].MAC, phone(98, "7961", simphone.SIP, "SIP41.9-3-1SR2-1S")
	o.Phones = append(o.Phones, base)
	o.Far = []simphone.Spec{phone(99, "7961", simphone.SCCP, "SCCP41.9-3-1SR2-1S"), phone(100, "7961", simphone.SCCP, "SCCP41.9-3-1SR2-1S")}
	var once sync.Once
	died := ""
	h := peers.Habits{Join: 3 * time.Second, Patience: 10 * time.Second, Rate: 200_000, Dies: func(device string, sent int64) bool {
		dies := false
		if sent > 400_000 {
			once.Do(func() { dies, died = true, device })
		}
		return dies
	}}
	o.Root, o.SSH, o.Sharing = t.TempDir(), "127.0.0.1:0", &h
	o.More = "ephone 2\n service phone peerFirmwareSharing 0\n!\npfs\n capture ring 32M\n!\n"
	testkit.Neighbours(t, len(o.Phones)+len(o.Far))
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	if !l.Settle(t.Context(), 3*time.Minute) {
		t.Fatal("not all phones came up")
	}
	time.Sleep(2 * burstEnd)
	verify := l.say(t, "show pfs verify")
	for _, want := range []string{
		off.Device() + " fetched it itself: sharing is off in its file (phone)",
		base.MAC.Device() + " has another firmware base: it fetched SIP41.9-4-2-1S",
		died + " fetched it 2 times",
		" files itself and passed them on: its parent " + died + " stopped after ",
		"is in another subnet (10.150.1.0/24): it has a tree of its own",
		"10.150.0.0/24  41      SCCP41.9-4-2SR3-1S  partly   97 ",
		"10.150.1.0/24  41      SCCP41.9-4-2SR3-1S  works    2 ",
	} {
		if !strings.Contains(verify, want) {
			t.Errorf("no %q", want)
		}
	}
	// Every phone that fetched for itself is named, and nobody else.
	again := map[string]int{}
	for _, x := range l.Truth() {
		if x.Role != peers.Child && x.File == "cvm41sccp.9-4-2ES26.sbn" && strings.HasPrefix(x.Addr.String(), "10.150.0.") {
			again[x.Device]++
		}
	}
	near, _, _ := strings.Cut(verify[strings.Index(verify, "\nSubnet 10.150.0.0/24, family 41 (7941 7961), SCCP41"):], "\n\n")
	named := 0
	for _, p := range o.Phones {
		d := p.MAC.Device()
		says := strings.Contains(near, "  "+d+" fetched")
		if says {
			named++
		}
		if says && again[d] == 0 {
			t.Errorf("%s is named and had all of it from its peers", d)
		}
	}
	if named < len(again)-1 {
		t.Errorf("%d phones fetched for themselves, %d are named", len(again), named)
	}
	t.Logf("%s died\n%s", died, verify)

	if got := l.say(t, "pfs export flash:ring.pcap"); !strings.HasSuffix(got, " frames written\n") {
		t.Fatal(got)
	}
	file, err := os.ReadFile(filepath.Join(o.Root, "flash", "ring.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := observe.Read(bytes.NewReader(file))
	if err != nil || r.Cut != nil || r.Malformed != 0 {
		t.Fatal(err, r)
	}
	b := l.Box.Box()
	f := b.PFSFacts(b.Store.Current())
	parents := func(trees []pfs.Tree) map[string]bool {
		out := map[string]bool{}
		for _, tree := range trees {
			for _, n := range tree.Nodes {
				if n.Role == pfs.Child && !n.Parent.IsZero() && tree.Load != "" && n.Basis == pfs.Observed {
					for _, x := range tree.Files {
						out[fmt.Sprintf("%s from %s: %s", n.MAC.Device(), n.Parent.Device(), x)] = true
					}
				}
			}
		}
		return out
	}
	live := parents(pfs.Trees(b.Sharing.Snapshot(f.Subnets), f))
	// Nothing in it says which load they wanted, and others have files of the same
	// sizes: who reads it gives the one that was distributed.
	wanted := slices.DeleteFunc(slices.Clone(f.Loads), func(l pfs.Load) bool { return l.Name != "SCCP41.9-4-2SR3-1S" })
	then := parents(pfs.Trees(r.State.Snapshot(f.Subnets), pfs.Facts{Loads: wanted, Mirror: true, Observing: true, Offline: true}))
	for e := range live {
		if !then[e] {
			t.Errorf("the capture does not show %s", e)
		}
	}
	if len(live) < 90 {
		t.Errorf("%d edges", len(live))
	}
	if bytes.Contains(file, bytes.Repeat([]byte{0}, 600)) || int64(len(file)) > 32<<20 {
		t.Error("there is firmware in it, or too much of it")
	}
}
