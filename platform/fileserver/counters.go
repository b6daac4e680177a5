package fileserver

import (
	"sync"
	"time"
)

// Counters are those of the CUCM object "Cisco TFTP Server", in its spelling
// and order, and a few of our own below. Those that nothing here counts
// (encryption) are left out. TFTP segments are
// filled in by who counts them, the others by Server.Counters.
// [facts/files.md 1.3]
type Counters struct {
	HeartBeat       uint64 // seconds since the service started
	MaxServingCount uint64

	Requests           uint64 // TFTP; the sum of the next five
	RequestsInProgress uint64 // gauge
	RequestsProcessed  uint64
	RequestsNotFound   uint64
	RequestsOverflow   uint64
	RequestsAborted    uint64

	SegmentsSent         uint64
	SegmentsAcknowledged uint64
	SegmentsFromDisk     uint64

	HttpRequests          uint64 // the sum of the next five
	HttpConnectRequests   uint64 // gauge: requests in progress
	HttpRequestsProcessed uint64
	HttpRequestsNotFound  uint64
	HttpRequestsOverflow  uint64
	HttpRequestsAborted   uint64
	HttpServedFromDisk    uint64

	// Of building phone files, filled in by who builds them. A full build makes
	// all of them anew.
	BuildCount         uint64 // full builds
	BuildAbortCount    uint64 // full builds that were not put in force
	BuildDeviceCount   uint64 // phones in the last full build
	BuildUnitCount     uint64 // gateways: this box builds no files for them
	BuildSoftkeyCount  uint64 // softkey files
	BuildDialruleCount uint64 // files of dial rules
	BuildDuration      uint64 // seconds of the last full build
	BuildSignCount     uint64 // signed files: this box signs none

	// Of changes, filled in by who builds: phones, softkey files and files of
	// dial rules that became different, and gateways, of which this box has none.
	ChangeNotifications         uint64
	DeviceChangeNotifications   uint64
	UnitChangeNotifications     uint64
	SoftkeyChangeNotifications  uint64
	DialruleChangeNotifications uint64

	SEPFoundCount    uint64
	SEPNotFoundCount uint64
	SIPFoundCount    uint64
	SIPNotFoundCount uint64
	LDFoundCount     uint64
	LDNotFoundCount  uint64
	GKFoundCount     uint64
	GKNotFoundCount  uint64

	// Our own.
	Denied      uint64 // refused by rule, both transports; also in ...NotFound
	Expected    uint64 // absent trust files and the like; also in ...NotFound
	ZeroLength  uint64 // names found with nothing in them; also in ...NotFound
	Queued      uint64 // waited for a place
	AskedAgain  uint64 // TFTP requests that followed a 503
	BytesSent   uint64 // payload, both transports
	Retransmits uint64

	// Of other file servers, filled in by who asks them.
	PeerRequests uint64
	PeerNotFound uint64
	PeerBusy     uint64
	PeerError    uint64 // no answer, or one that cannot be used
	CacheHit     uint64 // served from what was fetched before
	WanBytes     uint64 // octets of files that came from there

	BuildMicroseconds uint64 // BuildDuration to the point
}

// outcome is what became of a request.
type outcome int

const (
	processed outcome = iota
	notFound
	overflow
	aborted
)

// tally guards the counters. A mutex and not atomics: they must add up.
type tally struct {
	mu      sync.Mutex
	c       Counters
	started time.Time
}

// class points at the six counters of a transport.
func (t *tally) class(tr Transport) (requests, progress *uint64, ends [4]*uint64) {
	c := &t.c
	if tr == HTTP {
		return &c.HttpRequests, &c.HttpConnectRequests,
			[4]*uint64{&c.HttpRequestsProcessed, &c.HttpRequestsNotFound, &c.HttpRequestsOverflow, &c.HttpRequestsAborted}
	}
	return &c.Requests, &c.RequestsInProgress,
		[4]*uint64{&c.RequestsProcessed, &c.RequestsNotFound, &c.RequestsOverflow, &c.RequestsAborted}
}

func (t *tally) begin(tr Transport) {
	t.mu.Lock()
	defer t.mu.Unlock()
	requests, progress, _ := t.class(tr)
	*requests++
	*progress++
}

// end counts the end of a request; more counts what else it was, under the lock.
func (t *tally) end(tr Transport, o outcome, more func(*Counters)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, progress, ends := t.class(tr)
	*progress--
	*ends[o]++
	if more != nil {
		more(&t.c)
	}
}

// served counts the end of a file that was sent, or cut off.
func (t *tally) served(tr Transport, res Result, disk bool) {
	o := processed
	if !res.Complete {
		o = aborted
	}
	t.end(tr, o, func(c *Counters) {
		c.BytesSent += uint64(max(res.Bytes, 0))
		c.Retransmits += uint64(max(res.Retransmits, 0))
		if o == processed && disk && tr == HTTP {
			c.HttpServedFromDisk++
		}
	})
}

func (t *tally) add(more func(*Counters)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	more(&t.c)
}

func (t *tally) snapshot() Counters {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.c
	c.HeartBeat = uint64(time.Since(t.started) / time.Second)
	return c
}

// family counts found and absent per kind of device file.
func (c *Counters) family(kind string, found bool) {
	var yes, no *uint64
	switch kind {
	case "sep":
		yes, no = &c.SEPFoundCount, &c.SEPNotFoundCount
	case "sip":
		yes, no = &c.SIPFoundCount, &c.SIPNotFoundCount
	case "ld":
		yes, no = &c.LDFoundCount, &c.LDNotFoundCount
	case "gk":
		yes, no = &c.GKFoundCount, &c.GKNotFoundCount
	default:
		return
	}
	if found {
		*yes++
	} else {
		*no++
	}
}
