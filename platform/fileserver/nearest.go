package fileserver

import (
	"strings"
	"sync"
	"time"

	"option150/telephony/phone"
)

// maxCandidates bounds the search for the nearest name.
const maxCandidates = 20000

// nearestTo is nearest over everything there is, kept for a while: when a file
// is missing, every phone asks for it.
func (s *Server) nearestTo(clean string) string {
	if _, device := phone.MACOfFile(clean); device {
		return s.nearestDevice(clean)
	}
	s.near.mu.Lock()
	defer s.near.mu.Unlock()
	now := time.Now()
	if len(s.near.known) >= maxNear || now.Sub(s.near.since) > nearTime {
		s.near.known, s.near.since = map[string]string{}, now
	}
	n, ok := s.near.known[clean]
	if !ok {
		n = nearest(clean, s.names)
		s.near.known[clean] = n
	}
	return n
}

// nearMemo remembers the nearest names found lately.
type nearMemo struct {
	mu    sync.Mutex
	known map[string]string
	since time.Time
}

const (
	maxNear  = 256
	nearTime = 5 * time.Second
)

// nearestDevice tries the other forms of a file of one phone. One character is
// not near here: MAC addresses of one delivery follow each other, it would be
// another phone's file.
func (s *Server) nearestDevice(clean string) string {
	b := last(clean)
	stem, _, _ := strings.Cut(b, ".")
	for _, n := range []string{strings.TrimSuffix(b, ".sgn"), stem + ".cnf.xml", stem + ".cnf", stem + ".txt", stem} {
		if n != b && s.has(n) {
			return n
		}
	}
	return ""
}

// has reports that a generated file or a file of flash: has the name.
func (s *Server) has(name string) bool {
	if s.opt.Generated != nil {
		if b, _, _, ok := s.opt.Generated(name); ok && len(b) > 0 {
			return true
		}
	}
	if s.opt.Flash == nil {
		return false
	}
	f, err := s.opt.Flash.Find(s.now.Load().home, name)
	if err != nil {
		return false
	}
	_ = f.Close()
	return f.Size > 0
}

// nearest finds the name that was probably meant: the same in another case,
// with or without a suffix, with another suffix, or with one character
// changed, added, left out or swapped with its neighbour. "" if none is near.
func nearest(name string, each func(yield func(string) bool)) string {
	want := strings.ToLower(last(name))
	best, rank, seen := "", 4, 0
	each(func(c string) bool {
		if seen++; seen > maxCandidates {
			return false
		}
		have, r := strings.ToLower(last(c)), 4
		switch {
		case have == want:
			r = 1
		case suffix(want, have):
			r = 2
		case oneEdit(want, have):
			r = 3
		}
		if r < rank || r == rank && r < 4 && c < best {
			best, rank = c, r
		}
		return true
	})
	return best
}

func last(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// suffix reports that the names differ by a suffix: one has it and the other
// not, or both have different ones. A suffix has no digits in front: the parts
// of "SCCP41.9-4-2" are a version.
func suffix(a, b string) bool {
	if sa, sb, ok := split(a, b); ok && sa != "" && sa == sb {
		return true
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	rest, ok := strings.CutPrefix(b, a)
	return ok && a != "" && isSuffix(rest)
}

// split cuts both suffixes off.
func split(a, b string) (stemA, stemB string, ok bool) {
	i, j := strings.LastIndexByte(a, '.'), strings.LastIndexByte(b, '.')
	if i < 0 || j < 0 || !isSuffix(a[i:]) || !isSuffix(b[j:]) {
		return "", "", false
	}
	return a[:i], b[:j], true
}

func isSuffix(s string) bool {
	return len(s) > 1 && len(s) <= 9 && s[0] == '.' && (s[1] < '0' || s[1] > '9') && s[1] != '.'
}

// oneEdit reports that a becomes b by one change, insertion, deletion or swap.
func oneEdit(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 || len(a) < 4 { // a short name is near to everything
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	if i == len(a) {
		return false // equal
	}
	return a[i+1:] == b[i+1:] ||
		i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}
