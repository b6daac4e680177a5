package engine

import "net/netip"

// ClearBinding removes bindings by hand; the client is forgotten too. pool is
// the one they have to be of, "" = any.
func (e *Engine) ClearBinding(a netip.Addr, pool string) int {
	var gone []*binding
	for _, b := range e.bindings {
		if pool != "" && b.Pool != pool || a.IsValid() && (b.Addr != a || !b.leased) {
			continue
		}
		gone = append(gone, b)
	}
	n := 0
	for _, b := range gone {
		if b.leased {
			n++
			e.Event(Cleared{Addr: b.Addr, What: "binding", Pool: b.Pool})
		}
		e.write(Record{Kind: RecordForget, Addr: b.Addr}, nil)
		e.forget(b)
	}
	return n
}

// ClearConflict makes addresses available again, those of one pool or of all.
func (e *Engine) ClearConflict(a netip.Addr, pool string) int {
	of := func(x netip.Addr) bool {
		s := e.t.subnetOf(x)
		return pool == "" || s != nil && s.pool.conf.Name == pool
	}
	var all []netip.Addr
	for x := range e.conflicts {
		if (!a.IsValid() || x == a) && of(x) {
			all = append(all, x)
		}
	}
	for _, x := range all {
		e.resolve(x)
		e.Event(Cleared{Addr: x, What: "conflict"})
	}
	n := len(all)
	for el := e.userList.Front(); el != nil; {
		u := el.Value.(*user)
		el = el.Next()
		if a.IsValid() && u.addr != a || !a.IsValid() && !u.shown || !of(u.addr) {
			continue
		}
		if e.unuse(u); u.shown {
			n++
			e.Event(Cleared{Addr: u.addr, What: "conflict"})
		}
	}
	return n
}
