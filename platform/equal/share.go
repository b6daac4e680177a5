package equal

import (
	"reflect"
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
	return was == now || sharing.comparer(reflect.TypeFor[T]())(unsafe.Pointer(was), unsafe.Pointer(now))
}

func shareSlice(t reflect.Type) compare {
	size := t.Elem().Size()
	element := elements(sharing, t)
	return func(was, now unsafe.Pointer) bool {
		x, y := (*header)(was), (*header)(now)
		if x.len == y.len && x.data == y.data {
			return true
		}
		c := element()
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
