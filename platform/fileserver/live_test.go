package fileserver

import (
	"context"
	"testing"
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
