// Package reload is the reload that is due: `reload in`, `reload at`, `reload
// cancel`. It is the safety net for changes over the network: what was not
// saved is gone when the box restarts with its startup configuration.
//
// Every session is warned, whether it watches the log or not, an hour, half an
// hour, a quarter, five minutes and one minute before.
//
// Follows facts/ios-cli.md 1.9. Concurrency: every method may be called
// from any goroutine; the restart itself is done by the function given, once,
// on a goroutine of the timer. Failure: none. Testing: synctest.
package reload

import (
	"fmt"
	"sync"
	"time"

	"option150/platform/journal"
	"option150/platform/message"
	"option150/platform/running"
)

// Plan is a reload that is due.
type Plan struct {
	Who    running.Who
	Set    time.Time
	At     time.Time
	Reason string
}

// warnings are how long before a reload the sessions are warned.
var warnings = [...]time.Duration{time.Hour, 30 * time.Minute, 15 * time.Minute, 5 * time.Minute, time.Minute}

// behind is how long after a command its notice to the sessions comes, so that
// it stands behind the prompt of the operator who entered it.
const behind = 250 * time.Millisecond

// Scheduler holds the one reload that is due. Use New.
type Scheduler struct {
	do  func(running.Who)
	rec journal.Recorder

	mu     sync.Mutex
	plan   *Plan
	gen    int
	timer  *time.Timer
	notice *time.Timer
	closed bool
}

// New returns a scheduler that reloads by calling do.
func New(do func(running.Who), r journal.Recorder) *Scheduler {
	return &Scheduler{do: do, rec: journal.Or(r)}
}

// Schedule makes a reload due, instead of another that was.
func (s *Scheduler) Schedule(p Plan) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	p.Set = time.Now()
	s.stop()
	s.plan = &p
	s.rec.Record(Scheduled{p})
	s.say(Warning{Left: time.Until(p.At)})
	s.next()
}

// say tells the sessions in a moment. s.mu is held.
func (s *Scheduler) say(e journal.Event) {
	if s.notice != nil {
		s.notice.Stop()
	}
	s.notice = time.AfterFunc(behind, func() { s.rec.Record(e) })
}

// stop ends the timer. s.mu is held.
func (s *Scheduler) stop() {
	s.gen++
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
}

// next waits for the next warning or the reload itself. s.mu is held.
func (s *Scheduler) next() {
	left := time.Until(s.plan.At)
	wait := left
	for _, w := range warnings {
		if w < left {
			wait = left - w
			break
		}
	}
	gen := s.gen
	s.timer = time.AfterFunc(max(wait, 0), func() { s.due(gen) })
}

func (s *Scheduler) due(gen int) {
	s.mu.Lock()
	if gen != s.gen || s.plan == nil || s.closed {
		s.mu.Unlock()
		return
	}
	left := time.Until(s.plan.At)
	if left > 0 {
		s.rec.Record(Warning{Left: left})
		s.next()
		s.mu.Unlock()
		return
	}
	p := *s.plan
	s.plan = nil
	s.stop()
	s.mu.Unlock()
	s.Now(p.Who, p.Reason)
}

// Now reloads.
func (s *Scheduler) Now(who running.Who, reason string) {
	s.rec.Record(Warning{})
	s.rec.Record(Started{who, reason})
	s.do(who)
}

// Cancel ends what is due and reports whether anything was.
func (s *Scheduler) Cancel() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.plan == nil {
		return false
	}
	s.plan = nil
	s.stop()
	s.rec.Record(Cancelled{At: time.Now()})
	s.say(Aborted{})
	return true
}

// Pending tells what is due.
func (s *Scheduler) Pending() (Plan, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.plan == nil {
		return Plan{}, false
	}
	return *s.plan, true
}

// Close forgets what is due.
func (s *Scheduler) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.plan = nil
	if s.notice != nil {
		s.notice.Stop()
	}
	s.stop()
}

// Stamp is a time as reloads are announced: 18:34:20 UTC Fri Dec 2 2022.
func Stamp(t time.Time) string { return t.Format("15:04:05 MST Mon Jan 2 2006") }

// Scheduled is the fact that a reload is due.
type Scheduled struct{ Plan }

// EventName implements journal.Event.
func (Scheduled) EventName() string { return "reload.Scheduled" }

// LogMessage implements journal.Logged.
func (s Scheduled) LogMessage() (message.Message, bool) {
	return message.ReloadScheduled.With(Stamp(s.At), Stamp(s.Set), s.Who.String(), s.Reason), true
}

// Cancelled is the fact that a reload will not happen.
type Cancelled struct{ At time.Time }

// EventName implements journal.Event.
func (Cancelled) EventName() string { return "reload.Cancelled" }

// LogMessage implements journal.Logged.
func (c Cancelled) LogMessage() (message.Message, bool) {
	return message.ReloadCancelled.With(Stamp(c.At)), true
}

// Aborted tells the sessions that a reload will not happen.
type Aborted struct{}

// EventName implements journal.Event.
func (Aborted) EventName() string { return "reload.Aborted" }

// Announcement implements journal.Announced.
func (Aborted) Announcement() string { return "\n\n\n\a***\n*** --- SHUTDOWN ABORTED ---\n***\n" }

// Warning is the fact that a reload comes nearer; Left 0 is now.
type Warning struct{ Left time.Duration }

// EventName implements journal.Event.
func (Warning) EventName() string { return "reload.Warning" }

// Announcement implements journal.Announced.
func (w Warning) Announcement() string {
	if w.Left <= 0 {
		return "\n\n\n\a***\n*** --- SHUTDOWN NOW ---\n***\n"
	}
	s := int(w.Left.Round(time.Second) / time.Second)
	return fmt.Sprintf("\n\n\n\a***\n*** --- SHUTDOWN in %d:%02d:%02d ---\n***\n", s/3600, s/60%60, s%60)
}

// Started is the fact that the box restarts.
type Started struct {
	Who    running.Who
	Reason string
}

// EventName implements journal.Event.
func (Started) EventName() string { return "reload.Started" }

// LogMessage implements journal.Logged.
func (s Started) LogMessage() (message.Message, bool) {
	return message.Reloading.With(s.Who.String(), s.Reason), true
}
