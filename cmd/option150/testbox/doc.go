// Package testbox is for the tests of the binary: the real box as a process on
// a machine of its own (a network namespace), an engineer's desk beside it in
// the same LAN, and shells at the box's doors.
//
//	desk (10.150.0.5)          box (10.150.0.1)
//	  clients                    option150 run
//	    |                          |
//	  --+--------------------------+--  LAN
//
// It is used by tests alone: package e2e looks at the box from all sides,
// package gates lets the clients of network automation use it. What a world
// has besides (its configuration, its programs) is theirs.
//
// Concurrency: a World belongs to one test; a Buffer may be written and read by
// different goroutines. Everything ends with its test.
//
// Failure: only through the test given, with what the box wrote on standard
// error. Testing: testbox_test.go for what waits; the tests that use it for the
// rest.
package testbox
