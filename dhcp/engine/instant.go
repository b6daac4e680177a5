package engine

import (
	"math"
	"time"
)

// Instant is a point in time on the engine's own clock: how long it has run.
// That clock never steps, so that whoever sets the clock of the box neither
// ends nor prolongs a lease. Wall time is for records and shows.
type Instant = time.Duration

const (
	never = Instant(math.MaxInt64)     // the end of a lease without one
	past  = Instant(math.MinInt64 / 4) // before everything
)

// at is an instant in wall time.
func (e *Engine) at(i Instant) time.Time { return e.epoch.Add(i) }

// Stamp is an instant as it stands in a record: a time of the box's clock, by
// which it was epoch at instant 0.
func Stamp(epoch time.Time, i Instant) int64 {
	if i == never {
		return Forever
	}
	return epoch.Add(i).Unix()
}

// InstantOf reads a stamp of a record.
func InstantOf(epoch time.Time, stamp int64) Instant {
	if stamp == Forever {
		return never
	}
	const centuries = 400 * 365 * 24 * 60 * 60 // a time.Duration has 292 years
	if d := stamp - epoch.Unix(); d < -centuries/2 || d > centuries/2 {
		return time.Duration(max(min(d, centuries/2), -centuries/2)) * time.Second
	}
	return time.Unix(stamp, 0).Sub(epoch)
}

func (e *Engine) stamp(i Instant) int64 { return Stamp(e.epoch, i) }

func (e *Engine) instant(stamp int64) Instant { return InstantOf(e.epoch, stamp) }

// SetClock tells that the clock of the box was set: epoch is the wall time at
// instant 0 by it. Leases go on as they were and are written anew, because the
// records on disk are in the time that was. A lease that had ended when it was
// read from disk, by a clock that was ahead, runs on; one that had not begun, by a clock
// that was behind, and one that another box granted have their own times again.
func (e *Engine) SetClock(now Instant, epoch time.Time) {
	by := e.stamp(now)
	e.epoch = epoch
	if e.share.Domain != nil {
		e.share.Stepped(e.stamp(now) - by)
	}
	for _, b := range e.bindings {
		if until := e.instant(b.Expiry); b.ended && !b.leased && until > now && e.offers[b.Addr] == nil {
			b.granted, b.until, b.ended, b.since, b.durable, b.written = e.instant(b.Start), until, false, e.instant(b.Start), until, true
			e.start(b)
		}
		e.redate(now, b)
		e.save(b)
	}
	for _, x := range e.conflicts {
		e.write(e.conflictRecord(x), nil)
	}
}

// redate has a lease run by the times on its record, where those are not of a clock that
// has just been found wrong. A client that this box told more keeps that, by no clock: most of
// the boxes may have agreed on one that was wrong, by which the record seemed to be the later.
func (e *Engine) redate(now Instant, b *binding) {
	from, until := e.instant(b.Start), e.instant(b.Expiry)
	if !b.dated || b.guess && from > now {
		return
	}
	more := !b.back && b.told.until > max(until, now)
	if more {
		from, until = b.told.from, b.told.until
	}
	b.granted, b.until, b.since, b.durable = from, until, from, until
	b.dated, b.guess = !b.guess && !more, false
	switch {
	case b.leased, until > now && !b.back && e.offers[b.Addr] == nil:
		e.start(b)
	}
}
