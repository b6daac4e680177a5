package claim

import (
	"context"
	"encoding/json"
	"net/netip"
	"slices"
	"sync"
	"time"

	"option150/dhcp/engine"
	"option150/platform/fleet/etcd"
)

// follow says that the box is there and brings what the others do, until something fails.
func (s *Session) follow(v *view) error {
	ctx, cancel := context.WithCancelCause(s.ctx)
	var watch sync.WaitGroup
	watch.Go(func() {
		cancel(s.store.Watch(ctx, s.keys.prefix, v.head.Revision+1, s.changes))
	})
	watch.Go(func() {
		cancel(s.store.Watch(ctx, s.keys.downs, v.first+1, s.changes))
	})
	defer watch.Wait()
	defer cancel(nil)
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	var sent []int64 // revisions of the last signs of life
	for n := 1; ; n++ {
		r, err := s.say(ctx, v)
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		if err != nil {
			return err
		}
		if sent = append(sent, r); len(sent) > silentFor {
			s.mu.Lock()
			silent := s.echo < sent[0]
			s.mu.Unlock()
			if silent {
				return errSilent
			}
			sent = sent[1:]
		}
		if n%keepEvery == 0 {
			s.save()
		}
		select {
		case <-ctx.Done():
			if err := context.Cause(ctx); err != nil {
				return err
			}
			return errSilent
		case <-s.again:
			return errLost
		case <-tick.C:
		}
	}
}

// say writes the sign of life of this box, and returns its revision.
func (s *Session) say(ctx context.Context, v *view) (int64, error) {
	var mine beat
	connected, there := false, false
	if !s.host(func(e *engine.Engine, now engine.Instant) {
		d := e.Share()
		if d == nil {
			return
		}
		connected = d.Connected
		mine.Stamp = e.Wall(now)
		mine.Addrs = e.Own()
		if there = d.MayBeat(mine.Stamp); there {
			b := d.Beat(mine.Stamp)
			mine.Gen, mine.Lead = b.Gen, b.Lead
		}
	}) {
		return 0, errEnded
	}
	if !connected {
		return 0, errLost
	}
	t := etcd.Txn{If: []etcd.Compare{{Key: s.keys.generation(), Mod: v.generation}},
		Puts: []etcd.Put{{Key: s.keys.clock(s.conf.Box), Value: text(beat{Stamp: mine.Stamp, Run: s.name})}}}
	if there {
		t.Puts = append(t.Puts, etcd.Put{Key: s.keys.beat(s.conf.Box), Value: text(mine)})
	}
	short, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	r, err := s.attempt(short, t)
	switch {
	case err != nil:
		return 0, err
	case !r.OK:
		return 0, errAgain // another generation
	}
	turned := false
	s.host(func(e *engine.Engine, now engine.Instant) {
		if d := e.Share(); d != nil && d.Connected {
			d.Heard = d.Heard || there
			s.judge(e, now)
			s.passes(d)
			d.Seen(e.Wall(now))
			d.Settle(e.Wall(now))
			turned = s.remember(d)
		}
	})
	// Else a box that dies in its first seconds would wait as one that has lost its disk; one
	// whose clock is off has to.
	if turned {
		s.save()
	}
	return r.Revision, nil
}

// changes brings what has changed to the engine of DHCP.
func (s *Session) changes(h etcd.Header, list []etcd.Change) error {
	var bounds []engine.Bound
	var others []etcd.Change
	came := int64(0) // when the newest of our own signs of life was given that have come back
	for _, c := range list {
		kind, of := s.keys.split(c.Key)
		switch kind {
		case "at":
			if a, err := netip.ParseAddr(of); err == nil && a.Is4() && !c.Deleted {
				bounds = append(bounds, bound(a, c.KV))
			}
		case "boxes", "generation":
			return errAgain
		case "clock":
			if of == s.conf.Box {
				s.mu.Lock()
				s.echo = max(s.echo, h.Revision)
				s.mu.Unlock()
				b, is := s.strange(c.Value)
				if c.Deleted {
					continue
				}
				if !is {
					if b.Run == s.name {
						came = b.Stamp
					}
					continue
				}
			}
			others = append(others, c)
		default:
			others = append(others, c)
		}
	}
	s.mu.Lock()
	if h.Cluster == s.kept.Cluster {
		s.kept.Revision = max(s.kept.Revision, h.Revision)
	}
	s.mu.Unlock()
	if len(bounds)+len(others) == 0 && came == 0 {
		return nil
	}
	many := false
	if !s.host(func(e *engine.Engine, now engine.Instant) {
		if d := e.Share(); d != nil && len(d.At)+len(bounds) >= maxBindings {
			many = true // as when all is read
			return
		}
		e.Learn(now, bounds)
		if d := e.Share(); d != nil && d.Connected {
			d.Came(came)
		}
		for _, c := range others {
			s.other(e, now, c)
		}
	}) {
		return errEnded
	}
	if many {
		return errMany
	}
	return nil
}

// other takes note of a small key.
func (s *Session) other(e *engine.Engine, now engine.Instant, c etcd.Change) {
	d := e.Share()
	if d == nil || len(c.Value) > maxValue {
		return
	}
	kind, box := s.keys.split(c.Key)
	if kind == "clock" && box == s.conf.Box {
		s.hears(e, c.Value)
		return
	}
	if _, known := d.Beats[box]; len(box) == 0 || len(d.Beats) >= maxBoxes && !known {
		return
	}
	switch kind {
	case "beat":
		var b beat
		if !c.Deleted && json.Unmarshal([]byte(c.Value), &b) == nil {
			d.Beats[box] = b.share()
			e.Peers(box, b.Addrs)
		}
	case "clock":
		var b beat
		if !c.Deleted && json.Unmarshal([]byte(c.Value), &b) == nil && slices.Contains(d.Boxes, box) {
			s.differs(box, apart(e.Wall(now), b.Stamp), now)
		}
	case "down":
		x, ok := down(c.KV)
		switch {
		case c.Deleted:
			delete(d.Downs, box)
		case ok:
			x.Since = max(x.Since, e.Wall(now)) // whoever said it may have another clock
			d.Downs[box] = x
			if box == s.conf.Box {
				s.readAgain() // it is not
			}
		}
	}
}
