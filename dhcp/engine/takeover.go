package engine

import (
	"net/netip"
	"slices"
	"time"

	"option150/platform/ether"
	"option150/platform/sorted"
)

// Known is a lease of the server this one replaces, as its own list has it.
type Known struct {
	Addr     netip.Addr
	ClientID []byte    // nil if the list does not say
	MAC      ether.MAC // zero if it does not
	Expiry   time.Time // zero = no end
	Hostname string
}

// Imported is what came of a list.
type Imported struct {
	Taken   int
	Refused []Refusal // why others were not taken, the most frequent reason first
}

// Refusal counts the leases that were not taken for one reason.
type Refusal struct {
	Why   string
	Count int
	First netip.Addr
}

// Import takes over leases of another server: they are on record from then on,
// and their clients renew them. What this server has on record itself stays. A
// dry run only tells.
func (e *Engine) Import(now Instant, list []Known, dry bool) Imported {
	return e.take(now, list, dry, e.cannotImport)
}

// Fill takes over from a file of this server's own bindings what its log does
// not have. The log is younger than any file: an address or a client it knows is
// as it says, and one that has given its address back has not got it again.
func (e *Engine) Fill(now Instant, list []Known) Imported {
	return e.take(now, list, false, func(now Instant, k *Known) string {
		if b := e.bindings[k.Addr]; b != nil {
			return "on record here"
		}
		for _, b := range e.clients[k.key()] {
			if b.leased && !b.Imported && b.sub != nil && b.sub == e.t.subnetOf(k.Addr) {
				return "its client has another lease here"
			}
		}
		return e.cannotImport(now, k)
	})
}

// take takes over what nothing speaks against.
func (e *Engine) take(now Instant, list []Known, dry bool, cannot func(Instant, *Known) string) Imported {
	var out Imported
	refuse := func(a netip.Addr, why string) {
		i := slices.IndexFunc(out.Refused, func(r Refusal) bool { return r.Why == why })
		if i < 0 {
			out.Refused = append(out.Refused, Refusal{Why: why, First: a})
			i = len(out.Refused) - 1
		}
		out.Refused[i].Count++
	}
	for _, k := range list {
		if why := cannot(now, &k); why != "" {
			refuse(k.Addr, why)
			continue
		}
		out.Taken++
		if !dry {
			e.importOne(now, &k)
		}
	}
	sorted.Stable(out.Refused, func(x, y Refusal) int { return y.Count - x.Count })
	return out
}

func (e *Engine) cannotImport(now Instant, k *Known) string {
	s := e.t.subnetOf(k.Addr)
	b := e.bindings[k.Addr]
	switch {
	case s == nil:
		return "in no pool"
	case e.t.byAddr[k.Addr] != nil:
		return "a manual binding"
	case s.reserved(k.Addr):
		return "excluded"
	case !k.Expiry.IsZero() && e.instant(k.Expiry.Unix()) <= now:
		return "expired"
	case b != nil && b.leased:
		return "leased by this server"
	case s.pool.conf.VRF != "":
		return "in a pool that serves nobody"
	}
	return ""
}

func (e *Engine) importOne(now Instant, k *Known) {
	if o := e.offers[k.Addr]; o != nil {
		e.drop(o)
	}
	if b := e.bindings[k.Addr]; b != nil {
		e.forget(b)
	}
	b := &binding{Record: Record{Kind: RecordBinding, Addr: k.Addr, Key: k.key(), MAC: k.MAC, HType: 1, Hostname: k.Hostname, State: StateLeased, Imported: true}, index: -1}
	e.adopt(b)
	b.Pool, b.Interface = b.sub.pool.conf.Name, b.sub.link
	b.granted, b.until, b.Lease = now, never, 0xffffffff
	if !k.Expiry.IsZero() {
		b.until = e.instant(k.Expiry.Unix())
		b.Lease = uint32(min((b.until-now)/time.Second, 0xfffffffe))
	}
	e.start(b)
	e.save(b)
	if e.share.Domain != nil {
		e.share.Connected = false // until it is entered
	}
	if u := e.users[k.Addr]; u != nil {
		e.unuse(u)
	}
	e.resolve(k.Addr)
}

// key is how its client is kept.
func (k *Known) key() string {
	if len(k.ClientID) > 0 {
		return "i" + string(k.ClientID)
	}
	return hardwareKey(k.MAC)
}

// hardwareKey is the key of an Ethernet client without an identifier.
func hardwareKey(m ether.MAC) string { return "h\x01" + string(m[:]) }

// importedFor are the leases that were taken over for the hardware address of a
// client: the list may not have had the identifier by which it asks.
func (e *Engine) importedFor(c *call) []*binding {
	var out []*binding
	for _, b := range e.clients[hardwareKey(c.p.MAC)] {
		if b.Imported && b.Key != string(c.key) {
			out = append(out, b)
		}
	}
	return out
}
