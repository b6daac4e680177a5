package lans

import (
	"context"
	"errors"
	"maps"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"option150/platform/journal"
	"option150/platform/listen"
	"option150/platform/service"
)

// Lan is the sockets of an interface, as a server has them.
type Lan interface {
	listen.Socket
	Base() *Sockets
}

// Server is what a server does with the sockets of an interface.
type Server[L Lan] struct {
	Open  func(ctx context.Context, name string, e listen.Endpoint) (L, error)
	Up    func(L)       // before the first message is read
	Serve func(L) error // reads until they are of no more use, and says why
	Down  func(name string)
}

// Wanted is an interface to serve.
type Wanted struct{ Name, Device string }

// Lans are the interfaces that are served.
type Lans[L Lan] struct {
	set    *listen.Set[L, place[L]]
	server Server[L]
	test   netip.AddrPort // valid = the test listen mode
	names  sync.Map       // IOS name of an interface by its device

	mu sync.Mutex
	at atomic.Pointer[map[string]L] // by IOS name; replaced, never changed
}

// New returns a Lans that serves nothing yet. If test is valid it has one UDP socket
// there in place of those of interfaces, and no raw frames.
func New[L Lan](s Server[L], test netip.AddrPort, rec journal.Recorder) *Lans[L] {
	l := &Lans[L]{server: s, test: test}
	l.set = listen.NewSet(listen.Kind[L, place[L]]{
		Open: func(ctx context.Context, e listen.Endpoint) (L, error) { return s.Open(ctx, l.name(e), e) },
		New:  func(listen.Want) place[L] { return place[L]{l} }, Recorder: rec,
		Quiet: func(err error) bool { return errors.Is(err, ErrNoDevice) },
	})
	l.at.Store(&map[string]L{})
	return l
}

func (s *Lans[L]) name(e listen.Endpoint) string {
	name, _ := s.names.Load(e.Device)
	return name.(string)
}

// Now are the interfaces that are served, by IOS name. Not to be changed.
func (s *Lans[L]) Now() map[string]L { return *s.at.Load() }

// Prepare opens what is new of the interfaces wanted, each at an endpoint such as e
// of its device. One that does not exist is waited for. In the test listen mode
// there is one socket, named after the first.
func (s *Lans[L]) Prepare(ctx context.Context, e listen.Endpoint, all []Wanted, partly bool) (service.Change, error) {
	var wants []listen.Want
	for n, i := range all {
		w := listen.Want{Endpoint: e}
		if w.Endpoint.Device = i.Device; s.test.IsValid() {
			if n > 0 {
				break
			}
			w.Endpoint.Addr, w.Endpoint.Port, w.Endpoint.Device = s.test.Addr(), s.test.Port(), ""
		} else if _, open := s.Now()[i.Name]; !open { // is there one?
			_, err := net.InterfaceByName(i.Device)
			w.Spare = err != nil
		}
		s.names.Store(w.Endpoint.Device, i.Name)
		wants = append(wants, w)
	}
	return s.set.Prepare(ctx, wants, partly)
}

// Kick dials at once what is down.
func (s *Lans[L]) Kick() { s.set.Kick() }

// Close gives all sockets back and waits until nobody reads them.
func (s *Lans[L]) Close() { s.set.Close() }

func (s *Lans[L]) change(f func(map[string]L)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := maps.Clone(s.Now())
	f(next)
	s.at.Store(&next)
}

// place serves on the sockets of one interface, one after the other. It implements
// listen.Server.
type place[L Lan] struct{ s *Lans[L] }

// Serve implements listen.Server.
func (p place[L]) Serve(l L) error {
	b := l.Base()
	p.s.change(func(m map[string]L) { m[b.Name] = l })
	p.s.server.Up(l)
	err := p.s.server.Serve(l)
	p.s.change(func(m map[string]L) {
		if now, ok := m[b.Name]; ok && now.Base() == b {
			delete(m, b.Name)
		}
	})
	p.s.server.Down(b.Name)
	return err
}

// Leave implements listen.Server.
func (p place[L]) Leave(closing func()) { closing() }

// Every is how often interfaces are looked at.
const Every = 500 * time.Millisecond

// Look notices interfaces that come and go, until quit is closed. Those that are there
// each tells about, and whether their sockets have to be opened anew; then is called
// after each look. In the test listen mode there are none.
func (s *Lans[L]) Look(quit <-chan struct{}, each func(L, *net.Interface) bool, then func(n int)) {
	t := time.NewTicker(Every)
	defer t.Stop()
	for n := 1; ; n++ {
		select {
		case <-quit:
			return
		case <-t.C:
			if !s.test.IsValid() {
				s.look(each)
			}
			then(n)
		}
	}
}

func (s *Lans[L]) look(each func(L, *net.Interface) bool) {
	for _, l := range s.Now() {
		b := l.Base()
		ifi, err := net.InterfaceByName(b.Device)
		if err != nil || ifi.Index != b.Index || each(l, ifi) {
			_ = l.Close() // its place waits for the interface, or opens it anew
		}
	}
	for _, p := range s.set.States() {
		if !p.Up {
			if _, err := net.InterfaceByName(p.Endpoint.Device); err == nil {
				s.set.Kick()
				return
			}
		}
	}
}
