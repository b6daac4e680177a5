package inventory

import "time"

// Waits are the times the rules go by. A lab shortens them, and says so.
type Waits struct {
	Quiet      time.Duration // silence after which a phone is taken to have what it needs: gaps of real ones reach 3.2 s
	Fail       time.Duration // after a failed request nothing is concluded for so long
	Lease      time.Duration // R03, R04: no file from here after another server's lease, where this box serves addresses
	NoOffer    time.Duration // R02 where this box serves no addresses: nobody answers
	NoFile     time.Duration // R05, R38: an address from here and no file asked for
	NoDiscover time.Duration // R01: a sign of life without a DISCOVER
	NoReturn   time.Duration // R30: silence after the last file of a load
	Slow       time.Duration // R29: a transfer that takes so long and is slow
	Loop       time.Duration // R26: a boot that lasted less was no success
	Stale      time.Duration // R32: after its file has changed
	Sought     time.Duration // an address asked for this long is one that does not answer
}

// DefaultWaits are those of a box in the field.
func DefaultWaits() Waits {
	return Waits{
		Quiet: 8 * time.Second, Fail: 2 * time.Second, Lease: 10 * time.Second, NoOffer: 20 * time.Second, NoFile: 90 * time.Second,
		NoDiscover: time.Minute, NoReturn: 20 * time.Minute, Slow: 30 * time.Second, Loop: 5 * time.Minute, Stale: 15 * time.Minute,
		Sought: 1500 * time.Millisecond,
	}
}

// ShortWaits are those of the lab, whose phones are fifty times as fast.
func ShortWaits() Waits {
	return Waits{
		Quiet: 2 * time.Second, Fail: time.Second, Lease: 3 * time.Second, NoOffer: 4 * time.Second, NoFile: 5 * time.Second,
		NoDiscover: 4 * time.Second, NoReturn: 10 * time.Second, Slow: 5 * time.Second, Loop: 20 * time.Second, Stale: 2 * time.Second,
		Sought: 1500 * time.Millisecond,
	}
}
