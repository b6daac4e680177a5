package logging

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"option150/platform/journal"
	"option150/platform/message"
	"option150/platform/service"
)

// SyslogPort is the UDP port of syslog servers. [RFC 3164 2]
const SyslogPort = 514

// Options are what the service needs.
type Options struct {
	Journal *journal.Journal
	Started time.Time      // of the box; zero = now
	Local   *time.Location // of `localtime`; nil = that of the host
	// Zone is what `localtime` means at an instant, where that can change: a
	// zone with summer time. nil = Local, always.
	Zone func(time.Time) *time.Location
	// Mark tells how far the clock can be trusted: "*", "." or "". nil = "*".
	Mark func() string
	Port uint16 // of syslog servers; 0 = SyslogPort
	// Errors gets what is of severity 4 and worse, at a bounded rate; nil = nobody.
	Errors io.Writer
}

// Service is the reader of the journal. Use New.
type Service struct {
	o      Options
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu      sync.Mutex
	cfg     Config
	buf     buffer
	n       Counts
	net     *sender
	number  uint64            // of the last message logged
	seen    uint64            // sequence of the last entry handled
	numbers map[uint64]uint64 // entry -> message number, of the last ones
	order   []uint64          // of numbers, oldest first
	turn    *sync.Cond        // seen moved, or the reader has ended
	ended   bool
	status  service.Status
	causes  map[string]*cause
	within  time.Duration // of tests; 0 = that of the message
	errors  *errorLines   // nil = none
}

// Counts are messages since start.
type Counts struct {
	Console, Monitor, Buffer, Trap uint64 // by destination
	Missed                         uint64 // events overwritten before they were read
	Limited                        uint64 // counted in a line of their cause
}

// rememberNumbers bounds Service.numbers: as far behind as a session can be.
const rememberNumbers = journal.DefaultSize

// New starts to read, from the oldest event there is, with the factory
// configuration.
func New(o Options) *Service {
	if o.Started.IsZero() {
		o.Started = time.Now()
	}
	if o.Local == nil {
		o.Local = time.Local
	}
	if o.Mark == nil {
		o.Mark = func() string { return "*" }
	}
	if o.Port == 0 {
		o.Port = SyslogPort
	}
	s := &Service{o: o, cfg: Default(), numbers: map[uint64]uint64{}, net: &sender{}, causes: map[string]*cause{},
		status: service.Status{State: service.Disabled, Since: time.Now()}}
	s.turn = sync.NewCond(&s.mu)
	s.buf.resize(s.cfg.BufferSize)
	if o.Errors != nil {
		s.errors = &errorLines{lines: make(chan string, stderrQueue), free: stderrBurst, at: time.Now()}
		go s.errors.write(o.Errors) // a reader that takes nothing is not waited for
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	c := o.Journal.CursorFromStart()
	s.work.Go(func() { s.read(ctx, c) })
	return s
}

// Close ends the reader and the way to the servers.
func (s *Service) Close() {
	s.cancel()
	s.work.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.net.close()
	for _, c := range s.causes {
		c.timer.Stop()
	}
	if s.errors != nil {
		close(s.errors.lines)
		s.errors = nil
	}
}

func (s *Service) read(ctx context.Context, c *journal.Cursor) {
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ended = true
		s.turn.Broadcast()
	}()
	for {
		e, gap, err := c.Next(ctx)
		if err != nil {
			return
		}
		for ok := true; ok; e, gap, ok = c.TryNext() {
			s.handle(e, gap)
		}
		// A branch that boots makes 20,000 events a second, and hardly any is
		// logged: to be woken for each costs more than to look at them.
		time.Sleep(readPause)
	}
}

// readPause is between two looks at the journal.
const readPause = 2 * time.Millisecond

// clock is read for each event, about when it happened.
func (s *Service) clock() Clock {
	c := Clock{Started: s.o.Started, Local: s.o.Local, Mark: s.o.Mark()}
	if s.o.Zone != nil {
		c.Local = s.o.Zone(time.Now())
	}
	return c
}

// handle logs one entry.
func (s *Service) handle(e journal.Entry, gap uint64) {
	ev, ok := e.Event.(journal.Logged)
	text, severity := "", 0
	var m message.Message
	if ok {
		var wanted bool
		m, wanted = ev.LogMessage()
		if ok = wanted && m.Entry != nil; ok {
			text, severity = clean(m), m.Entry.Severity
		}
	}
	var clock Clock
	if ok { // most events are not logged
		clock = s.clock()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.turn.Broadcast()
	s.seen = e.Seq
	s.n.Missed += gap
	if !ok || s.counted(m) {
		return
	}
	if s.errors != nil && severity <= stderrLevel {
		s.errors.say(time.Now(), severity, text)
	}
	s.number++
	s.numbers[e.Seq] = s.number
	if s.order = append(s.order, e.Seq); len(s.order) > rememberNumbers {
		delete(s.numbers, s.order[0])
		s.order = s.order[1:]
	}
	line := s.cfg.stamped(e.Time, clock, s.number, text)
	if severity <= s.cfg.Console {
		s.n.Console++
	}
	if severity <= s.cfg.Monitor {
		s.n.Monitor++
	}
	if severity <= s.cfg.Buffered {
		s.n.Buffer++
		s.buf.add(line)
	}
	if severity <= s.cfg.Trap && len(s.cfg.Hosts) > 0 {
		s.n.Trap++
		s.net.send(s.n.Trap, severity, line)
	}
}

// stamped is a log line: number, stamp, text.
func (c *Config) stamped(at time.Time, clock Clock, number uint64, text string) string {
	seq := ""
	if c.SequenceNums {
		seq = fmt.Sprintf("%06d: ", number)
	}
	return seq + c.LogStamp.Text(at, clock) + text
}

// Clear is `clear logging`.
func (s *Service) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf.clear()
}

// Name implements service.Service.
func (s *Service) Name() string { return "logging" }

// Status implements service.Service.
func (s *Service) Status() service.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

// Prepare implements service.Service: a new way to the servers is opened, the
// old one works on until Commit. Without a Spec the factory configuration is
// in force: what happens is always logged.
func (s *Service) Prepare(_ context.Context, _, want service.Spec) (service.Change, error) {
	cfg, state := Default(), service.Disabled
	switch v := want.(type) {
	case nil:
	case Config:
		cfg, state = v.Clone(), service.Running
	case *Config:
		cfg, state = v.Clone(), service.Running
	default:
		return nil, fmt.Errorf("logging: spec is a %T", want)
	}
	n, err := openSender(cfg, s.o.Port)
	if err != nil {
		return nil, err
	}
	return service.Funcs{OnCommit: func() { s.commit(cfg, n, state) }, OnAbort: n.close}, nil
}

func (s *Service) commit(cfg Config, n *sender, state service.State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.net.close()
	n.keep(s.net)
	s.cfg, s.net = cfg, n
	if cfg.Buffered == Off {
		s.buf.clear()
	}
	s.buf.resize(cfg.BufferSize)
	if s.status.State != state {
		s.status = service.Status{State: state, Since: time.Now()}
	}
}

// await waits, with the lock held, until the reader has handled an entry: who
// asks for the log right after something happened finds it there.
func (s *Service) await(seq uint64) {
	for s.seen < seq && !s.ended {
		s.turn.Wait()
	}
}

// Tail is the last n lines of the buffer, the oldest first; none if there is no
// buffer.
func (s *Service) Tail(n int) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.buf.lines[max(0, len(s.buf.lines)-n):])
}

// ShowText is `show logging`.
func (s *Service) ShowText() string {
	last := s.o.Journal.Last()
	s.mu.Lock()
	s.await(last)
	sn := Snapshot{Config: s.cfg.Clone(), Counts: s.n, Lines: slices.Clone(s.buf.lines), Hosts: slices.Clone(s.net.hosts)}
	s.mu.Unlock()
	return Show(sn)
}

// Snapshot is what `show logging` shows.
type Snapshot struct {
	Config Config
	Counts Counts
	Lines  []string
	Hosts  []HostCounts
}

// HostCounts are the messages to one server.
type HostCounts struct {
	Host
	Sent, Failed uint64
	Down         bool // the last one could not be sent
}

// Show renders `show logging`. [facts/ios-cli.md 1.12]
func Show(s Snapshot) string {
	var b strings.Builder
	c, n := &s.Config, &s.Counts
	fmt.Fprintf(&b, "Syslog logging: enabled (%d messages dropped, %d messages rate-limited, 0 flushes, 0 overruns, xml disabled, filtering disabled)\n\n", n.Missed, n.Limited)
	b.WriteString("No Active Message Discriminator.\n\n\n\nNo Inactive Message Discriminator.\n\n\n")
	dest := func(name string, level int, count uint64, indent string) {
		if level == Off {
			fmt.Fprintf(&b, "    %s disabled\n", name)
			return
		}
		fmt.Fprintf(&b, "    %s level %s, %d messages logged, xml disabled,\n%sfiltering disabled\n", name, LevelName(level), count, indent)
	}
	dest("Console logging:", c.Console, n.Console, "                     ")
	dest("Monitor logging:", c.Monitor, n.Monitor, "                     ")
	dest("Buffer logging: ", c.Buffered, n.Buffer, "                    ")
	b.WriteString("    Exception Logging: disabled\n    Count and timestamp logging messages: disabled\n    Persistent logging: disabled\n\nNo active filter modules.\n\n")
	if c.Trap == Off {
		b.WriteString("    Trap logging: disabled\n")
	} else {
		fmt.Fprintf(&b, "    Trap logging: level %s, %d message lines logged\n", LevelName(c.Trap), n.Trap)
	}
	numbers := "disabled"
	if c.SequenceNums {
		numbers = "enabled"
	}
	for _, h := range s.Hosts {
		fmt.Fprintf(&b, "        Logging to %s  (udp port %d, audit disabled,\n", h.Addr, h.Port)
		link := "up"
		if h.Down {
			link = "down"
		}
		fmt.Fprintf(&b, "              link %s),\n              %d message lines logged,\n              0 message lines rate-limited,\n", link, h.Sent)
		fmt.Fprintf(&b, "              0 message lines dropped-by-MD,\n              %d message lines not sent,\n", h.Failed)
		fmt.Fprintf(&b, "              xml disabled, sequence number %s\n              filtering disabled\n", numbers)
	}
	if c.Buffered == Off {
		return b.String()
	}
	fmt.Fprintf(&b, "\nLog Buffer (%d bytes):\n\n", c.BufferSize)
	for _, l := range s.Lines {
		b.WriteString(l)
		b.WriteByte('\n')
	}
	return b.String()
}
