// Package httpd is the IP HTTP server: listeners, and the session modules that
// answer on them. Several modules may share a port (HFS and the home page on
// port 80); HFS on its own port 6970 is one more listener.
//
//	Spec: listeners with names of modules
//	   |                        +-> HOME_PAGE
//	   v                        |
//	site (one per endpoint) ----+-> HFS -> fileserver.Opener
//	   | accept: caps per address and in total
//	   v
//	loop: what phones ask, answered by a Direct module; all else is handed to
//	   |  net/http (docs/adr/0015-the-requests-phones-make.md)
//	   v
//	conn: bytes in and out, rolling write deadline, sendfile
//
// An answer has ended when the client's TCP has acknowledged it: see arrivals.
//
// Follows sources/000 and facts/cme.md 5 (HFS lives on this server),
// facts/files.md 1.7 (show screens) and 4 (limits, what phones send), DESIGN 4
// (changes of listeners).
//
// The sockets are kept by a listen.Set. Connections of a listener that goes
// finish in the background within Limits.Drain.
//
// Concurrency: every method may be called from any goroutine, Prepare and its
// Change by one at a time. Modules are called concurrently.
//
// Failure: Prepare returns *listen.Error. A panic of a module ends its
// connection and is recorded.
//
// Testing: New with small modules, listeners on 127.0.0.1 port 0, Listeners
// tells the ports.
package httpd
