package pfs

import "strings"

// Port is where phones share firmware among themselves, UDP and TCP.
// [sources/002; IANA cppdp] The box only looks at it.
const Port = 4051

// Evidence is the set of ways in which something is known.
type Evidence uint8

// The kinds of evidence. They are joined and never mixed up.
const (
	ByBroadcast Evidence = 1 << iota // its frames on UDP 4051
	ByTCP                            // the connection on TCP 4051, on a mirror port
	ByLog                            // the phone said so
	ByServing                        // what it fetched from this box, and what it never did
)

func (e Evidence) String() string {
	var w []string
	for i, n := range []string{"broadcast", "tcp", "log", "serving"} {
		if e&(1<<i) != 0 {
			w = append(w, n)
		}
	}
	if w == nil {
		return "-"
	}
	return strings.Join(w, ",")
}

// Basis says how sure something is.
type Basis string

// Observed was seen as such; inferred follows from what was seen; a hypothesis
// fits what was seen, and other things would fit as well.
const (
	Observed   Basis = "observed"
	Inferred   Basis = "inferred"
	Hypothesis Basis = "hypothesis"
)

// Role is what a phone is for one file.
type Role string

// The roles.
const (
	Root    Role = "root"    // fetched it from the server and passed it on
	Child   Role = "child"   // got it from a peer
	Waiting Role = "waiting" // takes part and has not got it yet
	Self    Role = "self"    // fetched it from the server for itself alone
	Fetched Role = "fetched" // fetched it from the server; whether it passed it on is not known
	Unknown Role = "?"       // wants it, and nothing is known of how it gets it
)
