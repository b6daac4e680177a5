package engine

import "time"

// `ip dhcp limit lease`: how many leases clients of one interface may have, on
// it and behind relays it leads to. Who has a lease keeps and renews it, and a
// manual binding is always served; to one more the server is silent. [Cisco, IOS IP Addressing Services Command
// Reference, ip dhcp limit lease]

// LinkConfig is what is said of DHCP below an interface.
type LinkConfig struct {
	Name    string // IOS name
	Trusted bool   // `ip dhcp relay information trusted`
	Limit   int    // `ip dhcp limit lease N`, 0 = that of all interfaces
}

// Link is what is said of an interface, nil if nothing is.
func (c *Config) Link(name string) *LinkConfig {
	for i := range c.Links {
		if c.Links[i].Name == name {
			return &c.Links[i]
		}
	}
	return nil
}

// LimitOf is how many leases an interface may have, 0 = as many as there are.
func (c *Config) LimitOf(name string) int {
	if l := c.Link(name); l != nil && l.Limit > 0 {
		return l.Limit
	}
	return c.LimitLease
}

// Trusts reports whether option 82 of clients that came by no relay is accepted
// on an interface: a switch put it in.
func (c *Config) Trusts(name string) bool {
	l := c.Link(name)
	return c.TrustAll || l != nil && l.Trusted
}

// limitSaid is how often it is said of an interface that it is full.
const limitSaid = time.Minute

// limited reports whether the client would be one too many on its interface.
func (e *Engine) limited(c *call) bool {
	name := c.in.Interface
	limit := e.t.Spec.LimitOf(name)
	return limit > 0 && e.leasesOn[name]+e.offersOn[name] >= limit && e.holdsNothing(c)
}

// overLimit says that a client got nothing because of the limit.
func (e *Engine) overLimit(c *call) {
	e.Stats.Extra.OverLimit++
	name := c.in.Interface
	ev := LeaseLimit{MAC: c.p.MAC, ClientID: c.client, Interface: name, Limit: e.t.Spec.LimitOf(name)}
	if at, ok := e.limitAt[name]; e.t.Spec.LimitLog && (!ok || c.now-at >= limitSaid) {
		e.limitAt[name] = c.now
		ev.Logged = true
	}
	e.Event(ev)
}

// LeaseCount is a row of `show ip dhcp limit lease`.
type LeaseCount struct {
	Interface string
	Leases    int
	Limit     int // 0 = none
}

// LeaseCounts are the leases of each interface that is served.
func (e *Engine) LeaseCounts() (out []LeaseCount) {
	for _, i := range e.t.Spec.Interfaces {
		out = append(out, LeaseCount{i.Name, e.leasesOn[i.Name], e.t.Spec.LimitOf(i.Name)})
	}
	return out
}
