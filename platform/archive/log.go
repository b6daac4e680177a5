package archive

import (
	"strings"
	"sync"

	"option150/platform/journal"
)

// Command is one configuration command that took effect.
type Command struct {
	Index   int
	Session int    // counts the times somebody entered configuration mode
	Stay    uint64 // which of them this was: one number, one session
	User    string
	Line    string // "con0", "vty0"
	Depth   int    // sections it stands in
	Text    string // canonical, with secrets hidden if hidekeys was on
}

// Log is the configuration log. A bounded list in memory: it ends with the box.
type Log struct {
	rec journal.Recorder

	mu       sync.Mutex
	cfg      LogConfig
	next     int
	sessions int
	list     []Command
}

func newLog(r journal.Recorder) *Log {
	return &Log{rec: r, cfg: Default().Log, next: 1}
}

func (l *Log) set(c LogConfig) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cfg = c
	l.trim()
}

func (l *Log) trim() {
	if n := len(l.list) - max(l.cfg.Size, 1); n > 0 {
		l.list = append([]Command(nil), l.list[n:]...)
	}
}

// session counts the stays in configuration mode. l.mu is held.
func (l *Log) session(stay uint64) int {
	for i := len(l.list) - 1; i >= 0; i-- {
		if l.list[i].Stay == stay {
			return l.list[i].Session
		}
	}
	l.sessions++
	return l.sessions
}

// maxCommand bounds the text of a command, in bytes.
const maxCommand = 512

// Add notes a command, if the log is on.
func (l *Log) Add(c Command) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.cfg.Enabled {
		return
	}
	if len(c.Text) > maxCommand {
		c.Text = strings.ToValidUTF8(c.Text[:maxCommand], "")
	}
	hidden := HideKeys(c.Text)
	if l.cfg.HideKeys {
		c.Text = hidden
	}
	if c.User == "" {
		c.User = "console"
	}
	c.Index, c.Session = l.next, l.session(c.Stay)
	l.next++
	l.list = append(l.list, c)
	l.trim()
	if l.cfg.Notify {
		l.rec.Record(Logged{User: c.User, Text: hidden})
	}
}

// All lists what is kept, oldest first.
func (l *Log) All() []Command {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Command(nil), l.list...)
}
