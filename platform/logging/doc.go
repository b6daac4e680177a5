// Package logging turns the journal into what an operator reads: the logging
// buffer, the lines on the console and at `terminal monitor`, debugs, and the
// messages sent to syslog servers. It reads the journal only and knows no
// service: what is logged is decided by the events (journal.Logged,
// journal.Debugged), how it looks by the configuration.
//
//	*Nov 21 11:40:00.123: %SYS-5-CONFIG_I: Configured from console by console
//
// Follows facts/ios-cli.md 1.12 and 1.13, RFC 3164 for the transport to
// servers in the form IOS gives it (<189>41: *Nov 21 ...).
//
// It is the service (platform/service) by the name "logging"; its Spec is
// Config. A session reads through a Subscription with a cursor of its own: one
// that is slow is told how many events it missed and slows nobody.
//
// Concurrency: everything is safe for concurrent use, a Subscription is for one
// goroutine. New starts the reader, Close ends it.
//
// Failure: a server that cannot be reached costs messages, which are counted.
// Testing: a journal, and a UDP socket as server.
package logging
