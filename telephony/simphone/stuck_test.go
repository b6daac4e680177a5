package simphone

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestStuck: every reason has its way to get there.
func TestStuck(t *testing.T) {
	for _, c := range []struct {
		reason Reason
		spec   Spec
		change func(*world)
		story  string
	}{
		{NoLease, Spec{}, func(w *world) { w.mute = true }, "stuck"},
		{NoServer, Spec{}, func(w *world) { delete(w.offer, optTFTP150) }, "stuck"},
		// option 150 as text: four octets at a time, an address nobody has
		{ServerSilent, Spec{}, func(w *world) {
			w.offer[optTFTP150] = []byte("10.0.0.1")
			delete(w.offer, optRouter)
		}, strings.Repeat("H CTLSEP001E7A000001.tlv no answer,T CTLSEP001E7A000001.tlv no answer,H CTLSEP001E7A000001.tlv no answer,T CTLSEP001E7A000001.tlv no answer,", 2) + "stuck"},
		{NoConfiguration, Spec{}, func(w *world) {}, ""},
		{NoImage, Spec{FactoryReset: true}, func(w *world) {}, "T term61.default.loads error 1 No such file,stuck"},
		{IncompleteLoad, Spec{Load: "SCCP41.9-3-1SR2-1S"}, func(w *world) {
			w.files["SEP001E7A000001.cnf.xml"] = sccpFile(current)
			w.files[current+".loads"] = "jar cnu"
			w.files["jar"] = "jar"
		}, ""},
		{BrokenLoad, Spec{Load: "SCCP41.9-3-1SR2-1S"}, func(w *world) {
			w.files["SEP001E7A000001.cnf.xml"] = sccpFile(current)
			w.files[current+".loads"] = "jar"
			w.files["jar"] = "cnu"
		}, ""},
		{BrokenLoad, Spec{Load: "SCCP41.9-3-1SR2-1S"}, func(w *world) {
			w.files["SEP001E7A000001.cnf.xml"] = sccpFile(current)
			w.files[current+".loads"] = " "
		}, ""},
		{AuthFail, Spec{Load: "SCCP41.8-3-2S"}, func(w *world) {
			w.files["SEP001E7A000001.cnf.xml"] = sccpFile(current)
			w.files[current+".loads"] = "jar"
		}, ""},
	} {
		t.Run(string(c.reason), func(t *testing.T) {
			w := newWorld(t, true)
			if c.change(w); c.spec.Load == "" {
				c.spec.Load = current
			}
			c.spec.Model = "7961"
			p := w.plug(c.spec, func(o *Options) {
				o.MaxBoots = 3
				o.Timers.DHCP, o.Timers.DHCPTries, o.Timers.SilentRounds = 20*time.Millisecond, 3, 2
				o.Timers.TFTP = 20 * time.Millisecond
				if w.mute {
					return
				}
				o.Timers.DHCP = 5 * time.Second
			})
			o := w.boot(p)
			if o.Kind != Stuck || o.Reason != c.reason {
				t.Fatalf("%v, want %s; %q", o, c.reason, w.story(p))
			}
			if d := cmp.Diff(strings.Split(c.story, ","), w.story(p)); c.story != "" && d != "" {
				t.Error(d)
			}
		})
	}
}

// TestSteppingStone: a phone on 8.3(2) ends on 9.4(2) in exactly two upgrades
// when it is led over 8.5(2). [facts/phones.md 3.4, facts/diagnosis.md 6]
func TestSteppingStone(t *testing.T) {
	w := newWorld(t, true)
	for _, l := range []string{"SCCP41.8-5-2S", current} {
		w.files[l+".loads"], w.files["jar."+l] = "jar."+l, "jar."+l
	}
	p := w.plug(Spec{Model: "7961", Load: "SCCP41.8-3-2S"})
	for _, l := range []string{"SCCP41.8-5-2S", current} {
		w.mu.Lock()
		w.files["SEP001E7A000001.cnf.xml"] = sccpFile(l)
		w.mu.Unlock()
		if o := w.boot(p); o.Kind != Provisioned || o.Load != l {
			t.Fatal(o, w.story(p))
		}
	}
	var got []string
	for _, s := range w.story(p) {
		if strings.HasPrefix(s, "install") {
			got = append(got, s)
		}
	}
	if d := cmp.Diff([]string{"install SCCP41.8-5-2S installed", "install " + current + " installed"}, got); d != "" {
		t.Error(d)
	}
}

// TestRebootLoop: a phone that would install for ever comes to an end.
func TestRebootLoop(t *testing.T) {
	w := newWorld(t, true)
	w.files["SEP001E7A000001.cnf.xml"] = sccpFile(current)
	w.files[current+".loads"], w.files["jar"] = "jar", "jar"
	p := w.plug(Spec{Model: "7961", Load: "SCCP41.9-3-1SR2-1S"}, func(o *Options) { o.MaxBoots = 1 })
	if o := w.boot(p); o.Reason != RebootLoop {
		t.Error(o)
	}
}

// TestLoadAbsent: what is not there is not installed, and the phone goes on.
func TestLoadAbsent(t *testing.T) {
	w := newWorld(t, true)
	w.files["SEP001E7A000001.cnf.xml"] = sccpFile("SCCP41.9-4-2SR3-2S")
	p := w.plug(Spec{Model: "7961", Load: current})
	if o := w.boot(p); o.Kind != Provisioned || o.Load != current || o.Boots != 1 {
		t.Error(o, w.story(p))
	}
}

// TestTransports: broken answers, a busy server, losses, two servers.
func TestTransports(t *testing.T) {
	start := func(t *testing.T, http bool) *world {
		w := newWorld(t, http)
		w.files["SEP001E7A000001.cnf.xml"] = sccpFile(current) + strings.Repeat(" ", 20_000)
		return w
	}
	check := func(t *testing.T, w *world, p *Phone, wants ...string) {
		t.Helper()
		if o := w.boot(p); o.Kind != Provisioned {
			t.Error(o)
		}
		story := w.story(p)
		for _, want := range wants {
			if !slices.ContainsFunc(story, func(s string) bool { return strings.HasSuffix(s, want) }) {
				t.Errorf("%q lacks %q", story, want)
			}
		}
	}
	t.Run("cut off", func(t *testing.T) {
		w := start(t, true)
		w.http["SEP001E7A000001.cnf.xml"] = 1
		p := w.plug(Spec{Model: "7961", Load: current})
		check(t, w, p, "H SEP001E7A000001.cnf.xml cut off", "T SEP001E7A000001.cnf.xml done")
	})
	t.Run("everything 503", func(t *testing.T) {
		w := start(t, true)
		w.http["*"] = 503
		check(t, w, w.plug(Spec{Model: "7961", Load: current}), "T SEP001E7A000001.cnf.xml done")
	})
	t.Run("falls silent and comes back", func(t *testing.T) {
		w := start(t, false)
		w.deaf["SEP001E7A000001.cnf.xml"] = 4 // one boot, then DHCP again
		p := w.plug(Spec{Model: "7961", Load: current}, func(o *Options) { o.Timers.TFTP = 50 * time.Millisecond })
		check(t, w, p, "T SEP001E7A000001.cnf.xml no answer")
		for _, s := range w.story(p) {
			if strings.Contains(s, "XMLDefault") {
				t.Error("took silence for absence:", s)
			}
		}
	})
	t.Run("busy", func(t *testing.T) {
		w := start(t, false)
		w.busy["SEP001E7A000001.cnf.xml"] = 2
		p := w.plug(Spec{Model: "7961", Load: current})
		check(t, w, p, "T SEP001E7A000001.cnf.xml error 3 TFTP process allocation exceeded")
	})
	t.Run("losses", func(t *testing.T) {
		w := start(t, false)
		w.drop = 7
		check(t, w, w.plug(Spec{Model: "7961", Load: current}, func(o *Options) { o.Timers.TFTP = 50 * time.Millisecond }), "T SEP001E7A000001.cnf.xml done")
	})
	t.Run("second server", func(t *testing.T) {
		w := start(t, true)
		w.offer[optTFTP150] = append(box2.AsSlice(), box.AsSlice()...)
		p := w.plug(Spec{Model: "7961", Load: current}, func(o *Options) {
			o.Timers.Connect, o.Timers.TFTP = 100*time.Millisecond, 20*time.Millisecond
		})
		check(t, w, p, "T SEP001E7A000001.cnf.xml no answer", "H SEP001E7A000001.cnf.xml 200")
	})
	t.Run("NAK", func(t *testing.T) {
		w := start(t, true)
		w.naks = 2
		check(t, w, w.plug(Spec{Model: "7961", Load: current}), "nak")
	})
	t.Run("set by hand", func(t *testing.T) {
		w := start(t, true)
		w.offer[optTFTP150] = box2.AsSlice()
		check(t, w, w.plug(Spec{Model: "7961", Load: current, AlternateTFTP: box}), "H SEP001E7A000001.cnf.xml 200")
	})
	t.Run("option 66", func(t *testing.T) {
		w := start(t, true)
		delete(w.offer, optTFTP150)
		w.offer[optTFTPName] = []byte("10.0.0.1\x00")
		check(t, w, w.plug(Spec{Model: "7961", Load: current}), "H SEP001E7A000001.cnf.xml 200")
	})
	t.Run("siaddr", func(t *testing.T) {
		w := start(t, true)
		delete(w.offer, optTFTP150)
		w.offer[0] = box.AsSlice()
		check(t, w, w.plug(Spec{Model: "7961", Load: current}), "H SEP001E7A000001.cnf.xml 200")
	})
}
