package claim

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"option150/dhcp/engine"
	"option150/platform/fleet/etcd"
)

const (
	patience = 500 * time.Millisecond // of an exchange
	maxOps   = 96                     // of a transaction; etcd takes 128 by default
	parallel = 16                     // transactions under way
	pause    = 20 * time.Millisecond  // before one is repeated
	tryFor   = 250 * time.Millisecond // of it, one member: another may answer
)

// Claim asks for leases; an answer for each, in their order. It returns within half a
// second.
func (s *Session) Claim(asks []engine.Ask) []engine.Claimed {
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	out := make([]engine.Claimed, len(asks))
	left := make([]int, len(asks))
	for i := range asks {
		r := &asks[i].Record
		out[i] = engine.Claimed{Addr: r.Addr, Key: r.Key, Seq: asks[i].Seq}
		left[i] = i
	}
	for len(left) > 0 {
		var groups [][]int
		groups, left = group(asks, left)
		each(groups, func(g []int) { s.together(ctx, asks, out, g) })
	}
	if slices.ContainsFunc(out, func(c engine.Claimed) bool { return c.What == engine.ClaimUnanswered }) {
		s.readAgain()
	}
	return out
}

// group puts claims together that rely on the same; left are those whose address is in
// a group already.
func group(asks []engine.Ask, list []int) (groups [][]int, left []int) {
	seen := map[netip.Addr]bool{}
	open := map[string]int{}
	for _, i := range list {
		a := asks[i].Record.Addr
		if seen[a] {
			left = append(left, i)
			continue
		}
		seen[a] = true
		g := &asks[i].Grant
		on := fmt.Sprint(g.Gen, g.List, len(g.Downs))
		if len(g.Downs) > 0 {
			on += fmt.Sprint(g.Downs) // fmt sorts the keys
		}
		n, ok := open[on]
		if !ok || len(groups[n]) >= maxOps-2-len(g.Downs) {
			n = len(groups)
			open[on] = n
			groups = append(groups, nil)
		}
		groups[n] = append(groups[n], i)
	}
	return groups, left
}

func each[T any](list []T, f func(T)) {
	var all sync.WaitGroup
	slots := make(chan struct{}, parallel)
	for _, x := range list {
		slots <- struct{}{}
		all.Go(func() { f(x); <-slots })
	}
	all.Wait()
}

// relies is what a claim compares besides its address.
func (s *Session) relies(ask *engine.Ask) (all []etcd.Compare) {
	g := &ask.Grant
	all = append(all, etcd.Compare{Key: s.keys.generation(), Mod: g.Gen})
	if g.List != 0 {
		all = append(all, etcd.Compare{Key: s.keys.boxes(), Mod: g.List})
	}
	for _, box := range slices.Sorted(maps.Keys(g.Downs)) {
		all = append(all, etcd.Compare{Key: s.keys.downOf(box), Mod: g.Downs[box]})
	}
	return all
}

// together claims with one transaction, and one by one if that fails.
func (s *Session) together(ctx context.Context, asks []engine.Ask, out []engine.Claimed, list []int) {
	if len(list) == 1 {
		s.single(ctx, asks[list[0]], &out[list[0]])
		return
	}
	t := etcd.Txn{If: s.relies(&asks[list[0]])}
	for _, i := range list {
		key := s.keys.at(asks[i].Record.Addr)
		t.If = append(t.If, etcd.Compare{Key: key, Mod: asks[i].Grant.Mod})
		t.Puts = append(t.Puts, etcd.Put{Key: key, Value: lease(&asks[i].Record)})
	}
	r, err := s.attempt(ctx, t)
	switch {
	case err != nil:
	case r.OK:
		for _, i := range list {
			out[i].What, out[i].Bound = engine.ClaimGranted, engine.Bound{Record: asks[i].Record, Mod: r.Revision}
		}
	default:
		each(list, func(i int) { s.single(ctx, asks[i], &out[i]) })
	}
}

// single claims one lease. Another box may have been first with the same client, who
// asks all of them at once: then what that one wrote is the lease.
func (s *Session) single(ctx context.Context, ask engine.Ask, out *engine.Claimed) {
	key := s.keys.at(ask.Record.Addr)
	for range 3 {
		t := etcd.Txn{If: append(s.relies(&ask), etcd.Compare{Key: key, Mod: ask.Grant.Mod}), Puts: []etcd.Put{{Key: key, Value: lease(&ask.Record)}}, Else: []string{key}}
		r, err := s.attempt(ctx, t)
		if err != nil {
			return
		}
		if r.OK {
			out.What, out.Bound = engine.ClaimGranted, engine.Bound{Record: ask.Record, Mod: r.Revision}
			return
		}
		if len(r.KVs) == 0 {
			s.readAgain()
			out.What = engine.ClaimRefused
			return
		}
		theirs := bound(ask.Record.Addr, r.KVs[0])
		switch {
		case theirs.Mod == ask.Grant.Mod: // what it relied on has changed
			s.readAgain()
			out.What = engine.ClaimRefused
			return
		case theirs.Key != ask.Record.Key:
			out.What, out.Bound = engine.ClaimRefused, theirs
			return
		case theirs.Expiry >= ask.Record.Expiry-skew:
			out.What, out.Bound, out.Other = engine.ClaimGranted, theirs, theirs.Start != ask.Record.Start || theirs.Expiry != ask.Record.Expiry
			return
		case theirs.Expiry <= ask.Record.Start-s.conf.Lead:
			out.What, out.Bound = engine.ClaimRefused, theirs
			return
		}
		ask.Grant.Mod, ask.Grant.List, ask.Grant.Downs = theirs.Mod, 0, nil // its own, longer
	}
	out.What = engine.ClaimRefused
}

// attempt carries a transaction out, again as long as there is no answer and there is
// time: a comparison holds once at most, and what was written before is read then.
// An answer of an engine that has gone back is none.
func (s *Session) attempt(ctx context.Context, t etcd.Txn) (r etcd.Result, err error) {
	before := s.head()
	var said error
	for {
		r, err = s.once(ctx, t)
		if err != nil && ctx.Err() != nil && said != nil {
			return r, said // says more than that time was up
		}
		said = err
		var refused *etcd.Refused
		switch {
		case err == nil && s.note(before, r):
			return r, nil
		case err == nil:
			err = errBack
			s.fault(err)
			return r, err
		case errors.As(err, &refused):
			s.fault(err)
			return r, err
		}
		select {
		case <-ctx.Done():
			return r, err
		case <-time.After(pause):
		}
	}
}

// once asks one member.
func (s *Session) once(ctx context.Context, t etcd.Txn) (etcd.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	return s.store.Do(ctx, t)
}
