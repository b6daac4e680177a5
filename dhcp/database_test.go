package dhcp

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"option150/dhcp/engine"
	"option150/platform/testkit/golden"
)

func TestDatabase(t *testing.T) {
	list := []engine.Binding{
		{Addr: ip("10.77.0.100"), ClientID: idMAC(mac(0, 1)), MAC: mac(0, 1), Expiry: epoch.Add(10 * time.Minute), Type: "Automatic", Active: true},
		{Addr: ip("10.77.0.101"), MAC: mac(0, 2), Expiry: epoch.Add(10 * time.Minute), Type: "Automatic", Active: true},
		{Addr: ip("10.77.0.50"), ClientID: idMAC(mac(0x0a, 1)), Type: "Manual"},
	}
	b := FormatDatabase(list, epoch)
	golden.Check(t, "testdata/database.txt", string(b))
	bs, written, err := ParseDatabase(b, time.UTC)
	if err != nil || !written.Equal(epoch) || len(bs) != 2 {
		t.Fatalf("%v %s %+v", err, written, bs)
	}
	if diff := cmp.Diff(string(b), string(FormatDatabase(bs, epoch))); diff != "" {
		t.Error(diff)
	}
	golden.Check(t, "testdata/showdatabase.txt", ShowDatabase([]DatabaseAgent{{URL: "flash:bindings.txt", Read: epoch, Status: "Last read succeeded. Bindings have been loaded in RAM.", Delay: 300 * time.Second, Timeout: 300 * time.Second, Successes: 1}}, epoch))
}

func TestParseDatabase(t *testing.T) {
	const head = "*time* Jan 21 2005 03:52 PM\n*version* 2\n"
	bs, _, err := ParseDatabase([]byte(head+"!IP address    Type    Hardware address     Lease expiration    VRF\n"+
		"10.19.9.1 /24  id      0063.6973.636f.2d30.30   Jan 22 2005 03:52 PM\n10.0.0.4 /24   1       0090.bff6.081e  Infinite\n*end*\n"), time.UTC)
	if err != nil || len(bs) != 2 || len(bs[0].ClientID) != 9 || bs[0].Expiry.Day() != 22 || bs[1].Type != "Manual" || bs[1].MAC.Cisco() != "0090.bff6.081e" {
		t.Errorf("%v %+v", err, bs)
	}
	for _, s := range []string{"", head, "*time* soon\n*end*\n", "*version* 9\n*end*\n", head + "10.0.0.4\n*end*\n", head + "x 1 0090.bff6.081e Infinite\n*end*\n",
		head + "10.0.0.4 1 0090.bff6 Infinite\n*end*\n", head + "10.0.0.4 id zz Infinite\n*end*\n", head + "10.0.0.4 /99 id 01 Infinite\n*end*\n",
		head + "10.0.0.4 id 01 Jan 22\n*end*\n", head + "10.0.0.4 id 01 Xan 22 2005 03:52 PM\n*end*\n", head + "*end*\nmore\n", strings.Repeat("x", 70000)} {
		if _, _, err := ParseDatabase([]byte(s), time.UTC); !errors.Is(err, ErrDatabase) {
			t.Errorf("%.40q: %v", s, err)
		}
	}
}

func FuzzParseDatabase(f *testing.F) {
	f.Add([]byte("*time* Jan 21 2005 03:52 PM\n*version* 2\n10.0.0.4 /24   1       0090.bff6.081e  Infinite\n*end*\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		bs, _, err := ParseDatabase(b, time.UTC)
		if err != nil {
			return
		}
		again, _, err := ParseDatabase(FormatDatabase(bs, epoch), time.UTC)
		if err != nil || len(again) != len(bs) {
			t.Fatalf("%v: %d rows of %d", err, len(again), len(bs))
		}
	})
}
