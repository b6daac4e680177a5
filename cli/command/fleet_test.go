package command

import (
	"context"
	"strings"
	"testing"
	"time"

	"option150/platform/fleet"
	"option150/platform/testkit/etcdtest"
)

// withEngine gives a bench the fleet service, and an etcd of Debian that it names.
func withEngine(t *testing.T, name string, url string) *bench {
	x := newBench(t)
	x.Fleet = fleet.New(fleet.Options{Version: "1.0", ReadFile: x.NVRAM.ReadFile, Configuration: func() (any, func() string) {
		c := x.Store.Current()
		return c, func() string { return x.PublishedText(c) }
	}})
	t.Cleanup(x.Fleet.Close)
	x.configure("hostname " + name + "\nsnmp-server community hidden-one RO\nfleet\n name " + name + "\n domain D\n server " + url + "\n user box-" + name + " password pw-" + name + "\n publish configuration\n bindings share\n")
	c, err := x.Fleet.Prepare(context.Background(), nil, x.Store.Current().Fleet)
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
	return x
}

func shows(t *testing.T, x *bench, line string, parts ...string) string {
	t.Helper()
	var out string
	for range 600 {
		out = x.run(line)
		missing := false
		for _, p := range parts {
			missing = missing || !strings.Contains(out, p)
		}
		if !missing {
			return out
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s:\n%s\nlacks one of %q", line, out, parts)
	return ""
}

// What an operator types does what it says, at two boxes and a real engine.
func TestFleetCommands(t *testing.T) {
	url := etcdtest.Start(t, 1).URLs[0]
	a, b := withEngine(t, "A", url), withEngine(t, "B", url)

	shows(t, a, "show fleet", "Engine: refuses this box", "`fleet init`")
	a.answers = []string{"top", "other"}
	if out := a.run("fleet init"); !strings.Contains(out, "not the same") {
		t.Errorf("two passwords: %s", out)
	}
	a.answers = []string{"top", "top"}
	if out := a.run("fleet init"); !strings.Contains(out, "user box-A has role option150/D/A") || !strings.Contains(out, "from now on") {
		t.Fatal(out)
	}
	b.answers = []string{"wrong"}
	if out := b.run("fleet init"); !strings.HasPrefix(out, "% ") {
		t.Errorf("a wrong password of root: %s", out)
	}
	b.answers = []string{"top"}
	if out := b.run("fleet init"); !strings.Contains(out, "shared among 2 boxes") || strings.Contains(out, "from now on") {
		t.Fatal(out)
	}
	shows(t, a, "show fleet", "Engine: answers", "Access: user box-A", "2 there")
	shows(t, a, "show fleet boxes", "(this box)", "B             there")
	shows(t, a, "show fleet shares", "1 of 2    A                                 there (this box)", "2 of 2    B                                 there")

	// The configuration of another box: without secrets, and what differs.
	out := shows(t, a, "show fleet configuration B", "hostname B", " user box-B password *****")
	if strings.Contains(out, "hidden-one") || strings.Contains(out, "pw-B") {
		t.Errorf("a secret was published: %s", out)
	}
	if out = a.run("show fleet configuration B diff"); !strings.Contains(out, "+hostname B\n") || !strings.Contains(out, "-hostname A\n") || strings.Contains(out, "domain") {
		t.Error(out)
	}
	if out = a.run("show fleet configuration C"); !strings.HasPrefix(out, "% ") {
		t.Error(out)
	}

	// A user that looks at all.
	a.answers = []string{"top", "look"}
	if out = a.run("fleet watcher noc"); out != "" {
		t.Error(out)
	}
	w := fleet.New(fleet.Options{})
	t.Cleanup(w.Close)
	if err := w.Watch(fleet.Config{Servers: []string{url}, User: "noc", Password: "look", ViewAll: true}); err != nil {
		t.Fatal(err)
	}
	seen := ""
	for range 600 {
		if seen = fleet.ShowBoxes(w.View(), time.Now()).String(); strings.Contains(seen, "D/A") && strings.Contains(seen, "D/B") {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if !strings.Contains(seen, "D/A           there") || !strings.Contains(seen, "D/B           there") {
		t.Error(seen)
	}

	// Down is for what is off; shut-out is at once.
	a.answers = []string{"y"}
	if out = a.run("fleet box B down"); !strings.Contains(out, "signs of life") {
		t.Error(out)
	}
	a.answers = []string{"top"}
	if out = a.run("fleet box B shut-out"); !strings.Contains(out, "role option150/D/B is gone") {
		t.Error(out)
	}
	shows(t, b, "show fleet", "refuse", "permission denied")
	if out = a.run("show fleet boxes"); strings.Contains(out, "\nB ") {
		t.Error(out)
	}
	a.answers = []string{"y"}
	if out = a.run("fleet box BB down"); !strings.Contains(out, "% No box of domain D is called BB") {
		t.Error(out)
	}
	a.answers = []string{"y"}
	if out = a.run("fleet box B down"); strings.Contains(out, "%") {
		t.Error(out)
	}
	if out = a.run("fleet box B up"); out != "" {
		t.Error(out)
	}
}
