package fileserver

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"option150/platform/flash"
)

// What goes on and what went on, in the order it ended, within bounds.
func TestLive(t *testing.T) {
	s := newSite(t, Spec{Config: Config{BindLease: BindEnforce}})
	f, err := s.Open(context.Background(), Request{Transport: HTTP, Client: addrOf(1), Name: "/" + fileOf(1)})
	if err != nil {
		t.Fatal(err)
	}
	f.Progress(7)
	if got := s.Sessions(); len(got) != 1 || got[0].Sent != 7 || got[0].Size != f.Size || got[0].Client != addrOf(1) {
		t.Errorf("%+v", got)
	}
	f.Finish(Result{Bytes: 7, Why: "the client closed the connection"})
	_, _ = s.ask(addrOf(2), "nothing.xml")
	_, _ = s.ask(addrOf(2), fileOf(1))
	got := s.Requests(10)
	if len(s.Sessions()) != 0 || len(got) != 3 || got[0].Result != "cut off" || got[1].Result != "absent" || got[2].Result != "refused" {
		t.Errorf("%+v", got)
	}
	for range 2 * maxAskings {
		_, _ = s.ask(addrOf(2), "nothing.xml")
	}
	if n := len(s.Requests(9999)); n != maxAskings {
		t.Errorf("%d are remembered", n)
	}
	if got := s.Requests(1); len(got) != 1 || got[0].Name != "nothing.xml" {
		t.Errorf("%+v", got)
	}
}

// TestEveryEndIsListed: each request that is counted is among those that have
// ended, with how and why, and the counters add up.
func TestEveryEndIsListed(t *testing.T) {
	dir := t.TempDir()
	image := filepath.Join(dir, "image.sbn")
	if err := os.WriteFile(image, make([]byte, 100_000), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "open.xml"), []byte("<open/>"), 0o644); err != nil {
		t.Fatal(err)
	}
	fl, err := flash.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer fl.Close()
	s := New(Options{Flash: fl, Generated: func(name string) ([]byte, time.Time, string, bool) {
		if name == "defect.xml" {
			panic("a defect")
		}
		return nil, time.Time{}, "", false
	}})
	apply(t, s, Spec{Config: Config{MaximumServingCount: 1, BindLease: BindOff}})
	gone, leave := context.WithCancel(t.Context())
	for _, how := range []Transport{TFTP, HTTP} {
		open := func(ctx context.Context, name string) *File {
			f, _ := s.Open(ctx, ask(how, name))
			return f
		}
		for _, c := range []struct {
			do          func()
			result, why string
		}{
			{func() { open(gone, "open.xml").Finish(Result{Complete: true}) }, "sent", ""},
			{func() { open(gone, "open.xml").Finish(Result{Why: "it went"}) }, "cut off", "it went"},
			{func() { open(gone, "nothing.xml") }, "absent", ""},
			{func() { open(gone, "") }, "absent", ""},
			{func() { open(gone, "../x") }, "refused", "leaves its directory"},
			{func() { open(gone, "startup-config") }, "refused", "protected"},
			{func() { _ = s.Deny(ask(how, "open.xml"), "method POST") }, "refused", "method POST"},
			{func() {
				defer func() { _ = recover() }()
				open(gone, "defect.xml")
			}, "cut off", "defect"},
			{func() {
				f := open(t.Context(), "image.sbn")
				if err := os.WriteFile(image, make([]byte, 100_001), 0o644); err != nil {
					t.Fatal(err)
				}
				f.Finish(Result{Complete: true})
			}, "cut off", "changed while it was sent"},
			{func() {
				leave()
				f := open(t.Context(), "open.xml") // it has the only place
				before := s.Requests(maxAskings)
				open(gone, "open.xml")
				if len(s.Requests(maxAskings)) != len(before)+1 {
					t.Errorf("%s: who leaves the queue is not listed", how)
				}
				f.Finish(Result{Why: "client has gone"})
			}, "cut off", "client has gone"},
		} {
			before := len(s.Requests(maxAskings))
			c.do()
			all := s.Requests(maxAskings)
			last := all[len(all)-1]
			if len(all) == before || last.Result != c.result || !strings.Contains(last.Why, c.why) || last.Transport != how || last.At.IsZero() {
				t.Errorf("%s: want %s %q, got %d %+v", how, c.result, c.why, len(all)-before, last)
			}
		}
		gone, leave = context.WithCancel(t.Context())
	}
	leave()
	n := s.Counters()
	ended := n.RequestsProcessed + n.RequestsNotFound + n.RequestsOverflow + n.RequestsAborted +
		n.HttpRequestsProcessed + n.HttpRequestsNotFound + n.HttpRequestsOverflow + n.HttpRequestsAborted
	if all := s.Requests(maxAskings); uint64(len(all)) != ended || n.Requests+n.HttpRequests != ended || n.RequestsInProgress+n.HttpConnectRequests != 0 {
		t.Errorf("%d listed, %d have ended: %+v", len(all), ended, n)
	}
}

// TestGivenWhole: a file that was given whole holds no place while its client has
// yet to acknowledge it, and is among those on their way.
func TestGivenWhole(t *testing.T) {
	s := newSite(t, Spec{Config: Config{MaximumServingCount: 1, BindLease: BindOff}})
	f, err := s.Open(context.Background(), Request{Transport: HTTP, Client: addrOf(1), Name: "/" + fileOf(1)})
	if err != nil {
		t.Fatal(err)
	}
	f.Progress(f.Size - 1)
	if n, _ := s.Serving(); n != 1 {
		t.Errorf("%d places are held", n)
	}
	f.Progress(f.Size)
	if n, _ := s.Serving(); n != 0 || len(s.Sessions()) != 1 {
		t.Errorf("%d places are held, %d on their way", n, len(s.Sessions()))
	}
	f.Finish(Result{Bytes: f.Size, Complete: true})
	if n, _ := s.Serving(); n != 0 || len(s.Sessions()) != 0 {
		t.Errorf("%d places are held, %d on their way", n, len(s.Sessions()))
	}
}
