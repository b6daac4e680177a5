// Package netns gives the lab and the tests networks of their own: a private
// user and network namespace that needs no root, hosts inside it (each a
// network namespace) and a switch to plug them into. Nothing is left on the
// machine: everything goes away with the processes that use it.
//
//	option150 lab --- Enter ---> the same binary, root inside, no interfaces
//	                               | NewLAN: a switch in a namespace of its own
//	                               +- Plug(Here(), ...)    the box,   eth0
//	                               +- Plug(NewHost(), ...) a phone,   eth0
//	                               +- Plug(NewHost(), ...) ...
//
// A program calls Enter at the start of main and goes on only when it says
// that it is inside. A test binary calls Run from TestMain and Need in each
// test that wants the namespace; where namespaces are forbidden those tests
// skip with the reason.
//
// Follows DESIGN 1 and 9 and facts/diagnosis.md 16.
// Linux only, as the product.
//
// Concurrency: a Host and a LAN may be used by several goroutines. Host.Do
// runs a function on a thread that is in the namespace of the host: sockets
// opened by it belong to that host for good and may then be used anywhere;
// goroutines started by it are not in the namespace.
//
// Failure: *Forbidden, one line with reason and remedy, when the machine does
// not allow namespaces; else the wrapped errno of the call that failed.
//
// Testing: go test runs as an ordinary user and as root.
package netns
