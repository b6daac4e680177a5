package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"option150/platform/netns"
	"option150/platform/testkit"
)

// The test binary has the other lives of the program too: stands start
// /proc/self/exe.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case asLoad:
			os.Exit(loadMain())
		case asShim:
			os.Exit(shimMain(os.Args[2:]))
		}
	}
	os.Exit(netns.Run(m))
}

func smallBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{rounds: 1, quick: true, dir: t.TempDir()}
	if err := b.makeFiles(); err != nil {
		t.Fatal(err)
	}
	return b
}

// Every peer answers on its stand, its clients are served and what it used is
// seen.
func TestPeers(t *testing.T) {
	testkit.NeedNamespaces(t)
	b := smallBench(t)
	web := b.job(job{Kind: "cold", Target: at(6970), Clients: 20}, "bench3k.bin")
	tftp := b.job(job{Kind: "tftp", Target: at(69), Clients: 20, RTT: time.Millisecond}, "bench100k.bin")
	dhcp := job{Kind: "dhcp", Target: at(67), Clients: 4, Count: 20, For: 20 * time.Second}
	for _, c := range []struct {
		peer kind
		jobs []job
	}{
		{nginx, []job{web}}, {tftpdHPA, []job{tftp}}, {dnsmasqTFTP, []job{tftp, dhcp}},
	} {
		t.Run(c.peer.name, func(t *testing.T) {
			if _, why := c.peer.find(); why != "" {
				testkit.Missing(t, why)
			}
			c.peer.probe = c.jobs[0]
			s, err := c.peer.start(t.Context(), b)
			if err != nil {
				t.Fatal(err)
			}
			defer s.stop()
			for _, j := range c.jobs {
				x, err := s.round(t.Context(), j)
				if err != nil {
					t.Fatal(err)
				}
				if x.Done != 20 || x.Failed != 0 || x.Problem != "" {
					t.Errorf("%s: %+v, want 20 done", j.Kind, x.result)
				}
				if x.cpu <= 0 || x.peak < 1<<20 || x.P99 < x.P50 || x.P50 <= 0 {
					t.Errorf("%s: cpu %s, memory %d, p50 %s, p99 %s", j.Kind, x.cpu, x.peak, x.P50, x.P99)
				}
			}
		})
	}
}

// A peer is recognised by what it says of itself: atftpd calls its program
// in.tftpd as well.
func TestPeerOfAnotherName(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	k := kind{name: "tftpd-hpa", program: "in.test-tftpd", pkg: "tftpd-hpa", says: "tftp-hpa"}
	for says, want := range map[string]string{"tftp-hpa 5.2, with remap": "", "atftp-0.8 (server)": "is not tftpd-hpa: apt-get install tftpd-hpa"} {
		script := "#!/bin/sh\necho '" + says + "'\n"
		if err := os.WriteFile(filepath.Join(dir, k.program), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
		if _, why := k.find(); (why == "") != (want == "") || !strings.HasSuffix(why, want) {
			t.Errorf("%s: %q", says, why)
		}
	}
}

func TestPeerThatIsMissing(t *testing.T) {
	k := kind{name: "none", program: "no-such-server", pkg: "some-package"}
	b := &bench{rounds: 1}
	box := kind{name: "box", program: "no-such-box", pkg: "some-other"}
	if err := b.compare(t.Context(), "Title", box, []kind{k}, []contest{{"load", job{}, []figure{perSecond}, []wish{{perSecond, "", 1}}}}); err != nil {
		t.Fatal(err)
	}
	var w strings.Builder
	b.report.print(&w)
	if !strings.Contains(w.String(), "none was not measured: it is not installed: apt-get install some-package") {
		t.Errorf("the table does not name the package:\n%s", &w)
	}
}

func TestServerThatEnds(t *testing.T) {
	testkit.NeedNamespaces(t)
	sh := kind{name: "sh", program: "sh", pkg: "dash", probe: job{Kind: "cold", Target: at(6970), Clients: 1},
		command: func(*bench, string) ([]string, error) { return []string{"sh", "-c", "echo no port today; exit 3"}, nil }}
	_, err := sh.start(t.Context(), smallBench(t))
	if err == nil || !strings.Contains(err.Error(), "no port today") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("got %v", err)
	}
}

func TestStopInTheMiddle(t *testing.T) {
	testkit.NeedNamespaces(t)
	st, err := newStand("nobody")
	if err != nil {
		t.Fatal(err)
	}
	defer st.close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begun := time.Now()
	// Nobody answers there.
	if _, err := st.load(ctx, job{Kind: "poll", Target: at(6970), Clients: 1, For: time.Minute}, nil); err == nil {
		t.Error("no error")
	}
	if time.Since(begun) > 10*time.Second {
		t.Error("the load generator went on")
	}
}

func TestBoxDirectory(t *testing.T) {
	b := smallBench(t)
	dir, err := b.newDir("box")
	if err != nil {
		t.Fatal(err)
	}
	settings, err := boxDirectory(b, dir)
	if err != nil {
		t.Fatal(err)
	}
	startup := filepath.Join(dir, "nvram", "startup-config")
	for _, c := range []struct{ file, want string }{
		{settings, "root = \"" + dir + "\""},
		{startup, "\ntftp-server flash:bench3k.bin\n"},
		{startup, "\n hfs enable port 6970\n"},
	} {
		text, err := os.ReadFile(c.file)
		if err != nil || !strings.Contains(string(text), c.want) {
			t.Errorf("%s: %v, lacks %q:\n%s", c.file, err, c.want, text)
		}
	}
}
