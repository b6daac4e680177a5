package peers

import (
	"context"
	"errors"
	"net/netip"
	"time"
)

// Port is where phones meet, UDP and TCP. [source 002]
const Port = 4051

// What the log of source 002 shows of a root.
const (
	claims = 5
	period = 250 * time.Millisecond
	joins  = 10 * time.Second // from the confirmed root to its transfer
)

// slots is how many children a phone has at most. [sources 001, 002]
const slots = 2

// ErrPowerOff is a phone that lost its power in the middle.
var ErrPowerOff = errors.New("power off")

// Habits are what real phones may do either way. The phones of a subnet have
// the same.
type Habits struct {
	ParentConnects bool // the parent opens the TCP connection; else the child
	KeepConnection bool // one connection carries all files; else one a file
	SilentChildren bool // who has heard of a root broadcasts nothing
	EachFile       bool // a hierarchy for every file; else one for the load

	Join     time.Duration // a root waits for its children; 0 = 10 s
	Rate     int           // bytes a second to one child; 0 = 2,000,000
	Patience time.Duration // without a byte or an answer of a peer; 0 = 5 s

	// Dies is asked after each piece that is sent to a child, with the bytes
	// sent so far; true takes the power off. nil = never.
	Dies func(device string, sent int64) bool
	// Record gets what each phone did, from several goroutines.
	Record func(Share)
}

// Role is what a phone was in the sharing of a file.
type Role string

// The roles.
const (
	Root  Role = "root"
	Child Role = "child"
	Alone Role = "alone" // asked the file server and was nobody's root
)

// Share is what a phone did to get one file.
type Share struct {
	Device string
	Addr   netip.Addr
	Model  string // "CP-7961G"
	Group  string // who may share: images and the first file
	File   string
	Role   Role
	Why    string     // of Alone
	Tree   uint32     // XID of the root
	Root   netip.Addr // the zero Addr when alone
	Parent netip.Addr // of a Child
	Depth  int        // 0 = root
	Claims int        // datagrams broadcast for this hierarchy so far
	Bytes  int64
	Served bool // the file was there; false = no such file
	Began  time.Time
	Took   time.Duration
}

// Config is a phone as its peers see it.
type Config struct {
	In        func(func() error) error // opens sockets in the phone's namespace
	Addr      netip.Prefix
	Device    string // SEP001E7A000001
	Model     string // CP-7961G
	Images    string // firmware base
	Load      string // first file of the load, "SCCP41.9-4-2SR3-1S.loads"
	LogServer netip.AddrPort
	PowerOff  func() // takes the link down
	Habits    Habits
}

// Fetch asks the file server; ok is false when it has no such file.
type Fetch func(ctx context.Context) (data []byte, ok bool, err error)
