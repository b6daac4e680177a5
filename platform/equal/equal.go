// Package equal compares two values of one type by content, as reflect.DeepEqual
// does, many times faster: how a type is compared is worked out once. Each line
// an operator types compares the whole configuration with what it was, and a
// pasted router has thousands of lines.
//
// One difference is wanted: a nil slice equals an empty one, because deleting
// the last entry of a list must give the factory value.
//
// For plain data: booleans, numbers, strings, arrays, slices, structs, pointers
// (compared as pointers, which is right for the interned zone of netip.Addr)
// and interfaces. Maps, functions and channels are refused by a panic at the
// first use of their type, which the tests of the configuration would meet.
// Concurrency: safe. Testing: against reflect.DeepEqual over random values.
package equal

import (
	"fmt"
	"reflect"
	"sync"
	"unsafe"
)

// Of reports whether *a and *b say the same.
func Of[T any](a, b *T) bool {
	return a == b || equals.comparer(reflect.TypeFor[T]())(unsafe.Pointer(a), unsafe.Pointer(b))
}

// Any compares the values in two interfaces: equal types, equal content.
func Any(a, b any) bool {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	if !x.IsValid() || !y.IsValid() {
		return x.IsValid() == y.IsValid()
	}
	if x.Type() != y.Type() {
		return false
	}
	return equals.comparer(x.Type())(addressOf(x), addressOf(y))
}

// addressOf copies a value to where it has an address.
func addressOf(v reflect.Value) unsafe.Pointer {
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	return p.UnsafePointer()
}

// compare looks at two values of the type it was made for.
type compare func(a, b unsafe.Pointer) bool

// way is a way to compare. To equal stops at the first difference; to share
// looks at everything, see Share.
type way struct {
	share bool
	cache sync.Map // reflect.Type -> compare; the same for everybody
}

var equals, sharing = &way{}, &way{share: true}

func (w *way) comparer(t reflect.Type) compare {
	if c, ok := w.cache.Load(t); ok {
		return c.(compare)
	}
	c, _ := w.cache.LoadOrStore(t, w.build(t))
	return c.(compare)
}

func plain[T comparable](a, b unsafe.Pointer) bool { return *(*T)(a) == *(*T)(b) }

func (w *way) build(t reflect.Type) compare {
	switch t.Kind() {
	case reflect.Bool, reflect.Int8, reflect.Uint8:
		return plain[uint8]
	case reflect.Int16, reflect.Uint16:
		return plain[uint16]
	case reflect.Int32, reflect.Uint32:
		return plain[uint32]
	case reflect.Int64, reflect.Uint64:
		return plain[uint64]
	case reflect.Int, reflect.Uint, reflect.Uintptr:
		return plain[uint]
	case reflect.Float32:
		return plain[float32]
	case reflect.Float64:
		return plain[float64]
	case reflect.String:
		return plain[string]
	case reflect.Pointer, reflect.UnsafePointer:
		return plain[unsafe.Pointer]
	case reflect.Interface:
		return func(a, b unsafe.Pointer) bool {
			return Any(reflect.NewAt(t, a).Elem().Interface(), reflect.NewAt(t, b).Elem().Interface())
		}
	case reflect.Array:
		return w.array(t)
	case reflect.Slice:
		if w.share {
			return shareSlice(t)
		}
		return equalSlice(t)
	case reflect.Struct:
		return w.structure(t)
	}
	panic(fmt.Sprintf("equal: %v cannot be compared", t))
}

func (w *way) array(t reflect.Type) compare {
	c, n, size := w.comparer(t.Elem()), t.Len(), t.Elem().Size()
	return func(a, b unsafe.Pointer) bool {
		same := true
		for i := range n {
			if !c(unsafe.Add(a, uintptr(i)*size), unsafe.Add(b, uintptr(i)*size)) {
				if same = false; !w.share {
					break
				}
			}
		}
		return same
	}
}

// header is how a slice is laid out.
type header struct {
	data     unsafe.Pointer
	len, cap int
}

// elements is how the elements of a slice are compared. It is worked out when
// there are some: a type may hold a list of itself.
func elements(w *way, t reflect.Type) func() compare {
	return sync.OnceValue(func() compare { return w.comparer(t.Elem()) })
}

func equalSlice(t reflect.Type) compare {
	size := t.Elem().Size()
	element := elements(equals, t)
	return func(a, b unsafe.Pointer) bool {
		x, y := (*header)(a), (*header)(b)
		if x.len != y.len {
			return false
		}
		if x.data == y.data || x.len == 0 {
			return true
		}
		c := element()
		for i := range x.len {
			if !c(unsafe.Add(x.data, uintptr(i)*size), unsafe.Add(y.data, uintptr(i)*size)) {
				return false
			}
		}
		return true
	}
}

// piece is a part of a struct that is compared in one step.
type piece struct {
	at uintptr
	c  compare
}

// structure compares piece by piece: what is plain and lies side by side is one,
// also that of structs within. A router's configuration is mostly such fields.
func (w *way) structure(t reflect.Type) compare {
	var pieces []piece
	begin, end := uintptr(0), uintptr(0) // of the plain bytes not yet a piece
	flush := func() {
		if end > begin {
			pieces = append(pieces, piece{begin, memory(end - begin)})
		}
	}
	var fields func(t reflect.Type, at uintptr)
	fields = func(t reflect.Type, at uintptr) {
		switch {
		case t.Kind() == reflect.Struct:
			for i := range t.NumField() {
				f := t.Field(i)
				fields(f.Type, at+f.Offset)
			}
		case isPlain(t):
			if at != end {
				flush()
				begin = at
			}
			end = at + t.Size()
		default:
			flush()
			begin, end = at, at
			pieces = append(pieces, piece{at, w.comparer(t)})
		}
	}
	fields(t, 0)
	flush()
	return func(a, b unsafe.Pointer) bool {
		same := true
		for i := range pieces {
			f := &pieces[i]
			if !f.c(unsafe.Add(a, f.at), unsafe.Add(b, f.at)) {
				if same = false; !w.share {
					break
				}
			}
		}
		return same
	}
}

// isPlain reports whether values of the type are equal when their bytes are.
func isPlain(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		return false
	case reflect.Array:
		return t.Elem().Kind() != reflect.Struct && isPlain(t.Elem())
	}
	return t.Kind() >= reflect.Bool && t.Kind() <= reflect.Uintptr || t.Kind() == reflect.Pointer || t.Kind() == reflect.UnsafePointer
}

// memory compares n bytes.
func memory(n uintptr) compare {
	switch n {
	case 1:
		return plain[uint8]
	case 8:
		return plain[uint64]
	}
	return func(a, b unsafe.Pointer) bool {
		return unsafe.String((*byte)(a), n) == unsafe.String((*byte)(b), n)
	}
}
