// Package upstream asks other file servers for what is not here: the alternate
// file servers of a centralised TFTP service [source 004], and a copy of
// firmware near the phones [source 001].
//
//	name -> cached? -> search (one per name) -> alternates in order -> flight
//	                    404 next, 503 stop        (one per file, into a spool
//	                                               file, read by many)
//
// It is a route of platform/fileserver, asked last; with `file-server
// common-files home` also first, for names that every cluster has.
//
// Which names leave the box: none with the hardware address of a phone that is
// configured here, none that platform/fileserver protects, none that another
// file server asks for (an alternate, or a question that carries our own mark
// in Via, RFC 9110 7.6.3), so that no question turns in circles.
//
// Only firmware is kept, only what arrived whole, and only what says in its own
// header that it has the name it was asked by. Configuration, trust lists and
// signed common files are never kept.
//
// Concurrency: every method may be called from any goroutine; a search and a
// flight have one goroutine each. Failure: a server that fails twice is left
// out and asked in the background until it answers. What cannot be said is
// "busy", never "no such file", for the files that are final for a phone. A
// full disk, or a file larger than the budget, is "busy" too. Testing: servers on
// loopback addresses; boxes in namespaces in cmd/option150/e2e.
package upstream
