package claim

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"option150/dhcp/engine"
	"option150/dhcp/share"
	"option150/platform/journal"
	"option150/platform/testkit/etcdtest"
)

// renames are those that were told.
type renames []engine.SharedRenamed

// Record implements journal.Recorder.
func (r *renames) Record(e journal.Event) {
	if x, ok := e.(engine.SharedRenamed); ok {
		*r = append(*r, x)
	}
}

// A box that the others know by one name does not go on under another that is its host name
// alone; a line that names it, another domain and a disk that tells nothing are no such case.
func TestRenamed(t *testing.T) {
	of := func(box, domain string) string { return text(kept{Box: box, Domain: domain, Last: 7, Gen: 3}) }
	for name, c := range map[string]struct {
		file  string // "" = none
		conf  share.Config
		waits bool
	}{
		"the same":            {of("A", "D"), share.Config{Box: "A", Domain: "D", ByHost: true}, false},
		"another host name":   {of("A", "D"), share.Config{Box: "B", Domain: "D", ByHost: true}, true},
		"another line":        {of("A", "D"), share.Config{Box: "B", Domain: "D"}, false},
		"the line of old":     {of("A", "D"), share.Config{Box: "A", Domain: "D"}, false},
		"another domain":      {of("A", "E"), share.Config{Box: "B", Domain: "D", ByHost: true}, false},
		"nothing was kept":    {"", share.Config{Box: "B", Domain: "D", ByHost: true}, false},
		"a torn file":         {of("A", "D")[:20], share.Config{Box: "B", Domain: "D", ByHost: true}, false},
		"a name that is none": {of("A/x`y", "D"), share.Config{Box: "B", Domain: "D", ByHost: true}, false},
		"no end to it":        {of("A", "D") + strings.Repeat(" ", keptMost), share.Config{Box: "B", Domain: "D", ByHost: true}, false},
	} {
		dir := t.TempDir()
		root, err := os.OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		if c.file != "" {
			if err := os.WriteFile(filepath.Join(dir, keptName), []byte(c.file), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		var told renames
		err = Renamed(c.conf, root, &told)
		if (err != nil) != c.waits || len(told) > 0 != c.waits {
			t.Errorf("%s: %v, told %v", name, err, told)
		}
		if !c.waits {
			continue
		}
		if want := "the boxes of D know this one as A, not by its host name B: enter `name A` below fleet if it is that, `name B` if it is another"; err.Error() != want {
			t.Errorf("%s: %v", name, err)
		}
		if m, ok := told[0].LogMessage(); !ok || !strings.HasPrefix(m.String(), "%DHCPD-3-SHARED_NAME: The boxes of D know this one as A, not by its host name B: ") {
			t.Errorf("%s: %v", name, m)
		}
		for _, n := range []string{"A", "B"} { // the lines that are advised
			c.conf.Box, c.conf.ByHost = n, false
			if err := Renamed(c.conf, root, &told); err != nil {
				t.Errorf("%s, with the line name %s: %v", name, n, err)
			}
		}
	}
	if err := Renamed(share.Config{Box: "B", Domain: "D", ByHost: true}, nil, nil); err != nil {
		t.Errorf("without a disk: %v", err)
	}
}

// With a line `name` it is another box, which is told once; what it gave out under the other
// name it knows, and so do all.
func TestIsAnotherBox(t *testing.T) {
	m := etcdtest.Start(t, 1)
	of := &campus{}
	dir := t.TempDir()
	a := newBox(t, of, "A", dir, dial(t, m.URLs...))
	a.wait("connected", connected)
	a.take(0, 5)
	a.wait("heard", func(e *engine.Engine, _ engine.Instant) bool { return e.Share().Heard })
	a.wait("kept", func(*engine.Engine, engine.Instant) bool {
		k, ok := load(a.s.root, "CAMPUS")
		return ok && k.Box == "A"
	})
	a.kill()
	b := newBox(t, of, "B", dir, dial(t, m.URLs...))
	b.wait("one of two, of which one is gone", func(e *engine.Engine, now engine.Instant) bool {
		return len(e.Share().Boxes) == 2 && e.Share().Connected && e.Share().New(e.Wall(now)) == share.Entering
	})
	b.all(of)
	b.renew(of, 0, 5, 20)
	b.wait("kept", func(*engine.Engine, engine.Instant) bool {
		k, ok := load(b.s.root, "CAMPUS")
		return ok && k.Box == "B"
	})
	b.kill()
	newBox(t, of, "B", dir, dial(t, m.URLs...)).kill()
	of.judge(t, 5)
	b.mu.Lock()
	defer b.mu.Unlock()
	var told renames
	for _, e := range b.events {
		told.Record(e)
	}
	if fmt.Sprint(told) != "[{CAMPUS A B false}]" {
		t.Fatalf("told %v", told)
	}
	if m, ok := told[0].LogMessage(); !ok || m.String() != "%DHCPD-4-SHARED_MOVED: In CAMPUS this box was A and is B now: new clients get nothing from its boxes until A is there again, or declared down for as long as the lead time" {
		t.Errorf("%v", m)
	}
}
