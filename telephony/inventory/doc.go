// Package inventory knows where each phone stands. It is a pure fold of the
// journal (journal.Fold): DHCP, HTTP, TFTP and capture events in, one record
// per phone out, with its boots, a timeline and one verdict: the first broken
// link of the chain from DISCOVER to the last file, with what to do about it.
//
// Follows DESIGN 6, facts/diagnosis.md 3 and 8;
// the order of requests and what a phone does next: facts/phones.md 1.5
// to 1.7.
//
// DHCP and captures know hardware addresses, HTTP and TFTP know IP addresses;
// they are joined by the leases seen and by the names SEP<mac> phones ask for.
//
// The state of a phone is a function of the events and of the time asked for;
// the fold never looks at a clock:
//
//	seen         it sent a DISCOVER
//	addressed    it has an address: our ACK, or it asked for a file
//	configured   its configuration file was sent to it completely
//	loading      it asked for a load (firmware) and does not have it all yet
//	provisioned  it has its configuration and its load:
//	             nothing asked is unanswered, nothing it needs failed in the
//	             last FailQuiet, and
//	             - no load asked for: a file of the next phase (tones, locale,
//	               rings ...) was asked for, or ConfigQuiet has passed since
//	               the configuration
//	             - load asked for: every component named in it was sent; or
//	               every one asked for was, and a file of the next phase was
//	               asked for, or it was quiet for LoadQuiet (names of the load
//	               unknown) or PartQuiet (some were never asked for: a phone
//	               skips those it has)
//	stuck        a verdict that blocks stands and the phone is not provisioned
//
// Bounds: MaxPhones phones, the one seen longest ago goes first; per phone
// three boots of 64 lines; one address cannot fill the table with invented
// names.
//
// Concurrency: Fold and the snapshots may be used by any goroutine. Failure:
// none. Testing: sequences of events and times.
package inventory
