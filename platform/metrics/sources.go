package metrics

import (
	"net/http"
	"time"

	"option150/platform/journal"
	"option150/platform/service"
	"option150/telephony/inventory"
)

// Sources are the snapshots the window looks at. The composition fills them;
// one that is nil has nothing to show. They are called while somebody looks and
// must return copies, at once.
type Sources struct {
	Version, Commit string
	Started         time.Time // of the box
	Recorder        journal.Recorder

	Hostname func() string
	Access   Access
	Counts   *Counts
	Phones   func(now time.Time) []inventory.Phone
	Services func() []Service
	Pools    func() []Pool
	Messages func() []Messages
	Serving  func() (now, limit int) // files being sent
	Findings func() []Finding        // of the audit of the configuration
	Disk     func() (total, free uint64, err error)
	Fleet    func() (Fleet, bool) // what is known of other boxes; false: this one is in no fleet
	Page     http.Handler         // answers for all but /metrics; nil = nobody does
}

// Service is a service: configured and working are two things.
type Service struct {
	Name       string
	Configured bool
	Status     service.Status
}

// Pool is a DHCP pool. Free is what could be leased now.
type Pool struct {
	Name                             string
	Total, Leased, Offered, Excluded int
}

// Free is the number of addresses nobody has.
func (p Pool) Free() int { return max(0, p.Total-p.Leased-p.Offered-p.Excluded) }

// Messages is how many DHCP messages of a type came or went.
type Messages struct {
	Direction string // "received" or "sent"
	Type      string // "discover"
	N         uint64
}

// Fleet is what is known of the boxes of a fleet.
type Fleet struct {
	Answers bool // its servers do: what follows is true now
	Boxes   []FleetBox
}

// FleetBox is one of them. Phones are by state; nil = it does not publish them.
type FleetBox struct {
	Domain, Name string
	There        bool
	Phones       map[string]int
}

// Finding is a finding of the audit.
type Finding struct {
	Severity, Section, Text, Fix string
}

func (s *Sources) phones(now time.Time) []inventory.Phone {
	if s.Phones == nil {
		return nil
	}
	return s.Phones(now)
}

func list[T any](f func() []T) []T {
	if f == nil {
		return nil
	}
	return f()
}
