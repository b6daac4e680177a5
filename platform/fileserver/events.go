package fileserver

import (
	"net/netip"
	"time"

	"option150/platform/ether"
	"option150/telephony/advice"
)

// The facts recorded about files, for both transports.
type (
	// Asked is a request that was understood.
	Asked struct {
		Transport Transport
		Client    netip.AddrPort
		Local     netip.AddrPort
		Name      string
		UserAgent string
		BlockSize int  // TFTP: blksize as asked for; 0 = not
		Again     bool // a TFTP request that follows an HTTP 503 for the same name
		Odd       bool // refused for how it was asked, as by another method than GET: no phone asks so
		Peer      bool // asked by another file server for one of its phones
	}
	// Served is a file that was sent, completely or not.
	Served struct {
		Transport   Transport
		Client      netip.AddrPort
		Local       netip.AddrPort
		Name        string // as asked
		File        string // as served
		Route       string
		Size        int64
		Bytes       int64
		Duration    time.Duration
		Retransmits int
		BlockSize   int
		Status      int
		Complete    bool
		Why         string // when not complete
		Peer        bool
	}
	// NotFound is a name nobody has. Expected marks trust files and the like
	// that phones ask for on every boot and need not exist.
	NotFound struct {
		Transport Transport
		Client    netip.AddrPort
		Local     netip.AddrPort
		Name      string
		Expected  bool
		Nearest   string // a name that differs by case, suffix or one character
		Quiet     bool   // nothing to log: no name is near, or too many such messages
		Asked     string // the other servers that were asked and what they said, "10.9.0.1 404, 10.9.0.2 404"
		Unsure    bool   // not all of them said that they do not have it
		Peer      bool
	}
	// Busy is a request refused because the serving count was reached.
	Busy struct {
		Transport Transport
		Client    netip.AddrPort
		Local     netip.AddrPort
		Name      string
		Serving   int
		Limit     int
		Why       string // when it was not the serving count: a fault of the disk
		Quiet     bool   // not logged: too many such messages
		Remote    bool   // the reason is another server
		Rebuild   bool   // the reason is that phone files are being built
		Peer      bool
	}
	// Looped is a question of this box to another file server that came back to
	// it: that one has this box among those it asks.
	Looped struct {
		From netip.Addr // who brought it
		Name string
		Log  bool // to be logged: not every one is
	}
	// Denied is a request refused by rule, or a malformed one.
	Denied struct {
		Transport Transport
		Client    netip.AddrPort
		Local     netip.AddrPort
		Name      string
		Why       string
		Quiet     bool // not logged: too many such messages
		Odd       bool // for how it was asked, not for what
		Hidden    bool // the client was told that there is no such file
		Peer      bool
		Cure      advice.Steps // lets in who is of no network of ours
	}
	// Unbound is the configuration of a phone that was served to an address
	// although the phone is known to have another one.
	Unbound struct {
		Client netip.Addr
		Name   string
		MAC    ether.MAC
	}
)

// EventName implements journal.Event.
func (Asked) EventName() string { return "file.Asked" }

// EventName implements journal.Event.
func (Served) EventName() string { return "file.Served" }

// EventName implements journal.Event.
func (NotFound) EventName() string { return "file.NotFound" }

// EventName implements journal.Event.
func (Busy) EventName() string { return "file.Busy" }

// EventName implements journal.Event.
func (Looped) EventName() string { return "file.Looped" }

// EventName implements journal.Event.
func (Denied) EventName() string { return "file.Denied" }

// EventName implements journal.Event.
func (Unbound) EventName() string { return "file.Unbound" }
