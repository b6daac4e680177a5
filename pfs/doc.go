// Package pfs makes Peer Firmware Sharing visible and verifies it. Phones of a
// family on one subnet pass firmware to each other: one of them, the root,
// fetches each file from the server, every phone feeds at most two others. The
// document of the feature ends with "There is currently no verification
// procedure available" (sources/002); this package is that procedure.
//
// Four kinds of evidence are joined and never mixed up:
//
//	broadcast  UDP 4051 frames: who sent, in what rhythm, which strings  --+
//	tcp        TCP 4051 on a mirror port: who sent the bulk to whom      --+-> Tracker -> events
//	log        the phones' own DLoad lines (syslog, or a file)           --> ParseLog -> events
//	serving    who fetched a file from this box, and who never did       --> fileserver events
//	           and what load a phone says it runs (CDP, LLDP, its page)  --> wire.Told
//	                                          events -> journal -> State (fold)
//	                                          State + Facts -> Trees, Verify (pure)
//
// The wire format of the protocol is not public and is never guessed: payloads
// are counted, compared and shown as bytes. Each node and edge says by which
// evidence it is known and whether it is observed, inferred or a hypothesis; a
// parent that nobody saw is "?".
//
// Follows sources/001 to 003 (behaviour, console log) and the phones' guides.
// Pure: no files, no sockets, no clock; times come in with the events. State
// may be used by any goroutine, Tracker by one. Everything is bounded: phones,
// flows, intervals of a flow, records; who is no known phone gets no state.
//
// Failure: none; what cannot be known is not said. Testing: sequences of
// packets and events. All fixtures are synthetic and say so.
package pfs
