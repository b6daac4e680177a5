package cnfstore

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"option150/platform/ether"
	"option150/platform/journal"
	"option150/platform/service"
	"option150/telephony/cnf"
)

func config(phones int) cnf.Config {
	c := cnf.Default()
	c.Service.Present = true
	c.Service.SourceAddress.Addr = netip.MustParseAddr("10.20.0.1")
	c.Service.MaxEphones = 48
	for i := range phones {
		c.Ephones = append(c.Ephones, cnf.Ephone{Tag: i + 1, MAC: ether.MAC{0, 0x1e, 0x7a, 0, 0, byte(i + 1)}, Type: "7961"})
	}
	return c
}

func apply(t *testing.T, s *Store, spec service.Spec) {
	t.Helper()
	ch, err := s.Prepare(t.Context(), nil, spec)
	if err != nil {
		t.Fatal(err)
	}
	ch.Commit()
}

func events(c *journal.Cursor) (out []cnf.Built) {
	for {
		e, _, ok := c.TryNext()
		if !ok {
			return out
		}
		if b, ok := e.Event.(cnf.Built); ok {
			out = append(out, b)
		}
	}
}

func TestStore(t *testing.T) {
	j := journal.New(16)
	cur := j.Cursor()
	s := New(j)
	if _, ok := s.Lookup("XMLDefault.cnf.xml"); ok || s.Status().State != service.Disabled || s.Name() != "cnf" {
		t.Fatal("a new store is not empty")
	}
	ch, err := s.Prepare(t.Context(), nil, config(1))
	if err != nil {
		t.Fatal(err)
	}
	if s.Current() != nil {
		t.Error("Prepare published")
	}
	ch.Abort()
	if s.Current() != nil || len(events(cur)) != 0 {
		t.Error("Abort published")
	}

	apply(t, s, config(1))
	if _, ok := s.Lookup("SEP001E7A000001.cnf.xml"); !ok || s.Generation() != 1 || s.Current().Generation != 1 || s.Status().State != service.Running {
		t.Fatalf("generation %d, %+v", s.Generation(), s.Status())
	}
	if ev := events(cur); len(ev) != 1 || ev[0].Devices != 1 || ev[0].Generation != 1 || len(ev[0].Changed) == 0 {
		t.Errorf("events %+v", ev)
	} else if m, ok := ev[0].LogMessage(); !ok || !strings.HasPrefix(m.String(), "%CNF-6-BUILT: ") {
		t.Errorf("message %v %v", m, ok)
	}

	_, first, tag, ok := s.Generated("/sep001e7a000001.cnf.xml")
	if !ok || tag == "" || first.IsZero() {
		t.Errorf("Generated: %v %q %v", first, tag, ok)
	}
	if _, _, _, ok := s.Generated("CTLSEP001E7A000001.tlv"); ok {
		t.Error("a trust list is generated")
	}
	held := s.Current()
	apply(t, s, Spec{Config: config(2)})
	if _, ok := s.Lookup("SEP001E7A000002.cnf.xml"); !ok || s.Generation() != 2 {
		t.Error("the second phone")
	}
	if _, ok := held.Lookup("SEP001E7A000002.cnf.xml"); ok {
		t.Error("a set in use changed")
	}
	if _, second, _, _ := s.Generated("SEP001E7A000001.cnf.xml"); !second.Equal(first) {
		t.Error("the time of a file that did not change moved")
	}
	apply(t, s, config(2)) // the same again
	if s.Generation() != 2 {
		t.Error("the same set is a new generation")
	}
	events(cur)
	old, new, err := s.Rebuild()
	if err != nil || len(cnf.Summarise(old, new).Names()) != 0 || s.Generation() != 2 {
		t.Errorf("rebuild: %v, generation %d", err, s.Generation())
	}
	if ev := events(cur); len(ev) != 1 || len(ev[0].Changed) != 0 {
		t.Errorf("events of a rebuild %+v", ev)
	} else if _, ok := ev[0].LogMessage(); ok {
		t.Error("a rebuild without change is logged")
	}

	sip := config(0)
	sip.Global.Present, sip.Global.SourceAddress.Addr = true, netip.MustParseAddr("10.20.0.1")
	apply(t, s, sip)
	if _, _, _, ok := s.Fallback("AppDialRules.xml"); !ok {
		t.Error("the empty dial rules are not a fallback")
	}
	if _, _, _, ok := s.Generated("AppDialRules.xml"); ok {
		t.Error("the empty dial rules come before flash:")
	}
	if !slices.Contains(s.Names(), "SIPDefault.cnf") || !slices.Contains(s.Names(), "ATADefault.cnf.xml") {
		t.Errorf("names %v", s.Names())
	}

	c := config(1)
	c.Service.ServicePhone = []cnf.ServicePhone{{Name: "adminPassword", Value: strings.Repeat("x", cnf.SizeLimit)}}
	apply(t, s, c)
	if st := s.Status(); st.State != service.Degraded || st.Why == "" {
		t.Errorf("status %+v", st)
	}
	apply(t, s, nil)
	if s.Current().Len() != 0 || s.Status().State != service.Disabled {
		t.Errorf("status %+v", s.Status())
	}
	if _, err := s.Prepare(t.Context(), nil, 42); err == nil {
		t.Error("a number is a spec")
	}
}

func TestReadersNeverSeeAMixture(t *testing.T) {
	s := New(nil)
	apply(t, s, config(1))
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				set := s.Current()
				if _, ok := set.Lookup("SEP001E7A000009.cnf.xml"); ok != (set.Devices == 9) {
					t.Error("a set of two generations")
					return
				}
			}
		})
	}
	for i := range 40 {
		apply(t, s, config(1+8*(i%2)))
	}
	stop()
	wg.Wait()
}

// TestPhonesAreTold: which phones are configured is a fact when that changes,
// and only then.
func TestPhonesAreTold(t *testing.T) {
	j := journal.New(64)
	cur := j.Cursor()
	s := New(j)
	told := func() (added, removed int) {
		for {
			e, _, ok := cur.TryNext()
			if !ok {
				return added, removed
			}
			if p, ok := e.Event.(cnf.Phones); ok {
				added, removed = added+len(p.Added), removed+len(p.Removed)
			}
		}
	}
	for _, c := range []struct {
		name           string
		phones         int
		added, removed int
	}{{"three", 3, 3, 0}, {"the same", 3, 0, 0}, {"one less", 2, 0, 1}, {"none", 0, 0, 2}} {
		apply(t, s, config(c.phones))
		if a, r := told(); a != c.added || r != c.removed {
			t.Errorf("%s: %d added, %d removed", c.name, a, r)
		}
	}
}
