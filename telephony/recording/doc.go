// Package recording turns the boots of a phone into a file that says the same
// somewhere else: a user's report of a wrong verdict is a test.
//
//	journal --> Tape (fold, bounded) --> Export --> JSON lines --> Replay --> show phone
//	                                       ^
//	                 the inventory's Outside, whose answers are written down
//
// The first line is a Head: form and version, `now`, the name of the phone, its
// section of the configuration without secrets, how often the box asked, and
// every answer from outside that the verdict used (what is configured, what is
// here of a load, which call control answered). Each further line is one event:
// its time, its name and its fields. No file content, no password is in it.
//
// A recording is replayed through the same fold and the same rules at the same
// `now`, so it prints what `show phone` printed. A box that has forgotten the
// beginning of a boot has recorded it without; the number of the boot is kept.
//
// Concurrency: a Tape may be used from any goroutine. Failure: Read refuses what
// is no recording, in one sentence; an event of a later version is skipped and
// counted. Testing: the scenarios of the inventory recorded and replayed; a fuzz
// target for Read.
package recording
