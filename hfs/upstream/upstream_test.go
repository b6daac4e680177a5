package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"option150/platform/fileserver"
	"option150/telephony/firmware"
)

const (
	foreign = "SEP001E7A000099.cnf.xml"
	load    = "SCCP41.9-4-2SR3-1S.loads"
	part    = "apps41.9-4-2ES26.sbn"
)

func alternates(c ...*cluster) Config {
	var cfg Config
	for i, x := range c {
		cfg.Alternates = append(cfg.Alternates, x.alternate(i+1))
	}
	return cfg
}

// 404 goes on to the next, in the order of the lines.
func TestOrder(t *testing.T) {
	one, two, three := newCluster(t, nil), newCluster(t, map[string][]byte{foreign: []byte("two")}), newCluster(t, map[string][]byte{foreign: []byte("three")})
	cfg := alternates(one, two, three)
	cfg.Alternates[0], cfg.Alternates[2] = cfg.Alternates[2], cfg.Alternates[0] // as typed
	b := newBox(t, cfg)
	if got, err := b.get(t, foreign); got != "two" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if one.times(foreign) != 1 || three.times(foreign) != 0 {
		t.Errorf("asked the first %d and the third %d times", one.times(foreign), three.times(foreign))
	}
	if _, err := b.get(t, "SEP001E7A0000AA.cnf.xml"); !errors.Is(err, fileserver.ErrNotFound) {
		t.Errorf("nobody has it: %v", err)
	}
	b.seen.mu.Lock()
	defer b.seen.mu.Unlock()
	for _, e := range b.seen.all {
		if e, ok := e.(fileserver.NotFound); ok && (e.Unsure || strings.Count(e.Asked, " 404") != 3) {
			t.Errorf("%+v", e)
		}
	}
}

// Somebody asks for thousands of names that nobody has: what the others ask for
// is answered all the same.
func TestManyNames(t *testing.T) {
	one := newCluster(t, map[string][]byte{foreign: []byte("one")})
	b := newBox(t, alternates(one))
	over := make(chan struct{})
	close(over)
	b.mu.Lock()
	for i := range maxAnswers {
		q := question{name: fmt.Sprint("none", i)}
		b.searches[q] = &search{q: q, done: over, err: fileserver.Nowhere{}, until: time.Now().Add(time.Hour)}
	}
	b.mu.Unlock()
	if got, err := b.get(t, foreign); got != "one" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// 503 is passed on, and nobody further is asked.
func TestBusyStops(t *testing.T) {
	one, two := newCluster(t, nil), newCluster(t, map[string][]byte{foreign: []byte("two")})
	one.status = 503
	b := newBox(t, alternates(one, two))
	if _, err := b.get(t, foreign); !errors.Is(err, fileserver.ErrBusy) {
		t.Errorf("%v", err)
	}
	if two.times(foreign) != 0 {
		t.Error("the next server was asked after a 503")
	}
}

// What a chain that cannot be reached answers.
func TestDeadChain(t *testing.T) {
	alive := newCluster(t, nil)
	for _, c := range []struct {
		name string
		busy bool
	}{
		{foreign, true}, {"SIP001E7A000099.cnf", true}, {"gk001e7a000099", true}, {"ld001e7a000099", true},
		{"CTLSEP001E7A000099.tlv", false}, {load, false}, {"RINGLIST.XML", false}, {"German_Germany/7960-font.xml", false},
		{"SEP001E7A000001.cnf.xml", false}, {"CTLSEP001E7A000001.tlv", false}, // configured here
	} {
		b := newBox(t, Config{Alternates: []Alternate{alive.alternate(1), nobody(t, 2)}})
		_, err := b.get(t, c.name)
		if want := map[bool]error{true: fileserver.ErrBusy, false: fileserver.ErrNotFound}[c.busy]; !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", c.name, err, want)
		}
	}
	if n := alive.times("SEP001E7A000001.cnf.xml") + alive.times("CTLSEP001E7A000001.tlv"); n != 0 {
		t.Errorf("names of a phone configured here were asked for %d times", n)
	}
}

// A phone with a known home is told to ask again for every file.
func TestDeadHome(t *testing.T) {
	home := newCluster(t, map[string][]byte{foreign: []byte("x")})
	b := newBox(t, alternates(home))
	if _, err := b.get(t, foreign); err != nil {
		t.Fatal(err)
	}
	home.Close()
	for _, name := range []string{"CTLSEP001E7A000099.tlv", "ringlist.xml.sgn"} {
		if _, err := b.get(t, name); !errors.Is(err, fileserver.ErrBusy) {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := fileserver.Request{Transport: fileserver.TFTP, Client: netip.MustParseAddrPort("10.1.1.77:1"), Name: "ringlist.xml.sgn"}
	if _, err := b.openAs(other); !errors.Is(err, fileserver.ErrNotFound) {
		t.Errorf("a phone of this box: %v", err)
	}
}

// A dead server is left out after two failures, told once, and comes back.
func TestBreaker(t *testing.T) {
	c := newCluster(t, map[string][]byte{foreign: []byte("x")})
	at := nobody(t, 1)
	b := newBox(t, Config{Alternates: []Alternate{at, c.alternate(2)}})
	wait(t, "the breaker", func() bool { _, _ = b.get(t, foreign); b.Forget(); return b.Peers()[0].Down })
	if n := count[Down](b.seen); n != 1 {
		t.Errorf("told %d times", n)
	}
	if got, err := b.get(t, foreign); got != "x" || err != nil {
		t.Errorf("beside a dead server: %q, %v", got, err)
	}
	back := &http.Server{Handler: c, Addr: at.Host + ":" + itoa(at.Port)}
	go back.ListenAndServe()
	defer back.Close()
	wait(t, "its return", func() bool { return !b.Peers()[0].Down })
	if n := count[Up](b.seen); n != 1 {
		t.Errorf("return told %d times", n)
	}
}

func itoa(n uint16) string {
	return strings.TrimPrefix(netip.AddrPortFrom(netip.IPv4Unspecified(), n).String(), "0.0.0.0:")
}

// HTTP is told to ask again before a slow search ends; the TFTP question that
// follows gets the result, and the server was asked once.
func TestUndecided(t *testing.T) {
	c := newCluster(t, map[string][]byte{foreign: []byte("x")})
	hold := make(chan struct{})
	c.hold = hold
	tune := quick()
	tune.Decide, tune.Answer, tune.Search = 50*time.Millisecond, 20*time.Second, 20*time.Second
	b := openBox(t, t.TempDir(), alternates(c), tune)
	if _, err := b.open(foreign, fileserver.HTTP); !errors.Is(err, fileserver.ErrBusy) {
		t.Fatalf("undecided: %v", err)
	}
	time.AfterFunc(50*time.Millisecond, func() { close(hold) })
	if got, err := b.get(t, foreign); got != "x" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if n := c.times(foreign); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// A search holds no place of the serving count.
func TestSearchHoldsNoPlace(t *testing.T) {
	c := newCluster(t, nil)
	hold := make(chan struct{})
	c.hold = hold
	b := newBox(t, alternates(c))
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = b.get(t, foreign) })
	wait(t, "the question", func() bool { return c.times(foreign) == 1 })
	if n, _ := b.files.Serving(); n != 0 {
		t.Errorf("%d places are held", n)
	}
	close(hold)
	wg.Wait()
}

// Loops: our own mark in Via, a question of an alternate, too many servers.
func TestLoops(t *testing.T) {
	c := newCluster(t, map[string][]byte{foreign: []byte("x")})
	b := newBox(t, alternates(c))
	for _, r := range []fileserver.Request{
		{Client: netip.MustParseAddrPort("192.0.2.1:1"), Via: "1.1 box-b, 1.1 box-a"},
		{Client: netip.MustParseAddrPort("127.0.0.1:1")},
		{Client: netip.MustParseAddrPort("192.0.2.1:1"), Via: "1.1 b, 1.1 c, 1.1 d, 1.1 e, 1.1 f"},
	} {
		r.Transport, r.Name = fileserver.HTTP, foreign
		if _, err := b.openAs(r); !errors.Is(err, fileserver.ErrNotFound) {
			t.Errorf("%+v: %v", r, err)
		}
	}
	if n := c.times(foreign); n != 0 {
		t.Errorf("asked %d times", n)
	}
	if n := count[fileserver.Looped](b.seen); n != 1 {
		t.Errorf("%d loops", n)
	}
	f, err := b.openAs(fileserver.Request{Transport: fileserver.HTTP, Client: netip.MustParseAddrPort("192.0.2.1:1"), Via: "1.1 box-b", Name: foreign})
	if err != nil {
		t.Fatal(err)
	}
	f.Finish(fileserver.Result{})
	c.set(func() {
		get := slices.IndexFunc(c.seen, func(r *http.Request) bool { return r.URL.Path == "/"+foreign })
		if got := c.seen[get].Header.Get("Via"); got != "1.1 box-b, 1.1 box-a" {
			t.Errorf("Via: %q", got)
		}
	})
}

// Many phones, one fetch; each gets it while it arrives, with its size.
func TestSingleFlight(t *testing.T) {
	body := image(part, 3<<20)
	c := newCluster(t, map[string][]byte{part: body})
	b := newBox(t, alternates(c))
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			f, err := b.openAs(fileserver.Request{Transport: fileserver.HTTP, Name: part,
				Client: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 2, 0, byte(i)}), 5000)})
			if err != nil {
				t.Error(err)
				return
			}
			defer f.Finish(fileserver.Result{Complete: true})
			if got, err := io.ReadAll(f.Content); string(got) != string(body) || err != nil || f.Size != int64(len(body)) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
	wg.Wait()
	if n := c.times(part); n != 1 {
		t.Errorf("asked %d times", n)
	}
	if n := b.Counters(); n.WanBytes != uint64(len(body)) {
		t.Errorf("%d bytes over the line for %d", n.WanBytes, len(body))
	}
}

// One who takes nothing slows nobody down.
func TestSlowReader(t *testing.T) {
	body := image(part, 3<<20)
	c := newCluster(t, map[string][]byte{part: body})
	b := newBox(t, alternates(c))
	slow, err := b.openAs(fileserver.Request{Transport: fileserver.HTTP, Name: part, Client: netip.MustParseAddrPort("10.2.0.1:5000")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := slow.Content.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	if got, err := b.get(t, part); got != string(body) || err != nil {
		t.Errorf("beside one who takes nothing: %d bytes, %v", len(got), err)
	}
	rest, err := io.ReadAll(slow.Content)
	if err != nil || len(rest) != len(body)-10 {
		t.Errorf("the slow one: %d bytes, %v", len(rest), err)
	}
	slow.Finish(fileserver.Result{Complete: true})
	if n := c.times(part); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// A line that is cut is taken up where it was cut: by range, or where the server
// knows none by comparing.
func TestResume(t *testing.T) {
	for _, c := range []struct {
		name          string
		ranges, marks bool
		change        bool
		ok            bool
	}{
		{"ranges", true, true, false, true}, {"no ranges", false, true, false, true}, {"no marks", true, false, false, true},
		{"another file", true, true, true, false}, {"another file without marks", false, false, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := image(part, 1<<20)
			s := newCluster(t, map[string][]byte{part: body})
			s.ranges, s.marks, s.cut, s.cuts = c.ranges, c.marks, 300_000, 2
			b := newBox(t, alternates(s))
			f, err := b.open(part, fileserver.HTTP)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Finish(fileserver.Result{})
			if c.change {
				s.set(func() { s.files[part] = []byte(strings.Replace(string(body), "firmware", "FIRMWARE", -1) + "!")[1:] })
			}
			got, err := io.ReadAll(f.Content)
			if ok := err == nil && string(got) == string(body); ok != c.ok {
				t.Errorf("%d bytes of %d, %v", len(got), len(body), err)
			}
			if c.ok && s.times(part) < 2 {
				t.Error("it was not cut")
			}
			if !c.ok && err == nil {
				t.Error("a mixture of two files was served as whole")
			}
		})
	}
}

// Firmware is kept, and served when nobody can be asked. Nothing else is.
func TestCacheKeepsFirmwareOnly(t *testing.T) {
	other := "kern41.9-4-2ES26.sbn"
	files := map[string][]byte{
		part: image(part, 100_000), load: image(load, 300), other: image("somethingelse.sbn", 5000), // renamed
		"bare.sbn": []byte(strings.Repeat("no header", 500)),
		foreign:    []byte("<device/>"), foreign + ".sgn": image(foreign+".sgn", 10),
		"CTLSEP001E7A000099.tlv": image("CTLSEP001E7A000099.tlv", 10), "ringlist.xml.sgn": image("ringlist.xml.sgn", 99),
		"German_Germany/tones.xml": []byte("<tones/>"),
	}
	c := newCluster(t, files)
	dir := t.TempDir()
	b := openBox(t, dir, alternates(c), quick())
	for name, body := range files {
		if got, err := b.get(t, name); got != string(body) || err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	wait(t, "two entries", func() bool { return len(b.Entries()) == 2 })
	for _, e := range b.Entries() {
		if e.Name != part && e.Name != load {
			t.Errorf("%s is kept", e.Name)
		}
	}
	at := c.alternate(1)
	c.Close()
	b.Close()

	again := openBox(t, dir, Config{Alternates: []Alternate{at}}, quick())
	wait(t, "the cache", func() bool { return len(again.Entries()) == 2 })
	if got, err := again.get(t, part); got != string(files[part]) || err != nil {
		t.Errorf("the line is down: %v", err)
	}
	if again.Counters().CacheHit != 1 {
		t.Errorf("%+v", again.Counters())
	}
	if _, err := again.get(t, foreign); !errors.Is(err, fileserver.ErrBusy) {
		t.Errorf("configuration with the line down: %v", err)
	}
	if h := again.homes.of(phoneAt.Addr(), foreign); h == "" {
		t.Error("the home of the phone is forgotten")
	}
}

// A file that rotted on the disk, or was torn, is not served.
func TestCacheRot(t *testing.T) {
	c := newCluster(t, map[string][]byte{part: image(part, 50_000)})
	dir := t.TempDir()
	b := openBox(t, dir, alternates(c), quick())
	if _, err := b.get(t, part); err != nil {
		t.Fatal(err)
	}
	wait(t, "the entry", func() bool { return len(b.Entries()) == 1 })
	b.Close()
	all, _ := filepath.Glob(filepath.Join(dir, "fw-*"))
	for _, p := range all {
		if !strings.HasSuffix(p, metaEnd) {
			raw, _ := os.ReadFile(p)
			raw[30_000] ^= 1
			_ = os.WriteFile(p, raw, 0o600)
		}
	}
	_ = os.WriteFile(filepath.Join(dir, "fw-0000000000000000-0000000000000000"), []byte("torn"), 0o600)
	_ = os.WriteFile(filepath.Join(dir, "fw-1.json"), []byte("{"), 0o600)
	_ = os.WriteFile(filepath.Join(dir, spoolPrefix+"77"), []byte("left"), 0o600)
	again := openBox(t, dir, alternates(c), quick())
	if n := len(again.Entries()); n != 1 { // at once: a fetch that begins now must not be swept away
		t.Fatalf("%d entries", n)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, spoolPrefix+"*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if got, err := again.get(t, part); got != string(c.files[part]) || err != nil {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if c.times(part) != 2 {
		t.Errorf("asked %d times", c.times(part))
	}
	all, _ = filepath.Glob(filepath.Join(dir, "*"))
	for _, p := range all {
		if strings.Contains(p, "0000000000000000") || strings.HasSuffix(p, "fw-1.json") {
			t.Errorf("%s is still there", p)
		}
	}
}

// The budget holds for what is kept and for what is being fetched, and the file
// that was not used for longest goes first.
func TestBudget(t *testing.T) {
	names := []string{"a41.9-4-2ES26.sbn", "b41.9-4-2ES26.sbn", "c41.9-4-2ES26.sbn"}
	files := map[string][]byte{"big41.9-4-2ES26.sbn": image("big41.9-4-2ES26.sbn", 3<<20)}
	for _, n := range names {
		files[n] = image(n, 700_000)
	}
	c := newCluster(t, files)
	cfg := alternates(c)
	cfg.CacheSize = 2
	b := newBox(t, cfg)
	for i, n := range names {
		if i == 2 { // the first one is used again
			b.cache.mu.Lock()
			b.cache.byName[names[0]].Used = time.Now().Add(time.Minute)
			b.cache.mu.Unlock()
		}
		if _, err := b.get(t, n); err != nil {
			t.Fatal(err)
		}
		wait(t, "it", func() bool { return b.cache.names(n) != nil })
	}
	if b.cache.names(names[0]) == nil || b.cache.names(names[1]) != nil {
		t.Error("not the one that was not used for longest went")
	}
	if _, err := b.get(t, "big41.9-4-2ES26.sbn"); !errors.Is(err, fileserver.ErrBusy) {
		t.Errorf("larger than the budget: %v", err)
	}
	wait(t, "room given back", func() bool { used, limit := b.Disk(); return used <= limit && used == sizes(b) })
}

func sizes(b *box) (n int64) {
	for _, e := range b.Entries() {
		n += e.Size
	}
	return n
}

// A kept file is asked about in the background; what changed replaces it, what
// is gone everywhere goes, what cannot be asked stays.
func TestRevalidate(t *testing.T) {
	c, other := newCluster(t, map[string][]byte{part: image(part, 50_000)}), newCluster(t, nil)
	b := newBox(t, alternates(c, other))
	if _, err := b.get(t, part); err != nil {
		t.Fatal(err)
	}
	wait(t, "the entry", func() bool { return b.cache.names(part) != nil })
	old := func() { b.cache.mu.Lock(); b.cache.byName[part].Checked = time.Time{}; b.cache.mu.Unlock() }
	old()
	b.cache.check()
	if e := b.cache.names(part); e == nil || time.Since(e.Checked) > time.Minute {
		t.Fatalf("unchanged: %+v", e)
	}
	fresh := image(part, 60_000)
	c.set(func() { c.files[part] = fresh })
	old()
	b.cache.check()
	wait(t, "the new one", func() bool { e := b.cache.names(part); return e != nil && e.Size == int64(len(fresh)) })
	if got, _ := b.get(t, part); got != string(fresh) {
		t.Error("the old one is served")
	}
	c.set(func() { delete(c.files, part) })
	other.Close()
	old()
	b.cache.check()
	if b.cache.names(part) == nil {
		t.Error("it went although one server could not be asked")
	}
	b.configure(t, alternates(c))
	old()
	b.cache.check()
	if b.cache.names(part) != nil {
		t.Error("no server has it, and it is still here")
	}
}

// Where a server marks no versions its dates will do, and while it is asked about
// nobody waits.
func TestRevalidateByDate(t *testing.T) {
	c := newCluster(t, map[string][]byte{part: image(part, 50_000)})
	c.marks, c.modified = false, time.Now().Add(-time.Hour)
	b := newBox(t, alternates(c))
	if _, err := b.get(t, part); err != nil {
		t.Fatal(err)
	}
	wait(t, "the entry", func() bool { return b.cache.names(part) != nil })
	b.cache.mu.Lock()
	b.cache.byName[part].Checked = time.Time{}
	b.cache.mu.Unlock()
	hold := make(chan struct{})
	c.set(func() { c.hold = hold })
	over := make(chan struct{})
	go func() { defer close(over); b.cache.check() }()
	wait(t, "the question", func() bool { return c.times(part) == 2 })
	if got, err := b.get(t, part); got != string(c.files[part]) || err != nil {
		t.Errorf("while its server is asked: %d bytes, %v", len(got), err)
	}
	select {
	case <-over:
		t.Error("the question was over before")
	default:
	}
	close(hold)
	<-over
	c.set(func() {
		last := c.seen[len(c.seen)-1]
		if since := last.Header.Get("If-Modified-Since"); since != c.modified.UTC().Format(http.TimeFormat) {
			t.Errorf("If-Modified-Since: %q", since)
		}
	})
	if n := b.Counters().WanBytes; n != uint64(len(c.files[part])) {
		t.Errorf("%d bytes over the line for a file that is the same", n)
	}
}

// Different bytes under one name at two servers are told, once.
func TestDiffers(t *testing.T) {
	one, two := newCluster(t, map[string][]byte{part: image(part, 50_000)}), newCluster(t, map[string][]byte{part: image(part, 60_000)})
	b := newBox(t, alternates(one, two))
	if _, err := b.get(t, part); err != nil {
		t.Fatal(err)
	}
	wait(t, "the entry", func() bool { return b.cache.names(part) != nil })
	for range 2 {
		b.cache.mu.Lock()
		b.cache.byName[part].Checked = time.Time{}
		b.cache.mu.Unlock()
		b.cache.check()
	}
	wait(t, "the finding", func() bool { return count[Differs](b.seen) == 1 })
	if e := b.Entries()[0]; e.Differs != two.alternate(2).String() {
		t.Errorf("%+v", e)
	}
}

// Common files: local first, or those of the phone's home.
func TestCommonFiles(t *testing.T) {
	const rings = "ringlist.xml.sgn"
	own := func(name string) ([]byte, time.Time, string, bool) {
		return []byte("mine"), time.Time{}, `"m"`, name == rings
	}
	one, two := newCluster(t, map[string][]byte{rings: []byte("one")}), newCluster(t, map[string][]byte{foreign: []byte("x"), rings: []byte("two")})
	cfg := alternates(one, two)
	b := newBox(t, cfg, own)
	_, _ = b.get(t, foreign)
	if got, _ := b.get(t, rings); got != "mine" {
		t.Errorf("local: %q", got)
	}
	cfg.CommonHome = true
	b.configure(t, cfg)
	if got, _ := b.get(t, rings); got != "two" {
		t.Errorf("home: %q", got)
	}
	f, err := b.openAs(fileserver.Request{Transport: fileserver.TFTP, Client: netip.MustParseAddrPort("10.1.1.77:1"), Name: rings})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Finish(fileserver.Result{})
	if got, _ := io.ReadAll(f.Content); string(got) != "mine" {
		t.Errorf("a phone of this box: %q", got)
	}
}

// Names with two addresses, of both families, some of them dead, and one that is
// this box alone.
func TestNames(t *testing.T) {
	four, six := newClusterAt(t, "127.0.0.1:0", map[string][]byte{foreign: []byte("x")}), (*cluster)(nil)
	if l, err := net.Listen("tcp", "[::1]:0"); err == nil {
		l.Close()
		six = newClusterAt(t, "[::1]:0", map[string][]byte{foreign: []byte("x")})
	}
	for _, c := range []struct {
		name  string
		addrs []string
		at    *cluster
		own   string
		ok    bool
	}{
		{"the first is dead", []string{"127.0.0.9", "127.0.0.1"}, four, "", true},
		{"the first goes nowhere, IPv6", []string{"2001:db8::dead", "127.0.0.1"}, four, "", true},
		{"IPv6 alone", []string{"::1"}, six, "", true},
		{"IPv6 behind a dead IPv4", []string{"127.0.0.9", "::1"}, six, "", true},
		{"all dead", []string{"127.0.0.8", "127.0.0.9"}, four, "", false},
		{"this box and another", []string{"127.0.0.3", "127.0.0.1"}, four, "127.0.0.3", true},
		{"this box alone", []string{"127.0.0.1"}, four, "127.0.0.1", false},
		{"none", nil, four, "", false},
	} {
		if c.at == nil {
			t.Log(c.name + ": no IPv6 here")
			continue
		}
		b := newBox(t, Config{})
		b.opt.Resolve = func(context.Context, string) (out []netip.Addr, err error) {
			for _, a := range c.addrs {
				out = append(out, netip.MustParseAddr(a))
			}
			return out, nil
		}
		spec := Spec{Config: Config{CacheSize: 16, Alternates: []Alternate{{Order: 1, Host: "tftp.example", Port: c.at.alternate(1).Port}}}}
		if c.own != "" {
			spec.Own, spec.Port = []netip.Addr{netip.MustParseAddr(c.own)}, c.at.alternate(1).Port
		}
		change, err := b.Prepare(context.Background(), nil, spec)
		if err != nil {
			t.Fatal(err)
		}
		change.Commit()
		if got, err := b.get(t, foreign); (got == "x" && err == nil) != c.ok {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
}

// Prefetch takes a whole load in.
func loadFiles(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := firmware.Synthesise("SCCP41.9-4-2SR3-1S", firmware.FamilyOf("SCCP41.9-4-2SR3-1S"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestPrefetch(t *testing.T) {
	files := loadFiles(t)
	c := newCluster(t, files)
	b := newBox(t, alternates(c))
	got, err := b.Prefetch(context.Background(), "SCCP41.9-4-2SR3-1S", func(string, string, int64) {}, io.Discard)
	if err != nil || len(got) != len(files) || len(b.Entries()) != len(files) {
		t.Fatalf("%d files, %d entries, %v", len(got), len(b.Entries()), err)
	}
	for name, want := range files { // as the box sees them without asking
		size, open, ok := b.Kept(name)
		if !ok || size != int64(len(want)) {
			t.Fatalf("%s: %d bytes are kept, %v", name, size, ok)
		}
		r, err := open()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != string(want) {
			t.Errorf("%s: other bytes are kept: %v", name, err)
		}
		r.Close()
	}
	if _, _, ok := b.Kept("SCCP99.1-1-1S.loads"); ok {
		t.Error("what was never fetched is kept")
	}
	asked := b.Counters().PeerRequests
	if again, err := b.Prefetch(context.Background(), "SCCP41.9-4-2SR3-1S", func(string, string, int64) {}, io.Discard); err != nil || !again[0].Had || b.Counters().PeerRequests != asked {
		t.Errorf("again: %+v, %v", again, err)
	}
	if _, err := b.Prefetch(context.Background(), "SCCP99.1-1-1S", func(string, string, int64) {}, io.Discard); !errors.Is(err, fileserver.ErrNotFound) {
		t.Errorf("no such load: %v", err)
	}
}

// The rate of what is fetched is held.
func TestRateLimit(t *testing.T) {
	c := newCluster(t, map[string][]byte{part: image(part, 400_000)})
	cfg := alternates(c)
	cfg.RateLimit = 8000 // 1 MB/s, a quarter of it at once
	b := newBox(t, cfg)
	begun := time.Now()
	if _, err := b.get(t, part); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun); took < 100*time.Millisecond {
		t.Errorf("400 kB at 1 MB/s took %v", took)
	}
}
