package pfs

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"option150/platform/ether"
	"option150/platform/sorted"
	"option150/telephony/phone"
)

// Facts are what is known beside what was seen: of the configuration, of the
// loads in flash: and of where the box looks from.
type Facts struct {
	Loads     []Load
	Phones    map[ether.MAC]Configured
	Subnets   []netip.Prefix // the box is in; nil = not known, as of a capture from elsewhere
	Observing bool           // UDP 4051 is seen where the phones are
	Mirror    bool           // so is TCP 4051 between phones
	LogServer bool           // phones are told to log here
	Offline   bool           // the facts are from a file, not from this box
}

// Load is a load with the sizes of its files, the list itself first.
type Load struct {
	Name  string // "SCCP41.9-4-2SR3-1S"
	Files []File
}

// File is one file of a load.
type File struct {
	Name string
	Size int64
}

// Configured is what the configuration says of a phone.
type Configured struct {
	Model      phone.Model
	Load       string // canonical name; "" = none is configured
	Sharing    string // effective value of peerFirmwareSharing; "" = not set
	Level      string // "phone", "template 3", "system"; "" = the default of the phone
	LoadServer string
	Line       string // "ephone 3", "voice register pool 2"
}

// Peer is what is known of one phone.
type Peer struct {
	MAC     ether.MAC
	Addr    netip.Addr
	Model   string // keyword, "" = unknown
	Family  string // of images, "" = unknown
	Subnet  netip.Prefix
	Relay   netip.Addr
	Fetches []Fetch
	Bursts  []Broadcast
	Boots   []Boot
	Runs    string    // the load it says it runs, "" = it did not say
	Told    time.Time // when it said so
	Log     Log
}

// Log is what the log of a phone says.
type Log struct {
	Records []Record // the last ones
	Total   int
	Last    time.Time
	XID     string
	Root    netip.Addr
	Path    string
	Model   string
	H       string
	Confirm bool // it says it is a confirmed root
	Kids    int  // children at most, by its own account
}

// Role is what the log says the phone is: root, child of another, "?".
func (l *Log) Role(own netip.Addr) Role {
	switch {
	case l.Total == 0:
		return Unknown
	case l.Confirm, l.Root.IsValid() && l.Root == own:
		return Root
	case l.Root.IsValid() && own.IsValid():
		return Child
	}
	return Unknown
}

// Snapshot is what a State knows at one moment.
type Snapshot struct {
	Peers     []Peer     // by device name
	Transfers []Transfer // by start
	Strange   Log        // of a log that names no phone that is known
	Evicted   uint64     // phones and transfers that made room
}

// Snapshot copies the state. Subnets are those the leases name, or the ones
// given that hold the phone's address.
func (s *State) Snapshot(subnets []netip.Prefix) Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := Snapshot{Strange: s.strange.public(), Evicted: s.evicted}
	for _, p := range s.phones {
		x := Peer{MAC: p.mac, Addr: p.addr, Subnet: p.subnet, Relay: p.relay, Fetches: slices.Clone(p.fetches),
			Bursts: slices.Clone(p.bursts), Boots: slices.Clone(p.boots), Runs: p.runs, Told: p.told, Log: p.session.public()}
		if p.known {
			x.Model, x.Family = p.model.Keyword, family(p.model)
		}
		if !x.Subnet.IsValid() {
			for _, n := range subnets {
				if n.Contains(x.Addr) && (!x.Subnet.IsValid() || n.Bits() > x.Subnet.Bits()) {
					x.Subnet = n.Masked()
				}
			}
		}
		out.Peers = append(out.Peers, x)
	}
	for _, t := range s.transfers {
		out.Transfers = append(out.Transfers, t)
	}
	sorted.By(out.Peers, func(a, b Peer) int { return strings.Compare(a.MAC.Hex(), b.MAC.Hex()) })
	sorted.By(out.Transfers, func(a, b Transfer) int { return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.ID, b.ID)) })
	return out
}

func (l *session) public() Log {
	return Log{Records: slices.Clone(l.records), Total: l.total, Last: l.last, XID: l.xid, Root: l.root, Path: l.path,
		Model: l.model, H: l.h, Confirm: l.confirm, Kids: l.kids}
}

// family is the word for models that share images: those share firmware.
func family(m phone.Model) string {
	if m.Images != "" {
		return m.Images
	}
	return m.Keyword
}

// peer finds a phone of the snapshot, nil if it is not in it.
func (s *Snapshot) peer(mac ether.MAC) *Peer {
	i, ok := slices.BinarySearchFunc(s.Peers, mac, func(p Peer, m ether.MAC) int { return strings.Compare(p.MAC.Hex(), m.Hex()) })
	if !ok {
		return nil
	}
	return &s.Peers[i]
}

// complete fills in of the configuration what was not seen: the model of a
// phone that gets its lease elsewhere, and its family by the load it asked for.
func (s *Snapshot) complete(f *Facts) {
	for i := range s.Peers {
		p := &s.Peers[i]
		if p.Family == "" {
			if c, ok := f.Phones[p.MAC]; ok && c.Model.Keyword != "" {
				p.Model, p.Family = c.Model.Keyword, family(c.Model)
			}
		}
		for k := 0; p.Family == "" && k < len(p.Fetches); k++ {
			p.Family = phone.Load(p.Fetches[k].File).Family()
		}
		if p.Family == "" && p.Log.Path != "" {
			p.Family = phone.Load(Record{Path: p.Log.Path}.File()).Family()
		}
	}
}
