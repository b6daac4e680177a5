package engine

import (
	"fmt"
	"net/netip"
	"strings"
)

// What `debug ip dhcp server class` and `... linkage` tell.

// tellClass records which class of its pool let a client in.
func (e *Engine) tellClass(c *call, s *subnet, h *host, why string) {
	switch {
	case h != nil:
	case why == reasonClass:
		e.Event(Classified{ClientID: c.client})
	case s != nil:
		if class, _ := e.admitting(c, s.pool); class != nil {
			e.Event(Classified{ClientID: c.client, Pool: s.pool.conf.Name, Class: class.Name})
		}
	}
}

// Linked is a network of a pool and where its clients are.
type Linked struct {
	Pool      string
	Network   netip.Prefix
	Interface string // "" = behind relays
}

// tellLinkage records where the networks of pools are served, when that has
// changed.
func (e *Engine) tellLinkage() {
	var all []Linked
	var text strings.Builder
	for _, s := range e.t.subnets {
		all = append(all, Linked{s.pool.conf.Name, s.prefix, s.link})
		fmt.Fprintln(&text, s.pool.conf.Name, s.prefix, s.link)
	}
	if e.linkage != text.String() {
		e.linkage = text.String()
		e.Event(Linkage{Networks: all})
	}
}
