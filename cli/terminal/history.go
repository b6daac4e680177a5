package terminal

import "strings"

// History limits of `terminal history size` (IOS: 0 to 256, 10 unless set).
const (
	DefaultHistory = 10
	MaxHistory     = 256
)

// History is the list of lines one operator typed, one list for exec and one
// for configuration modes. The zero value is ready and keeps DefaultHistory
// lines. It belongs to the goroutine that calls ReadLine. Passwords and answers
// never get here.
type History struct {
	lines []string // oldest first
	limit int
	set   bool
}

// Limit is the number of lines kept.
func (h *History) Limit() int {
	if !h.set {
		return DefaultHistory
	}
	return h.limit
}

// SetLimit keeps the newest n lines, n being cut to 0..MaxHistory.
func (h *History) SetLimit(n int) {
	h.limit, h.set = min(max(n, 0), MaxHistory), true
	h.trim()
}

// Add appends a line. Blanks at its end are cut; an empty line and a repeat of
// the newest one are not kept.
func (h *History) Add(line string) {
	line = strings.TrimRight(line, " ")
	if line == "" || len(h.lines) > 0 && h.lines[len(h.lines)-1] == line {
		return
	}
	h.lines = append(h.lines, line)
	h.trim()
}

// Lines returns a copy of the list, oldest first.
func (h *History) Lines() []string {
	if h == nil {
		return nil
	}
	return append([]string(nil), h.lines...)
}

func (h *History) trim() {
	if over := len(h.lines) - h.Limit(); over > 0 {
		h.lines = append(h.lines[:0], h.lines[over:]...)
	}
}
