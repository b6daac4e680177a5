// Package hfs is the HTTP File-fetch Server: how phones get their files over
// HTTP. It is a session module of the IP HTTP server, on a port of its own
// (phones ask 6970 and no other) or on the port of that server.
//
// Follows sources/000 and facts/cme.md 5 (commands, ports), 7.3 (show),
// facts/files.md 4 (what is accepted and sent) and 10 (answers), facts/phones.md 1.3 (the
// request byte for byte) and 1.5 (what a phone makes of each answer).
//
//	GET /SEP001E7A000001.cnf.xml -> name -> fileserver.Opener -> 200, 206, 304
//	                                             | no such file    404: final
//	                                             | busy            503: the phone asks TFTP at once
//	                                             | denied          403
//
// Content-Length is always there, nothing is ever chunked or compressed, files
// of flash: go out by sendfile.
//
// Concurrency: every method may be called from any goroutine. Failure: the
// module answers, it does not fail; the listener is that of package httpd, and
// while that is down the status of HFS says so.
// Testing: New with an Opener over a map, Module in httptest or in httpd.
package hfs
