// Package proof walks every configured phone through its boot on paper, against
// a configuration that need not be in force: which address it would be given,
// where it would ask for its files, which it would get and what stands in them.
//
//	DISCOVER, REQUEST --> dhcp/engine (a fork)  --> lease, file servers
//	names of its boot --> fileserver, its chain --> files
//	its file          --> call control, load, names of other files
//	its load          --> firmware, to the last byte
//
// What decides is what decides for real phones: the engine of the DHCP server,
// the chain of the file server with its access rules, the set of phone files and
// the look into loads. This package plays the phone; it has no rules of its own
// about what this box would answer.
//
// It follows source 004 (where phones look for their file server, and which files
// they ask for) and the verdict table of docs/provisioning.md, whose codes it
// gives.
//
// There are three answers: it would come up, it would not, it cannot be said.
// Absence of evidence is the third: a phone whose address or whose files are
// another server's business, or that is stuck now for a reason that no line of
// this box decides.
//
// Concurrency: a Box is walked by one goroutine. Failure: none; what cannot be
// looked at is said. Testing: New with plain structs.
package proof
