package simphone

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"option150/platform/ether"
	"option150/telephony/firmware"
)

// TestCatalogue: all phones of the lab at the same time in one process, with
// synthetic firmware in real containers.
func TestCatalogue(t *testing.T) {
	w := newWorld(t, true)
	sets := map[string]string{"7941": "41", "7961": "41", "7965": "45"}
	specs := Catalogue()
	upgrades := 0
	for _, s := range specs {
		load := map[string]string{"7841": "sip78xx.12-1-1-12", "8841": "sip88xx.12-0-1MN-113", "8861": "sip88xx.12-0-1MN-113"}[s.Model]
		if f := sets[s.Model]; f != "" {
			load = fmt.Sprintf("%s%s.9-4-2SR3-1S", s.Protocol, f)
		}
		w.files[s.MAC.Device()+".cnf.xml"] = sccpFile(load)
		if s.Protocol == SIP {
			w.files[s.MAC.Device()+".cnf.xml"] = sipFile(load)
		}
		if load != s.Load {
			upgrades++
		}
		files, err := firmware.Synthesise(load, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		for n, b := range files {
			w.files[n] = string(b)
		}
	}
	var wg sync.WaitGroup
	var installed atomic.Int32
	var phones []*Phone
	for _, s := range specs {
		phones = append(phones, w.plug(s, func(o *Options) { o.Images = nil }))
	}
	for _, p := range phones {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			if o, err := p.Boot(ctx); err != nil || o.Kind != Provisioned {
				t.Error(p.spec, o, err, w.story(p))
			}
			for _, s := range w.story(p) {
				if strings.HasSuffix(s, " installed") {
					installed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if n := int(installed.Load()); n != upgrades || n < 5 {
		t.Errorf("%d phones installed a load, want %d", n, upgrades)
	}
}

func TestRenewalAndRelease(t *testing.T) {
	w := newWorld(t, true)
	w.record()
	w.files["SEP001E7A000001.cnf.xml"] = sccpFile(current)
	p := w.plug(Spec{Model: "7961", Load: current})
	if ok, err := p.Renewal(t.Context()); ok || err == nil {
		t.Error("renewed without a lease")
	}
	o := w.boot(p)
	if o.Lease.Renew != 50*time.Second {
		t.Error(o.Lease.Renew)
	}
	if ok, err := p.Renewal(t.Context()); !ok || err != nil {
		t.Error(ok, err)
	}
	w.mu.Lock()
	w.naks = 1
	w.mu.Unlock()
	if ok, err := p.Renewal(t.Context()); ok || err != nil {
		t.Error(ok, err)
	}
	if err := p.Release(); err != nil {
		t.Error(err)
	}
	var release []byte
	for _, k := range w.wire() {
		if k.UDP() && k.Dst.Port() == 67 && k.Payload[242] == msgRelease {
			release = k.Payload[240:262]
		}
	}
	if want := "\x35\x01\x07\x36\x04\x0a\x00\x00\x01\x3d\x07\x01\x00\x1e\x7a\x00\x00\x01\xff\x00\x00\x00"; string(release) != want {
		t.Errorf("%q, want %q", release, want)
	}
}

// TestLive: a stuck phone tries again, and comes up when its file is there.
func TestLive(t *testing.T) {
	w := newWorld(t, true)
	p := w.plug(Spec{Model: "7961", Load: current}, func(o *Options) { o.Pace = 0.001 })
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var seen []Kind
	err := p.Live(ctx, time.Minute, func(o Outcome) {
		seen = append(seen, o.Kind)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.files["SEP001E7A000001.cnf.xml"] = sccpFile(current)
		if o.Kind == Provisioned {
			cancel()
		}
	})
	if d := cmp.Diff([]Kind{Stuck, Provisioned}, seen); err != nil || d != "" {
		t.Error(err, d)
	}
}

// TestCancel: a phone in the middle of waiting lets go at once.
func TestCancel(t *testing.T) {
	w := newWorld(t, true)
	w.mute = true
	p := w.plug(Spec{Model: "7961"}, func(o *Options) { o.Timers.DHCP = time.Hour })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := p.Boot(ctx); !ctxErr(err) {
		t.Error(err)
	}
	bad := w.plug(Spec{Model: "7961", MAC: ether.MAC{0, 1, 2, 3, 4, 5}}, func(o *Options) { o.Interface = "nothing0" })
	if _, err := bad.Boot(t.Context()); err == nil || !strings.Contains(err.Error(), "interface nothing0") {
		t.Error(err)
	}
}
