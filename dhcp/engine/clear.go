package engine

import "net/netip"

// ClearBinding removes bindings by hand; the client is forgotten too.
func (e *Engine) ClearBinding(a netip.Addr) int {
	var gone []*binding
	if a.IsValid() {
		if b := e.bindings[a]; b != nil && b.leased {
			gone = append(gone, b)
		}
	} else {
		for _, b := range e.bindings {
			gone = append(gone, b)
		}
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

func (e *Engine) ClearConflict(a netip.Addr) int {
	var all []netip.Addr
	for x := range e.conflicts {
		if !a.IsValid() || x == a {
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
		if a.IsValid() && u.addr != a || !a.IsValid() && !u.shown {
			continue
		}
		if e.unuse(u); u.shown {
			n++
			e.Event(Cleared{Addr: u.addr, What: "conflict"})
		}
	}
	return n
}
