package logging

import (
	"context"
	"strings"
	"time"

	"option150/platform/journal"
	"option150/platform/message"
	"option150/platform/plain"
)

// Filter says which lines a session is to see. It is asked for every line, so
// that it can change its mind: topic is "" for a log line of that severity, else
// the topic of a debug.
type Filter func(topic string, severity int) bool

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

// A burst is what comes with pauses of less than burstPause, as when phones
// boot: the prompt below it is drawn once. It is shown after burstTime at the
// latest, or when it has burstLines lines.
const (
	burstPause = 10 * time.Millisecond
	burstTime  = 100 * time.Millisecond
	burstLines = 100
)

// Burst waits for the next line and returns it with those that come together
// with it. The error is the context's.
func (u *Subscription) Burst(ctx context.Context) ([]string, error) {
	first, err := u.Next(ctx)
	if err != nil {
		return nil, err
	}
	lines := []string{first}
	for end := time.Now().Add(burstTime); len(lines) < burstLines && time.Now().Before(end) && pause(ctx, burstPause); {
		more := u.waiting(burstLines - len(lines))
		if len(more) == 0 {
			break
		}
		lines = append(lines, more...)
	}
	return lines, nil
}

// waiting takes lines that are there already. Of a flood of events that are no
// lines here it does not see the end.
func (u *Subscription) waiting(most int) []string {
	for events := 0; len(u.ready) < most && events < journal.DefaultSize; events++ {
		e, gap, ok := u.cursor.TryNext()
		if !ok {
			break
		}
		u.take(e, gap)
	}
	n := min(most, len(u.ready))
	lines := u.ready[:n:n]
	u.ready = u.ready[n:]
	return lines
}

// pause reports whether the context lasted so long.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
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
		if m, ok := l.LogMessage(); ok && m.Entry != nil && u.want("", m.Entry.Severity) && !s.repeats(m, e.Seq) {
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
				u.ready = append(u.ready, cfg.DebugStamp.Text(e.Time, clock)+plain.Text(l.Text))
			}
		}
	}
}

// repeats reports that a message was counted in a line of its cause: the reader
// gave it no number.
func (s *Service) repeats(m message.Message, seq uint64) bool {
	if key, _ := m.Cause(); key == "" {
		return false
	}
	return s.numberOf(seq) == 0
}

// numberOf is the number the reader gave to an entry. A session may be ahead of
// the reader by a moment.
func (s *Service) numberOf(seq uint64) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.await(seq)
	return s.numbers[seq]
}

// Monitor prints lines, those of a burst together, until the context ends.
func (s *Service) Monitor(ctx context.Context, want func(topic string, severity int) bool, print func(lines string)) {
	u := s.Subscribe(want)
	for {
		lines, err := u.Burst(ctx)
		if err != nil {
			return
		}
		print(strings.Join(lines, "\n"))
	}
}
