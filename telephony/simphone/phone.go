package simphone

import (
	"context"
	"net/netip"
	"sync/atomic"
	"time"

	"option150/telephony/simphone/peers"
)

// Timers are the waits of a phone that Pace does not touch. Zero values take
// the defaults.
type Timers struct {
	DHCP         time.Duration // first retransmission, doubled each time; 4 s [RFC 2131 4.1]
	DHCPTries    int           // 4
	Connect      time.Duration // for a TCP connection; 5 s [D]
	Answer       time.Duration // without a byte of an HTTP answer; 30 s [D]
	TFTP         time.Duration // retransmission; 0.5 s [facts/phones.md 1.7]
	TFTPTries    int           // requests without an answer; 4 [facts/phones.md 1.7]
	Busy         time.Duration // after a TFTP server said that it is busy; 2 s [D]
	BusyTries    int           // 10 [D]
	SilentRounds int           // DHCP and file servers anew when nobody answers; 3 [D]
	Link         time.Duration // for the carrier; 10 s [D]
}

func (t *Timers) defaults() {
	for p, d := range map[*time.Duration]time.Duration{
		&t.DHCP: 4 * time.Second, &t.Connect: 5 * time.Second, &t.Answer: 30 * time.Second,
		&t.TFTP: 500 * time.Millisecond, &t.Busy: 2 * time.Second, &t.Link: 10 * time.Second,
	} {
		if *p <= 0 {
			*p = d
		}
	}
	for p, n := range map[*int]int{&t.DHCPTries: 4, &t.TFTPTries: 4, &t.BusyTries: 10, &t.SilentRounds: 3} {
		if *p <= 0 {
			*p = n
		}
	}
}

// Options are where and how a phone runs.
type Options struct {
	Interface string // "" = eth0
	// In runs a function on a thread that is in the phone's network namespace:
	// netns.Host.Do. nil = where the caller is. Every socket is opened by it.
	In func(func() error) error
	// Log gets every step, from the goroutine that called Boot.
	Log func(Step)
	// Pace scales the pauses between files and the time of flashing and
	// rebooting: 1 = as a real phone, 0 = none.
	Pace   float64
	Timers Timers
	// Register makes a phone that lives open a connection to its call control
	// once it is provisioned, and boot again when it is rejected.
	Register bool
	// SetMAC gives the interface the address of the phone. Without it an
	// interface with another address is an error.
	SetMAC bool
	// MaxBoots ends a phone that reboots for ever; 0 = 8.
	MaxBoots int
	// Images reads firmware; nil = that of telephony/firmware.
	Images Images
	// Sharing is how the phone shares firmware with its peers when its file
	// says so; nil = it does not.
	Sharing *peers.Habits
}

// Phone is one simulated phone. Use New. Not for concurrent use.
type Phone struct {
	spec Spec
	n    nature
	o    Options

	boots     int
	load      string // running; "" = unknown
	wiped     bool   // boot loader only
	bare      bool   // a 7905 that takes unsigned images only
	trusts    bool   // it has a trust list: names are signed
	last      netip.Addr
	addr6     netip.Addr
	lease     Lease
	nvram     []netip.Addr // the file servers of the last boot
	refused   string       // load whose signature was not believed
	powered   time.Time
	asksFiles fileServers
	on        atomic.Int32 // call control it is registered at, counted from 1; 0 = none
}

// New makes a phone. The error is a Spec that makes no sense.
func New(s Spec, o Options) (*Phone, error) {
	n, err := s.nature()
	if err != nil {
		return nil, err
	}
	if o.Interface == "" {
		o.Interface = "eth0"
	}
	if o.In == nil {
		o.In = func(f func() error) error { return f() }
	}
	if o.Log == nil {
		o.Log = func(Step) {}
	}
	if o.Images == nil {
		o.Images = containers{}
	}
	if o.MaxBoots <= 0 {
		o.MaxBoots = 8
	}
	o.Timers.defaults()
	return &Phone{spec: s, n: n, o: o, load: s.Load, wiped: s.FactoryReset, bare: s.Unsigned}, nil
}

// Spec is what the phone was made of.
func (p *Phone) Spec() Spec { return p.spec }

// Load is the load the phone runs now; "" if it is not known.
func (p *Phone) Load() string { return p.load }

func (p *Phone) log(s Step) {
	s.Time, s.Device, s.Boot = time.Now(), p.spec.MAC.Device(), p.boots
	p.o.Log(s)
}

// pause waits as long as a real phone does at this point, times Pace.
func (p *Phone) pause(ctx context.Context, d time.Duration) error {
	return sleep(ctx, time.Duration(float64(d)*p.o.Pace))
}

// sleep waits, whatever the pace.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
