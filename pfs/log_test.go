package pfs

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// documents are the console logs of the two documents about the feature.
func documents(t testing.TB) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, n := range []string{"console-en.txt", "console-es.txt"} {
		b, err := os.ReadFile(filepath.Join("testdata", n))
		if err != nil {
			t.Fatal(err)
		}
		out[n] = string(b)
	}
	return out
}

func countKinds(l []Record) string {
	n := map[RecordKind]int{}
	for _, r := range l {
		n[r.Kind]++
	}
	var w []string
	for k, c := range n {
		w = append(w, fmt.Sprint(c, " ", k))
	}
	slices.Sort(w)
	return strings.Join(w, ", ")
}

// TestDocuments: both documents give 26 records, none of them unknown, however
// the text was carried here.
func TestDocuments(t *testing.T) {
	const want = "1 claim, 1 confirm, 1 fetch, 1 listen, 1 root, 1 slots, 11 enter, 4 advert, 5 timeout"
	for name, text := range documents(t) {
		for how, s := range map[string]string{
			"as it is": text,
			"crlf":     strings.ReplaceAll(text, "\n", "\r\n"),
			"cr":       strings.ReplaceAll(text, "\n", "\r"),
			"quoted":   "\"" + strings.ReplaceAll(text, "\n", "\"\n\"") + "\"",
			"tabs":     strings.ReplaceAll(text, "DLoad: ", "DLoad:\t"),
			"syslog":   syslogged(text),
		} {
			l := ParseLog(s)
			if got := countKinds(l); got != want {
				t.Errorf("%s, %s: %s", name, how, got)
				continue
			}
			if !slices.IsSortedFunc(l, func(a, b Record) int { return int(a.At - b.At) }) {
				t.Errorf("%s, %s: not in order of time", name, how)
			}
			first, root, fetch := l[0], l[24], l[25]
			if first.Kind != LogListen || first.Port != 4051 || first.At != 2*time.Hour+19*time.Minute+22634167*time.Microsecond {
				t.Errorf("%s: %+v", how, first)
			}
			if root.Kind != LogRoot || root.XID != "080027F8" || root.Model != "CP-7961G" || root.Root != netip.MustParseAddr("10.106.117.68") ||
				root.File() != "SCCP41.9-4-2SR2-2S.loads" || root.H != "36685558" {
				t.Errorf("%s: %+v", how, root)
			}
			if fetch.Kind != LogFetch || (fetch.At-root.At).Round(100*time.Millisecond) != 10*time.Second {
				t.Errorf("%s: %+v", how, fetch)
			}
			i := slices.IndexFunc(l, func(r Record) bool { return r.Kind == LogClaim })
			if c := l[i]; c.Map != "ff9d7cb9" || c.Strength != "31d4d43d" || c.State != "ClaimRoot(tent)" || c.Level != "INF" {
				t.Errorf("%s: %+v", how, c)
			}
			if s := l[2]; s.Kind != LogSlots || s.Parent != -1 || s.Children != [2]int{-1, -1} || s.Full {
				t.Errorf("%s: %+v", how, s)
			}
		}
	}
}

// syslogged puts a syslog head before each line that begins a record.
func syslogged(text string) string {
	var out []string
	for l := range strings.SplitSeq(text, "\n") {
		if header.MatchString(l) {
			l = "<31>Jan  1 00:00:00 SEP001E7A000001 " + l
		}
		out = append(out, l)
	}
	return strings.Join(out, "\n")
}

// TestCutAnywhere: a text cut at any byte, at its end or its beginning, gives
// records that were there and at most one that is the piece of one.
func TestCutAnywhere(t *testing.T) {
	for name, text := range documents(t) {
		whole := ParseLog(text)
		known := func(r Record) bool { return slices.Contains(whole, r) }
		piece := func(r Record) bool {
			return slices.ContainsFunc(whole, func(w Record) bool {
				return w.At == r.At && (strings.HasPrefix(w.Raw, r.Raw) || strings.HasPrefix(strings.ReplaceAll(w.Raw, " ", ""), strings.ReplaceAll(r.Raw, " ", "")))
			})
		}
		for i := range len(text) + 1 {
			for _, cut := range []string{text[:i], text[i:]} {
				pieces := 0
				l := ParseLog(cut)
				for _, r := range l {
					switch {
					case known(r):
					case piece(r):
						pieces++
					default:
						t.Fatalf("%s cut at %d: a record from nothing: %+v", name, i, r)
					}
				}
				if pieces > 1 || len(l) > len(whole) {
					t.Fatalf("%s cut at %d: %d records, %d pieces", name, i, len(l), pieces)
				}
			}
		}
	}
}

// TestOtherTexts: what is unknown is kept as it is; what is no record is none.
func TestOtherTexts(t *testing.T) {
	for text, want := range map[string]string{
		"":    "",
		"DBG": "",
		"prose about XID080027F8 and DLoad: nothing":                                          "",
		"DBG 25:00:00.000000 DLoad: hour out of range":                                        "",
		"DBG 02:19:22.63416 DLoad: five digits":                                               "",
		"NOT 02:19:22.634945 DLoad: child joined fd=9\nprose":                                 "other:child joined fd=9",
		"INF 02:19:22.634945 DLoad: XID080027F8 TxBdcst ClaimRoot(tent): map=ff9d7cb9\nprose": "other:XID080027F8 TxBdcst ClaimRoot(tent): map=ff9d7cb9",
		"NOT 02:19:24.412806 DLoad: @@@HROOT:XID080027F8 H=1 m=CP-7961G ROOT=10.1.1.999 /x":   "other:@@@HROOT:XID080027F8 H=1 m=CP-7961G ROOT=10.1.1.999 /x",
		"NOT 02:19:24.412806 DLoad: a\x00b\x1b[2J":                                            "other:a\\x00b\\x1b[2J",
		"NOT 02:19:24.412806 DLoad: ":                                                         "other:",
		"DBG 02:19:22.634167 DLoad: +++ fd=7 Listening on peer\nTCP port 4051":                "listen:+++ fd=7 Listening on peer TCP port 4051",
	} {
		got := ""
		for _, r := range ParseLog(text) {
			got += string(r.Kind) + ":" + r.Raw
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestOverMidnight(t *testing.T) {
	l := ParseLog("NOT 00:00:01.000000 DLoad: second\nNOT 23:59:59.000000 DLoad: first\n")
	if len(l) != 2 || l[0].Raw != "first" {
		t.Errorf("%+v", l)
	}
}

func FuzzParseLog(f *testing.F) {
	for _, s := range documents(f) {
		f.Add(s)
		f.Add(syslogged(s))
	}
	f.Add("NOT 02:19:24.412806 DLoad: @@@HROOT:XID080027F8 H=1 m=CP-7961G\nROOT=10.1.1.9 /x")
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range ParseLog(s) {
			if len(r.Raw) > 2*maxRaw || r.At < 0 || r.At >= 24*time.Hour || strings.ContainsAny(r.Raw, "\n\r\x00\x1b") {
				t.Fatalf("%+v", r)
			}
			if r.Kind == LogRoot && (!r.Root.IsValid() || r.Path == "") {
				t.Fatalf("%+v", r)
			}
		}
	})
}
