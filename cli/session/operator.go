package session

import (
	"context"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"option150/cli/language"
	"option150/platform/config"
)

// LineName implements language.Operator.
func (s *Session) LineName() string { return s.opt.Line }

// Privilege implements language.Operator.
func (s *Session) Privilege() int { return s.priv }

// SetPrivilege implements language.Operator.
func (s *Session) SetPrivilege(level int) { s.priv = level }

// Configure implements language.Operator.
func (s *Session) Configure() {
	s.cur = s.opt.Language.NewCursor(s.priv, s.graph)
	s.stay = uint64(time.Now().UnixNano())
}

// End implements language.Operator.
func (s *Session) End() { s.leaveConfig() }

// Up implements language.Operator.
func (s *Session) Up() {
	switch {
	case s.cur == nil:
		s.Close()
	case !s.cur.Up():
		s.leaveConfig()
	}
}

// Close implements language.Operator.
func (s *Session) Close() {
	s.closed = true
	if s.term != nil {
		s.term.FlushWithin(closeWait) // the reload it makes room for ends the stream
	}
}

// closeWait is how long a peer has to take what was said to it.
const closeWait = 200 * time.Millisecond

// Ask implements language.Operator.
func (s *Session) Ask(question string) (string, error) {
	if s.term == nil {
		return "", io.EOF
	}
	return s.term.ReadAnswer(question)
}

// Confirm implements language.Operator: one key, Enter or y is yes.
func (s *Session) Confirm(question string) (bool, error) {
	if s.term == nil {
		return false, io.EOF
	}
	k, err := s.term.ReadKey(question + "[confirm]")
	if err != nil {
		return false, err
	}
	return k == '\r' || k == '\n' || k == 'y' || k == 'Y', nil
}

// Password implements language.Operator.
func (s *Session) Password(question string) (string, error) {
	if s.term == nil {
		return "", io.EOF
	}
	return s.term.ReadPassword(question)
}

// Terminal implements language.Operator.
func (s *Session) Terminal() language.Terminal { return &s.set }

// History implements language.Operator.
func (s *Session) History() []string { return s.execHistory.Lines() }

// Debug implements language.Operator.
func (s *Session) Debug(topic string, on bool) bool { return s.debugs.set(topic, on) }

// Debugs implements language.Operator.
func (s *Session) Debugs() []string { return s.debugs.list() }

// topics are the debugs that are on. The monitor reads them from its own
// goroutine.
type topics struct {
	mu sync.Mutex
	on []string
}

func (t *topics) set(topic string, on bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.Index(t.on, topic)
	switch {
	case on && i < 0:
		t.on = append(t.on, topic)
	case !on && i >= 0:
		t.on = slices.Delete(t.on, i, i+1)
	}
	return i >= 0
}

func (t *topics) has(topic string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Contains(t.on, topic)
}

func (t *topics) list() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Sorted(slices.Values(t.on))
}

// settings are what `terminal ...` changes. The line's configuration gives
// the first values; what the operator says stays until he logs out.
type settings struct {
	s       *Session
	mu      sync.Mutex
	monitor bool
	stamp   bool // the load and the time before each answer
}

func (t *settings) init(s *Session) {
	t.s = s
	t.monitor = strings.HasPrefix(s.opt.Line, "con")
}

// lineSettings takes over what the configuration says of the session's line.
func (s *Session) lineSettings() {
	kind, n := lineOf(s.opt.Line)
	l := s.opt.Store.Current().Line(kind, n)
	if l == nil {
		return
	}
	s.set.SetHistorySize(l.HistorySize)
	d := config.DefaultLine(kind, 0, 0)
	if l.Length != d.Length {
		s.term.SetHeight(l.Length)
	}
	if l.Width != d.Width {
		s.term.SetWidth(l.Width)
	}
}

// SetLength implements language.Terminal.
func (t *settings) SetLength(n int) {
	if t.s.term != nil {
		t.s.term.SetHeight(n)
	}
}

// SetWidth implements language.Terminal.
func (t *settings) SetWidth(n int) {
	if t.s.term != nil {
		t.s.term.SetWidth(n)
	}
}

// SetMonitor implements language.Terminal.
func (t *settings) SetMonitor(on bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.monitor = on
}

// SetHistorySize implements language.Terminal.
func (t *settings) SetHistorySize(n int) {
	t.s.execHistory.SetLimit(n)
	t.s.configHistory.SetLimit(n)
}

// SetTimestamp implements language.Terminal.
func (t *settings) SetTimestamp(on bool) { t.stamp = on }

func (t *settings) size() (width, height int) {
	if t.s.term == nil {
		return 0, 0
	}
	return t.s.term.Size()
}

// Length implements language.Terminal.
func (t *settings) Length() int { _, h := t.size(); return h }

// Width implements language.Terminal.
func (t *settings) Width() int { w, _ := t.size(); return w }

// Monitor implements language.Terminal.
func (t *settings) Monitor() bool { t.mu.Lock(); defer t.mu.Unlock(); return t.monitor }

// HistorySize implements language.Terminal.
func (t *settings) HistorySize() int { return t.s.execHistory.Limit() }

// startMonitor shows log and debug lines beside the prompt. They come from the
// journal through a goroutine of this session alone, so that an operator who
// does not read slows nobody who logs.
func (s *Session) startMonitor(ctx context.Context) <-chan struct{} {
	done := make(chan struct{})
	if s.opt.Monitor == nil {
		close(done)
		return done
	}
	go func() {
		defer close(done)
		s.opt.Monitor(ctx, s.wants, func(lines string) {
			s.term.Async(lines, s.synchronous())
		})
	}()
	return done
}

func (s *Session) wants(topic string, severity int) bool {
	if !s.set.Monitor() {
		return false
	}
	if topic != "" {
		return s.debugs.has(topic)
	}
	c := s.opt.Store.Current().Logging
	level := c.Monitor
	if strings.HasPrefix(s.opt.Line, "con") {
		level = c.Console
	}
	return severity <= level
}

func (s *Session) synchronous() bool {
	kind, n := lineOf(s.opt.Line)
	l := s.opt.Store.Current().Line(kind, n)
	return l != nil && l.Synchronous
}

var _ language.Operator = (*Session)(nil)
