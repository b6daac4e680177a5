package upgrade

import (
	"net/netip"
	"path"
	"strings"
	"sync"
	"time"

	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/journal"
	"option150/platform/wire"
	"option150/telephony/phone"
)

// Class is what is known of a phone's firmware.
type Class string

// The classes.
const (
	Unknown  Class = "unknown"
	Exact    Class = "exact"    // it said what it runs
	Stepping Class = "stepping" // needs the stepping stone
	Stone    Class = "stone"    // has taken the stepping stone
	Direct   Class = "direct"   // takes every load
)

// Known is the class of a phone with its evidence.
type Known struct {
	MAC      ether.MAC
	Class    Class
	Runs     string // of Exact: the load
	Evidence string
	Inferred bool   // the evidence allows another reading
	Stone    string // the stepping stone it was given or has taken
	Since    time.Time
}

// Bounds.
const (
	maxPhones = 20_000
	// oneBoot is within which requests belong to one boot.
	oneBoot = 60 * time.Second
)

// Classes is the fold of what phones show. Use NewClasses.
type Classes struct {
	mu    sync.Mutex
	known map[ether.MAC]*record
	at    map[netip.Addr]ether.MAC
	dirty bool
	turn  uint64 // grows with every change of a class
}

// record is a phone.
type record struct {
	Known
	http, tftp time.Time // last time it asked a file of its own
	pending    bool      // asked TFTP first: counts if port 6970 is open
	given      string    // stone that its file names
	want       []string  // the files it consists of, in lower case
	asked      bool      // its list, since it was given
	fetched    map[string]bool

	named  string // load that its file names now
	asks   string // ending it would ask for instead if it needs a stone
	away   bool   // it fetches loads from another server, unseen
	giving string // load that its file named when it was given it
	took   string // load that the file it fetched last named
	has    bool   // it has fetched one
}

// NewClasses begins with what was known before.
func NewClasses(before []Known) *Classes {
	c := &Classes{known: map[ether.MAC]*record{}, at: map[netip.Addr]ether.MAC{}}
	for _, k := range before[:min(len(before), maxPhones)] {
		c.known[k.MAC] = &record{Known: k, given: k.Stone}
	}
	return c
}

// Fold implements journal.Fold.
func (c *Classes) Fold(e journal.Entry) {
	switch v := e.Event.(type) {
	case fileserver.Asked:
		if !v.Peer {
			c.asked(e.Time, v)
		}
	case fileserver.Served:
		c.served(v)
	case wire.Told:
		c.told(e.Time, v)
	}
}

// told is a phone that says what it runs: on its page, by CDP or LLDP.
func (c *Classes) told(now time.Time, t wire.Told) {
	if t.MAC.IsZero() || !phone.Load(t.Load).Version().Known {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.of(t.MAC)
	if r == nil || r.Class == Exact && r.Runs == t.Load {
		return
	}
	if !phone.Load(t.Load).Equal(phone.Load(r.given)) {
		r.asked, r.fetched = false, nil // what it fetched it does not run
	}
	r.Class, r.Runs = Unknown, t.Load
	c.set(r, Exact, "its "+map[wire.Source]string{wire.Page: "page", wire.CDP: "CDP frame", wire.LLDP: "LLDP frame"}[t.By]+" says "+t.Load, false, now)
}

// asksHTTP reports that a load asks port 6970 first: SCCP from 9.3, SIP from
// 9.0. [docs/facts/phones.md 1.5]
func asksHTTP(l phone.Load) bool {
	since := phone.Version{Major: 9, Minor: 3}
	if l.Protocol() == "SIP" {
		since.Minor = 0
	}
	return l.Version().Compare(since) >= 0
}

// phoneHTTP is the port phones ask for files over HTTP. [source 000]
const phoneHTTP = 6970

func (c *Classes) asked(now time.Time, a fileserver.Asked) {
	client := a.Client.Addr().Unmap()
	c.mu.Lock()
	defer c.mu.Unlock()
	mac, own := phone.MACOfFile(a.Name)
	if !own {
		c.next(client, a, now)
		return
	}
	r := c.of(mac)
	if r == nil || a.Odd || a.UserAgent != "" { // a browser is no phone
		return
	}
	if len(c.at) < maxPhones || c.at[client] != (ether.MAC{}) {
		c.at[client] = mac
	}
	again := now.Sub(r.http) < oneBoot || now.Sub(r.tftp) < oneBoot && !r.back()
	if r.back() {
		c.set(r, Stone, "fetched "+r.given+" whole and came back", false, now)
		r.asked, r.fetched = false, nil
	}
	switch {
	case a.Transport == fileserver.HTTP && a.Local.Port() == phoneHTTP:
		r.http = now
		if r.Class != Exact || !asksHTTP(phone.Load(r.Runs)) {
			c.set(r, Direct, "asked port 6970 first", false, now)
		}
	case a.Transport == fileserver.TFTP:
		r.tftp = now
		if !r.pending && !a.Again && !again && r.Class != Stone {
			r.pending = true
			c.turn++
		}
	}
}

// back reports that the phone has the stone and asks anew.
func (r *record) back() bool {
	if r.given == "" || !r.asked || r.Class == Stone || len(r.want) == 0 {
		return false
	}
	for _, f := range r.want {
		if !r.fetched[f] {
			return false
		}
	}
	return true
}

func (c *Classes) of(mac ether.MAC) *record {
	r := c.known[mac]
	if r == nil && len(c.known) < maxPhones {
		r = &record{Known: Known{MAC: mac, Class: Unknown}}
		c.known[mac] = r
	}
	return r
}

// next is a file that carries no hardware address: of the stone, or of the
// phase after the load.
func (c *Classes) next(client netip.Addr, a fileserver.Asked, now time.Time) {
	r := c.known[c.at[client]]
	if r == nil {
		return
	}
	l := phone.Load(path.Base(a.Name))
	if r.asks != "" && r.named != r.given && l.Equal(phone.Load(r.named)) {
		if strings.EqualFold(l.Suffix(), r.asks) {
			c.set(r, Stepping, "asked "+string(l)+": it takes no signed image", false, now)
		} else {
			c.set(r, Direct, "asked "+string(l), false, now)
		}
		return
	}
	if r.given == "" || r.Class == Stone || r.Class == Direct {
		return
	}
	if l.Equal(phone.Load(r.given)) {
		r.asked, r.fetched = true, map[string]bool{}
		return
	}
	// A phone asks for tones and texts once its load is the wanted one. What one
	// that goes to another server for it did there nobody saw.
	if !r.asked && r.has && r.took == r.given && !r.away && afterLoad(a.Name) {
		c.set(r, Stone, "asked "+a.Name+" and not "+r.given+": it runs that", true, now)
	}
}

// afterLoad reports that a phone asks for such a file only when it runs the
// load of its file. [docs/facts/phones.md 1.6]
func afterLoad(name string) bool {
	n := strings.ToLower(name)
	return strings.HasSuffix(n, ".jar") || strings.HasSuffix(n, "-tones.xml") || strings.HasSuffix(n, "-dictionary.xml") ||
		strings.HasPrefix(n, "dialplan") || strings.HasPrefix(n, "softkey")
}

func (c *Classes) served(s fileserver.Served) {
	if !s.Complete {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if mac, own := phone.MACOfFile(s.Name); own {
		if r := c.known[mac]; r != nil && !phone.TrustFile(s.Name) {
			r.took, r.has = r.giving, true
		}
		return
	}
	if r := c.known[c.at[s.Client.Addr().Unmap()]]; r != nil && r.asked && r.fetched != nil && len(r.fetched) < 64 {
		r.fetched[strings.ToLower(path.Base(s.Name))] = true
	}
}

func (c *Classes) set(r *record, class Class, evidence string, inferred bool, now time.Time) {
	if r.Class == class {
		return
	}
	if class == Stone {
		r.Stone = r.given
	}
	if class == Direct {
		r.given, r.Stone, r.asked, r.fetched = "", "", false, nil
	}
	if class != Exact {
		r.Runs = ""
	}
	r.Class, r.Evidence, r.Inferred, r.Since = class, evidence, inferred, now
	r.pending = false
	c.dirty = true
	c.turn++
}

// Turn grows whenever a class changes.
func (c *Classes) Turn() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.turn
}

// settle turns what was seen into classes, now that it is known whether port
// 6970 is open, and tells the class of a phone. tells: its models ask that port
// first once their firmware is new enough.
func (c *Classes) settle(mac ether.MAC, open, tells bool) Known {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.known[mac]
	if r == nil {
		return Known{MAC: mac, Class: Unknown}
	}
	if r.pending && open && tells {
		switch {
		case r.Class == Unknown:
			c.set(r, Stepping, "asked TFTP although port 6970 is open", true, r.tftp)
		case r.Class == Direct:
			// Another image, or something between keeps it from the port.
			c.set(r, Unknown, "asked port 6970 before and TFTP first now", true, r.tftp)
		case r.Class == Exact && asksHTTP(phone.Load(r.Runs)):
			c.set(r, Unknown, "ran "+r.Runs+" before and asks TFTP first now", true, r.tftp)
		}
	}
	r.pending = false
	return r.Known
}

// gave notes the stone a phone's file names, with the files it consists of.
func (c *Classes) gave(mac ether.MAC, stone string, files []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.of(mac)
	if r == nil {
		return
	}
	if r.given != stone {
		r.given, r.Stone, r.asked, r.fetched = stone, stone, false, nil
		c.dirty = true
	}
	if len(r.want) != len(files) {
		r.want = nil
		for _, f := range files {
			r.want = append(r.want, strings.ToLower(f))
		}
	}
}

// names notes the load a phone's file names.
func (c *Classes) names(mac ether.MAC, load, asks string, away bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.known[mac]; r != nil {
		r.named, r.asks, r.away = load, asks, away
	}
}

// give says that a phone is given its file as it is now.
func (c *Classes) give(mac ether.MAC) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.known[mac]; r != nil {
		r.giving = r.named
	}
}

// Took is the load that the file a phone fetched last named; "" = none.
func (c *Classes) Took(mac ether.MAC) (load string, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.known[mac]
	if r == nil {
		return "", false
	}
	return r.took, r.has
}

// reset is a phone that asks for the load of a factory reset and gets the
// stone: it has nothing else, and comes back with that.
func (c *Classes) reset(mac ether.MAC, stone string, files []string) {
	c.gave(mac, stone, files)
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.known[mac]; r != nil {
		c.set(r, Stepping, "asked the load of a factory reset", false, time.Now())
		r.given, r.Stone, r.asked, r.fetched = stone, stone, true, map[string]bool{}
	}
}

// phoneAt is the phone that has an address, by what it asked for from there.
func (c *Classes) phoneAt(a netip.Addr) (ether.MAC, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m, ok := c.at[a.Unmap()]
	return m, ok
}

// Of is what is known of one phone.
func (c *Classes) Of(mac ether.MAC) Known {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.known[mac]; r != nil {
		return r.Known
	}
	return Known{MAC: mac, Class: Unknown}
}

// List is every phone that is known, and whether it changed since the last
// List.
func (c *Classes) List() (all []Known, changed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.known {
		if r.Class != Unknown || r.Evidence != "" {
			all = append(all, r.Known)
		}
	}
	changed, c.dirty = c.dirty, false
	return all, changed
}
