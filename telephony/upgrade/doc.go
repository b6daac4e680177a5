// Package upgrade decides which load a phone's file may name, so that firmware
// reaches a phone whole and over steps that it can take.
//
//	flash: + configuration --> whole? ----+
//	what phones ask, fetch --> class -----+--> cnf.Firmware --> phone files
//	`upgrade unknown`      --> -----------+
//
// A load that is not whole is in no file. Phones of the third generation below
// 8.5(2) get the stepping stone first and the next load once they have come
// back with it; what is known of each phone, and from what, is a class that
// outlives a restart.
//
// The class is what a phone showed of itself: it asked port 6970 first (SCCP
// from 9.3, SIP from 9.0), it asked TFTP although that port was open, it
// fetched a stone whole. A phone that showed nothing keeps its image, unless
// the operator said otherwise. [source 004; Cisco, release notes 9.2(3);
// docs/facts/phones.md 1.5 and 3.4]
//
// A rollout takes phones to a load in waves: it has a load for those of the
// current wave and for those that have it, and the gate looks at what came back.
// What phones did is kept before they are given their next file, so that a
// restart finds nothing else than they did. Plan says beforehand what it takes.
//
// Concurrency: Classes is a fold of the journal and may be asked by any
// goroutine. Failure: what is not known is Unknown, never a guess; a class
// file that cannot be read is an empty one. Testing: events in, decisions out;
// simulated phones of 8.3(2) in the end-to-end tests.
package upgrade
