package simphone

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Kind is what a step is about.
type Kind string

// The kinds of steps, in the order in which they come.
const (
	PowerOn     Kind = "power-on"    // a boot begins
	Discover    Kind = "discover"    // DHCP packets sent ...
	Offer       Kind = "offer"       // ... and received
	Request     Kind = "request"     // Result: the address asked for
	Ack         Kind = "ack"         // Result: address, mask, router, lease
	Nak         Kind = "nak"         //
	Solicit     Kind = "solicit"     // DHCPv6, as the four before
	Advertise   Kind = "advertise"   //
	Reply       Kind = "reply"       //
	Servers     Kind = "servers"     // Result: the file servers and where they come from
	File        Kind = "file"        // one request for one file over one transport
	Trust       Kind = "trust"       // a trust list was taken, or refused
	Config      Kind = "config"      // Result: taken, or why not
	LoadWanted  Kind = "load"        // Result: running, wanted
	FromPeer    Kind = "peer"        // one file, from another phone
	PowerOff    Kind = "power-off"   // in the middle of something
	Install     Kind = "install"     // Result: installed, or why not
	Reboot      Kind = "reboot"      //
	Provisioned Kind = "provisioned" // the end: all is there
	Stuck       Kind = "stuck"       // the end: Result says why
	Renew       Kind = "renew"       // the lease was renewed, or not
	Register    Kind = "register"    // the connection to call control: how it went
)

// Results of File steps. For HTTP also the status code ("200", "404"), for
// TFTP also "error N text".
const (
	Done      = "done"      // TFTP: all blocks
	Refused   = "refused"   // connection refused
	NoAnswer  = "no answer" // nothing came in time
	CutOff    = "cut off"   // ended before the whole file was there
	TooLarge  = "too large" // more than the phone takes
	Malformed = "malformed" // the answer makes no sense
)

// Step is one thing the phone did or was told.
type Step struct {
	Time      time.Time
	Device    string // SEP001E7A000001
	Boot      int    // 1 is the first
	Kind      Kind
	Transport string     // "HTTP" or "TFTP" of a File
	Server    netip.Addr // who was asked or answered
	Name      string     // of the file or load
	Result    string
	Bytes     int64 // payload of a File
	Took      time.Duration
}

// String is the step as a line of a log, without time.
func (s Step) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s boot %d %s", s.Device, s.Boot, s.Kind)
	if s.Transport != "" {
		b.WriteString(" " + s.Transport)
	}
	if s.Server.IsValid() {
		b.WriteString(" " + s.Server.String())
	}
	if s.Name != "" {
		b.WriteString(" " + s.Name)
	}
	if s.Result != "" {
		b.WriteString(": " + s.Result)
	}
	if (s.Kind == File || s.Kind == FromPeer) && s.Bytes > 0 {
		fmt.Fprintf(&b, ", %d bytes in %s", s.Bytes, s.Took.Round(time.Millisecond))
	}
	return b.String()
}

// Reason is why a phone is stuck, in a word a test can compare.
type Reason string

// The reasons.
const (
	NoLink          Reason = "no link"
	NoLease         Reason = "no lease"
	NoServer        Reason = "no file server"         // DHCP named none
	ServerSilent    Reason = "file server silent"     // neither HTTP nor TFTP answered
	NoConfiguration Reason = "no configuration file"  // neither its own nor the default
	NoHTTPS         Reason = "no HTTPS"               // it wants HTTPS provisioning and the server has none
	Dead            Reason = "dead"                   // it did not survive the installation
	NoCallControl   Reason = "no call control"        // the file names no processNodeName
	NoImage         Reason = "no image"               // factory reset and no default load
	IncompleteLoad  Reason = "load is incomplete"     // a component is missing
	BrokenLoad      Reason = "load is broken"         // a file fails its check
	AuthFail        Reason = "Auth Fail"              // the image is not believed: a stepping stone is needed
	ForeignTrust    Reason = "foreign trust list"     // nothing signed by its own cluster
	RebootLoop      Reason = "reboots without an end" //
)

// Outcome is how a phone ended up.
type Outcome struct {
	Kind     Kind   // Provisioned or Stuck
	Reason   Reason // when stuck
	Detail   string
	Boots    int
	Lease    Lease
	Servers  []netip.Addr
	Config   string   // the file that was taken
	Settings Settings // what it said
	Load     string   // running now
}

// String is the outcome in one line.
func (o Outcome) String() string {
	if o.Kind == Stuck {
		return strings.TrimSuffix(fmt.Sprintf("stuck: %s: %s", o.Reason, o.Detail), ": ")
	}
	return fmt.Sprintf("provisioned by %s, load %s", o.Config, o.Load)
}
