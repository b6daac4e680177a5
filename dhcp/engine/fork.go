package engine

import "slices"

// Fork is an engine that knows what this one does and serves by other tables:
// it is asked, on paper, what clients would be given. What it decides reaches
// nobody, and it probes nothing.
func (e *Engine) Fork(now Instant, t *Tables) *Engine {
	f := New(e.epoch)
	f.tookOver, f.DiskBad = e.tookOver, e.DiskBad
	f.Load(now, e.Dump())
	for el := e.userList.Front(); el != nil; el = el.Next() {
		u := *el.Value.(*user)
		u.macs, u.sub = slices.Clone(u.macs), nil
		u.place = f.userList.PushBack(&u)
		f.users[u.addr] = &u
		for _, m := range u.macs {
			f.answers[m] = append(f.answers[m], u.addr)
		}
	}
	for name, w := range e.watch {
		f.watch[name] = &watch{up: w.up, heard: w.heard, until: w.until, next: never, holder: w.holder}
	}
	f.Apply(now, t)
	f.Take()
	return f
}
