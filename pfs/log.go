package pfs

import (
	"cmp"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"option150/platform/plain"
	"option150/platform/sorted"
)

// Bounds of what is read of logs.
const (
	MaxLog     = 16 << 20 // bytes of one text; who has more gives the part that matters
	MaxRecords = 16384    // of one text
	maxRaw     = 256      // bytes kept of a record
	maxWrap    = 3        // lines one record may be wrapped over
)

// RecordKind is what a record of a phone's log says.
type RecordKind string

// The kinds, as they are printed in sources/002 and 003. Other texts are kept
// verbatim.
const (
	LogListen  RecordKind = "listen"  // Listening on peer TCP port
	LogSlots   RecordKind = "slots"   // parent and children by file descriptor
	LogEnter   RecordKind = "enter"   // a function is entered
	LogClaim   RecordKind = "claim"   // the first broadcast of a claim
	LogAdvert  RecordKind = "advert"  // the claim is repeated
	LogTimeout RecordKind = "timeout" // nobody answered
	LogConfirm RecordKind = "confirm" // the phone is root
	LogRoot    RecordKind = "root"    // root, model and file
	LogFetch   RecordKind = "fetch"   // the root starts to fetch
	LogOther   RecordKind = "other"
)

// Record is one record of a phone's log.
type Record struct {
	Level string        // DBG, NOT, INF, WRN, ERR; a cut NF is INF
	At    time.Duration // since midnight of the phone's clock: the log has no date
	Kind  RecordKind
	Raw   string // the text behind "DLoad: ", unwrapped, at most 256 bytes

	Port     uint16     // LogListen
	Parent   int        // LogSlots: file descriptor, -1 = none
	Children [2]int     // LogSlots
	Full     bool       // LogSlots: both places are taken
	Function string     // LogEnter: "idl_protocol.sendBroadcastOffer"
	XID      string     // 8 hexadecimal digits
	State    string     // LogClaim, LogAdvert, LogTimeout: "ClaimRoot(tent)"
	Map      string     // LogClaim
	Strength string     // LogClaim
	Ad       int        // LogAdvert
	H        string     // LogRoot: a decimal number of unknown meaning
	Model    string     // LogRoot: "CP-7961G"
	Root     netip.Addr // LogRoot
	Path     string     // LogRoot: "/dnld/SCCP41.9-4-2SR2-2S.loads"
}

// header begins a record. The alternatives are in this order so that INF is
// found before the NF it contains.
var header = regexp.MustCompile("(DBG|NOT|INF|NF|WRN|ERR)[\\s\"'`]+([01]\\d|2[0-3]):([0-5]\\d):([0-5]\\d)\\.(\\d{6})\\s+DLoad:\\s")

// nextLevel is the beginning of a record that was joined to this one and cut.
var nextLevel = regexp.MustCompile(`(?:DB?G?|NO?T?|IN?F?|WR?N?|ER?R?)$`)

// The texts, each as a whole. [sources/002, 003]
var (
	reListen  = regexp.MustCompile(`^\+\+\+ fd=\d+ Listening on peer TCP port (\d{1,5})$`)
	reSlots   = regexp.MustCompile(`^\|parent=(-?\d{1,5})><fd\[0\]=(-?\d{1,5}) fd\[1\]=(-?\d{1,5}) FULL=(\d)$`)
	reEnter   = regexp.MustCompile(`^\^\.(idl_\w+)\.c-(\w+)$`)
	reClaim   = regexp.MustCompile(`^XID([0-9A-F]{8}) TxBdcst (ClaimRoot\(\w+\)): map=([0-9a-f]{8}) strength=([0-9a-f]{8})$`)
	reAdvert  = regexp.MustCompile(`^XID([0-9A-F]{8}) TxBdcst Ad (\d{1,4}): (ClaimRoot\(\w+\))$`)
	reTimeout = regexp.MustCompile(`^Timeout XID([0-9A-F]{8}) hier=(\w+(?:\(\w+\))?)$`)
	reConfirm = regexp.MustCompile(`^UT:Confirmed root bumping strength$`)
	reRoot    = regexp.MustCompile(`^@@@HROOT:XID([0-9A-F]{8}) H=(\d{1,20}) m=(\S+) ROOT=(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}) (/\S+)$`)
	reFetch   = regexp.MustCompile(`^XID([0-9A-F]{8}) Root sending TFTP XfrCmd on ROOT_WAITING TO$`)
)

// ParseLog reads the records out of a text: a capture of a console, syslog
// lines, or a document that quotes them, with lines wrapped, joined, cut and
// quoted in any way and prose between them. The records of a session come sorted
// by time, as an export may have them out of order. What is no record gives none.
func ParseLog(text string) []Record {
	if len(text) > MaxLog {
		text = text[:MaxLog]
	}
	at := header.FindAllStringSubmatchIndex(text, MaxRecords)
	var out []Record
	for i, m := range at {
		end := len(text)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		out = append(out, record(text, m, text[m[1]:end]))
	}
	// What a session wrote is in the order of the clock; a file may have several,
	// of several days.
	begin := 0
	for i := range out {
		if out[i].Kind == LogListen {
			sortRecords(out[begin:i])
			begin = i
		}
	}
	sortRecords(out[begin:])
	return out
}

// sortRecords puts records in the order of the phone's clock; a session that
// goes over midnight begins in the evening.
func sortRecords(l []Record) {
	const day = 24 * time.Hour
	if len(l) == 0 {
		return
	}
	lo, hi := l[0].At, l[0].At
	for i := range l {
		lo, hi = min(lo, l[i].At), max(hi, l[i].At)
	}
	turned := func(r Record) time.Duration {
		if hi-lo > day/2 && r.At < day/2 {
			return r.At + day
		}
		return r.At
	}
	sorted.Stable(l, func(a, b Record) int { return cmp.Compare(turned(a), turned(b)) })
}

func record(text string, m []int, body string) Record {
	num := func(i int) time.Duration { n, _ := strconv.Atoi(text[m[2*i]:m[2*i+1]]); return time.Duration(n) }
	r := Record{Level: text[m[2]:m[3]], Kind: LogOther}
	if r.Level == "NF" {
		r.Level = "INF"
	}
	r.At = num(2)*time.Hour + num(3)*time.Minute + num(4)*time.Second + num(5)*time.Microsecond
	lines := logLines(body)
	// The shortest run of lines that is a known text is the record; what comes
	// behind it is prose. An unknown text is its first line.
	for n := 1; n <= len(lines); n++ {
		for _, glue := range []string{" ", ""} {
			raw := strings.Join(lines[:n], glue)
			for _, s := range []string{raw, strings.TrimRight(nextLevel.ReplaceAllString(raw, ""), " ")} {
				if r.read(s) {
					r.Raw = s
					return r
				}
			}
			if n == 1 {
				break
			}
		}
	}
	if len(lines) > 0 {
		r.Raw = lines[0]
	}
	return r
}

// logLines are the first lines of a record without quotes and runs of blanks.
func logLines(body string) []string {
	if len(body) > maxWrap*2*maxRaw {
		body = body[:maxWrap*2*maxRaw]
	}
	var out []string
	for l := range strings.SplitSeq(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(body), "\n") {
		l = strings.Join(strings.Fields(strings.Trim(l, "\"'`“” \t")), " ")
		l = strings.Trim(l, "\"'`“”")
		if l == "" {
			if len(out) > 0 {
				break // an empty line ends it
			}
			continue
		}
		if out = append(out, strings.Clone(plain.Shown(l, maxRaw))); len(out) == maxWrap {
			break
		}
	}
	return out
}

// read fills in the record if the text is a known one.
func (r *Record) read(s string) bool {
	kind := LogOther
	switch {
	case s == "" || len(s) > maxRaw:
	case match(reListen, s, func(g []string) bool {
		n, err := strconv.ParseUint(g[0], 10, 16)
		r.Port = uint16(n)
		return err == nil
	}):
		kind = LogListen
	case match(reSlots, s, func(g []string) bool {
		r.Parent, r.Children[0], r.Children[1] = atoi(g[0]), atoi(g[1]), atoi(g[2])
		r.Full = g[3] != "0"
		return true
	}):
		kind = LogSlots
	case match(reEnter, s, func(g []string) bool { r.Function = g[0] + "." + g[1]; return true }):
		kind = LogEnter
	case match(reClaim, s, func(g []string) bool {
		r.XID, r.State, r.Map, r.Strength = g[0], g[1], g[2], g[3]
		return true
	}):
		kind = LogClaim
	case match(reAdvert, s, func(g []string) bool { r.XID, r.Ad, r.State = g[0], atoi(g[1]), g[2]; return true }):
		kind = LogAdvert
	case match(reTimeout, s, func(g []string) bool { r.XID, r.State = g[0], g[1]; return true }):
		kind = LogTimeout
	case reConfirm.MatchString(s):
		kind = LogConfirm
	case match(reRoot, s, func(g []string) bool {
		a, err := netip.ParseAddr(g[3])
		if err != nil {
			return false
		}
		r.XID, r.H, r.Model, r.Root, r.Path = g[0], g[1], g[2], a, g[4]
		return true
	}):
		kind = LogRoot
	case match(reFetch, s, func(g []string) bool { r.XID = g[0]; return true }):
		kind = LogFetch
	}
	r.Kind = kind
	return kind != LogOther
}

func match(re *regexp.Regexp, s string, take func(groups []string) bool) bool {
	g := re.FindStringSubmatch(s)
	return g != nil && take(g[1:])
}

func atoi(s string) int { n, _ := strconv.Atoi(s); return n }

// File is the name of the file a root record is about, without its directory.
func (r Record) File() string { return r.Path[strings.LastIndexByte(r.Path, '/')+1:] }
