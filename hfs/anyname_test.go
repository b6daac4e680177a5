package hfs

import (
	"context"
	"math/rand/v2"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"option150/platform/httpd"
	"option150/platform/listen"
	"option150/platform/tftp"
)

// anyName is a name a phone may ask for, or one like it with what programs and
// people do to names.
func anyName(r *rand.Rand) string {
	known := []string{"SEP001E7A000001.cnf.xml", "SCCP41.9-4-2SR3-1S.loads", "phones/jar41sccp.9-4-2ES26.sbn", "German_Germany/7960-tones.xml", "a b+c%41.raw",
		"empty.tlv", "startup-config", "Ringlist.xml", "CTLSEP001E7A000001.tlv", "busy.loads", "fifo", "link", "phones", "none"}
	b := []byte(known[r.IntN(len(known))])
	for range r.IntN(4) {
		at := r.IntN(len(b) + 1)
		insert := func(s string) { b = append(b[:at:at], append([]byte(s), b[at:]...)...) }
		switch r.IntN(9) {
		case 0:
			insert(string([]byte{byte(1 + r.IntN(255))})) // every octet but NUL
		case 1:
			if at < len(b) {
				b = append(b[:at:at], b[at+1:]...)
			}
		case 2:
			if at < len(b) {
				b[at] ^= 0x20 // the other case, or something else
				if b[at] == 0 {
					b[at] = 'x'
				}
			}
		case 3:
			b = []byte(strings.ReplaceAll(string(b), "/", `\`))
		case 4:
			b = append([]byte([]string{"/", "//", "./", "Communicator/", "phones/", "../", `\`, "%2e%2e/"}[r.IntN(8)]), b...)
		case 5:
			b = append(b, []string{".sgn", "/", ".", "?x=1", "#x", " ", "%00", ";v=1"}[r.IntN(8)]...)
		case 6:
			insert([]string{"/../", "/./", "//", `\\`, "\u00e9", "\xff"}[r.IntN(6)])
		case 7:
			insert(strings.Repeat("n", r.IntN(260)))
		case 8:
			b = []byte(strings.ToUpper(string(b)))
		}
		if len(b) > 480 {
			b = b[:480]
		}
		if len(b) == 0 {
			b = []byte("x")
		}
	}
	return string(b)
}

// TestAnyNameIsTheSameAtEveryDoor: whatever is asked for, TFTP and HTTP, IPv4
// and IPv6 give the same bytes, or say the same of why there are none.
func TestAnyNameIsTheSameAtEveryDoor(t *testing.T) {
	s, files, _ := box(t)
	web := httpd.New(map[string]httpd.Module{NameModule: s.Module()}, nil)
	engine := tftp.New(tftp.Options{Opener: files})
	var listeners []httpd.Listener
	var endpoints []listen.Endpoint
	for _, a := range []string{"127.0.0.1", "::1"} {
		addr := netip.MustParseAddr(a)
		if l, err := net.Listen("tcp", netip.AddrPortFrom(addr, 0).String()); err != nil {
			t.Logf("%s is not on this machine", a)
			continue
		} else {
			l.Close()
		}
		listeners = append(listeners, httpd.Listener{Endpoint: listen.Endpoint{Proto: listen.TCP, Addr: addr, Owner: Owner}, Modules: []string{NameModule}})
		endpoints = append(endpoints, listen.Endpoint{Proto: listen.UDP, Addr: addr})
	}
	c, err := web.Prepare(t.Context(), nil, httpd.Spec{Listeners: listeners})
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
	if c, err = engine.Prepare(t.Context(), nil, tftp.Spec{Endpoints: endpoints}); err != nil {
		t.Fatal(err)
	}
	c.Commit()
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		web.Close(ctx)
		<-engine.Stop(-1)
	})
	statusOf := map[int]int{-1: 200, 1: 404, 2: 403, 3: 503}
	rounds := 500
	if testing.Short() {
		rounds = 100
	}
	r := rand.New(rand.NewPCG(150, 69))
	given := 0
	for range rounds {
		name := anyName(r)
		var want string
		var code int
		for i := range endpoints {
			at := net.UDPAddrFromAddrPort(engine.Status().Listeners[i].AddrPort())
			content, got, err := rrq(at, name)
			if err != nil {
				t.Fatalf("%q over TFTP at %s: %v", name, at, err)
			}
			if i == 0 {
				want, code = content, got
			} else if content != want || got != code {
				t.Errorf("%q at %s: error %d and %d bytes, error %d and %d bytes elsewhere", name, at, got, len(content), code, len(want))
			}
		}
		for _, l := range web.Listeners() {
			resp, body := overSocket(l.Bound)(t, "GET /"+(&url.URL{Path: name}).EscapedPath()+" HTTP/1.1\r\nHost:x\r\n\r\n")
			if resp.StatusCode != statusOf[code] || code == -1 && body != want {
				t.Errorf("%q at %s: %d and %d bytes, over TFTP error %d and %d bytes", name, l.Bound, resp.StatusCode, len(body), code, len(want))
			}
		}
		if code == -1 {
			given++
		}
	}
	if given < rounds/10 {
		t.Errorf("%d of %d names were files: nothing is compared", given, rounds)
	}
}
