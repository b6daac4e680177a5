// Package inventory knows where each phone stands. It is a pure fold of the
// journal (journal.Fold): DHCP, HTTP, TFTP and wire events in, one record per
// phone out, with its boots, a timeline and one verdict: the first broken link
// of the chain from DISCOVER to the call control, with what to do about it.
//
// Follows docs/facts/diagnosis.md 3 and 8; the order of requests and what a
// phone does next: docs/facts/phones.md 1.5 to 1.7. Codes and their meaning:
// docs/provisioning.md 8.
//
// DHCP and captures know hardware addresses, HTTP and TFTP know IP addresses;
// they are joined by the leases seen and by the names SEP<mac> phones ask for.
//
// The fold keeps facts and never looks at a clock, a file or the configuration.
// State, load and verdict are made of them when somebody asks, for the time
// asked for (judge.go), with what Outside answers about the configuration and
// flash:. State and load carry how they are known, observed or inferred:
//
//	seen         it sent a DISCOVER
//	addressed    it has an address: our ACK, or it asked for a file
//	configured   its configuration file was sent to it completely
//	loading      it asked for a load (firmware) and is not back with it
//	provisioned  it came up, as far as can be seen (stand.go has the order of
//	             evidence; silence is the last of it and always inferred)
//	stuck        a verdict says that it will not come up like this
//
// "It did not ask" is no proof: where something else explains silence, the
// state stays configured or loading and the sentence says what is waited for.
//
//	fold.go files.go answers.go wire.go scan.go   events in
//	stand.go judge.go                  how far it came, how that is known
//	rules.go rules_*.go remedy.go      the verdict table
//	peers.go                           what firmware sharing says of a phone
//	show.go summary.go explain.go      for people
//	report.go                          for the log
//
// Bounds: MaxPhones phones that are not configured here, of which one that was
// never given anything goes first; configured ones (cnf.Phones) are never
// forgotten for them. Per phone three boots of 64 lines. An address that names
// many phones is a scan, and what it names is no phone.
//
// Concurrency: Fold and the snapshots may be used by any goroutine. Failure:
// none. Testing: sequences of events and times; the scenarios of the tests have
// one for every code.
package inventory
