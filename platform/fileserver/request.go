package fileserver

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"sync/atomic"
	"time"
)

// Transport is how a file was asked for.
type Transport string

// The transports.
const (
	TFTP Transport = "TFTP"
	HTTP Transport = "HTTP"
)

// Request is one question for one file, whichever transport carried it.
type Request struct {
	Transport Transport
	Client    netip.AddrPort
	Local     netip.AddrPort // address of the box that was asked
	Name      string         // as asked, unescaped, with its leading slash if it had one
	UserAgent string         // HTTP only, for the phone inventory
	BlockSize int            // TFTP: blksize as asked for; 0 = not
	Asked     time.Time      // it had been asked by then: no file has to be looked at anew that was looked at since; zero = not known
	Via       string         // HTTP only: the file servers it came by, newest last [RFC 9110 7.6.3]
	Peer      bool           // another file server asks, see Options.Peer; set by Server.Open
}

// Content is the bytes of a file: *flash.Shared for firmware (so that HTTP can
// have the kernel send it) and *bytes.Reader for what is built in memory. Both
// can be read at any offset by several readers.
type Content interface {
	io.ReadSeeker
	io.ReaderAt
}

// Arriving is a Content that is fetched while it is served. Read and ReadAt
// wait for what has not come yet.
type Arriving interface {
	Content
	// Arrived is how many bytes are there; err says why no more will come.
	Arrived() (n int64, err error)
	// When has f called once, from any goroutine and without a lock of the
	// caller's, when Arrived has reached n or an error.
	When(n int64, f func())
}

// File is a file that was found and holds one place of the serving count until
// Finish is called, or Yield.
type File struct {
	Name    string // the name it is served under
	Route   string // who had it: "generated", "flash", "tftp-server", "upstream"
	Size    int64
	ModTime time.Time
	ETag    string // strong, quoted; "" = none
	Content Content
	sent    atomic.Int64 // see Progress
	place   *seat        // nil: places are not counted
	serving *serving     // nil: nothing is to be told of its end
}

// Yield gives the place back for as long as nobody is known to take the file:
// the address of a TFTP request may be forged.
func (f *File) Yield() { f.place.yield() }

// Claim takes a place again if one is free and nobody waits for it.
func (f *File) Claim() bool { return f.place.claim() }

// Await takes a place again: true, it has one. Otherwise it waits in the queue:
// ready is called once when Claim takes the place, and must do nothing that
// waits, since locks are held. The error is ErrBusy: the queue is full. Nobody
// waits for longer than QueueTime; Yield and Finish end the waiting.
func (f *File) Await(ready func()) (bool, error) { return f.place.await(ready) }

// Result is how serving a file ended.
type Result struct {
	Bytes       int64 // payload bytes sent
	Complete    bool  // the client got (HTTP) or acknowledged (TFTP) all of it
	Why         string
	Retransmits int
	BlockSize   int // TFTP; 0 = none
	Status      int // HTTP status
}

// Finish gives the place back, closes the content and records how it ended.
// Calling it twice does nothing the second time.
func (f *File) Finish(r Result) {
	if f != nil && f.serving != nil {
		done := f.serving
		f.serving = nil
		done.end(r)
	}
}

// The answers that are not a file. The response table is facts/files.md 10.
var (
	ErrNotFound  = errors.New("no such file")      // TFTP 1, HTTP 404
	ErrBusy      = errors.New("too many requests") // TFTP 3, HTTP 503
	ErrDenied    = errors.New("access violation")  // TFTP 2, HTTP 403
	ErrMalformed = errors.New("malformed request") // TFTP 4, HTTP 400
)

// Opener answers requests. Both transports hold one and nothing else of this
// package's Server. Open may wait for a free place, at most QueueTime.
type Opener interface {
	Open(ctx context.Context, r Request) (*File, error)
}
