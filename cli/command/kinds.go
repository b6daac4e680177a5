package command

import (
	"option150/cli/grammar"
	"option150/cli/language"
)

// The kinds of configuration command. Each makes Set, Unset and Get of one
// place in the configuration, so that parsing and printing cannot disagree.

// flag is a command without arguments: on, or `no`. It is printed when it
// differs from its default, with `no` when it is on by default.
func flag(mode, syntax, group, doc string, def bool, at func(*language.Context) *bool) language.Declaration {
	return language.Declaration{
		Mode: mode, Syntax: syntax, Group: group, Doc: doc, Single: true,
		Set:   func(c *language.Context) error { *at(c) = true; return nil },
		Unset: func(c *language.Context) error { *at(c) = false; return nil },
		Reset: func(c *language.Context) error { *at(c) = def; return nil },
		Get: func(v *language.View) []grammar.Args {
			switch on := *at(viewContext(v)); {
			case on && (!def || v.All):
				return []grammar.Args{{}}
			case !on && (def || v.All):
				return []grammar.Args{{language.Negated: true}}
			}
			return nil
		},
	}
}

// value is a command with one argument.
func value[T comparable](mode, syntax, arg, group, doc string, def T, at func(*language.Context) *T) language.Declaration {
	return language.Declaration{
		Mode: mode, Syntax: syntax, Group: group, Doc: doc, Single: true,
		Set:   func(c *language.Context) error { *at(c) = convert[T](c.Args[arg]); return nil },
		Unset: func(c *language.Context) error { *at(c) = def; return nil },
		Get: func(v *language.View) []grammar.Args {
			var zero T
			x := *at(viewContext(v))
			return one(x != def || v.All && x != zero, arg, x)
		},
	}
}

// values is a command with a list of up to some arguments of one kind, set as
// a whole.
func values[T any](mode, syntax, arg, group, doc string, at func(*language.Context) *[]T) language.Declaration {
	return language.Declaration{
		Mode: mode, Syntax: syntax, Group: group, Doc: doc, Single: true,
		Set:   func(c *language.Context) error { *at(c) = grammar.List[T](c.Args, arg); return nil },
		Unset: func(c *language.Context) error { *at(c) = nil; return nil },
		Get: func(v *language.View) []grammar.Args {
			l := *at(viewContext(v))
			return one(len(l) > 0, arg, l)
		},
	}
}

// convert takes an argument into the type of its place: numbers come as int.
func convert[T comparable](v any) T {
	var t T
	switch p := any(&t).(type) {
	case *uint16:
		n, _ := v.(int)
		*p = uint16(n)
	default:
		t, _ = v.(T)
	}
	return t
}

// viewContext lets Get use the same accessor as Set. Get never writes.
func viewContext(v *language.View) *language.Context {
	return &language.Context{Config: v.Config, Keys: v.Keys, Args: grammar.Args{}}
}

// carryAll declares commands that are known by name, kept and printed back.
func carryAll(mode, doc string, syntaxes ...string) []language.Declaration {
	var out []language.Declaration
	for _, s := range syntaxes {
		out = append(out, language.Declaration{Mode: mode, Syntax: s, Carry: true, Doc: doc})
	}
	return out
}

// alsoNo is carryAll of commands whose `no` form routers print, arguments and
// all: the feature is on without a line.
func alsoNo(mode, doc string, syntaxes ...string) []language.Declaration {
	out := carryAll(mode, doc, syntaxes...)
	for i := range out {
		out[i].KeepNo = true
	}
	return out
}
