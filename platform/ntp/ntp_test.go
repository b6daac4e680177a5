package ntp

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"option150/platform/service"
)

// server answers questions with a clock that is ahead, of a stratum.
func server(t *testing.T, ahead time.Duration, stratum byte) netip.AddrPort {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	go func() {
		b := make([]byte, 512)
		for {
			n, from, err := c.ReadFromUDP(b)
			if err != nil {
				return
			}
			if n < size {
				continue
			}
			a := make([]byte, size)
			a[0], a[1] = 4<<3|4, stratum
			copy(a[12:], "GPS\x00")
			copy(a[24:32], b[40:48])
			binary.BigEndian.PutUint64(a[32:], stamp(time.Now().Add(ahead)))
			binary.BigEndian.PutUint64(a[40:], stamp(time.Now().Add(ahead)))
			_, _ = c.WriteToUDP([]byte("noise"), from) // dropped by the client
			_, _ = c.WriteToUDP(a, from)
		}
	}()
	return c.LocalAddr().(*net.UDPAddr).AddrPort()
}

func TestOffset(t *testing.T) {
	for _, ahead := range []time.Duration{0, 3 * time.Second, -90 * time.Minute} {
		a, err := ask(t.Context(), server(t, ahead, 1))
		if err != nil {
			t.Fatal(err)
		}
		if d := (a.Offset - ahead).Abs(); d > 500*time.Millisecond || a.Stratum != 1 || a.Reference != ".GPS." {
			t.Errorf("ahead %v: %+v", ahead, a)
		}
	}
}

func TestClient(t *testing.T) {
	at := server(t, 0, 2)
	c := New()
	c.port = at.Port()
	defer c.Close()
	commit := func(s service.Spec) {
		ch, err := c.Prepare(context.Background(), nil, s)
		if err != nil {
			t.Fatal(err)
		}
		ch.Commit()
	}
	commit(Config{Servers: []Server{{Addr: at.Addr()}}})
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if _, ok := c.Best(); ok {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%+v", c.Associations())
		}
	}
	best, ok := c.Best()
	if s := ShowStatus(best, ok); !strings.HasPrefix(s, "Clock is synchronized, stratum 3, reference is 127.0.0.1") {
		t.Error(s)
	}
	if s := ShowAssociations(c.Associations(), best.Server.String(), time.Now()).String(); !strings.Contains(s, "*~127.0.0.1 ") {
		t.Error(s)
	}
	commit(nil)
	if len(c.Associations()) != 0 {
		t.Error("a server that is gone is still asked")
	}
	if s := ShowStatus(c.Best()); !strings.Contains(s, "unsynchronized, stratum 16") {
		t.Error(s)
	}
}

// TestAnswer: what is no answer to the question is not believed.
func TestAnswer(t *testing.T) {
	now := time.Now()
	q := question(now)
	good := func() []byte {
		b := make([]byte, size)
		b[0], b[1] = 4<<3|4, 2
		copy(b[24:], q[40:48])
		return b
	}
	if _, err := answer(good(), q, now, now); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func([]byte) []byte{
		"short":          func(b []byte) []byte { return b[:47] },
		"a client":       func(b []byte) []byte { b[0] = 4<<3 | 3; return b },
		"unsynchronised": func(b []byte) []byte { b[0] |= 3 << 6; return b },
		"kiss of death":  func(b []byte) []byte { b[1] = 0; return b },
		"stratum 16":     func(b []byte) []byte { b[1] = 16; return b },
		"forged":         func(b []byte) []byte { b[24]++; return b },
	} {
		if _, err := answer(change(good()), q, now, now); err == nil {
			t.Errorf("%s: believed", name)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	now := time.Unix(1_800_000_000, 0)
	q := question(now)
	f.Add(q)
	f.Fuzz(func(t *testing.T, b []byte) { _, _ = answer(b, q, now, now) })
}

func TestStamp(t *testing.T) {
	for _, at := range []time.Time{time.Unix(0, 0), time.Unix(1_800_000_000, 123_456_789), time.Unix(2_085_978_495, 999_000_000)} {
		if d := moment(stamp(at)).Sub(at).Abs(); d > time.Microsecond {
			t.Errorf("%v comes back %v off", at, d)
		}
	}
}

// TestPrefer: a preferred server that agrees is the one compared with, whatever
// its stratum; one that does not agree is not.
func TestPrefer(t *testing.T) {
	near, far, off := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("192.0.2.3")
	c := New()
	for _, s := range []struct {
		addr    netip.Addr
		stratum int
		offset  time.Duration
	}{{near, 1, 0}, {far, 4, 0}, {off, 1, time.Hour}} {
		c.servers[s.addr] = &asking{a: Association{Server: s.addr, Stratum: s.stratum, Reach: 1, Offset: s.offset}}
		c.config.Servers = append(c.config.Servers, Server{Addr: s.addr})
	}
	for _, k := range []struct {
		preferred []netip.Addr
		want      netip.Addr
	}{{nil, near}, {[]netip.Addr{far}, far}, {[]netip.Addr{near, far}, near}, {[]netip.Addr{off}, near}, {[]netip.Addr{far, off}, far}} {
		for i := range c.config.Servers {
			c.config.Servers[i].Prefer = slices.Contains(k.preferred, c.config.Servers[i].Addr)
		}
		if best, ok := c.Best(); !ok || best.Server != k.want {
			t.Errorf("preferred %v: %v", k.preferred, best.Server)
		}
	}
}
