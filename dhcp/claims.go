package dhcp

import (
	"sync"

	"option150/dhcp/durable"
	"option150/dhcp/engine"
	"option150/dhcp/share"
	"option150/dhcp/share/claim"
)

// Sharing is what a server shares its pools by: a claim.Session.
type Sharing interface {
	Domain(now int64) *share.Domain // to begin with
	Start(claim.Host)
	Claim([]engine.Ask) []engine.Claimed // within a bounded time
	Why() string                         // the last fault, "" = none
	Waits() string                       // what keeps it from sharing whether it is connected or not, "" = nothing
	Stop()                               // does not wait
	Wait()
}

// stage stands before the committer while pools are shared: what a lease claims is
// answered before its record goes to the disk, and a claim that is refused, or
// has no answer, takes record and ACK with it. Everything passes it in order.
type stage struct {
	*durable.Committer[engine.Outcome]
	claim func([]engine.Ask) []engine.Claimed
	wake  func()
	end   sync.WaitGroup

	mu      sync.Mutex
	bell    *sync.Cond
	jobs    []job
	answers []engine.Claimed
	shut    bool
}

func newStage(com *durable.Committer[engine.Outcome], claim func([]engine.Ask) []engine.Claimed, wake func()) *stage {
	s := &stage{Committer: com, claim: claim, wake: wake}
	s.bell = sync.NewCond(&s.mu)
	s.end.Go(s.run)
	return s
}

// Put implements durable.Writer; it never waits.
func (s *stage) Put(j job) {
	s.mu.Lock()
	s.jobs = append(s.jobs, j)
	s.mu.Unlock()
	s.bell.Signal()
}

// take returns the answers to claims since it was called last.
func (s *stage) take() []engine.Claimed {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.answers
	s.answers = nil
	return a
}

// close passes on what waits. The committer stays open.
func (s *stage) close() {
	s.mu.Lock()
	s.shut = true
	s.mu.Unlock()
	s.bell.Signal()
	s.end.Wait()
}

// together is how many outcomes wait for one round of claims at most.
const together = 256

func (s *stage) run() {
	for {
		s.mu.Lock()
		for len(s.jobs) == 0 && !s.shut {
			s.bell.Wait()
		}
		n := min(len(s.jobs), together)
		batch := append([]job(nil), s.jobs[:n]...)
		left := copy(s.jobs, s.jobs[n:])
		clear(s.jobs[left:])
		s.jobs = s.jobs[:left]
		s.mu.Unlock()
		if n == 0 {
			return
		}
		s.pass(batch)
	}
}

// pass has the claims of outcomes answered and hands the outcomes on.
func (s *stage) pass(batch []job) {
	var asks []engine.Ask
	for i := range batch {
		for _, c := range batch[i].Then.Claims {
			asks = append(asks, engine.Ask{Record: batch[i].Records[c.Record], Grant: c.Grant, Seq: batch[i].Seq})
		}
	}
	if len(asks) > 0 {
		ends := s.claim(asks)
		rest := ends
		for i := range batch {
			n := len(batch[i].Then.Claims)
			settle(&batch[i], rest[:n])
			rest = rest[n:]
		}
		s.mu.Lock()
		s.answers = append(s.answers, ends...)
		s.mu.Unlock()
	}
	for _, j := range batch {
		s.Committer.Put(j)
	}
	if len(asks) > 0 {
		s.wake()
	}
}

// settle takes out of an outcome what has come to nothing, and has the rest be as it
// is on record.
func settle(j *job, ends []engine.Claimed) {
	var records, acks []int // that are void
	for i, c := range j.Then.Claims {
		if ends[i].What != engine.ClaimGranted {
			records, acks = append(records, c.Record), append(acks, c.Ack)
			continue
		}
		r, b := &j.Records[c.Record], &ends[i].Bound
		r.Start, r.Expiry, r.Lease = b.Start, b.Expiry, b.Lease
	}
	j.Records, j.Then.Acks, j.Then.Acked = without(j.Records, records), without(j.Then.Acks, acks), without(j.Then.Acked, acks)
	j.Then.Claims, j.Clients = nil, len(j.Then.Acks)
}

// without leaves out elements; gone are their places, in order.
func without[T any](list []T, gone []int) []T {
	if len(gone) == 0 {
		return list
	}
	kept := list[:0]
	for i, x := range list {
		if len(gone) > 0 && gone[0] == i {
			gone = gone[1:]
			continue
		}
		kept = append(kept, x)
	}
	clear(list[len(kept):])
	return kept
}
