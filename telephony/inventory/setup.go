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
	// Deep tells the same after reading the files to their end, where the load
	// carries digests.
	Deep func(load string) firmware.State
	// Where names the place in flash: of a file that is there and is not
	// served under its name, "" if there is none.
	Where func(file string) string
	// Loads names the whole loads that are here for the models that run the
	// images of this one.
	Loads func(load string) []string
	// Box tells about the box itself.
	Box func() Box
	// Placed reads a phone file that lies in flash: in place of a generated
	// one: what a phone was told by that.
	Placed func(file string) Given
}

// Setup is what the box knows of a phone without having seen it.
type Setup struct {
	Section  string           // "ephone 4", "voice register pool 2"; "" = not configured
	Label    string           // the same with its description, for people
	Type     string           // keyword of its type, "7961"; "" = none
	SIP      bool             // the section is one of voice register
	Load     string           // it is to run, without suffix; "" = its file names none
	Server   string           // `service phone loadServer`; "" = firmware comes from here
	ServerIn string           // the section whose line says so
	Sharing  bool             // `service phone peerFirmwareSharing`
	Built    bool             // there is a file for it
	Changed  time.Time        // since when its file has the content it has
	Control  []netip.AddrPort // call control its file names, port of the protocol
	Given    *Given           // what the file it was sent last said; nil = none since this box runs
}

// Given is what a phone file told a phone.
type Given struct {
	At      time.Time // when it was sent
	Known   bool      // false: it could not be read
	Load    string    // without suffix
	Server  string
	Sharing bool
	Control []netip.AddrPort
}

// Box is what verdicts need to know of the box itself.
type Box struct {
	Own        []netip.Addr              // addresses of its interfaces
	Networks   []netip.Prefix            // the same with their masks
	HTTP       bool                      // port 6970 is open
	IPv6       bool                      // TFTP is open for IPv6
	Home       string                    // where loose phone files are looked for, "flash:phones"
	Pools      int                       // DHCP pools that serve; 0 = no addresses from here
	Control    map[netip.AddrPort]Answer // call control that was asked
	NewEphone  int                       // a free tag of `ephone`
	NewPool    int                       // a free tag of `voice register pool`
	Alternates bool                      // other file servers are asked for what is not here
	BuildCNF   string                    // for whom a .cnf file is expected, see phone.ExpectsBinary
	Gateways   map[string]string         // section of `voice-gateway system` by the file it asks for, in lower case
}

// Answer is how call control answered when it was asked.
type Answer struct {
	OK     bool
	Asking bool   // it is asked for the first time, and has not answered yet
	Basis  Basis  // a refused or silent TCP connection is observed, silence over UDP inferred
	Why    string // "refuses TCP connections", "does not answer"
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

func (o Outside) deep(name string) firmware.State {
	if o.Deep == nil || name == "" {
		return o.load(name)
	}
	return o.Deep(name)
}

func (o Outside) where(file string) string {
	if o.Where == nil {
		return ""
	}
	return o.Where(file)
}

func (o Outside) loads(name string) []string {
	if o.Loads == nil || name == "" {
		return nil
	}
	return o.Loads(name)
}

func (o Outside) placed(file string) Given {
	if o.Placed == nil {
		return Given{}
	}
	return o.Placed(file)
}

func (o Outside) box() (b Box) {
	if o.Box != nil {
		b = o.Box()
	}
	if b.Home == "" {
		b.Home = "flash:"
	}
	b.NewEphone, b.NewPool = max(b.NewEphone, 1), max(b.NewPool, 1)
	return b
}
