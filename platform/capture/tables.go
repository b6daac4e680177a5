package capture

import (
	"os"
	"reflect"
	"sync"
	"unsafe"

	"github.com/google/gopacket/layers"
	"golang.org/x/sys/unix"
)

// GiveBackTables gives back what a program that decodes need not hold: the tables
// in which gopacket has every number of EtherType and of PPP are 6 MB that its
// start writes as a whole, for some thirty that mean something. A number without
// an entry is, as before, of no layer, and a packet that would be decoded by one
// ends in gopacket's error layer. It is called first of all in main: nobody may
// decode meanwhile.
func GiveBackTables() {
	tables.Do(func() {
		giveBack(layers.EthernetTypeMetadata[:], layers.EthernetType(0xffff).String())
		giveBack(layers.PPPTypeMetadata[:], layers.PPPType(0xffff).String())
	})
}

var tables sync.Once

// giveBack empties a table but for the entries that have a name of their own.
func giveBack(table []layers.EnumMetadata, unknown string) {
	type entry struct {
		at int
		m  layers.EnumMetadata
	}
	var own []entry
	first, last := -1, -1
	for i := range table {
		switch {
		case table[i].Name != unknown:
			own = append(own, entry{i, table[i]})
		case first < 0:
			first = i
		default:
			last = i
		}
	}
	if last < 0 {
		return
	}
	// What says that it cannot decode has a table beside.
	errors, end := reflect.ValueOf(table[first].DecodeWith), reflect.ValueOf(table[last].DecodeWith)
	if errors.Kind() == reflect.Pointer && end.Type() == errors.Type() {
		size := end.Pointer() - errors.Pointer() + errors.Type().Elem().Size()
		release(errors.UnsafePointer(), size)
	}
	release(unsafe.Pointer(&table[0]), uintptr(len(table))*unsafe.Sizeof(table[0]))
	for _, e := range own {
		table[e.at] = e.m
	}
}

// release gives the whole pages of a variable without a first value back; they
// are zero from then on. [madvise(2), MADV_DONTNEED]
func release(at unsafe.Pointer, size uintptr) {
	page := uintptr(os.Getpagesize())
	skip := -uintptr(at) % page
	if size < skip+page {
		return
	}
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, uintptr(at)+skip, (size-skip)/page*page, unix.MADV_DONTNEED)
}
