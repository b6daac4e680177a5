package grammar

import (
	"cmp"
	"encoding/binary"
	"math"
	"strings"
	"sync"
	"sync/atomic"

	"option150/platform/sorted"
)

// maxStates bounds the cache of a graph. A graph of 300 commands has some 4,000
// places when every one is visited in all forms; only { } with many
// alternatives has more, and those start a new cache.
const maxStates = 8192

// cache holds the states that lines have led to. Matching is a walk over them:
// each is made once, at the first line that gets there.
type cache struct {
	g    *Graph
	root *state
	full atomic.Bool // start a new one for the next line

	mu     sync.Mutex // the rest
	rests  map[restKey]*rest
	states map[string]*state
	count  int // states, joint edges
}

// state is a place in the language: where the commands that the words so far
// belong to may stand. Everything but joint is fixed once the state is made.
type state struct {
	places []place
	words  []wordEdge       // by fold
	args   []argEdge        // by rank, then as declared
	ends   []int32          // places where a command is complete
	joint  map[uint64]*edge // by the set of args taken at once; cache.mu
}

// place is what is left of one command in one form.
type place struct {
	entry int
	left  *rest
}

// edge leads to the next state. back says for each place there from which place
// here, and over which leaf, it came.
type edge struct {
	level   int // lowest level of its commands
	listed  int // lowest level of those not hidden
	help    string
	short   bool // see leaf.short
	targets []place
	back    []back
	next    atomic.Pointer[state]
}

type back struct {
	from int32
	leaf *leaf
}

type wordEdge struct {
	word, fold string
	*edge
}

type argEdge struct {
	leaf *leaf // any of them, for the type
	*edge
}

const nobody = math.MaxInt

func (e *edge) visible(level int) bool { return e.level <= level }
func (e *edge) shows(level int) bool   { return e.listed <= level }

// current returns the cache to use for one line.
func (g *Graph) current() *cache {
	old := g.cache.Load()
	if old != nil && !old.full.Load() {
		return old
	}
	c := &cache{g: g, rests: map[restKey]*rest{}, states: map[string]*state{}}
	c.build()
	if g.cache.CompareAndSwap(old, c) {
		return c
	}
	return g.cache.Load()
}

// build makes the root: every command, and the generated words before those
// that can be negated.
func (c *cache) build() {
	c.mu.Lock()
	defer c.mu.Unlock()
	no := &node{kind: kindWord, leaf: &leaf{word: wordNo, fold: wordNo, help: helpNo}}
	def := &node{kind: kindWord, leaf: &leaf{word: wordDefault, fold: wordDefault, help: helpDefault}}
	places := make([]place, len(c.g.entries))
	for i, e := range c.g.entries {
		r := c.rest(e.tree, 0, nil)
		switch e.form {
		case No:
			r = c.rest(no, 0, r)
		case Default:
			r = c.rest(def, 0, r)
		}
		places[i] = place{i, r}
	}
	c.root = c.make(places)
}

// follow returns the state an edge leads to.
func (c *cache) follow(e *edge) *state {
	if s := e.next.Load(); s != nil {
		return s
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s := e.next.Load()
	if s != nil {
		return s
	}
	var key []byte
	for _, p := range e.targets {
		key = binary.AppendUvarint(key, uint64(p.entry))
		id := uint32(0)
		if p.left != nil {
			id = p.left.id
		}
		key = binary.AppendUvarint(key, uint64(id))
	}
	if s = c.states[string(key)]; s == nil {
		s = c.make(e.targets)
		c.states[string(key)] = s
	}
	e.next.Store(s)
	return s
}

// make builds the state of the given places. c.mu is held.
func (c *cache) make(places []place) *state {
	if c.count++; c.count >= maxStates {
		c.full.Store(true)
	}
	s := &state{places: places}
	words := map[string]int{}
	for i, p := range places {
		add := func(l *leaf, left *rest) {
			e := s.edge(words, l)
			e.targets = append(e.targets, place{p.entry, left})
			e.back = append(e.back, back{int32(i), l})
			o := c.g.commands[c.g.entries[p.entry].command].Options
			e.level = min(e.level, o.Level)
			if !o.Hidden {
				e.listed = min(e.listed, o.Level)
			}
			if e.help == "" {
				e.help = l.help
			}
			e.short = e.short || l.short
		}
		if c.firsts(p.left, add) {
			s.ends = append(s.ends, int32(i))
		}
	}
	for _, w := range s.words {
		w.settle()
	}
	for _, a := range s.args {
		a.settle()
	}
	sorted.By(s.words, func(a, b wordEdge) int { return strings.Compare(a.fold, b.fold) })
	sorted.Stable(s.args, func(a, b argEdge) int { return cmp.Compare(a.leaf.rank, b.leaf.rank) })
	return s
}

// edge returns the edge of the symbol of l, made if need be.
func (s *state) edge(words map[string]int, l *leaf) *edge {
	if l.typ == nil {
		i, ok := words[l.fold]
		if !ok {
			i = len(s.words)
			words[l.fold] = i
			s.words = append(s.words, wordEdge{l.word, l.fold, &edge{level: nobody, listed: nobody}})
		}
		return s.words[i].edge
	}
	for _, a := range s.args {
		if sameType(a.leaf, l) {
			return a.edge
		}
	}
	e := &edge{level: nobody, listed: nobody}
	s.args = append(s.args, argEdge{l, e})
	return e
}

// settle puts the targets in order, so that equal sets are one state, and drops
// those that two ways lead to.
func (e *edge) settle() {
	order := make([]int, len(e.targets))
	for i := range order {
		order[i] = i
	}
	compare := func(a, b place) int {
		var x, y uint32
		if a.left != nil {
			x = a.left.id
		}
		if b.left != nil {
			y = b.left.id
		}
		return cmp.Or(cmp.Compare(a.entry, b.entry), cmp.Compare(x, y))
	}
	sorted.Stable(order, func(i, j int) int { return compare(e.targets[i], e.targets[j]) })
	targets, from := make([]place, 0, len(order)), make([]back, 0, len(order))
	for _, i := range order {
		if n := len(targets); n == 0 || targets[n-1] != e.targets[i] {
			targets, from = append(targets, e.targets[i]), append(from, e.back[i])
		}
	}
	e.targets, e.back = targets, from
}

// together returns the edge that takes several arguments of one state at once,
// given as a set of indices.
func (c *cache) together(s *state, set uint64) *edge {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := s.joint[set]; e != nil {
		return e
	}
	e := &edge{level: nobody, listed: nobody}
	for i, a := range s.args {
		if set&(1<<i) != 0 {
			e.targets = append(e.targets, a.targets...)
			e.back = append(e.back, a.back...)
			e.level = min(e.level, a.level)
			e.listed = min(e.listed, a.listed)
			e.help = cmp.Or(e.help, a.help)
		}
	}
	e.settle()
	if s.joint == nil {
		s.joint = map[uint64]*edge{}
	}
	s.joint[set] = e
	if c.count++; c.count >= maxStates {
		c.full.Store(true)
	}
	return e
}
