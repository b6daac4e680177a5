package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"option150/dhcp/wire"
	"option150/platform/ether"
)

// The types of messages. [RFC 8415 7.3]
const (
	Solicit            = 1
	Advertise          = 2
	Request            = 3
	Confirm            = 4
	Renew              = 5
	Rebind             = 6
	Reply              = 7
	Release            = 8
	Decline            = 9
	Reconfigure        = 10
	InformationRequest = 11
	RelayForward       = 12
	RelayReply         = 13
)

// The options that are read or written here. [RFC 8415 21; 3646, 4242, 4704,
// 4649, 6939, 8357]
const (
	OptClientID      = 1
	OptServerID      = 2
	OptIANA          = 3
	OptIATA          = 4
	OptIAAddr        = 5
	OptORO           = 6
	OptPreference    = 7
	OptElapsed       = 8
	OptRelayMsg      = 9
	OptStatus        = 13
	OptRapidCommit   = 14
	OptVendorClass   = 16
	OptVendorOpts    = 17
	OptInterfaceID   = 18
	OptDNSServers    = 23
	OptDomainList    = 24
	OptIAPD          = 25
	OptInfoRefresh   = 32
	OptClientFQDN    = 39
	OptClientLLAddr  = 79
	OptRelayPort     = 135
	EnterpriseCisco  = 9
	SubTFTPAddresses = 1 // of EnterpriseCisco: what option 150 is in IPv4
	SubTFTPService   = 2 // what option 66 is
)

// The status codes. [RFC 8415 21.13]
const (
	Success       = 0
	UnspecFail    = 1
	NoAddrsAvail  = 2
	NoBinding     = 3
	NotOnLink     = 4
	UseMulticast  = 5
	NoPrefixAvail = 6
)

// Ports. [RFC 8415 7.2]
const (
	PortClient = 546
	PortServer = 547
)

// What a message may be at most. Relays of RFC 3315 pass on up to 32 times.
const (
	MaxMessage = 8192
	MaxDUID    = 130
	MaxRelays  = 33
	maxIAs     = 16
	maxAddrs   = 16 // of an IA
	maxText    = 128
)

// AllServers and AllSites are the groups clients and relays send to. [RFC 8415
// 7.1]
var (
	AllServers = netip.MustParseAddr("ff02::1:2")
	AllSites   = netip.MustParseAddr("ff05::1:3")
)

// Packet is a message and the relays it came through. Slices are those of the
// datagram.
type Packet struct {
	Relays []Relay // the one that sent it to the server first
	Message
}

// Relay is one relay-forward around a message.
type Relay struct {
	Hops       byte
	Link, Peer netip.Addr // Link may be unspecified
	Interface  []byte     // option 18, to be echoed; nil = none
	Port       []byte     // option 135, to be echoed; nil = none
	MAC        ether.MAC  // option 79, zero if it has none
}

// Message is what a client sends.
type Message struct {
	Type    byte
	XID     [3]byte
	Client  []byte // its DUID, nil = none
	Server  []byte // nil = none
	IAs     []IA   // in the order sent
	Rapid   bool
	Asked   []byte // option 6: codes of two bytes, nil = none
	Elapsed uint16 // hundredths of a second since it began

	Enterprise uint32   // of option 16
	Class      string   // option 16, its first text that can be printed
	Vendors    []uint32 // enterprise numbers of the options 17
	Host       string   // option 39, the first label
}

// IA is an identity association: of addresses (OptIANA, OptIATA) or prefixes
// (OptIAPD).
type IA struct {
	Kind  uint16
	ID    uint32
	Addrs []netip.Addr // none of OptIAPD
}

// Wants reports whether the client asks for an option; who says nothing gets
// all there is.
func (m *Message) Wants(code uint16) bool {
	if m.Asked == nil {
		return true
	}
	for o := m.Asked; len(o) >= 2; o = o[2:] {
		if binary.BigEndian.Uint16(o) == code {
			return true
		}
	}
	return false
}

// Phone reports whether the client looks like a Cisco phone: by the text of its
// vendor class, or because it speaks of Cisco's enterprise number itself.
func (m *Message) Phone() bool {
	if m.Class != "" && wire.CiscoPhone(m.Class) {
		return true
	}
	if m.Enterprise == EnterpriseCisco && m.Class == "" {
		return true
	}
	for _, v := range m.Vendors {
		if v == EnterpriseCisco {
			return true
		}
	}
	return false
}

// Decode reads a datagram.
func Decode(b []byte) (*Packet, error) {
	if len(b) > MaxMessage {
		return nil, fmt.Errorf("longer than %d bytes", MaxMessage)
	}
	p := &Packet{}
	for {
		if len(b) < 4 {
			return nil, errors.New("shorter than a message")
		}
		switch b[0] {
		case RelayForward:
			if len(p.Relays) == MaxRelays {
				return nil, fmt.Errorf("more than %d relays", MaxRelays)
			}
			inner, err := p.relay(b)
			if err != nil {
				return nil, err
			}
			b = inner
			continue
		case RelayReply:
			return nil, errors.New("a relay-reply is not for a server")
		}
		return p, p.message(b)
	}
}

// relay reads one relay-forward and returns what is in it.
func (p *Packet) relay(b []byte) (inner []byte, err error) {
	const head = 34
	if len(b) < head {
		return nil, errors.New("shorter than a relay-forward")
	}
	r := Relay{Hops: b[1], Link: netip.AddrFrom16([16]byte(b[2:18])), Peer: netip.AddrFrom16([16]byte(b[18:34]))}
	seen := map[uint16]bool{}
	err = options(b[head:], func(code uint16, v []byte) error {
		switch code {
		case OptRelayMsg, OptInterfaceID, OptClientLLAddr, OptRelayPort:
			if seen[code] {
				return fmt.Errorf("option %d twice", code)
			}
			seen[code] = true
		}
		switch code {
		case OptRelayMsg:
			inner = v
		case OptInterfaceID:
			r.Interface = v
		case OptClientLLAddr: // type of hardware, address
			if len(v) == 8 && binary.BigEndian.Uint16(v) == 1 {
				r.MAC = ether.MAC(v[2:])
			}
		case OptRelayPort:
			if len(v) != 2 {
				return fmt.Errorf("option %d of %d bytes", code, len(v))
			}
			r.Port = v
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case len(inner) == 0:
		return nil, errors.New("a relay-forward without a message")
	}
	p.Relays = append(p.Relays, r)
	return inner, nil
}

// message reads what the client sent.
func (p *Packet) message(b []byte) error {
	m := &p.Message
	m.Type, m.XID = b[0], [3]byte(b[1:4])
	if m.Type < Solicit || m.Type > InformationRequest {
		return fmt.Errorf("message of type %d", m.Type)
	}
	once := map[uint16]bool{}
	return options(b[4:], func(code uint16, v []byte) error {
		switch code {
		case OptClientID, OptServerID, OptORO, OptElapsed, OptRapidCommit, OptClientFQDN:
			if once[code] {
				return fmt.Errorf("option %d twice", code)
			}
			once[code] = true
		}
		return m.option(code, v)
	})
}

func (m *Message) option(code uint16, v []byte) (err error) {
	short := func(least int) error {
		if len(v) < least {
			return fmt.Errorf("option %d of %d bytes", code, len(v))
		}
		return nil
	}
	switch code {
	case OptClientID, OptServerID:
		if len(v) < 3 || len(v) > MaxDUID {
			return fmt.Errorf("DUID of %d bytes", len(v))
		}
		if code == OptClientID {
			m.Client = v
		} else {
			m.Server = v
		}
	case OptIANA, OptIATA, OptIAPD:
		err = m.association(code, v)
	case OptORO:
		if len(v)%2 != 0 {
			return fmt.Errorf("option %d of %d bytes", code, len(v))
		}
		m.Asked = v[:len(v):len(v)]
		if m.Asked == nil {
			m.Asked = []byte{}
		}
	case OptElapsed:
		if err = short(2); err == nil {
			m.Elapsed = binary.BigEndian.Uint16(v)
		}
	case OptRapidCommit:
		m.Rapid = true
	case OptVendorClass:
		if err = short(4); err == nil {
			m.vendorClass(v)
		}
	case OptVendorOpts:
		if err = short(4); err == nil && len(m.Vendors) < maxIAs {
			m.Vendors = append(m.Vendors, binary.BigEndian.Uint32(v))
		}
	case OptClientFQDN:
		if err = short(1); err == nil {
			m.Host = label(v[1:])
		}
	}
	return err
}

// vendorClass keeps the first text of the class, and the enterprise; Cisco's
// wins over others.
func (m *Message) vendorClass(v []byte) {
	number := binary.BigEndian.Uint32(v)
	if m.Enterprise == EnterpriseCisco {
		return
	}
	m.Enterprise, m.Class = number, ""
	for v = v[4:]; len(v) >= 2; {
		n := int(binary.BigEndian.Uint16(v))
		if n > len(v)-2 {
			return
		}
		if text := wire.Printable(strings.TrimRight(string(v[2:2+min(n, maxText)]), "\x00 ")); text != "" {
			m.Class = text
			return
		}
		v = v[2+n:]
	}
}

// label is the first label of a name in DNS form.
func label(v []byte) string {
	if len(v) == 0 || int(v[0]) == 0 || int(v[0]) > 63 || int(v[0]) > len(v)-1 {
		return ""
	}
	return wire.Printable(string(v[1 : 1+int(v[0])]))
}

func (m *Message) association(code uint16, v []byte) error {
	if len(m.IAs) == maxIAs {
		return fmt.Errorf("more than %d identity associations", maxIAs)
	}
	head := 12
	if code == OptIATA {
		head = 4
	}
	if len(v) < head {
		return fmt.Errorf("option %d of %d bytes", code, len(v))
	}
	ia := IA{Kind: code, ID: binary.BigEndian.Uint32(v)}
	err := options(v[head:], func(c uint16, v []byte) error {
		if c != OptIAAddr || code == OptIAPD {
			return nil
		}
		switch {
		case len(v) < 24:
			return fmt.Errorf("option %d of %d bytes", c, len(v))
		case len(ia.Addrs) == maxAddrs:
			return fmt.Errorf("more than %d addresses of an association", maxAddrs)
		}
		ia.Addrs = append(ia.Addrs, netip.AddrFrom16([16]byte(v)))
		return options(v[24:], func(uint16, []byte) error { return nil })
	})
	if err != nil {
		return err
	}
	for _, o := range m.IAs {
		if o.Kind == ia.Kind && o.ID == ia.ID {
			return fmt.Errorf("association %d twice", ia.ID)
		}
	}
	m.IAs = append(m.IAs, ia)
	return nil
}

// options goes through a list of options. One that ends outside it is an error.
func options(b []byte, f func(code uint16, v []byte) error) error {
	for len(b) > 0 {
		if len(b) < 4 {
			return fmt.Errorf("%d bytes where an option is expected", len(b))
		}
		code, n := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		if n > len(b)-4 {
			return fmt.Errorf("option %d ends behind what it is in", code)
		}
		if err := f(code, b[4:4+n]); err != nil {
			return err
		}
		b = b[4+n:]
	}
	return nil
}
