package fileserver

import (
	"errors"
	"testing"
)

// TestRebuild: while phone files are built a phone gets the file of before, or,
// where the line says so, word to ask again over both transports, one that is
// being added too; other files are not concerned, and no message is written.
func TestRebuild(t *testing.T) {
	s := newSite(t, Spec{})
	building := false
	s.opt.Building = func() bool { return building }
	s.set(t, Spec{Config: Config{BindLease: BindOff}})
	building = true
	if _, err := s.ask(addrOf(1), fileOf(1)); err != nil {
		t.Errorf("serve-previous: %v", err)
	}
	s.set(t, Spec{Config: Config{BindLease: BindOff, RebuildBusy: true}})
	for _, name := range []string{fileOf(1), "XMLDefault.cnf.xml", "SEP001E7AFFFFFF.cnf.xml", "Communicator/XMLDefault.cnf.xml"} {
		if _, err := s.ask(addrOf(1), name); !errors.Is(err, ErrBusy) {
			t.Errorf("busy, %s: %v", name, err)
		}
	}
	for _, name := range []string{"CTLSEP001E7A000101.tlv", "none.xml"} {
		if _, err := s.ask(addrOf(1), name); !errors.Is(err, ErrNotFound) {
			t.Errorf("busy, %s: %v", name, err)
		}
	}
	if r := s.Requests(1); len(r) != 1 {
		t.Fatal(r)
	}
	if last := s.Requests(3)[0]; last.Result != "busy" || last.Why != "the phone files are being built" {
		t.Errorf("%+v", last)
	}
	building = false
	if _, err := s.ask(addrOf(1), fileOf(1)); err != nil {
		t.Errorf("when it is over: %v", err)
	}
	if len(s.told) != 0 {
		t.Errorf("%v", s.told)
	}
}
