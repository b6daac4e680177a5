package hfs

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"option150/platform/fileserver"
	"option150/platform/httpd"
)

// TestTookUntilGiven: a phone's TCP says on purpose late that all is there. That is no part
// of how long the file took, but a line that has to repeat is.
func TestTookUntilGiven(t *testing.T) {
	const until = 2 * time.Millisecond
	for _, c := range []struct {
		word time.Duration // after all was given
		sent int64
		took time.Duration
	}{
		{0, 5, until},
		{200 * time.Millisecond, 5, until},
		{500 * time.Millisecond, 5, until},
		{3 * time.Second, 5, until + 3*time.Second},
		{200 * time.Millisecond, 2, until + 200*time.Millisecond}, // it never came
	} {
		synctest.Test(t, func(t *testing.T) {
			rec := &notes{}
			s := New(fileserver.New(fileserver.Options{Recorder: rec, Generated: func(string) ([]byte, time.Time, string, bool) {
				return []byte("12345"), time.Unix(1e9, 0), "", true
			}}))
			var a httpd.Answer
			if !(module{s}).Answer(t.Context(), &httpd.Question{Path: "/a.xml", Client: netip.MustParseAddrPort("10.0.0.1:5000")}, &a) {
				t.Fatal("no answer")
			}
			time.Sleep(until)
			a.Progress(5)
			time.Sleep(c.word)
			a.Done(c.sent, nil)
			if got := last[fileserver.Served](rec).Duration; got != c.took {
				t.Errorf("%d octets, told after %v: took %v, want %v", c.sent, c.word, got, c.took)
			}
		})
	}
}
