package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"option150/platform/ether"
	"option150/platform/netns"
	"option150/telephony/firmware"
)

// fleetPhones is how many phones upgrade.
const fleetPhones = 200

// fleetPhone is as much of a phone as an upgrade sees: it reads its file again
// and again, as one that somebody resets, and fetches the load named there.
type fleetPhone struct {
	n     int
	runs  string
	ended bool
}

func (p *fleetPhone) mac() ether.MAC { return ether.MAC{0, 0x1e, 0x7a, 2, 0, byte(p.n)} }

var loadInformation = regexp.MustCompile(`<loadInformation[^>]*>([^<]*)<`)

// life is the phone until it runs the load, is stuck or silent, or the test ends.
func (p *fleetPhone) life(ctx context.Context, get func(name string) (int, []byte), want string, parts []string) {
	for ctx.Err() == nil && !p.ended {
		_, file := get(p.mac().Device() + ".cnf.xml")
		g := loadInformation.FindSubmatch(file)
		switch {
		case g == nil: // the box is away
		case string(g[1]) == p.runs:
			get("United_States/g3-tones.xml")
			p.ended = p.runs == want
		case p.n%20 == 13: // it takes the list and goes no further
			get(want + ".loads")
			p.ended = true
		default:
			whole := string(g[1]) == want
			for _, name := range append([]string{want + ".loads"}, parts...) {
				status, _ := get(name)
				whole = whole && status == http.StatusOK
			}
			if !whole {
				break // it starts anew
			}
			if p.ended = p.n%20 == 7; !p.ended { // the others do not come back from installing it
				p.runs = want
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second + time.Duration(p.n)*5*time.Millisecond):
		}
	}
}

// TestTwoHundredPhonesInWaves: the real box upgrades two hundred phones in waves
// and is killed in the middle, twice. One in twenty does not return, one in
// twenty is stuck: the report names each.
func TestTwoHundredPhonesInWaves(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes: phones that do not return have to be waited for")
	}
	const before, want = "sip78xx.11-0-1-11", "sip78xx.12-1-1-12"
	flash := map[string][]byte{}
	var parts []string
	for _, load := range []string{before, want} {
		files, err := firmware.Synthesise(load, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, content := range files {
			flash[name] = content
			if load == want && !strings.HasSuffix(name, ".loads") && !strings.Contains(name, "2.78xx") {
				parts = append(parts, name)
			}
		}
	}
	var config strings.Builder
	config.WriteString(strings.Replace(strings.TrimSuffix(branch, "end\n"), "telephony-service\n",
		"voice register global\n mode cme\n source-address 10.150.0.2\n max-pool 250\n load 7841 "+before+"\ntelephony-service\n", 1))
	phones := make([]*fleetPhone, fleetPhones)
	for n := range phones {
		phones[n] = &fleetPhone{n: n, runs: before}
		fmt.Fprintf(&config, "voice register pool  %d\n id mac %s\n type 7841\n", n+1, phones[n].mac().CME())
	}
	config.WriteString("upgrade spring\n load 7841 " + want + "\n wave 1 phones 20\n wave 2 phones 80\n gate percent 85 within 1\nend\n")
	w := newWorld(t, setup{config: config.String(), flash: flash})
	desk := w.Host("phones", netip.Prefix{})
	addr := func(n int) netip.Addr { return netip.AddrFrom4([4]byte{10, 150, 0, byte(n + 20)}) }
	for n := range phones {
		if err := desk.AddAddr("eth0", netip.PrefixFrom(addr(n), 24)); err != nil {
			t.Fatal(err)
		}
	}
	if out := w.Exec("upgrade spring start"); !strings.Contains(out, "200 phones in 3 waves") {
		t.Fatal(out)
	}
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	defer func() { stop(); all.Wait() }()
	for n, p := range phones {
		all.Go(func() { p.life(ctx, fleetGet(desk, addr(n)), want, parts) })
	}
	done := func(least int) bool {
		var n, of int
		_, rest, _ := strings.Cut(w.Exec("show upgrade"), "] ")
		_, err := fmt.Sscanf(rest, "%d of %d done", &n, &of)
		return err == nil && n >= least
	}
	for _, least := range []int{10, 60} {
		w.Within(60*time.Second, fmt.Sprintf("%d phones upgraded", least), func() bool { return done(least) })
		w.Proc.Kill()
		w.start()
	}
	var report struct {
		State  string
		Phones []struct{ Device, State string }
	}
	w.Within(4*time.Minute, "the report of the end", func() bool {
		text, err := os.ReadFile(filepath.Join(w.Root, "flash", "upgrade-spring.json"))
		return err == nil && json.Unmarshal(text, &report) == nil && report.State == "done"
	})
	if len(report.Phones) != fleetPhones {
		t.Fatalf("%d phones", len(report.Phones))
	}
	state := map[string]string{}
	for _, p := range report.Phones {
		state[p.Device] = p.State
	}
	for n, p := range phones {
		want := map[int]string{7: "not returned", 13: "stuck"}[n%20]
		if want == "" {
			want = "done"
		}
		if got := state[p.mac().Device()]; got != want {
			t.Errorf("%s is %q in the report, want %q", p.mac().Device(), got, want)
		}
	}
}

// fleetGet asks the box for a file from an address, as a phone does.
func fleetGet(h *netns.Host, from netip.Addr) func(string) (int, []byte) {
	return func(name string) (int, []byte) {
		var c net.Conn
		err := h.Do(func() (err error) {
			d := net.Dialer{Timeout: 5 * time.Second, LocalAddr: &net.TCPAddr{IP: from.AsSlice()}}
			c, err = d.Dial("tcp4", boxAddr.String()+":6970")
			return err
		})
		if err != nil {
			return 0, nil
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := fmt.Fprintf(c, "GET /%s HTTP/1.1\r\nHost:%s\r\nConnection: close\r\n\r\n", name, boxAddr); err != nil {
			return 0, nil
		}
		text, err := io.ReadAll(c)
		head, body, ok := strings.Cut(string(text), "\r\n\r\n")
		var status int
		if _, serr := fmt.Sscanf(head, "HTTP/1.1 %d", &status); err != nil || serr != nil || !ok {
			return 0, nil
		}
		return status, []byte(body)
	}
}
