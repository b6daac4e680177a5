package rescue

import (
	"context"
	"io"
	"net/netip"
	"testing"
	"time"

	"option150/platform/ether"
	"option150/platform/fileserver"
)

func mac(n int) ether.MAC { return ether.MAC{0, 0x1e, 0x7a, 0, byte(n >> 8), byte(n)} }

// TestLed: the one phone gets the empty file, over either transport, and the
// name of its image; nobody else does, and nothing is given when it is over.
func TestLed(t *testing.T) {
	var b Book
	s := fileserver.New(fileserver.Options{First: []fileserver.Route{&b}})
	at, other := netip.MustParseAddrPort("10.0.0.9:5000"), netip.MustParseAddrPort("10.0.0.8:5000")
	ask := func(from netip.AddrPort, name string) (string, bool) {
		for _, tr := range []fileserver.Transport{fileserver.HTTP, fileserver.TFTP} {
			f, err := s.Open(context.Background(), fileserver.Request{Transport: tr, Client: from, Name: name})
			if err != nil {
				return "", false
			}
			got, err := io.ReadAll(f.Content)
			f.Finish(fileserver.Result{Complete: true})
			if err != nil || int64(len(got)) != f.Size {
				t.Fatal(err)
			}
			if tr == fileserver.TFTP {
				return string(got), true
			}
		}
		return "", false
	}
	const ctl = "CTLSEP001E7A000001.tlv"
	if _, ok := ask(at, ctl); ok {
		t.Error("nobody is led, and an empty file is given")
	}
	if _, ok := b.Begin(mac(1), "P00308010200"); !ok {
		t.Fatal("not taken")
	}
	for name, want := range map[string]bool{ctl: true, "ctlsep001e7a000001.TLV": true, "CTLSEP001E7A000002.tlv": false, "CTLFile.tlv": false,
		"ITLSEP001E7A000001.tlv": false, "SEP001E7A000001.cnf.xml": false, ctl + ".sgn": false} {
		if got, ok := ask(at, name); ok != want || got != "" {
			t.Errorf("%s: %q, %v", name, got, ok)
		}
	}
	if got, ok := ask(at, "OS79XX.TXT"); !ok || got != "P00308010200" {
		t.Errorf("its image: %q, %v", got, ok)
	}
	if _, ok := ask(other, "OS79XX.TXT"); ok {
		t.Error("another phone gets its image")
	}
	if c := b.Cases(); len(c) != 1 || c[0].Given == 0 || c[0].Addr != at.Addr() {
		t.Errorf("%+v", c)
	}
	b.cases[mac(1)].Until = time.Now().Add(-time.Second)
	if _, ok := ask(at, ctl); ok {
		t.Error("its time is over")
	}
	if b.End(mac(1)) {
		t.Error("it is led no more")
	}
	for n := range 2 * maxCases {
		if _, ok := b.Begin(mac(n), ""); ok != (n < maxCases) {
			t.Fatalf("phone %d: %v", n, ok)
		}
	}
}
