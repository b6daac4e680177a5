package listen

import (
	"context"
	"errors"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"option150/platform/journal"
)

// Socket is what a Set keeps open: a listener, a UDP socket, or several that
// belong together behind the one that has the port.
type Socket interface {
	Close() error
	SyscallConn() (syscall.RawConn, error)
}

// Server serves at one endpoint, on one socket after the other.
type Server[S Socket] interface {
	// Serve serves on s until s is closed or dies, and says why.
	Serve(s S) error
	// Leave is called once, when the endpoint is no longer wanted. It does not
	// block. The socket is open until it calls closing, at once or after the
	// last transfer.
	Leave(closing func())
}

// Want is one place to be kept. Wants that are equal but for the Owner mean the
// same place.
type Want struct {
	Endpoint Endpoint
	N        int  // tells places on ports of the kernel's choice apart
	Spare    bool // others do its work as well: that it cannot be opened refuses nothing
}

func (w Want) same(o Want) bool {
	a, b := w.Endpoint, o.Endpoint
	return w.N == o.N && a.Proto == b.Proto && a.AddrPort() == b.AddrPort() && a.Device == b.Device
}

// Kind is what the sockets of a Set are and who serves on them.
type Kind[S Socket, V Server[S]] struct {
	Open     func(context.Context, Endpoint) (S, error) // OpenTCP, OpenUDP; the error is an *Error
	New      func(Want) V                               // who serves at a place that is new
	Recorder journal.Recorder                           // gets Down and Up; nil = nobody
	Changed  func()                                     // a place went down or up by itself; nil = nobody cares

	// Quiet says which reasons of being down are no news: a device that is
	// waited for. nil = none.
	Quiet func(error) bool

	// Share lets a socket share its port, or no longer; nil = SO_REUSEPORT.
	Share func(fd uintptr, on bool) error
	// First and Last are the pauses before a dead socket is opened again; they
	// double from one to the other. 0 = 0.25 s and 30 s.
	First, Last time.Duration
}

// The pauses of a Set: most causes are gone in a moment, the others last.
const (
	firstRetry = 250 * time.Millisecond
	lastRetry  = 30 * time.Second
)

// ErrClosed refuses what comes after Close.
var ErrClosed = errors.New("the listeners were closed for good")

// Set keeps the sockets of one service. A change is prepared beside what is
// open: what is equal stays, what is new is opened, and a socket that moves to
// an address that overlaps its own is opened while the old one serves, both
// with SO_REUSEPORT for that moment. Only where the kernel has no such option
// is the old one closed first; Abort opens it again, and if somebody took the
// port meanwhile the place is down, says so and is dialled again.
//
// A socket that dies is dialled again with growing pauses, whatever it was that
// died. The methods may be called from any goroutine; one Step at a time.
type Set[S Socket, V Server[S]] struct {
	kind  Kind[S, V]
	rec   journal.Recorder
	life  context.Context
	end   context.CancelFunc
	group *errgroup.Group

	mu      sync.Mutex
	places  []*Place[S, V]
	leaving []*Place[S, V] // no longer wanted, the socket still open
	closed  bool
}

// NewSet returns a Set that keeps nothing yet.
func NewSet[S Socket, V Server[S]](k Kind[S, V]) *Set[S, V] {
	if k.Share == nil {
		k.Share = sharePort
	}
	if k.First <= 0 {
		k.First = firstRetry
	}
	if k.Last <= 0 {
		k.Last = lastRetry
	}
	if k.Quiet == nil {
		k.Quiet = func(error) bool { return false }
	}
	if k.Changed == nil {
		k.Changed = func() {}
	}
	s := &Set[S, V]{kind: k, rec: journal.Or(k.Recorder)}
	life, end := context.WithCancel(context.Background())
	s.group, s.life = errgroup.WithContext(life)
	s.end = end
	return s
}

// Places are those wanted, in the order they are wanted in.
func (s *Set[S, V]) Places() []*Place[S, V] {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.places)
}

// States tells how the places stand.
func (s *Set[S, V]) States() []State {
	all := s.Places()
	out := make([]State, len(all))
	for i, p := range all {
		out[i] = p.State()
	}
	return out
}

// Kick dials what is down at once: something changed that may have been in the
// way (an interface came up).
func (s *Set[S, V]) Kick() {
	for _, p := range s.Places() {
		p.kick()
	}
}

// Close closes everything and waits until nobody serves any more.
func (s *Set[S, V]) Close() {
	s.mu.Lock()
	s.closed = true
	all := slices.Concat(s.places, s.leaving)
	s.places = nil
	s.mu.Unlock()
	s.end()
	for _, p := range all {
		p.finish()
	}
	_ = s.group.Wait() // places return no errors
}

// gone forgets a place whose socket is closed.
func (s *Set[S, V]) gone(p *Place[S, V]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leaving = slices.DeleteFunc(s.leaving, func(x *Place[S, V]) bool { return x == p })
}
