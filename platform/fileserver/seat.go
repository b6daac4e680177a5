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
	over  bool // the file has ended
}

func (p *seat) yield() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
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
	if !p.taken && !p.over {
		p.taken = p.g.try(p.q)
	}
	return p.taken || p.over
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
