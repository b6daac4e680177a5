package hfs

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"option150/platform/fileserver"
	"option150/platform/flash"
)

// TestUnchangedSince: only a file with the very date the client has is told to be
// unchanged. An older one that was put back, as after an upgrade that failed, is
// another file.
func TestUnchangedSince(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "Ringlist.xml")
	fl, err := flash.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer fl.Close()
	m := New(fileserver.New(fileserver.Options{Flash: fl})).Module()
	put := func(content string, at time.Time) {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	fetch := func(method string, h map[string]string) *http.Response {
		r := httptest.NewRequest(method, "/Ringlist.xml", nil)
		for k, v := range h {
			r.Header.Set(k, v)
		}
		w := httptest.NewRecorder()
		m.ServeHTTP(w, r)
		return w.Result()
	}
	then := time.Unix(1.6e9, 250e6)
	put("first", then)
	first := fetch("GET", nil)
	date, tag := first.Header.Get("Last-Modified"), first.Header.Get("Etag")
	for _, c := range []struct {
		name string
		at   time.Time // of the file that is there now; zero: the first
		h    map[string]string
		want int
	}{
		{"the same", time.Time{}, map[string]string{"If-Modified-Since": date}, 304},
		{"the same, by its tag", time.Time{}, map[string]string{"If-None-Match": tag}, 304},
		{"the same, by both", time.Time{}, map[string]string{"If-None-Match": tag, "If-Modified-Since": date}, 304},
		{"the same, with a date of tomorrow", time.Time{}, map[string]string{"If-Modified-Since": time.Now().Add(24 * time.Hour).UTC().Format(http.TimeFormat)}, 200},
		{"the same, with a date that is none", time.Time{}, map[string]string{"If-Modified-Since": "yesterday"}, 200},
		{"a newer one", then.Add(time.Hour), map[string]string{"If-Modified-Since": date}, 200},
		{"an older one", then.Add(-time.Hour), map[string]string{"If-Modified-Since": date}, 200},
		{"an older one, the rest", then.Add(-time.Hour), map[string]string{"Range": "bytes=2-", "If-Range": date}, 200},
		{"the same, the rest", time.Time{}, map[string]string{"Range": "bytes=2-", "If-Range": date}, 206},
		{"an older one, by its tag", then.Add(-time.Hour), map[string]string{"If-None-Match": tag, "If-Modified-Since": date}, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !c.at.IsZero() {
				put("other", c.at)
			}
			for _, method := range []string{"GET", "HEAD"} {
				if got := fetch(method, c.h); got.StatusCode != c.want {
					t.Errorf("%s: %s", method, got.Status)
				}
			}
		})
		if !c.at.IsZero() {
			put("first", then)
		}
	}
}
