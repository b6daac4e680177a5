package cnfstore

import (
	"testing"
	"time"

	"option150/telephony/cnf"
)

// TestBuildCounters: full builds are counted, and only those; what was not put
// in force is an abort; a build is under way until its end, or for so long.
func TestBuildCounters(t *testing.T) {
	s := New(nil)
	apply(t, s, config(3))
	if c := s.Counters(); c.BuildCount != 1 || c.BuildDeviceCount != 3 || c.BuildAbortCount != 0 || c.BuildDuration <= 0 {
		t.Errorf("the first build: %+v", c)
	}
	apply(t, s, config(4))
	apply(t, s, config(4))
	if c := s.Counters(); c.BuildCount != 1 {
		t.Errorf("one phone more is no full build: %+v", c)
	}
	all := config(4)
	all.Service.DateFormat = "yy-mm-dd" // a setting that every file has
	ch, err := s.Prepare(t.Context(), nil, all)
	if err != nil {
		t.Fatal(err)
	}
	if !s.Building() {
		t.Error("a set that is made and not in force is not under way")
	}
	ch.Abort()
	if c := s.Counters(); c.BuildCount != 1 || c.BuildAbortCount != 1 || s.Building() {
		t.Errorf("aborted: %+v, under way %v", c, s.Building())
	}
	apply(t, s, all)
	if _, _, err := s.Rebuild(); err != nil {
		t.Fatal(err)
	}
	if c := s.Counters(); c.BuildCount != 3 || c.BuildDeviceCount != 4 || s.Building() {
		t.Errorf("a setting of all, and create cnf-files: %+v", c)
	}
	sip := cnf.Default()
	sip.Global.Present, sip.Global.SourceAddress = true, all.Service.SourceAddress
	apply(t, s, sip)
	if c := s.Counters(); c.BuildDialruleCount == 0 || c.BuildSoftkeyCount == 0 {
		t.Errorf("dial rules and softkeys: %+v", c)
	}
	apply(t, s, nil)

	if _, err := s.Prepare(t.Context(), nil, config(1)); err != nil { // and nobody ends it
		t.Fatal(err)
	}
	s.mu.Lock()
	for n := range s.under {
		s.under[n] = time.Now().Add(-2 * buildTime)
	}
	s.mu.Unlock()
	if s.Building() {
		t.Error("a build that never ends keeps phones from their files")
	}
}
