package lab

import (
	"bytes"
	"io"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pin/tftp/v3"

	"option150/platform/wire"
	"option150/telephony/firmware"
	"option150/telephony/simphone"
)

// TestSteppingAtALoadServer: phones of 8.3(2) whose loads come from another
// server go over the stone there, and on to the target once they say that they
// run the stone: what they fetched nobody here saw. The audit names the phones
// while that server has no stone.
func TestSteppingAtALoadServer(t *testing.T) {
	if alone(t) {
		return
	}
	var d diary
	o := Options{Root: t.TempDir(), SSH: "127.0.0.1:0", OnStep: d.note, Pace: 0.001, Hold: true, Lines: " service phone loadServer 10.150.0.210\n",
		Phones: []simphone.Spec{g3(1, "7961", "SCCP41.8-3-2S"), g3(2, "7941", "SCCP41.8-3-2S")}}
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var mu sync.Mutex
	served := map[string][]byte{}
	stock := func(load string) {
		files, err := firmware.Synthesise(load, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		defer mu.Unlock()
		maps.Copy(served, files)
	}
	stock(load41)
	far, err := l.Host("loads", netip.MustParsePrefix("10.150.0.210/24"))
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	var udp *net.UDPConn
	if err := far.Do(func() (err error) { udp, err = net.ListenUDP("udp4", &net.UDPAddr{Port: 69}); return err }); err != nil {
		t.Fatal(err)
	}
	server := tftp.NewServer(func(name string, rf io.ReaderFrom) error {
		mu.Lock()
		b, ok := served[strings.TrimPrefix(name, "/")]
		mu.Unlock()
		if !ok {
			return io.ErrUnexpectedEOF
		}
		_, err := rf.ReadFrom(bytes.NewReader(b))
		return err
	}, nil)
	server.EnableSinglePort() // its sockets are those of that host
	go func() { _ = server.Serve(udp) }()
	defer server.Shutdown()
	tell := func(n int, load string) {
		l.Box.Box().Journal.Record(wire.Told{MAC: o.Phones[n].MAC, By: wire.CDP, Load: load})
	}
	const none = stone41 + ": no such load, goes on with SCCP41.8-3-2S"
	// up plugs the phones in with what they run, and waits for what comes of it.
	up := func(runs, want string) {
		t.Helper()
		plug := func(n int) {
			o.Phones[n].Load = runs
			tell(n, runs)
			if err := l.Replug(o.Phones[n]); err != nil {
				t.Fatal(err)
			}
		}
		devices, tries := []string{"SEP001E7A000201", "SEP001E7A000202"}, map[string]int{}
		for n, device := range devices {
			tries[device] = len(d.installed(device))
			plug(n)
		}
		wait(t, 60*time.Second, "the phones to install "+want, func() string {
			for n, device := range devices {
				// Whom that host answered too late or not to the end, at a busy
				// moment, boots again; what counts is what is installed.
				all := d.installed(device)
				story := slices.Compact(slices.DeleteFunc(slices.Clone(all), func(s string) bool { return strings.HasPrefix(s, "stuck: load is incomplete: ") }))
				if got := strings.Join(story, ", "); got != want {
					if len(all) > tries[device] && all[len(all)-1] == none && !strings.HasSuffix(want, none) {
						tries[device] = len(all)
						plug(n)
					}
					return device + " " + got + "\n" + l.typed(t, "show firmware phones")
				}
			}
			return ""
		})
	}
	up("SCCP41.8-3-2S", none)
	if out := l.typed(t, "show provisioning audit"); !strings.Contains(out, "SEP001E7A000201, SEP001E7A000202 take firmware from 10.150.0.210, and "+stone41+".loads cannot be had there") {
		t.Errorf("%s", out)
	}
	stock(stone41)
	up("SCCP41.8-3-2S", none+", "+stone41)
	up(stone41, none+", "+stone41+", "+load41)
}
