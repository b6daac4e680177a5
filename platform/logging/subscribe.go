package logging

import (
	"context"

	"option150/platform/journal"
	"option150/platform/message"
)

// Filter says which lines a session is to see. It is asked for every line, so
// that it can change its mind: topic is "" for a log line of that severity, else
// the topic of a debug.
type Filter func(topic string, severity int) bool

// AtMost is the filter of log lines up to a level and of no debug.
func AtMost(level int) Filter {
	return func(topic string, severity int) bool { return topic == "" && severity <= level }
}

// Subscription is one session's view of the journal: log lines and debugs from
// now on, at its own pace. It is for one goroutine.
type Subscription struct {
	s      *Service
	cursor *journal.Cursor
	want   Filter
	ready  []string
}

// Subscribe begins a view. It needs no end.
func (s *Service) Subscribe(want Filter) *Subscription {
	return &Subscription{s: s, cursor: s.o.Journal.Cursor(), want: want}
}

// Next waits for the next line; it may hold line ends. The error is the
// context's.
func (u *Subscription) Next(ctx context.Context) (string, error) {
	for len(u.ready) == 0 {
		e, gap, err := u.cursor.Next(ctx)
		if err != nil {
			return "", err
		}
		u.take(e, gap)
	}
	line := u.ready[0]
	u.ready = u.ready[1:]
	return line, nil
}

// take makes lines of an entry.
func (u *Subscription) take(e journal.Entry, gap uint64) {
	s := u.s
	s.mu.Lock()
	cfg := s.cfg
	s.mu.Unlock()
	clock := s.clock()
	if m := message.EventsMissed; gap > 0 && u.want("", m.Severity) {
		u.ready = append(u.ready, cfg.LogStamp.Text(e.Time, clock)+clean(m.With(gap)))
	}
	if a, ok := e.Event.(journal.Announced); ok {
		if text := a.Announcement(); text != "" {
			u.ready = append(u.ready, text)
		}
	}
	if l, ok := e.Event.(journal.Logged); ok {
		if m, ok := l.LogMessage(); ok && m.Entry != nil && u.want("", m.Entry.Severity) {
			number := uint64(0)
			if cfg.SequenceNums {
				number = s.numberOf(e.Seq)
			}
			u.ready = append(u.ready, cfg.stamped(e.Time, clock, number, clean(m)))
		}
	}
	if d, ok := e.Event.(journal.Debugged); ok {
		for _, l := range d.DebugLines() {
			if u.want(l.Topic, Debugging) {
				u.ready = append(u.ready, cfg.DebugStamp.Text(e.Time, clock)+plain(l.Text, true))
			}
		}
	}
}

// numberOf is the number the reader gave to an entry. A session may be ahead of
// the reader by a moment.
func (s *Service) numberOf(seq uint64) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.await(seq)
	return s.numbers[seq]
}

// Monitor prints lines until the context ends.
func (s *Service) Monitor(ctx context.Context, want func(topic string, severity int) bool, print func(line string)) {
	u := s.Subscribe(want)
	for {
		line, err := u.Next(ctx)
		if err != nil {
			return
		}
		print(line)
	}
}
