package grammar

import (
	"slices"
	"strings"
)

// positions is the position automaton of a syntax: which leaves may come first,
// last, and after each other. It is exact but for counts: { a | b } is taken
// as any number of them in any order, and a repetition as endless. That makes
// the tests below a little too careful and keeps them quadratic.
type positions struct {
	leaves   []*leaf
	follow   [][]int
	first    []int
	last     []bool
	nullable bool
}

func positionsOf(n *node) *positions {
	p := &positions{}
	first, last, nullable := p.walk(n)
	p.first, p.nullable = first, nullable
	p.last = make([]bool, len(p.leaves))
	for _, i := range last {
		p.last[i] = true
	}
	for i, f := range p.follow {
		slices.Sort(f)
		p.follow[i] = slices.Compact(f)
	}
	return p
}

// walk numbers the leaves below n and links them.
func (p *positions) walk(n *node) (first, last []int, nullable bool) {
	switch n.kind {
	case kindWord, kindArg:
		i := len(p.leaves)
		p.leaves, p.follow = append(p.leaves, n.leaf), append(p.follow, nil)
		if n.leaf.repeat > 1 {
			p.follow[i] = []int{i}
		}
		return []int{i}, []int{i}, false
	case kindSeq:
		nullable = true
		for _, c := range n.list {
			f, l, empty := p.walk(c)
			p.link(last, f)
			if nullable {
				first = append(first, f...)
			}
			if !empty {
				last = nil
			}
			last = append(last, l...)
			nullable = nullable && empty
		}
		return first, last, nullable
	case kindOpt:
		first, last, _ = p.walk(n.list[0])
		return first, last, true
	}
	nullable = n.kind == kindAny
	var firsts, lasts [][]int
	for _, c := range n.list {
		f, l, empty := p.walk(c)
		first, last = append(first, f...), append(last, l...)
		firsts, lasts = append(firsts, f), append(lasts, l)
		nullable = nullable || empty
	}
	if n.kind == kindAny {
		for i, l := range lasts {
			for j, f := range firsts {
				if i != j {
					p.link(l, f)
				}
			}
		}
	}
	return first, last, nullable
}

func (p *positions) link(from, to []int) {
	for _, i := range from {
		p.follow[i] = append(p.follow[i], to...)
	}
}

// meet reports whether one word can be taken as both leaves at once. A keyword
// and an argument never meet, nor do arguments of different ranks: one wins.
func meet(a, b *leaf) bool {
	if a.typ == nil || b.typ == nil || sameSymbol(a, b) {
		return sameSymbol(a, b)
	}
	x, xok := a.typ.(number)
	y, yok := b.typ.(number)
	if xok && yok {
		return x.lo <= y.hi && y.lo <= x.hi
	}
	return a.rank == b.rank && a.rank >= RankWord
}

// pairs visits every pair of leaves that the same words can lead to, with the
// words of the way. visit returns false to go no further from a pair.
func pairs(p, q *positions, visit func(i, j int, way string) (bool, error)) error {
	type pair struct{ i, j int }
	type step struct {
		pair
		way string
	}
	seen := map[pair]bool{}
	var todo []step
	push := func(is, js []int, way string) {
		for _, i := range is {
			for _, j := range js {
				if !seen[pair{i, j}] && meet(p.leaves[i], q.leaves[j]) {
					seen[pair{i, j}] = true
					todo = append(todo, step{pair{i, j}, strings.TrimLeft(way+" "+p.leaves[i].shown(), " ")})
				}
			}
		}
	}
	push(p.first, q.first, "")
	for len(todo) > 0 {
		s := todo[0]
		todo = todo[1:]
		more, err := visit(s.i, s.j, s.way)
		if err != nil {
			return err
		}
		if more {
			push(p.follow[s.i], q.follow[s.j], s.way)
		}
	}
	return nil
}
