package grammar

import "reflect"

// Args are the values of one matched command, by the names of its arguments. A
// keyword with $name stores the keyword itself, as declared (string); a
// repeated argument stores []any.
type Args map[string]any

// Has reports whether the line gave the argument.
func (a Args) Has(name string) bool {
	v, ok := a[name]
	return ok && v != nil
}

// String is the text of an argument, "" if absent or not a string.
func (a Args) String(name string) string {
	s, _ := a[name].(string)
	return s
}

// Int is the value of a number, 0 if absent. Numbers of ranges beyond 31 bits
// are int64: see Int64.
func (a Args) Int(name string) int { return int(a.Int64(name)) }

// Int64 is the value of a number of any range, 0 if absent.
func (a Args) Int64(name string) int64 {
	switch n := a[name].(type) {
	case int:
		return int64(n)
	case int64:
		return n
	}
	return 0
}

// Get is the value of an argument of type T, the zero value if it is absent or
// of another type.
func Get[T any](a Args, name string) T {
	v, _ := a[name].(T)
	return v
}

// List is the values of a repeated argument, nil if absent. Values of another
// type than T are left out. The slice is the caller's.
func List[T any](a Args, name string) []T {
	switch l := a[name].(type) {
	case []T:
		return append([]T(nil), l...)
	case []any:
		out := make([]T, 0, len(l))
		for _, v := range l {
			if t, ok := v.(T); ok {
				out = append(out, t)
			}
		}
		return out
	}
	return nil
}

// elements returns the values of a repeated argument for rendering: any slice
// will do, so that a Get of a declaration may hand over a []netip.Addr. A value
// that is no slice counts as one element.
func elements(v any) []any {
	if l, ok := v.([]any); ok {
		return l
	}
	r := reflect.ValueOf(v)
	if r.Kind() != reflect.Slice {
		return []any{v}
	}
	out := make([]any, r.Len())
	for i := range out {
		out[i] = r.Index(i).Interface()
	}
	return out
}

// isEmptySlice reports whether v is a slice of no elements.
func isEmptySlice(v any) bool {
	if l, ok := v.([]any); ok {
		return len(l) == 0
	}
	r := reflect.ValueOf(v)
	return r.Kind() == reflect.Slice && r.Len() == 0
}
