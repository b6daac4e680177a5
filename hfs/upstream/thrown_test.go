package upstream

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
)

// What was kept and thrown away is fetched anew, although it is remembered that it came: what
// is told to be in the cache is there.
func TestThrownAwayIsFetchedAnew(t *testing.T) {
	const load = "SCCP41.9-4-2SR3-1S"
	files := loadFiles(t)
	c := newCluster(t, files)
	b := newBox(t, alternates(c))
	for name := range files {
		if _, err := b.get(t, name); err != nil {
			t.Fatal(err)
		}
	}
	wait(t, "all is kept", func() bool { return len(b.Entries()) == len(files) })
	if n := b.Clear(""); n != len(files) {
		t.Fatalf("%d were cleared", n)
	}
	none := func(string, string, int64) {}
	got, err := b.Prefetch(context.Background(), load, none, io.Discard)
	if err != nil || len(got) != len(files) || len(b.Entries()) != len(files) {
		t.Fatalf("%d files, %d entries, %v", len(got), len(b.Entries()), err)
	}
	for _, f := range got {
		if f.Had {
			t.Errorf("%s was not there", f.Name)
		}
	}
	asked := b.Counters().PeerRequests
	for name, want := range files { // a phone has it from the cache
		if h, err := b.get(t, name); err != nil || h != string(want) {
			t.Errorf("%s: %d bytes, %v", name, len(h), err)
		}
	}
	if n := b.Counters().PeerRequests; n != asked {
		t.Errorf("%d requests for what is in the cache", n-asked)
	}

	// One that goes while the others come is no part of a whole load.
	b.Clear("")
	first := ""
	_, err = b.Prefetch(context.Background(), load, func(name, _ string, _ int64) {
		if first == "" {
			first = name
			return
		}
		b.Clear(first)
	}, io.Discard)
	if !errors.Is(err, ErrNotKept) || !strings.Contains(err.Error(), first) {
		t.Errorf("%s went: %v", first, err)
	}
}
