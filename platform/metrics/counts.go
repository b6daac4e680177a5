package metrics

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"option150/platform/fileserver"
	"option150/platform/journal"
	"option150/platform/sorted"
	"option150/telephony/phone"
)

// The kinds of file, as labels.
const (
	kindConfig   = "config"
	kindTrust    = "trust"
	kindLoad     = "load"
	kindFirmware = "firmware"
	kindOther    = "other"
)

// The results of a request. A name nobody has is normal for trust files in a
// non-secure system: those are counted apart. [facts/diagnosis.md 14]
const (
	resultServed   = "served"
	resultAborted  = "aborted"
	resultNotFound = "not_found"
	resultExpected = "not_found_expected"
	resultBusy     = "busy"
	resultDenied   = "denied"
)

// buckets are the upper bounds of the histogram of transfer times, in seconds:
// a configuration file on a LAN takes milliseconds, an image over a WAN minutes.
var buckets = []float64{0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300}

// maxForeign bounds the servers that are counted by address.
const maxForeign = 64

type requestKey struct{ proto, kind, result string }

type timeKey struct{ proto, kind string }

// leaseBuckets are those of lease durations: from the minutes of a network of
// guests to a month.
var leaseBuckets = []float64{300, 3600, 4 * 3600, 8 * 3600, 86400, 3 * 86400, 8 * 86400, 31 * 86400}

// doors are where a login may fail, in the order of Counts.logins.
var doors = [...]string{"ssh", "page"}

type histogram struct {
	bounds []float64
	count  uint64
	sum    float64
	bucket []uint64 // cumulative, as Prometheus has them
}

func newHistogram(bounds []float64) *histogram {
	return &histogram{bounds: bounds, bucket: make([]uint64, len(bounds))}
}

func (h *histogram) observe(v float64) {
	h.count++
	h.sum += v
	for i, le := range h.bounds {
		if v <= le {
			h.bucket[i]++
		}
	}
}

func (h *histogram) copy() histogram {
	x := *h
	x.bucket = slices.Clone(h.bucket)
	return x
}

// Counts is a fold of the journal: what must be counted as it happens because
// no snapshot has it. Use NewCounts and give it to journal.New.
type Counts struct {
	mu       sync.Mutex
	requests map[requestKey]uint64
	bytes    map[string]uint64
	times    map[timeKey]*histogram
	foreign  map[netip.Addr]uint64
	others   uint64 // offers of servers beyond maxForeign
	logins   [len(doors)]uint64
	leases   *histogram
}

// NewCounts returns a fold that has seen nothing.
func NewCounts() *Counts {
	return &Counts{requests: map[requestKey]uint64{}, bytes: map[string]uint64{}, times: map[timeKey]*histogram{}, foreign: map[netip.Addr]uint64{}, leases: newHistogram(leaseBuckets)}
}

// Fold implements journal.Fold.
func (c *Counts) Fold(e journal.Entry) {
	switch v := e.Event.(type) {
	case fileserver.Served:
		result := resultServed
		if !v.Complete {
			result = resultAborted
		}
		c.served(string(v.Transport), kindOf(v.Name), result, v.Bytes, v.Duration)
	case fileserver.NotFound:
		result := resultNotFound
		if v.Expected {
			result = resultExpected
		}
		c.request(string(v.Transport), v.Name, result)
	case fileserver.Busy:
		c.request(string(v.Transport), v.Name, resultBusy)
	case fileserver.Denied:
		c.request(string(v.Transport), v.Name, resultDenied)
	case LoginFailed:
		c.login(1)
	}
}

func (c *Counts) request(proto, name, result string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests[requestKey{label(proto), kindOf(name), result}]++
}

func (c *Counts) served(proto, kind, result string, n int64, took time.Duration) {
	proto = label(proto)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests[requestKey{proto, kind, result}]++
	c.bytes[proto] += uint64(max(n, 0))
	if result != resultServed {
		return
	}
	h := c.times[timeKey{proto, kind}]
	if h == nil {
		h = newHistogram(buckets)
		c.times[timeKey{proto, kind}] = h
	}
	h.observe(took.Seconds())
}

// ForeignOffer counts an answer of another DHCP server that was seen. The
// composition calls it, because a reader does not know the events of a service.
func (c *Counts) ForeignOffer(server netip.Addr) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.foreign[server]; !ok && len(c.foreign) >= maxForeign {
		c.others++
		return
	}
	c.foreign[server]++
}

// SSHLoginFailed counts a wrong user or password at SSH, as ForeignOffer does.
func (c *Counts) SSHLoginFailed() { c.login(0) }

func (c *Counts) login(door int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.logins[door]++
}

// Leased counts a lease that was given or renewed, as ForeignOffer does; one
// without an end is endless.
func (c *Counts) Leased(lease time.Duration, endless bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !endless {
		c.leases.observe(lease.Seconds())
		return
	}
	c.leases.count++ // beyond all bounds, and in no sum
}

// label is a transport as a label: lower case.
func label(proto string) string {
	switch fileserver.Transport(proto) {
	case fileserver.HTTP:
		return "http"
	case fileserver.TFTP:
		return "tftp"
	}
	return strings.ToLower(proto)
}

// kindOf sorts a file name; what phones invent lands in "other".
func kindOf(name string) string {
	b := strings.ToLower(name[strings.LastIndexAny(name, `/\`)+1:])
	_, own := phone.MACOfFile(b)
	switch {
	case phone.TrustFile(b):
		return kindTrust
	case strings.HasSuffix(b, ".loads"):
		return kindLoad
	case own, strings.HasSuffix(b, ".cnf.xml"), strings.HasSuffix(b, ".cnf"), b == "os79xx.txt", strings.HasSuffix(b, "default.cfg"):
		return kindConfig
	}
	for _, end := range []string{".sbn", ".sb2", ".sbin", ".sebn", ".zup", ".bin", ".sgn"} {
		if strings.HasSuffix(b, end) {
			return kindFirmware
		}
	}
	return kindOther
}

// The rows a scrape reads, in an order that does not change.
type (
	requestRow struct {
		requestKey
		n uint64
	}
	timeRow struct {
		timeKey
		histogram
	}
	foreignRow struct {
		server string
		n      uint64
	}
	countRows struct {
		requests []requestRow
		bytes    map[string]uint64
		times    []timeRow
		foreign  []foreignRow
		logins   [len(doors)]uint64
		leases   histogram
	}
)

func (c *Counts) rows() countRows {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := countRows{bytes: map[string]uint64{}, logins: c.logins, leases: c.leases.copy()}
	for k, n := range c.requests {
		r.requests = append(r.requests, requestRow{k, n})
	}
	for k, n := range c.bytes {
		r.bytes[k] = n
	}
	for k, h := range c.times {
		r.times = append(r.times, timeRow{k, h.copy()})
	}
	for a, n := range c.foreign {
		r.foreign = append(r.foreign, foreignRow{a.String(), n})
	}
	if c.others > 0 {
		r.foreign = append(r.foreign, foreignRow{"other", c.others})
	}
	sorted.By(r.foreign, func(a, b foreignRow) int { return cmp.Compare(a.server, b.server) })
	return r
}
