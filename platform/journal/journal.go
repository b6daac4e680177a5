// Package journal is the one stream of facts of the appliance: services record
// what happened, readers look at it, and nobody asks anybody anything through it.
//
//	dhcp  tftp  httpd/hfs  cnf  running  service  sshd
//	  \     |      |        |      |        |      /
//	   +----+------+-- Record(event): never blocks, never fails
//	                     | stamps sequence and time
//	        +------------+-------------+
//	  folds (under one short lock)   ring of the last N events
//	  counters, phone inventory      cursors, each at its own pace
//
// What must not be lost (counters, where a phone stands) is folded inside
// Record by pure code. What may lag (a debug session, logging, a recorder)
// reads the ring through a Cursor and is told how many events it missed.
//
// Events are values. An event never holds a slice of a packet buffer, and a
// fold never calls Record and never looks at the clock: it uses Entry.Time.
//
// Failure: none. Testing: construct a Journal with the folds of interest,
// Record events, look at the fold. A nil *Journal discards everything.
package journal

import (
	"context"
	"sync"
	"time"

	"option150/platform/message"
)

// Event is one fact in the field's terms, such as dhcp.Ack or fileserver.Served.
type Event interface {
	// EventName is the stable name of the kind of fact, "dhcp.Ack".
	EventName() string
}

// Logged is implemented by events that have an entry in the message catalogue:
// they appear in logging buffered, on the console and at syslog servers.
type Logged interface {
	// LogMessage returns the message and whether this event is to be logged.
	LogMessage() (message.Message, bool)
}

// Debugged is implemented by events that `debug` commands can print.
type Debugged interface {
	DebugLines() []DebugLine
}

// Announced is implemented by events that every operator is told of, whether
// his session shows log lines or not: a reload that is due, a change that is
// about to be taken back.
type Announced interface {
	Announcement() string // lines, each ended by \n; "" = not this one
}

// DebugLine is one line of a debug, without time stamp.
type DebugLine struct {
	Topic string // what to `debug`: "tftp events", "ip dhcp server events", "cme-hfs"
	Text  string // the line, such as "TFTP: Looking for CTLSEP001E7A000001.tlv"
}

// Entry is an event with the place and time it got in the stream.
type Entry struct {
	Seq   uint64 // 1 is the first event since start
	Time  time.Time
	Event Event
}

// Fold is a pure function over the stream with state of its own. Fold runs
// inside Record: it must be short, must not block and must not call Record.
type Fold interface {
	Fold(Entry)
}

// Recorder is what a service needs of the journal.
type Recorder interface {
	Record(Event)
}

// Discard is a Recorder that forgets everything.
var Discard Recorder = (*Journal)(nil)

// Or returns r, or Discard when r is nil: a service given no recorder is silent.
func Or(r Recorder) Recorder {
	if r == nil {
		return Discard
	}
	return r
}

// DefaultSize is the number of events the ring keeps: a boot of 100 phones is
// about 2,000 events.
const DefaultSize = 8192

// Journal is the stream. Use New.
type Journal struct {
	mu    sync.Mutex
	ring  []Entry
	next  uint64 // sequence of the next entry
	folds []Fold
	wake  chan struct{} // closed and replaced at each Record that somebody waits for
	waits int
}

// New returns a journal that keeps the last size events (DefaultSize if size
// is not positive) and feeds the folds.
func New(size int, folds ...Fold) *Journal {
	if size <= 0 {
		size = DefaultSize
	}
	return &Journal{ring: make([]Entry, size), next: 1, folds: folds, wake: make(chan struct{})}
}

// Record adds an event. It never blocks on a reader.
func (j *Journal) Record(e Event) {
	if j == nil || e == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	en := Entry{Seq: j.next, Time: time.Now(), Event: e}
	j.ring[j.next%uint64(len(j.ring))] = en
	j.next++
	for _, f := range j.folds {
		f.Fold(en)
	}
	if j.waits > 0 {
		close(j.wake)
		j.wake = make(chan struct{})
		j.waits = 0
	}
}

// Cursor returns a reader that starts with the next event recorded. That of a
// nil Journal never gets one.
func (j *Journal) Cursor() *Cursor {
	if j == nil {
		j = New(1)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return &Cursor{j: j, at: j.next}
}

// CursorFromStart returns a reader that starts with the oldest event kept.
func (j *Journal) CursorFromStart() *Cursor {
	if j == nil {
		j = New(1)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return &Cursor{j: j, at: j.oldest()}
}

// Last is the sequence of the event recorded last, 0 before the first.
func (j *Journal) Last() uint64 {
	if j == nil {
		return 0
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.next - 1
}

func (j *Journal) oldest() uint64 {
	if j.next <= uint64(len(j.ring)) {
		return 1
	}
	return j.next - uint64(len(j.ring))
}

// Cursor reads the ring at its own pace. It is for one goroutine.
type Cursor struct {
	j  *Journal
	at uint64
}

// Next waits for the next event. gap is the number of events that were
// overwritten before this reader came to them. The error is the context's.
func (c *Cursor) Next(ctx context.Context) (e Entry, gap uint64, err error) {
	for {
		c.j.mu.Lock()
		if e, gap, ok := c.take(); ok {
			c.j.mu.Unlock()
			return e, gap, nil
		}
		c.j.waits++
		wake := c.j.wake
		c.j.mu.Unlock()
		select {
		case <-ctx.Done():
			return Entry{}, 0, ctx.Err()
		case <-wake:
		}
	}
}

// TryNext returns the next event if there is one already.
func (c *Cursor) TryNext() (e Entry, gap uint64, ok bool) {
	c.j.mu.Lock()
	defer c.j.mu.Unlock()
	return c.take()
}

func (c *Cursor) take() (e Entry, gap uint64, ok bool) {
	if o := c.j.oldest(); c.at < o {
		gap = o - c.at
		c.at = o
	}
	if c.at >= c.j.next {
		return Entry{}, gap, false
	}
	e = c.j.ring[c.at%uint64(len(c.j.ring))]
	c.at++
	return e, gap, true
}
