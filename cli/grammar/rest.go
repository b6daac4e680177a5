package grammar

// rest is what is left of a command after some words: a list of pieces, the
// first of them perhaps begun. nil means that the command is complete. Within
// one cache equal rests are the same pointer.
type rest struct {
	restKey
	id uint32
}

// restKey identifies a rest. begun is, for { }, the set of alternatives used up
// (a bit each), for a repeated argument the number of values so far.
type restKey struct {
	node  *node
	begun uint32
	next  *rest
}

// rest returns the one rest of these parts. c.mu is held.
func (c *cache) rest(n *node, begun uint32, next *rest) *rest {
	k := restKey{n, begun, next}
	r := c.rests[k]
	if r == nil {
		r = &rest{k, uint32(len(c.rests) + 1)}
		c.rests[k] = r
	}
	return r
}

// emit receives a leaf that may come next and what is left after it.
type emit func(l *leaf, left *rest)

// firsts emits what may come next and reports whether the command may end here.
func (c *cache) firsts(r *rest, out emit) bool {
	for ; r != nil; r = r.next {
		if !c.firstsOf(r.node, r.begun, r.next, out) {
			return false
		}
	}
	return true
}

// firstsOf does the same for one piece with next behind it: it reports whether
// the piece may be passed over.
func (c *cache) firstsOf(n *node, begun uint32, next *rest, out emit) bool {
	switch n.kind {
	case kindWord:
		out(n.leaf, next)
		return false
	case kindArg:
		if int(begun)+1 < n.leaf.repeat {
			out(n.leaf, c.rest(n, begun+1, next))
		} else {
			out(n.leaf, next)
		}
		return begun > 0
	case kindSeq:
		// The rests behind each child, built from the end.
		behind := make([]*rest, len(n.list))
		for i := len(n.list) - 1; i >= 0; i-- {
			behind[i] = next
			next = c.rest(n.list[i], 0, next)
		}
		for i, child := range n.list {
			if !c.firstsOf(child, 0, behind[i], out) {
				return false
			}
		}
		return true
	case kindOne:
		empty := false
		for _, a := range n.list {
			if c.firstsOf(a, 0, next, out) {
				empty = true
			}
		}
		return empty
	case kindAny:
		for i, a := range n.list {
			if bit := uint32(1) << i; begun&bit == 0 {
				c.firstsOf(a, 0, c.rest(n, begun|bit, next), out)
			}
		}
		return true
	}
	c.firstsOf(n.list[0], 0, next, out) // kindOpt; kindNoOnly is gone by now
	return true
}
