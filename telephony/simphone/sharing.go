package simphone

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/vishvananda/netlink"

	"option150/telephony/phone"
	"option150/telephony/simphone/peers"
)

// getter gets one file of a load, wherever from.
type getter func(ctx context.Context, name string) (answer, error)

// errPower is a phone that lost its power in the middle of a download.
var errPower = peers.ErrPowerOff

// sharesFrom is the first firmware with Peer Firmware Sharing. [source 002]
var sharesFrom = phone.Version{Major: 8, Minor: 3, Patch: 1}

// unshared is why the phone does not share the firmware it wants; "" = it does.
func (p *Phone) unshared(s Settings) string {
	v := phone.Load(p.load).Version()
	switch {
	case p.n.model.Generation == "G2":
		return "a " + p.spec.Model + " has no Peer Firmware Sharing"
	case v.Known && v.Major < 9 && v.Compare(sharesFrom) < 0:
		return p.load + " has no Peer Firmware Sharing"
	case !s.PeerSharing:
		return "Peer Firmware Sharing is off in its file"
	}
	return ""
}

// withPeers runs a download whose files come from peers where the phone
// shares, and tells the truth about each file in any case.
func (p *Phone) withPeers(ctx context.Context, s Settings, fetch getter, download func(context.Context, getter) (*Outcome, bool, error)) (*Outcome, bool, error) {
	h := p.o.Sharing
	if h == nil {
		return download(ctx, fetch)
	}
	if why := p.unshared(s); why != "" {
		return download(ctx, p.unaided(*h, why, fetch))
	}
	n, err := peers.Open(ctx, p.peer(s, *h))
	if err != nil {
		return nil, false, err
	}
	o, missing, err := download(n.Context(), func(ctx context.Context, name string) (answer, error) {
		var a answer
		data, _, peer, err := n.Get(name, func(ctx context.Context) ([]byte, bool, error) {
			var err error
			a, err = fetch(ctx, name)
			return a.data, a.status == got, err
		})
		if peer {
			p.log(Step{Kind: FromPeer, Name: name, Bytes: int64(len(data))})
			return answer{got, data, "from a peer"}, nil
		}
		return a, err
	})
	n.Close()
	if n.Dead() { // while it got a file, or while it still served its children
		p.log(Step{Kind: PowerOff, Result: "in the middle of " + s.Load})
		return nil, false, errPower
	}
	return o, missing, err
}

// unaided records what a phone fetches that does not share.
func (p *Phone) unaided(h peers.Habits, why string, fetch getter) getter {
	return func(ctx context.Context, name string) (answer, error) {
		began := time.Now()
		a, err := fetch(ctx, name)
		if h.Record != nil && err == nil {
			h.Record(peers.Share{Device: p.spec.MAC.Device(), Addr: p.lease.Addr.Addr(), Model: "CP-" + p.spec.Model, File: name,
				Role: peers.Alone, Why: why, Bytes: int64(len(a.data)), Served: a.status == got, Began: began, Took: time.Since(began)})
		}
		return a, err
	}
}

// peer is the phone as its peers see it. A root waits for its children as long
// as Pace says, but long enough for them to ask.
func (p *Phone) peer(s Settings, h peers.Habits) peers.Config {
	if h.Join == 0 {
		h.Join = max(time.Second, time.Duration(10*float64(time.Second)*p.o.Pace))
	}
	c := peers.Config{In: p.o.In, Addr: p.lease.Addr, Device: p.spec.MAC.Device(), Model: fmt.Sprintf("CP-%sG", p.spec.Model),
		Images: p.n.model.Images, Load: loadFile(s.Load), Habits: h,
		PowerOff: func() {
			_ = p.withLink(func(nl *netlink.Handle, l netlink.Link) error { return nl.LinkSetDown(l) })
		}}
	c.LogServer = logServer(s.LogServer)
	return c
}

// logServer reads the address and port of a file; the port of syslog is meant
// where none is named.
func logServer(v string) netip.AddrPort {
	if ap, err := netip.ParseAddrPort(v); err == nil {
		return ap
	}
	if a, err := netip.ParseAddr(v); err == nil {
		return netip.AddrPortFrom(a, 514)
	}
	return netip.AddrPort{}
}
