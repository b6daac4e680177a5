package httpd

import "time"

// Limits bound what clients can make the server hold. [facts/files.md 4]
type Limits struct {
	PerAddress int           // connections of one client address
	PerRelay   int           // of one that many phones are behind
	Total      int           // connections in all
	Requests   int           // on one connection
	MaxHeader  int           // bytes of a request with its header
	ReadHeader time.Duration // from the first moment to the end of the header
	Idle       time.Duration // between two requests
	Life       time.Duration // of a connection; ends after the response, never in it
	Stall      time.Duration // of a response without progress
	FirstStall time.Duration // the same, of a client that has not come back from one yet, while others wait
	Drain      time.Duration // for accepted connections of a listener that goes away
}

// DefaultLimits are those of the product. Idle is the IOS default. A phone
// holds one connection; sixty-four are for many phones behind one address. How
// many are served at a time is for the serving count to say.
func DefaultLimits() Limits {
	return Limits{PerAddress: 64, PerRelay: 1024, Total: 4096, Requests: 10000, MaxHeader: 8 << 10, ReadHeader: 10 * time.Second,
		Idle: 180 * time.Second, Life: 24 * time.Hour, Stall: 60 * time.Second, FirstStall: 4 * time.Second, Drain: 5 * time.Minute}
}
