package leasefile

import (
	"encoding/hex"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"option150/platform/ether"
)

// Lease is one client's lease.
type Lease struct {
	Addr     netip.Addr
	ClientID []byte    // option 61, nil if the list has none
	MAC      ether.MAC // zero if the list has none
	Expiry   time.Time // zero = it does not end
	Hostname string
}

// List is what a text holds.
type List struct {
	Kind   string // "IOS", "IOS database", "ISC dhcpd", "Kea", "dnsmasq"
	Leases []Lease
	Bad    int // entries that could not be read

	// Of an IOS database: when it was written, zero if it does not say, and
	// whether its end is missing.
	Written time.Time
	Cut     bool
}

// ErrUnknown says that a text is no list of leases this package knows.
var ErrUnknown = errors.New("no list of leases of IOS, ISC dhcpd, Kea or dnsmasq")

// maxLeases bounds what is taken from a text.
const maxLeases = 1 << 17

// Read finds out what a text is and reads it. zone is that of the times that do
// not say; IOS prints local ones.
func Read(text string, zone *time.Location) (List, error) {
	for _, r := range []func(string, *time.Location) (List, bool){kea, database, ios, isc, dnsmasq} {
		if l, ok := r(text, zone); ok {
			return l, nil
		}
	}
	return List{}, ErrUnknown
}

// builder collects leases, the last of an address.
type builder struct {
	List
	at map[netip.Addr]int
}

func (b *builder) add(l Lease) {
	if !l.Addr.Is4() || l.MAC.IsZero() && len(l.ClientID) == 0 || len(l.ClientID) > 512 {
		b.Bad++
		return
	}
	b.drop(l.Addr)
	if len(b.at) >= maxLeases {
		b.Bad++
		return
	}
	b.at[l.Addr] = len(b.Leases)
	b.Leases = append(b.Leases, l)
}

// drop takes back what was read of an address.
func (b *builder) drop(a netip.Addr) {
	if i, ok := b.at[a]; ok {
		b.Leases[i].Addr = netip.Addr{}
		delete(b.at, a)
	}
}

func (b *builder) done() (List, bool) {
	b.Leases = slices.DeleteFunc(b.Leases, func(l Lease) bool { return !l.Addr.IsValid() })
	return b.List, true
}

func newBuilder(kind string) *builder {
	return &builder{List: List{Kind: kind}, at: map[netip.Addr]int{}}
}

// who sorts an identifier as IOS prints it: six bytes are a hardware address,
// everything else is what the client sent as option 61.
func (l *Lease) who(id []byte) {
	if len(id) == 6 {
		l.MAC = ether.MAC(id)
		return
	}
	l.ClientID = id
	if len(id) == 7 && id[0] == 1 {
		l.MAC = ether.MAC(id[1:])
	}
}

// digits reads hexadecimal digits with anything of . : - between them.
func digits(s string) []byte {
	b, err := hex.DecodeString(strings.NewReplacer(".", "", ":", "", "-", "").Replace(s))
	if err != nil || len(b) == 0 {
		return nil
	}
	return b
}
