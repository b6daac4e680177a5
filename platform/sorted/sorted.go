// Package sorted puts lists in order as package slices does, at a small part of
// its size: the compiler makes slices.SortFunc, fourteen kilobytes, anew for each
// type of element, and the box sorts lists of a hundred types. Here the work is
// done by package sort, which exists once. The order is that of slices, to the
// last of the equal ones.
//
// It costs a call more for each comparison, which what is sorted here does not
// notice: lists for people, and short ones.
//
// Concurrency and failure: as package slices. Testing: against that.
package sorted

import "sort"

// By sorts s by compare; equal elements come in any order, always the same one.
func By[E any](s []E, compare func(a, b E) int) {
	sort.Slice(s, func(i, j int) bool { return compare(s[i], s[j]) < 0 })
}

// Stable sorts s by compare; equal elements stay as they stand.
func Stable[E any](s []E, compare func(a, b E) int) {
	sort.SliceStable(s, func(i, j int) bool { return compare(s[i], s[j]) < 0 })
}
