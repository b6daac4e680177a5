package fileserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"option150/platform/acl"
	"option150/platform/ether"
	"option150/platform/journal"
	"option150/platform/message"
)

// site is a server of the files of phones 1 to 200 with what it told.
type site struct {
	*Server
	mu   sync.Mutex
	told []message.Message
	held map[ether.MAC]netip.Addr
}

func (s *site) Record(e journal.Event) {
	if l, ok := e.(journal.Logged); ok {
		if m, say := l.LogMessage(); say {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.told = append(s.told, m)
		}
	}
}

func macOf(n int) ether.MAC { return ether.MAC{0x00, 0x1e, 0x7a, 0, 1, byte(n)} }

func fileOf(n int) string { return macOf(n).Device() + ".cnf.xml" }

func addrOf(n int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(n)}), 50000)
}

func newSite(t *testing.T, c Spec) *site {
	t.Helper()
	s := &site{held: map[ether.MAC]netip.Addr{}}
	have := map[string]bool{"XMLDefault.cnf.xml": true, "RINGLIST.XML": true}
	var names []string
	for n := 1; n <= 200; n++ {
		have[fileOf(n)] = true
		names = append(names, fileOf(n))
		s.held[macOf(n)] = addrOf(n).Addr()
	}
	s.Server = New(Options{Recorder: s, Names: func() []string { return append(names, "XMLDefault.cnf.xml") },
		Generated: func(name string) ([]byte, time.Time, string, bool) {
			return []byte("<device>" + name), time.Time{}, `"x"`, have[name]
		},
		Holder: func(_ context.Context, mac ether.MAC, a netip.Addr, _ bool) Holding {
			switch at := s.held[mac]; {
			case at == a:
				return Held
			case at.IsValid():
				return Foreign
			}
			return Unknown
		},
		Peer: func(r Request) bool { return r.Client.Addr() == addrOf(250).Addr() }})
	s.set(t, c)
	return s
}

func (s *site) set(t *testing.T, c Spec) {
	t.Helper()
	change, err := s.Prepare(context.Background(), nil, c)
	if err != nil {
		t.Fatal(err)
	}
	change.Commit()
}

func (s *site) ask(from netip.AddrPort, name string) (string, error) {
	f, err := s.Open(context.Background(), Request{Transport: HTTP, Client: from, Name: name})
	if err != nil {
		return "", err
	}
	defer f.Finish(Result{Complete: true})
	b, err := io.ReadAll(f.Content)
	return string(b), err
}

func lists(permit string) []acl.List {
	return []acl.List{{Name: "7", Entries: []acl.Entry{acl.Rule(true, netip.MustParseAddr(permit), netip.Addr{}, false)}}}
}

// A search from a stranger gets nothing under enforce and is one message; every
// phone gets its own file meanwhile.
func TestSearchUnderEnforce(t *testing.T) {
	s := newSite(t, Spec{Config: Config{BindLease: BindEnforce}})
	stranger := addrOf(251)
	bodies := 0
	for n := range 2000 {
		name := fmt.Sprintf("SEP001E7A0001%02X.cnf.xml", n%256)
		if n >= 256 {
			name = fmt.Sprintf("SEP001E7B%06X.cnf.xml", n)
		}
		switch _, err := s.ask(stranger, name); {
		case err == nil:
			bodies++
		case !errors.Is(err, ErrNotFound) || errors.Is(err, ErrDenied):
			t.Fatalf("%s: %v, which tells it from a file that is absent", name, err)
		}
	}
	if bodies != 0 {
		t.Errorf("%d bodies", bodies)
	}
	if len(s.told) != 1 || s.told[0].Entry != message.FileHidden {
		t.Errorf("%d messages: %v", len(s.told), s.told)
	}
	for n := 1; n <= 200; n++ {
		if _, err := s.ask(addrOf(n), fileOf(n)); err != nil {
			t.Fatalf("phone %d: %v", n, err)
		}
		if _, err := s.ask(addrOf(n), "RINGLIST.XML"); err != nil {
			t.Fatalf("common file: %v", err)
		}
	}
	if _, err := s.ask(stranger, "RINGLIST.XML"); err != nil {
		t.Errorf("common files are for everybody: %v", err)
	}
	if c := s.Counters(); c.Denied == 0 || c.HttpRequests != c.HttpRequestsProcessed+c.HttpRequestsNotFound+c.HttpRequestsOverflow+c.HttpRequestsAborted {
		t.Errorf("%+v", c)
	}
}

// The default tells and serves; who is exempt is neither told nor kept out.
func TestBindLease(t *testing.T) {
	other := addrOf(251)
	for _, c := range []struct {
		name string
		spec Spec
		from netip.AddrPort
		ok   bool
		told int
	}{
		{"warn", Spec{}, other, true, 1},
		{"off", Spec{Config: Config{BindLease: BindOff}}, other, true, 0},
		{"enforce", Spec{Config: Config{BindLease: BindEnforce}}, other, false, 1},
		{"a list that is trusted", Spec{Config: Config{BindLease: BindEnforce, Trust: "7"}, Lists: lists("10.0.0.251")}, other, true, 0},
		{"a list that is not there", Spec{Config: Config{BindLease: BindEnforce, Trust: "7"}}, other, false, 1},
		{"another file server", Spec{Config: Config{BindLease: BindEnforce}}, addrOf(250), true, 0},
		{"the phone", Spec{Config: Config{BindLease: BindEnforce}}, addrOf(1), true, 0},
	} {
		s := newSite(t, c.spec)
		for range 3 {
			if _, err := s.ask(c.from, fileOf(1)); (err == nil) != c.ok {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		if len(s.told) != c.told {
			t.Errorf("%s: %d messages: %v", c.name, len(s.told), s.told)
		}
	}
}

// Phones behind one address of which nothing is known are not a search; names
// that are not here are.
func TestScanGuard(t *testing.T) {
	s := newSite(t, Spec{})
	clear(s.held)
	nat := addrOf(252)
	for n := 1; n <= 40; n++ { // all boot in the same moment
		_, _ = s.ask(nat, "CTL"+macOf(n).Device()+".tlv")
	}
	for n := 1; n <= 40; n++ {
		if _, err := s.ask(nat, fileOf(n)); err != nil {
			t.Fatalf("phone %d behind one address: %v", n, err)
		}
	}
	for n := range 10 {
		_, _ = s.ask(nat, fmt.Sprintf("SEP001E7B%06X.cnf.xml", n))
	}
	for n := 1; n <= 40; n++ {
		if _, err := s.ask(nat, fileOf(n)); err != nil {
			t.Fatalf("phone %d, ten unknown ones beside it: %v", n, err)
		}
	}
	for n := range 200 { // phones of another cluster, whose files an alternate has or cannot say
		_, _ = s.ask(addrOf(249), fmt.Sprintf("CTLSEP001E7D%06X.tlv", n))
		_, _ = s.ask(addrOf(249), fmt.Sprintf("ITLSEP001E7D%06X.tlv", n))
	}
	if got := s.Searching(); len(got) != 0 {
		t.Errorf("who asks for trust lists alone is taken for one who searches: %v", got)
	}
	stranger := addrOf(251)
	for n := range 10 {
		_, _ = s.ask(stranger, fmt.Sprintf("SEP001E7B%06X.cnf.xml", n))
	}
	if _, err := s.ask(stranger, fileOf(1)); !errors.Is(err, ErrNotFound) {
		t.Errorf("after a search: %v", err)
	}
	if got := s.Searching(); len(got) != 1 || got[0] != stranger.Addr() {
		t.Errorf("%v", got)
	}
	s.set(t, Spec{Config: Config{Scan: Scan{Off: true}}})
	if _, err := s.ask(stranger, fileOf(1)); err != nil {
		t.Errorf("off: %v", err)
	}
}

// What nobody has without a list, a list without a rule gives nobody.
func TestGrants(t *testing.T) {
	a := netip.MustParseAddr("10.0.0.1")
	all := append(lists("10.0.0.1"), acl.List{Name: "8", Entries: []acl.Entry{{Remark: "phones"}}}, acl.List{Name: "9"})
	for name, want := range map[string]bool{"7": true, "8": false, "9": false, "missing": false, "": false} {
		if st := (&settings{lists: all}); st.grants(name, "", acl.Of(a)) != want {
			t.Errorf("list %q grants: %v", name, !want)
		}
	}
	if st := (&settings{lists: all}); st.grants("7", "", acl.Of(netip.MustParseAddr("10.0.0.2"))) {
		t.Error("a list grants what it does not permit")
	}
}

// The lists of names: to nobody by default, and never what one may not fetch.
func TestListing(t *testing.T) {
	s := newSite(t, Spec{})
	for _, name := range []string{"ConfigFileCacheList.txt", "FileList.txt", "configfilecachelist.TXT"} {
		if _, err := s.ask(addrOf(1), name); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s by default: %v", name, err)
		}
	}
	s.set(t, Spec{Config: Config{Listing: "7", BindLease: BindEnforce}, Lists: lists("10.0.0.1")})
	got, err := s.ask(addrOf(1), "ConfigFileCacheList.txt")
	if err != nil || !strings.Contains(got, fileOf(1)) || !strings.Contains(got, "XMLDefault.cnf.xml") || strings.Contains(got, fileOf(2)) {
		t.Errorf("%v\n%s", err, got)
	}
	if _, err := s.ask(addrOf(2), "ConfigFileCacheList.txt"); !errors.Is(err, ErrNotFound) {
		t.Errorf("not permitted: %v", err)
	}
	s.set(t, Spec{Config: Config{Listing: "8"}})
	if _, err := s.ask(addrOf(1), "ConfigFileCacheList.txt"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a list that is not there: %v", err)
	}
	if len(s.Searching()) > 0 {
		t.Error("who reads a list is taken for one who searches")
	}
}

// A file server that has this one among its alternates asks for the phones of
// all clusters and is not kept out from those of this one; one that tries out
// addresses behind the same mark is, later.
func TestScanGuardAndOtherFileServers(t *testing.T) {
	s := newSite(t, Spec{})
	clear(s.held)
	master := addrOf(253)
	ask := func(name string) error {
		f, err := s.Open(context.Background(), Request{Transport: HTTP, Client: master, Name: name, Via: "1.1 option150-1"})
		if err == nil {
			f.Finish(Result{Complete: true})
		}
		return err
	}
	for n := range 300 { // the phones of other clusters boot, those of this one do not yet
		for _, kind := range []string{"CTLSEP001E7B%06X.tlv", "SEP001E7B%06X.cnf.xml"} {
			_ = ask(fmt.Sprintf(kind, n))
		}
	}
	for n := 1; n <= 20; n++ {
		if err := ask(fileOf(n)); err != nil {
			t.Fatalf("phone %d of this cluster by way of its master: %v", n, err)
		}
	}
	for n := range 3000 {
		_ = ask(fmt.Sprintf("SEP001E7C%06X.cnf.xml", n))
	}
	if err := ask(fileOf(30)); !errors.Is(err, ErrNotFound) {
		t.Errorf("after a search: %v", err)
	}
}

// What is named after a phone is that phone's, whatever kind of file it is; trust
// lists are no secret.
func TestOwner(t *testing.T) {
	s := newSite(t, Spec{Config: Config{BindLease: BindEnforce}})
	all := s.opt.Generated
	s.opt.Generated = func(name string) ([]byte, time.Time, string, bool) {
		_, _, _, ok := all(name)
		_, of := owner(name)
		return []byte("secret"), time.Time{}, `"x"`, ok || of || strings.HasPrefix(name, "CTL")
	}
	s.set(t, Spec{Config: Config{BindLease: BindEnforce}})
	for _, name := range []string{"SEP%s.cnf.xml", "sep%s.CNF.XML", "SIP%s.cnf", "gk%s", "ld%s.x", "ATA%s.cnf.xml", "VGC%s.cnf.xml", "WLAN%s.xml", "MGC%s.cnf", "SEP%s.cnf.xml.sgn",
		"SEP%s.cnf.xml.enc.sgn", "Communicator/SEP%s.cnf.xml"} {
		name = fmt.Sprintf(name, macOf(1).Hex())
		if _, err := s.ask(addrOf(251), name); !errors.Is(err, ErrNotFound) {
			t.Errorf("a stranger asked for %s: %v", name, err)
		}
		if _, err := s.ask(addrOf(1), name); err != nil {
			t.Errorf("the phone asked for %s: %v", name, err)
		}
	}
	if _, err := s.ask(addrOf(253), "CTLSEP"+macOf(1).Hex()+".tlv"); err != nil {
		t.Errorf("a trust list: %v", err)
	}
}

// What was given away stays in the list of it, however many names are made up.
func TestExposedIsNotPushedOut(t *testing.T) {
	s := newSite(t, Spec{Config: Config{BindLease: BindEnforce, Trust: "7", Scan: Scan{Off: true}}, Lists: lists("10.0.0.251")})
	if _, err := s.ask(addrOf(251), fileOf(1)); err != nil {
		t.Fatal(err)
	}
	for n := range maxGuarded + 100 {
		_, _ = s.ask(addrOf(1+n%100), fmt.Sprintf("SEP001E7C%06X.cnf.xml", n))
	}
	if _, err := s.ask(addrOf(251), fileOf(2)); err != nil {
		t.Fatal(err)
	}
	all := s.Exposed()
	if len(all) != maxGuarded || s.Forgotten() != 102 {
		t.Errorf("%d remembered, %d not", len(all), s.Forgotten())
	}
	given := 0
	for _, x := range all {
		for _, k := range x.Askers {
			given += k.Served
		}
	}
	if given != 2 {
		t.Errorf("%d of two that were given away are told of", given)
	}
}
