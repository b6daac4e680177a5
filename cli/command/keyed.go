package command

import (
	"slices"

	"option150/cli/grammar"
	"option150/cli/language"
)

// list is a list of the configuration whose elements a key tells apart.
type list[T any, K comparable] struct {
	in    func(*language.Context) *[]T
	key   func(*T) K
	order func(a, b K) int // nil: as they were typed
	most  int              // 0: as many as there are keys
	full  string           // what is answered to one more
}

// find is the element with a key, nil if there is none.
func find[T any, K comparable](all []T, k K, key func(*T) K) *T {
	for i := range all {
		if key(&all[i]) == k {
			return &all[i]
		}
	}
	return nil
}

// insert makes an element be there. It returns the one of that key.
func (l list[T, K]) insert(c *language.Context, v T) (*T, error) {
	all, k := l.in(c), l.key(&v)
	if p := find(*all, k, l.key); p != nil {
		return p, nil
	}
	at := len(*all)
	if l.most > 0 && at >= l.most {
		return nil, language.Answer(l.full)
	}
	for l.order != nil && at > 0 && l.order(l.key(&(*all)[at-1]), k) > 0 {
		at--
	}
	*all = slices.Insert(*all, at, v)
	return &(*all)[at], nil
}

// put makes an element be there, in the place of the one of its key. The list
// becomes a new one: that of the version before may be the same, see
// config.Clone.
func (l list[T, K]) put(c *language.Context, v T) error {
	all := l.in(c)
	*all = slices.Clone(*all)
	p, err := l.insert(c, v)
	if err == nil {
		*p = v
	}
	return err
}

// drop removes the element with a key; the list becomes a new one.
func (l list[T, K]) drop(c *language.Context, k K) {
	all := l.in(c)
	*all = slices.DeleteFunc(slices.Clone(*all), func(v T) bool { return l.key(&v) == k })
}

// keyed is a command each line of which is one element of a list; the same key
// again replaces it. read gives the element of a line, and its key even of a
// line that is refused, or of `no` with nothing but the key.
func keyed[T any, K comparable](d language.Declaration, l list[T, K], read func(grammar.Args) (T, error), line func(T) grammar.Args) language.Declaration {
	d.Set = func(c *language.Context) error {
		v, err := read(c.Args)
		if err != nil {
			return err
		}
		return l.put(c, v)
	}
	d.Unset = func(c *language.Context) error {
		v, _ := read(c.Args)
		l.drop(c, l.key(&v))
		return nil
	}
	d.Get = func(v *language.View) []grammar.Args {
		var out []grammar.Args
		for _, e := range *l.in(viewContext(v)) {
			out = append(out, line(e))
		}
		return out
	}
	return d
}

// section is a list each element of which is a section: a header with the key
// and lines below it.
type section[T any, K comparable] struct {
	list[T, K]
	arg    string                      // of the header: the key
	empty  func(K) T                   // as the header alone makes it
	header func(*T) string             // as it is printed
	more   func(*T, grammar.Args)      // what else the header says; nil = nothing
	leave  func(*language.Context, *T) // before one goes; nil = nothing
}

// at is the element a line stands in, nil if another operator removed it.
func (s section[T, K]) at(c *language.Context) *T {
	k, _ := c.Keys[s.arg].(K)
	return find(*s.in(c), k, s.key)
}

// enter makes the element of a header be there.
func (s section[T, K]) enter(c *language.Context) (*T, error) {
	k, _ := c.Args[s.arg].(K)
	return s.insert(c, s.empty(k))
}

// of are the header and the lines below it. With `no` before the header the
// element goes, and what was carried below it.
func (s section[T, K]) of(d language.Declaration, lines ...language.Declaration) []language.Declaration {
	if d.Set == nil {
		d.Set = func(c *language.Context) error { _, err := s.enter(c); return err }
	}
	d.Unset = func(c *language.Context) error {
		k, _ := c.Args[s.arg].(K)
		gone := s.empty(k)
		if p := find(*s.in(c), k, s.key); p != nil {
			if s.leave != nil {
				s.leave(c, p)
			}
			gone = *p
		}
		s.drop(c, k)
		c.Config.DropSection(s.header(&gone))
		return nil
	}
	d.Get = func(v *language.View) []grammar.Args {
		var out []grammar.Args
		all := *s.in(viewContext(v))
		for i := range all {
			k := s.key(&all[i])
			if v.Skips(s.arg, k) {
				continue
			}
			a := args(s.arg, k)
			if s.more != nil {
				s.more(&all[i], a)
			}
			out = append(out, a)
		}
		return out
	}
	return append([]language.Declaration{d}, below(s.at, lines...)...)
}

// below are lines that stand in something which at finds. Where it is gone they
// are refused, so that no line is lost in an element nobody holds.
func below[T any](at func(*language.Context) *T, lines ...language.Declaration) []language.Declaration {
	guard := func(f func(*language.Context) error) func(*language.Context) error {
		if f == nil {
			return nil
		}
		return func(c *language.Context) error {
			if at(c) == nil {
				return language.ErrGone
			}
			return f(c)
		}
	}
	for i := range lines {
		d := &lines[i]
		d.Set, d.Unset, d.Reset = guard(d.Set), guard(d.Unset), guard(d.Reset)
		if get := d.Get; get != nil {
			d.Get = func(v *language.View) []grammar.Args {
				if at(viewContext(v)) == nil {
					return nil
				}
				return get(v)
			}
		}
	}
	return lines
}
