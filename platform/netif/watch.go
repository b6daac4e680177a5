package netif

import (
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"option150/platform/journal"
	"option150/platform/service"
)

// Options are what a Service needs.
type Options struct {
	Mapping  []Mapping
	Recorder journal.Recorder // nil = silent
	// Changed is called after the kernel told of a change, by the watcher's goroutine: a
	// good moment to try again what an interface was missing for. It must
	// return soon. nil = nobody.
	Changed func()
}

// Service watches the interfaces of a mapping and sets the managed ones.
type Service struct {
	mapping []Mapping
	rec     journal.Recorder
	changed func()

	mu     sync.Mutex
	known  []Interface // as last seen, in the order of the mapping
	socket *nl.NetlinkSocket
	closed bool
	deaf   bool // the socket broke: messages may be lost
	latest latest
	work   sync.WaitGroup
	end    chan struct{}

	apply  sync.Mutex                // one Commit at a time
	routes []ManagedRoute            // that are wanted; guarded by apply
	set6   map[string][]netip.Prefix // IPv6 addresses this service has added, by device; guarded by apply
	status service.Status
}

// New returns a service that watches nothing yet.
func New(o Options) *Service {
	return &Service{mapping: slices.Clone(o.Mapping), rec: journal.Or(o.Recorder), changed: o.Changed, end: make(chan struct{}),
		status: service.Status{State: service.Disabled, Since: time.Now()}}
}

// Mapping is the mapping, in its order.
func (m *Service) Mapping() []Mapping { return slices.Clone(m.mapping) }

// Interfaces tells how the interfaces are now.
func (m *Service) Interfaces() ([]Interface, error) { return Read(m.mapping) }

// Start begins to watch. What is up then is no change.
func (m *Service) Start() error {
	s, err := subscribe()
	if err != nil {
		return err
	}
	known, err := Read(m.mapping)
	if err != nil {
		s.Close()
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed || m.socket != nil {
		s.Close()
		return nil
	}
	m.known, m.socket = known, s
	m.work.Go(m.watch)
	return nil
}

// Close ends the watcher.
func (m *Service) Close() {
	m.mu.Lock()
	if !m.closed {
		m.closed = true
		close(m.end)
		if m.socket != nil {
			m.socket.Close()
		}
	}
	m.mu.Unlock()
	m.work.Wait()
}

func subscribe() (*nl.NetlinkSocket, error) {
	s, err := nl.Subscribe(unix.NETLINK_ROUTE, unix.RTNLGRP_LINK, unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV6_IFADDR)
	if err != nil {
		return nil, &Error{Err: err}
	}
	return s, nil
}

// watch receives until the socket is closed. A message that was lost (the
// kernel says so) or a socket that broke leads to a new look at everything.
func (m *Service) watch() {
	for {
		m.mu.Lock()
		s, closed := m.socket, m.closed
		m.mu.Unlock()
		if closed {
			return
		}
		messages, from, err := s.Receive()
		switch {
		case err == nil && from.Pid == nl.PidKernel:
			m.look(messages)
		case err == nil:
		case err == unix.ENOBUFS:
			m.look(nil)
		default:
			if !m.reopen() {
				return
			}
		}
	}
}

// reopen takes a new socket, slowly.
func (m *Service) reopen() bool {
	m.mu.Lock()
	m.deaf = true
	m.mu.Unlock()
	for {
		select {
		case <-m.end:
			return false
		case <-time.After(time.Second):
		}
		s, err := subscribe()
		if err != nil {
			continue
		}
		m.mu.Lock()
		if m.closed {
			m.mu.Unlock()
			s.Close()
			return false
		}
		m.socket.Close()
		m.socket, m.deaf = s, false
		m.latest.list = nil
		m.mu.Unlock()
		m.look(nil)
		return true
	}
}

// look notes what link messages say, each in its turn so that a short flap is
// seen, and then compares everything with what is known.
func (m *Service) look(messages []syscall.NetlinkMessage) {
	for _, x := range messages {
		if x.Header.Type != unix.RTM_NEWLINK && x.Header.Type != unix.RTM_DELLINK {
			continue
		}
		header := unix.NlMsghdr(x.Header)
		link, err := netlink.LinkDeserialize(&header, x.Data)
		if err != nil {
			continue
		}
		m.link(link, x.Header.Type == unix.RTM_DELLINK)
	}
	changes := m.forget()
	now, err := Read(m.mapping)
	if err != nil {
		return // the next message brings the next try
	}
	m.remember(slices.Clone(now), changes)
	m.mu.Lock()
	old := m.known
	m.known = now
	m.mu.Unlock()
	for i := range now {
		m.compare(&old[i], &now[i])
		m.compareAddrs(&old[i], &now[i])
	}
	m.restore()
	if m.changed != nil {
		m.changed()
	}
}

// link notes one message about a device.
func (m *Service) link(l netlink.Link, gone bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.known {
		k := &m.known[i]
		if k.Device != l.Attrs().Name {
			continue
		}
		now := *k
		if gone {
			now.Present, now.AdminUp, now.LineUp = false, false, false
		} else {
			fill(&now, l)
		}
		m.compare(k, &now)
		*k = now
	}
}

// standing is what counts as a change of an interface.
type standing struct{ present, admin, line bool }

func key(i *Interface) standing { return standing{i.Present, i.AdminUp, i.LineUp} }

// compare records what changed between two looks.
func (m *Service) compare(old, now *Interface) {
	if key(old) == key(now) {
		return
	}
	if now.Status() != old.Status() {
		m.rec.Record(LinkChanged{Interface: now.Name, Device: now.Device, AdminUp: now.AdminUp, LineUp: now.LineUp, Present: now.Present})
	}
	if now.LineUp != old.LineUp {
		m.rec.Record(LineProtocolChanged{Interface: now.Name, Device: now.Device, Up: now.LineUp})
	}
}

func (m *Service) compareAddrs(old, now *Interface) {
	before, after := slices.Concat(old.Addrs, old.Addrs6), slices.Concat(now.Addrs, now.Addrs6)
	for _, a := range before {
		if !slices.Contains(after, a) {
			m.rec.Record(AddressChanged{Interface: now.Name, Device: now.Device, Addr: a})
		}
	}
	for _, a := range after {
		if !slices.Contains(before, a) {
			m.rec.Record(AddressChanged{Interface: now.Name, Device: now.Device, Addr: a, Added: true})
		}
	}
}
