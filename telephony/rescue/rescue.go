// Package rescue leads a 7940 or 7960 that hangs between two images to its load.
// Such a phone asks for its CTL file over and over, because "no such file" is no
// answer to the half of a loader it runs (its screen says Protocol Application
// Invalid); the cure that is published is an empty CTL file. [verdict R20]
//
//	CTLSEP<mac>.tlv -> empty, as long as the phone is led
//	OS79XX.TXT      -> the image of its load, for the address that asked for the above
//	SEP<mac>.cnf.xml and the load: as always
//
// An empty file counts as absent everywhere else: phones take the one for a
// trust list they need not have, the other for an answer. So it is given on
// request, to one phone, for a time.
//
// Concurrency: every method may be called from any goroutine. Failure: none; who
// is not led is not concerned. Testing: a Book as a fileserver.Route.
package rescue

import (
	"bytes"
	"context"
	"net/netip"
	"strings"
	"sync"
	"time"

	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/sorted"
	"option150/telephony/phone"
)

// Time is how long a phone is led: it has to be restarted by hand.
const Time = time.Hour

// maxCases bounds the phones that are led at a time.
const maxCases = 256

// Case is one phone that is led.
type Case struct {
	MAC   ether.MAC
	Image string // of its load, "" = none is configured
	Until time.Time
	Given int        // times it got the empty file
	Addr  netip.Addr // that asked for it last
}

// Book knows the phones that are led. The zero value is ready.
type Book struct {
	mu    sync.Mutex
	cases map[ether.MAC]*Case
}

var _ fileserver.Route = (*Book)(nil)

// Begin leads a phone from now on, for Time; false if too many are.
func (b *Book) Begin(mac ether.MAC, image string) (Case, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tidy()
	c := b.cases[mac]
	if c == nil {
		if len(b.cases) >= maxCases {
			return Case{}, false
		}
		c = &Case{MAC: mac}
		if b.cases == nil {
			b.cases = map[ether.MAC]*Case{}
		}
		b.cases[mac] = c
	}
	c.Image, c.Until = image, time.Now().Add(Time)
	return *c, true
}

// End leads a phone no more; false if it was not led.
func (b *Book) End(mac ether.MAC) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tidy()
	_, led := b.cases[mac]
	delete(b.cases, mac)
	return led
}

// tidy forgets whose time is over. The lock is held.
func (b *Book) tidy() {
	now := time.Now()
	for mac, c := range b.cases {
		if now.After(c.Until) {
			delete(b.cases, mac)
		}
	}
}

// Cases are the phones that are led, by hardware address.
func (b *Book) Cases() []Case {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tidy()
	var out []Case
	for _, c := range b.cases {
		out = append(out, *c)
	}
	sorted.By(out, func(x, y Case) int { return strings.Compare(x.MAC.Hex(), y.MAC.Hex()) })
	return out
}

// Name implements fileserver.Route.
func (*Book) Name() string { return "recover" }

// imageFile is what the oldest loaders ask for: a line with the name of their
// image. [Cisco document 5455]
const imageFile = "OS79XX.TXT"

// Open implements fileserver.Route.
func (b *Book) Open(_ context.Context, r fileserver.Request, name string) (*fileserver.Hit, error) {
	trust := len(name) > 3 && strings.EqualFold(name[:3], "CTL")
	if !trust && !strings.EqualFold(name, imageFile) {
		return nil, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.cases) == 0 {
		return nil, nil
	}
	b.tidy()
	if !trust {
		for _, c := range b.cases {
			if c.Addr == r.Client.Addr().Unmap() && c.Image != "" {
				return hit(imageFile, c.Image), nil
			}
		}
		return nil, nil
	}
	mac, ok := phone.MACOfFile(name)
	c := b.cases[mac]
	if !ok || c == nil || !strings.EqualFold(name, "CTL"+mac.Device()+".tlv") {
		return nil, nil
	}
	c.Given++
	c.Addr = r.Client.Addr().Unmap()
	h := hit("CTL"+mac.Device()+".tlv", "")
	h.Empty = true
	return h, nil
}

func hit(name, content string) *fileserver.Hit {
	return &fileserver.Hit{Name: name, Size: int64(len(content)), ModTime: time.Now(), Content: bytes.NewReader([]byte(content))}
}
