package equal

import (
	"reflect"
	"sync"
	"unsafe"
)

// Share is Of, and makes every list of now that says what it said in was the
// very list of was. Many versions of a large value that differ in a line then
// take little more memory than one, and comparing them again looks at the
// lists that differ only.
//
// Neither value may be changed in place afterwards: who wants to, works on a
// copy.
func Share[T any](was, now *T) bool {
	return was == now || sharer(reflect.TypeFor[T]())(unsafe.Pointer(was), unsafe.Pointer(now))
}

var shares sync.Map // reflect.Type -> compare; a cache, the same for everybody

func sharer(t reflect.Type) compare {
	if c, ok := shares.Load(t); ok {
		return c.(compare)
	}
	c, _ := shares.LoadOrStore(t, buildSharer(t))
	return c.(compare)
}

func buildSharer(t reflect.Type) compare {
	switch t.Kind() {
	case reflect.Array:
		return shareArray(sharer(t.Elem()), t.Len(), t.Elem().Size())
	case reflect.Slice:
		return shareSlice(t)
	case reflect.Struct:
		return shareStruct(t)
	}
	return comparer(t)
}

func shareArray(c compare, n int, size uintptr) compare {
	return func(was, now unsafe.Pointer) bool {
		same := true
		for i := range n {
			same = c(unsafe.Add(was, uintptr(i)*size), unsafe.Add(now, uintptr(i)*size)) && same
		}
		return same
	}
}

// header is how a slice is laid out.
type header struct {
	data     unsafe.Pointer
	len, cap int
}

func shareSlice(t reflect.Type) compare {
	c, size := sharer(t.Elem()), t.Elem().Size()
	return func(was, now unsafe.Pointer) bool {
		x, y := (*header)(was), (*header)(now)
		if x.len == y.len && x.data == y.data {
			return true
		}
		pair := func(i, j int) bool {
			return c(unsafe.Add(x.data, uintptr(i)*size), unsafe.Add(y.data, uintptr(j)*size))
		}
		if x.len != y.len { // something was put in or taken out: the rest is before and after it
			least, n := min(x.len, y.len), 0
			for n < least && pair(n, n) {
				n++
			}
			for k := 1; k <= least-n && pair(x.len-k, y.len-k); k++ {
			}
			return false
		}
		same := true
		for i := range x.len {
			same = pair(i, i) && same
		}
		if same && x.len > 0 {
			y.data, y.cap = x.data, x.len // no room to append in a list that is shared
		}
		return same
	}
}

func shareStruct(t reflect.Type) compare {
	type field struct {
		at uintptr
		c  compare
	}
	var fields []field
	for i := range t.NumField() {
		fields = append(fields, field{t.Field(i).Offset, sharer(t.Field(i).Type)})
	}
	return func(was, now unsafe.Pointer) bool {
		same := true
		for i := range fields {
			f := &fields[i]
			same = f.c(unsafe.Add(was, f.at), unsafe.Add(now, f.at)) && same
		}
		return same
	}
}
