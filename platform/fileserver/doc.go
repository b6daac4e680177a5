// Package fileserver answers the question of every phone at every boot: which
// bytes belong to this name? It is one answer for both transports, because a
// phone that got 404 over HTTP does not ask TFTP any more [sources/000].
//
//	TFTP --+                                     +- generated configuration files
//	       +- Server.Open -> admission -> chain -+- tftp-server lines and aliases
//	HTTP --+   (one serving count)               +- flash:, below the home path
//	                                             +- generated, where flash: had none
//	                                             +- further Routes (other servers)
//	                                             +- no such file
//
// Follows facts/files.md 1.1 (order, admission), 1.3 (counters), 7.3, 10
// (answers) and facts/phones.md 1.5, 2.8 (names, .sgn). The rules of
// the answers are tests of this package.
//
// Admission: at most MaximumServingCount requests of both transports are
// served at a time, of one address at most its share. The next ones wait in a
// queue for at most QueueTime, since a phone answers an HTTP 503 with the same
// question over TFTP within a second. That question goes ahead of new ones;
// among equals the address with the fewest places is first.
//
// Events: for every request one Asked, and exactly one of Served, NotFound,
// Busy and Denied, whichever transport. Counters hold
// Requests = InProgress + Processed + NotFound + Overflow + Aborted at any
// time; a denied request is counted in NotFound and in Denied.
//
// Concurrency: every method may be called from any goroutine. Open may wait.
// Failure: the errors of request.go; a fault of a disk is ErrBusy, because a
// false "no such file" makes a phone drop its configuration. Testing: New with
// a flash on a temporary directory and a function for generated files.
package fileserver
