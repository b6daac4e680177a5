package simphone

import (
	"fmt"
	"net/netip"
	"strings"

	"option150/platform/ether"
	"option150/telephony/phone"
)

// Protocol is the call control a phone's firmware speaks.
type Protocol string

// The protocols.
const (
	SCCP Protocol = "SCCP"
	SIP  Protocol = "SIP"
)

// Spec is a phone as it stands on the desk before it is plugged in.
type Spec struct {
	MAC      ether.MAC
	Model    string   // type keyword, "7961"
	Protocol Protocol // "" = that of Load, else SCCP where the model has it
	Load     string   // the load it runs, "SCCP41.9-4-2SR3-1S"; "" = not known, never upgraded from

	// Family is the addresses it is set to use; the zero value is IPv4.
	Family Family

	// FactoryReset is a phone whose image was wiped: its boot loader fetches
	// termNN.default.loads by TFTP before anything else. [facts/phones.md 1.6]
	FactoryReset bool
	// Unsigned is a 7905 or 7912 whose firmware cannot check signatures: it takes
	// .zup images only, and learns it from one. A 7940 and 7960 show it by the
	// version of their load. [Cisco, 7905G and 7912G administrator guide]
	Unsigned bool
	// ForeignTrust is a phone that carries the trust list of another cluster:
	// it asks for signed files only and believes none of ours. [facts/phones.md 6]
	ForeignTrust bool
	// AlternateTFTP is a file server set by hand on the phone; it comes before
	// everything that DHCP says. [sources/004]
	AlternateTFTP netip.Addr

	// Faults that are shown. [facts/diagnosis.md 3]
	Faults Faults
}

// Faults is what is wrong with a phone, or with the way to it.
type Faults struct {
	Static   netip.Prefix // an address set by hand: it never asks for one
	Unicast  bool         // it does not ask for broadcast answers: as real phones do
	HTTPS    bool         // a trust list of the kind that makes it use HTTPS on port 6971 only
	Deaf     bool         // TFTP answers reach it from port 69 only: a firewall, NAT
	CutAfter int          // transfers end after so many bytes; 0 = none
	Slow     int          // bytes per second of an HTTP transfer; 0 = as fast as it can
	Blocks   int          // size of the TFTP blocks it asks for, on a way that lets no packet of more than 600 bytes through; 0 = it asks for none
	Hunts    int          // times it asks for its CTL file before it goes on without one, if it gets no file, not even an empty one: a 7940 between two images
	Refuses  string       // a load whose signature it does not believe
	Dies     bool         // it does not come back from installing a load
	Picky    bool         // it takes no file whose load is another model's
}

// nature is what the model and the firmware make of a phone.
type nature struct {
	model phone.Model
	proto Protocol
	class string // option 60 with its NUL where there is one
}

func (s Spec) nature() (nature, error) {
	m, ok := phone.Lookup(s.Model)
	if !ok || m.Addon {
		return nature{}, fmt.Errorf("simulated phone %s: unknown model %q", s.MAC, s.Model)
	}
	if s.MAC.IsZero() || s.MAC[0]&1 != 0 {
		return nature{}, fmt.Errorf("simulated phone: %s is no address of a phone", s.MAC)
	}
	n := nature{model: m, proto: s.Protocol}
	if n.proto == "" {
		n.proto = Protocol(phone.Load(s.Load).Protocol())
	}
	if n.proto == "" {
		n.proto = SIP
		if m.SCCP {
			n.proto = SCCP
		}
	}
	if (n.proto == SCCP && !m.SCCP) || (n.proto == SIP && !m.SIP) || (n.proto != SCCP && n.proto != SIP) {
		return nature{}, fmt.Errorf("simulated phone %s: model %s does not speak %q", s.MAC, s.Model, n.proto)
	}
	known := false
	switch m.Generation {
	case "G2", "G3", "G3+", "G4", "G5":
		known = (m.Images != "" || n.profiled()) && len(m.Class) > 0
	case "69xx", "SIP basic", "wifi", "conf":
		known = true
	case "ATA": // an ATA 186 with SCCP is told by files nobody has published
		known = n.proto == SIP
	}
	if !known {
		return nature{}, fmt.Errorf("simulated phone %s: how a %s boots is not known", s.MAC, s.Model)
	}
	if s.Unsigned && (!n.profiled() || m.SIPFile == phone.ATA) {
		return nature{}, fmt.Errorf("simulated phone %s: a %s shows by its load whether it checks signatures", s.MAC, s.Model)
	}
	// Of some models no class was published. What they say before their model is
	// known is. [facts/phones.md 1.1]
	n.class = "Cisco Systems, Inc."
	if len(m.Class) > 0 {
		n.class = m.Class[0]
	}
	if m.Generation != "G5" && strings.Contains(n.class, "CP-") {
		n.class += "\x00" // counted in the length of the option [facts/phones.md 1.1]
	}
	return n, nil
}

// params is option 55. Models without a row of their own ask as the others of
// their time do. [facts/phones.md 1.1]
func (n nature) params() []byte {
	p := n.model.Params
	if len(p) == 0 {
		p = []int{1, 66, 6, 3, 15, 150, 35}
	}
	b := make([]byte, len(p))
	for i, v := range p {
		b[i] = byte(v)
	}
	return b
}

// asksHTTP reports whether firmware asks port 6970 before port 69: SCCP of the
// 7900 series from 9.3, SIP of the 7900 series from 9.0 [D, "since CME 8.8"],
// everything newer always. A load of unknown version counts as new.
// [facts/phones.md 1.5]
func (n nature) asksHTTP(load string) bool {
	v := phone.Load(load).Version()
	switch n.model.HTTP {
	case "yes":
		return true
	case "9.3":
		if !v.Known {
			return true
		}
		since := phone.Version{Major: 9, Minor: 3}
		if n.proto == SIP {
			since = phone.Version{Major: 9}
		}
		return v.Compare(since) >= 0
	}
	return false
}

// accepts reports whether firmware of the 7900 series believes the signature
// of a newer image: below 8.3(3) it needs a stepping stone from 8.3(3) to
// 8.5(2) before 9.x; the signing key changed after 8.5(2). [facts/phones.md 3.4]
func (n nature) accepts(running, wanted string) bool {
	if g := n.model.Generation; g != "G3" && g != "G3+" {
		return true
	}
	r, w := phone.Load(running).Version(), phone.Load(wanted).Version()
	if !r.Known || !w.Known {
		return true
	}
	return r.Compare(phone.Version{Major: 8, Minor: 3, Patch: 3}) >= 0 ||
		w.Compare(phone.Version{Major: 8, Minor: 5, Patch: 2}) <= 0
}

// sizeLimit is the largest configuration file the phone takes, in bytes.
// [facts/phones.md 1.7 for G5; facts/files.md 1.5 for the older]
func (n nature) sizeLimit() int {
	if n.model.Generation == "G5" {
		return 2048 << 10
	}
	return 550_001
}
