package simphone

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"option150/platform/ether"
	"option150/platform/testkit"
	"option150/telephony/simphone/peers"
)

// truth collects what phones say they did.
type truth struct {
	mu     sync.Mutex
	shares []peers.Share
}

func (t *truth) record(s peers.Share) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.shares = append(t.shares, s)
}

func (t *truth) of(file string) (out []peers.Share) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.shares {
		if s.File == file {
			out = append(out, s)
		}
	}
	return out
}

// fleet boots n phones that want the current load and waits for all.
func (w *world) fleet(t *testing.T, n int, h peers.Habits, change func(i int, s *Spec, o *Options)) []*Phone {
	t.Helper()
	testkit.Neighbours(t, n)
	var phones []*Phone
	for i := range n {
		s := Spec{Model: "7961", Load: "SCCP41.9-3-1SR2-1S", MAC: ether.MAC{0, 0x1e, 0x7a, 0, 1, byte(i + 1)}}
		if w.files[s.MAC.Device()+".cnf.xml"] == "" {
			w.files[s.MAC.Device()+".cnf.xml"] = sccpFile(current)
		}
		var change2 func(*Options) = func(o *Options) {
			hh := h
			o.Sharing = &hh
			if change != nil {
				change(i, &s, o)
			}
		}
		if change != nil {
			var o Options
			change(i, &s, &o)
		}
		phones = append(phones, w.plug(s, change2))
	}
	var wg sync.WaitGroup
	for _, p := range phones {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
			defer cancel()
			if o, err := p.Boot(ctx); err != nil || o.Load != current {
				t.Error(o, err)
			}
		})
	}
	wg.Wait()
	return phones
}

// firmware41 puts a load of three components into the world.
func (w *world) firmware41() (names []string) {
	names = []string{current + ".loads", "jar", "apps", "dsp"}
	w.files[names[0]] = "jar apps dsp"
	for _, n := range names[1:] {
		w.files[n] = n + strings.Repeat(n+".", 20000)
	}
	return names
}

// askedFor counts who got a file from the server.
func (w *world) askedFor(phones []*Phone, file string) (n int) {
	for _, p := range phones {
		for _, s := range w.story(p) {
			if s == "H "+file+" 200" || s == "T "+file+" done" {
				n++
			}
		}
	}
	return n
}

// TestSharing: of seven phones that share firmware one asks for each file;
// the others form a tree below it, whichever way they go about it.
func TestSharing(t *testing.T) {
	for _, h := range []peers.Habits{
		{},
		{ParentConnects: true},
		{KeepConnection: true},
		{ParentConnects: true, KeepConnection: true, SilentChildren: true},
		{SilentChildren: true, EachFile: true},
		{ParentConnects: true, EachFile: true, KeepConnection: true},
	} {
		t.Run(fmt.Sprintf("parent=%v keep=%v silent=%v file=%v", h.ParentConnects, h.KeepConnection, h.SilentChildren, h.EachFile), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, true)
			w.record()
			names := w.firmware41()
			var tr truth
			h.Record, h.Patience = tr.record, 10*time.Second
			phones := w.fleet(t, 7, h, nil)
			for _, f := range names {
				if n := w.askedFor(phones, f); n != 1 {
					t.Errorf("%d phones asked for %s", n, f)
				}
				checkTree(t, tr.of(f), 7)
			}
			sent := map[netip.Addr]int{}
			bulk := map[string]int{}
			for _, k := range w.wire() {
				if k.UDP() && k.Dst.Port() == 4051 && k.Dst.Addr() == netip.MustParseAddr("10.0.0.255") {
					if !bytes.HasPrefix(k.Payload, []byte("PFS-TEST synthetic ")) {
						t.Errorf("a frame does not say what it is: %q", k.Payload)
					}
					sent[k.Src.Addr()]++
				}
				if k.TCP() && (k.Dst.Port() == 4051 || k.Src.Port() == 4051) {
					bulk["seen"] += len(k.Payload)
				}
			}
			for _, s := range tr.of(names[0]) {
				switch {
				case s.Role == peers.Root && sent[s.Addr] < 5:
					t.Errorf("the root %s sent %d broadcasts", s.Device, sent[s.Addr])
				case !h.SilentChildren && !h.EachFile && sent[s.Addr] != 5:
					t.Errorf("%s sent %d broadcasts", s.Device, sent[s.Addr])
				}
			}
			if bulk["seen"] != 0 {
				t.Error("a port that is not mirrored saw what phones send each other")
			}
		})
	}
}

// checkTree: one root, no phone with more than two children, each child one
// level below its parent.
func checkTree(t *testing.T, shares []peers.Share, n int) {
	t.Helper()
	if len(shares) != n {
		t.Fatalf("%d phones told of the file, want %d", len(shares), n)
	}
	by, kids, roots := map[netip.Addr]peers.Share{}, map[netip.Addr]int{}, 0
	for _, s := range shares {
		by[s.Addr] = s
	}
	for _, s := range shares {
		if s.Role == peers.Root {
			roots++
			continue
		}
		if kids[s.Parent]++; kids[s.Parent] > 2 {
			t.Errorf("%s has a third child", s.Parent)
		}
		if p, ok := by[s.Parent]; s.Role != peers.Child || !ok || p.Depth != s.Depth-1 {
			t.Errorf("%+v below %+v", s, p)
		}
	}
	if roots != 1 {
		t.Errorf("%d roots of %s", roots, shares[0].File)
	}
}

// TestSharingOutsiders: a phone whose file says no, one of older firmware, one
// that dies while it sends: each has its own way, and the others theirs.
func TestSharingOutsiders(t *testing.T) {
	w := newWorld(t, true)
	names := w.firmware41()
	w.files["SEP001E7A000102.cnf.xml"] = strings.Replace(sccpFile(current), "Sharing>1<", "Sharing>0<", 1)
	var tr truth
	var once sync.Once
	died := ""
	h := peers.Habits{Record: tr.record, Patience: 3 * time.Second, Dies: func(device string, sent int64) bool {
		dies := false
		if sent > 60000 {
			once.Do(func() { dies, died = true, device })
		}
		return dies
	}}
	phones := w.fleet(t, 6, h, func(i int, s *Spec, o *Options) {
		if i == 2 {
			s.Model = "7965" // another firmware base: a tree of its own
		}
	})
	if died == "" {
		t.Fatal("nobody died")
	}
	why, roots := map[string]string{}, map[string]string{}
	for _, s := range tr.of(names[0]) {
		if s.Role == peers.Root {
			roots[s.Device] = s.Group
		}
	}
	if !strings.HasPrefix(roots["SEP001E7A000103"], "45/") || len(roots) < 2 {
		t.Error("the phone of another base is no root of its own:", roots)
	}
	for _, s := range tr.of("dsp") {
		if s.Role == peers.Alone {
			why[s.Device] = s.Why
		}
	}
	if why["SEP001E7A000102"] != "Peer Firmware Sharing is off in its file" {
		t.Error(why)
	}
	off := slices.ContainsFunc(w.steps[died], func(s Step) bool { return s.Kind == PowerOff })
	if !off || w.askedFor(phones, names[1]) < 3 {
		t.Error(off, w.askedFor(phones, names[1]), why)
	}
}

// TestConsoleLog: a phone with a log server tells it what source 002 shows.
func TestConsoleLog(t *testing.T) {
	w := newWorld(t, true)
	w.firmware41()
	w.files["SEP001E7A000101.cnf.xml"] = strings.Replace(sccpFile(current), "<vendorConfig>", "<vendorConfig><logServer>10.0.0.1:9001</logServer>", 1)
	var mu sync.Mutex
	var lines []string
	w.serve("10.0.0.1:9001", func(_ net.PacketConn, _ netip.AddrPort, b []byte) {
		mu.Lock()
		defer mu.Unlock()
		lines = append(lines, string(b))
	})
	w.fleet(t, 1, peers.Habits{}, nil)
	mu.Lock()
	defer mu.Unlock()
	all := strings.Join(lines, "\n")
	for _, want := range []string{"DLoad: +++ fd=7 Listening on peer TCP port 4051", "TxBdcst ClaimRoot(tent): map=", "TxBdcst Ad 4: ClaimRoot(tent)",
		"UT:Confirmed root bumping strength", "m=CP-7961G ROOT=10.0.0.100 /dnld/" + current + ".loads", "Root sending TFTP XfrCmd on ROOT_WAITING TO"} {
		if !strings.Contains(all, want) {
			t.Errorf("no line %q in\n%s", want, all)
		}
	}
}
