package fileserver

import (
	"context"
	"sync"
)

// seat is a place of the serving count that a file has, or has not at the
// moment.
type seat struct {
	g *gate
	q question

	mu    sync.Mutex
	taken bool
	over  bool    // the file has ended
	waits *waiter // for the place, see await
}

func (p *seat) yield() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waits != nil {
		p.taken = p.g.drop(p.waits)
		p.waits = nil
	}
	if p.taken {
		p.taken = false
		p.g.leave(p.q.client)
	}
}

func (p *seat) claim() bool {
	if p == nil {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.taken || p.over:
	case p.waits == nil:
		p.taken = p.g.try(p.q)
	case p.g.served(p.waits):
		p.taken, p.waits = true, nil
	}
	return p.taken || p.over
}

// await is claim, and where there is no place it waits in the queue: ready is
// called when claim will have it.
func (p *seat) await(ready func()) (bool, error) {
	if p == nil {
		return true, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken || p.over {
		return true, nil
	}
	if p.waits != nil {
		return false, nil
	}
	w, err := p.g.join(true, question{client: p.q.client, many: p.q.many}, ready)
	p.waits, p.taken = w, w == nil && err == nil
	return p.taken, err
}

func (p *seat) wait(ctx context.Context) error {
	if p == nil {
		return nil
	}
	if _, err := p.g.enter(ctx, true, question{client: p.q.client, many: p.q.many}); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken || p.over { // it ended while it waited
		p.g.leave(p.q.client)
		return nil
	}
	p.taken = true
	return nil
}

// end gives the place back for good.
func (p *seat) end() {
	p.yield()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
}
