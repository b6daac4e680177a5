package inventory

import (
	"net/netip"
	"time"

	"option150/platform/ether"
	"option150/telephony/firmware"
)

// Outside is what verdicts need to know and no event tells: the configuration
// and what is in flash:. Every question is asked outside of the fold's lock; a
// nil function knows nothing.
type Outside struct {
	// Setup tells what is configured for a phone.
	Setup func(mac ether.MAC) Setup
	// Load tells what is here of a load, by its name without suffix.
	Load func(load string) firmware.State
	// Loads names the whole loads that are here for the models that run the
	// images of this one.
	Loads func(load string) []string
	// Box tells about the box itself.
	Box func() Box
}

// Setup is what the box knows of a phone without having seen it.
type Setup struct {
	Section string           // "ephone 4", "voice register pool 2"; "" = not configured
	Label   string           // the same with its description, for people
	Type    string           // keyword of its type, "7961"; "" = none
	SIP     bool             // the section is one of voice register
	Load    string           // it is to run, without suffix; "" = its file names none
	Server  string           // `service phone loadServer`; "" = firmware comes from here
	Sharing bool             // `service phone peerFirmwareSharing`
	Built   bool             // there is a file for it
	Changed time.Time        // since when its file has the content it has
	Control []netip.AddrPort // call control its file names, port of the protocol
}

// Box is what verdicts need to know of the box itself.
type Box struct {
	Own       []netip.Addr // addresses of its interfaces
	HTTP      bool         // port 6970 is open
	Pools     bool         // DHCP serves
	NewEphone int          // a free tag of `ephone`
	NewPool   int          // a free tag of `voice register pool`
}

func (o Outside) setup(mac ether.MAC) Setup {
	if o.Setup == nil || mac.IsZero() {
		return Setup{}
	}
	return o.Setup(mac)
}

func (o Outside) load(name string) firmware.State {
	if o.Load == nil || name == "" {
		return firmware.State{}
	}
	return o.Load(name)
}

func (o Outside) loads(name string) []string {
	if o.Loads == nil || name == "" {
		return nil
	}
	return o.Loads(name)
}

func (o Outside) box() (b Box) {
	if o.Box != nil {
		b = o.Box()
	}
	b.NewEphone, b.NewPool = max(b.NewEphone, 1), max(b.NewPool, 1)
	return b
}
