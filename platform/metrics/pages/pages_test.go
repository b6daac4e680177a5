package pages

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"option150/platform/ether"
	"option150/platform/metrics"
	"option150/telephony/advice"
	"option150/telephony/inventory"
)

// branch is what the page looks at; tests change it.
type branch struct {
	mu     sync.Mutex
	seq    uint64
	phones []inventory.Phone
	looks  int
}

func (b *branch) do(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
	b.seq++
}

func mac(n int) ether.MAC { return ether.MAC{0, 0x1e, 0x7a, 0, byte(n >> 8), byte(n)} }

func up(n int) inventory.Phone {
	return inventory.Phone{MAC: mac(n), Addr: netip.AddrFrom4([4]byte{10, 150, byte(n >> 8), byte(n)}), Model: "7961", State: inventory.Provisioned, Basis: inventory.Observed,
		Verdict: inventory.Verdict{Code: inventory.OK}, Load: "SCCP41.9-4-2SR3-1S", LoadBasis: inventory.Observed, Wanted: "SCCP41.9-4-2SR3-1S", Seen: time.Unix(1e9, 0)}
}

func newPage(t *testing.T, b *branch, more func(*Sources)) (*Pages, string) {
	t.Helper()
	s := Sources{Sources: metrics.Sources{Version: "1.0", Hostname: func() string { return "Branch" },
		Phones: func(time.Time) []inventory.Phone {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.looks++
			return append([]inventory.Phone(nil), b.phones...)
		}},
		Last: func() uint64 { b.mu.Lock(); defer b.mu.Unlock(); return b.seq },
		Phone: func(name string, _ time.Time) (inventory.Phone, bool) {
			b.mu.Lock()
			defer b.mu.Unlock()
			for _, p := range b.phones {
				if p.Device() == name {
					return p, true
				}
			}
			return inventory.Phone{}, false
		},
		Names: func() []string { return []string{"Branch", "branch.example.com", ""} },
	}
	if more != nil {
		more(&s)
	}
	p, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	p.tick = 10 * time.Millisecond
	w := httptest.NewServer(p)
	t.Cleanup(w.Close)
	return p, w.URL
}

func get(t *testing.T, url, host string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	b, _ := io.ReadAll(a.Body)
	return a.StatusCode, string(b)
}

// A page of somebody else whose name points here reads nothing.
func TestForeignHost(t *testing.T) {
	_, at := newPage(t, &branch{}, nil)
	own := strings.TrimPrefix(at, "http://")
	_, port, _ := strings.Cut(own, ":")
	for host, want := range map[string]int{own: 200, "127.0.0.1": 200, "localhost:" + port: 200, "LOCALHOST.": 200, "branch": 200, "Branch:80": 200, "branch.example.com.": 200, "[::1]:9150": 200,
		"evil.example": 421, "branch.evil.example": 421, "evil.example:" + port: 421, "10.9.9.9": 421, "127.0.0.1.evil.example": 421, "branchx": 421, ".": 421, "localhost.evil": 421, "[fe80::1%25eth0]": 421} {
		for _, path := range []string{"/", "/app.js", "/api/v1/phones", "/api/v1/changes"} {
			if got, text := get(t, at+path, host); got != want {
				t.Errorf("Host %q, %s: %d, not %d: %.80s", host, path, got, want, text)
			}
		}
	}
}

// The page with all it needs stays small, and none of it comes from elsewhere
// or stands in the markup.
func TestFiles(t *testing.T) {
	const most = 60_000
	sum := 0
	err := fs.WalkDir(files, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := files.ReadFile(path)
		sum += len(b)
		text := strings.ReplaceAll(strings.ReplaceAll(string(b), "http://www.w3.org/2000/svg", ""), "http://www.w3.org/1999/xhtml", "")
		for _, bad := range []string{"http://", "https://", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", " style=", "<style", "onclick=\"", "javascript:", "@import"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s has %s", path, bad)
			}
		}
		if strings.HasSuffix(path, ".html") && strings.Count(text, "<script") != strings.Count(text, `<script type="module" src="/`) {
			t.Errorf("%s has a script of its own", path)
		}
		return err
	})
	if err != nil || sum > most {
		t.Errorf("%d bytes, %d are the aim: %v", sum, most, err)
	}
	_, at := newPage(t, &branch{}, nil)
	for path, kind := range map[string]string{"/": "text/html", "/firmware": "text/html", "/log": "text/html", "/changes": "text/html", "/app.js": "text/javascript", "/dom.js": "text/javascript", "/chart.js": "text/javascript",
		"/phones.js": "text/javascript", "/views.js": "text/javascript", "/page.css": "text/css", "/icon.svg": "image/svg+xml", "/api/v1/overview": "application/json", "/api/v1/firmware": "application/json"} {
		a, err := http.Get(at + path)
		if err != nil {
			t.Fatal(err)
		}
		a.Body.Close()
		if a.StatusCode != 200 || !strings.HasPrefix(a.Header.Get("Content-Type"), kind) {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.Header.Get("Content-Type"))
		}
		tag := a.Header.Get("ETag")
		if strings.HasPrefix(path, "/api/") {
			continue
		}
		r, _ := http.NewRequest("GET", at+path, nil)
		r.Header.Set("If-None-Match", tag)
		if a, err = http.DefaultClient.Do(r); err != nil || a.StatusCode != 304 {
			t.Errorf("%s: known and sent again: %v", path, err)
		}
		a.Body.Close()
	}
	for _, path := range []string{"/phones", "/phones/SEP0000", "/phones/" + strings.Repeat("A", 5000), "/index.html", "/api/v1/phones/x/timeline", "/api/v1/events?view=x", "/api/v1/events?view=phone&phone=x", "/style.css"} {
		if got, _ := get(t, at+path, ""); got != 404 {
			t.Errorf("%.40s: %d", path, got)
		}
	}
}

// events reads a stream: each is its name and its data.
func events(t *testing.T, url string) (next func() (string, string), end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if a.StatusCode != 200 || a.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%d %s", a.StatusCode, a.Header.Get("Content-Type"))
	}
	t.Cleanup(func() { cancel(); a.Body.Close() })
	in := bufio.NewReaderSize(a.Body, 1<<20)
	return func() (name, data string) {
		for {
			l, err := in.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			l = strings.TrimSuffix(l, "\n")
			switch {
			case strings.HasPrefix(l, "event: "):
				name = l[7:]
			case strings.HasPrefix(l, "data: "):
				data = l[6:]
			case l == "" && name != "":
				return name, data
			}
		}
	}, cancel
}

type update struct {
	Whole bool
	Rows  []row
}

func phonesOf(t *testing.T, next func() (string, string)) (u update) {
	t.Helper()
	for {
		if name, data := next(); name == "phones" {
			if err := json.Unmarshal([]byte(data), &u); err != nil {
				t.Fatal(err)
			}
			return u
		}
	}
}

// A tab is given all at first, what changed then, and all again when a phone is
// gone: in whatever order others look.
func TestStream(t *testing.T) {
	b := &branch{}
	for n := range 50 {
		b.phones = append(b.phones, up(n))
	}
	p, at := newPage(t, b, nil)
	p.hub.pace = time.Millisecond
	next, _ := events(t, at+"/api/v1/events")
	if name, data := next(); name != "beat" || data == "" {
		t.Errorf("first %s %s", name, data)
	}
	if u := phonesOf(t, next); !u.Whole || len(u.Rows) != 50 {
		t.Fatalf("whole %v, %d rows", u.Whole, len(u.Rows))
	}
	for i := range 20 {
		b.do(func() {
			b.phones[i].State, b.phones[i].Verdict = inventory.Loading, inventory.Verdict{Code: inventory.Open}
		})
		if u := phonesOf(t, next); u.Whole || len(u.Rows) != 1 || u.Rows[0].Device != mac(i).Device() || u.Rows[0].Kind != kindOpen {
			t.Fatalf("change %d: %+v", i, u)
		}
		if _, text := get(t, at+"/api/v1/overview", ""); !strings.Contains(text, fmt.Sprintf(`"up": %d`, 49-i)) {
			t.Fatalf("another reader is told %s", text)
		}
	}
	b.do(func() { b.phones = b.phones[1:] })
	if u := phonesOf(t, next); !u.Whole || len(u.Rows) != 49 {
		t.Errorf("one is gone: whole %v, %d rows", u.Whole, len(u.Rows))
	}
}

// A day of changes leaves nothing behind, and one who comes late or reads
// slowly is told what is now, not all that was.
func TestStreamKeepsNoBacklog(t *testing.T) {
	b := &branch{phones: []inventory.Phone{up(1)}}
	p, at := newPage(t, b, nil)
	p.hub.pace = time.Microsecond
	rev := uint64(0)
	for i := range 5000 {
		b.do(func() {
			b.phones = []inventory.Phone{up(1), up(i%700 + 2)}
			b.phones[0].Load = fmt.Sprint("LOAD.", i)
		})
		if _, _, now := p.hub.since(rev); i%7 == 0 {
			rev = now
		}
		if p.hub.of(fmt.Sprint("phone x", i), func() any { return i }) == nil {
			t.Fatal("no view")
		}
	}
	head, rows, _ := p.hub.since(1)
	if len(p.hub.rows) != 2 || len(p.hub.views) > maxViews || len(head)+len(rows) > 4000 {
		t.Errorf("%d rows, %d views, %d bytes", len(p.hub.rows), len(p.hub.views), len(head)+len(rows))
	}
	next, _ := events(t, at+"/api/v1/events")
	if u := phonesOf(t, next); len(u.Rows) != 2 || !strings.HasPrefix(u.Rows[0].Load+u.Rows[1].Load, "LOAD.4999") && !strings.HasSuffix(u.Rows[0].Load+u.Rows[1].Load, "LOAD.4999") {
		t.Errorf("%+v", u)
	}
}

// A reader that takes nothing is closed; it costs a buffer of the kernel and no
// memory of the box.
func TestStreamOfOneWhoDoesNotRead(t *testing.T) {
	b := &branch{}
	for n := range 2000 {
		b.phones = append(b.phones, up(n))
	}
	p, at := newPage(t, b, nil)
	p.hub.pace, p.patience = time.Millisecond, 50*time.Millisecond
	a, err := http.Get(at + "/api/v1/events")
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	for i := 0; p.Streams() > 0; i++ {
		b.do(func() {
			for n := range b.phones {
				b.phones[n].Load = fmt.Sprint("LOAD.", i)
			}
		})
		time.Sleep(5 * time.Millisecond)
	}
}

// A host has a share of the streams, and all of them are bounded; a place that
// is left is free again.
func TestStreamsAreBounded(t *testing.T) {
	p, at := newPage(t, &branch{}, nil)
	var ends []func()
	for range hostStreams {
		next, end := events(t, at+"/api/v1/events")
		next()
		ends = append(ends, end)
	}
	if got, text := get(t, at+"/api/v1/events", ""); got != 503 {
		t.Errorf("%d %.80s", got, text)
	}
	if !p.watch("10.0.0.9", 1) {
		t.Error("another host has no place")
	}
	p.watch("10.0.0.9", -1)
	for i := range maxStreams - hostStreams {
		if !p.watch(fmt.Sprint("host", i/hostStreams), 1) {
			t.Errorf("stream %d has no place", i)
		}
	}
	if p.watch("10.0.0.9", 1) {
		t.Error("more than there may be")
	}
	for i := range maxStreams - hostStreams {
		p.watch(fmt.Sprint("host", i/hostStreams), -1)
	}
	for _, end := range ends {
		end()
	}
	for p.Streams() > 0 {
		time.Sleep(time.Millisecond)
	}
	if len(p.hosts) != 0 {
		t.Errorf("hosts %v are remembered", p.hosts)
	}
}

// Nobody looks at the box while nobody watches, and many tabs look as often as
// one does.
func TestLooksAreShared(t *testing.T) {
	b := &branch{phones: []inventory.Phone{up(1)}}
	_, at := newPage(t, b, nil)
	for range hostStreams {
		next, _ := events(t, at+"/api/v1/events")
		phonesOf(t, next)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.looks > 2 { // a second may have passed
		t.Errorf("%d looks for %d tabs", b.looks, hostStreams)
	}
}

// What counts as up, and what is said of it.
func TestUp(t *testing.T) {
	b := &branch{}
	add := func(change func(*inventory.Phone)) {
		p := up(len(b.phones))
		change(&p)
		b.phones = append(b.phones, p)
	}
	says := func(code string, blocking, isUp bool) func(*inventory.Phone) {
		return func(p *inventory.Phone) {
			p.Verdict = inventory.Verdict{Code: code, Blocking: blocking, Up: isUp, Basis: inventory.Inferred}
			if blocking {
				p.State = inventory.Stuck
			}
		}
	}
	add(func(*inventory.Phone) {})
	add(func(p *inventory.Phone) { p.Basis = inventory.Inferred })
	add(says("R32", false, true))
	add(says("R25", false, false))
	add(says("R26", false, false))
	add(says("R07", true, false))
	add(says("R07", true, false))
	add(says(inventory.Open, false, false))
	_, at := newPage(t, b, func(s *Sources) {
		s.Expected = func() []Expected {
			return []Expected{{MAC: mac(0), Section: "ephone 1", Name: "Reception"}, {MAC: mac(900), Section: "ephone 9", Name: "Cellar", Type: "7961"}}
		}
	})
	_, text := get(t, at+"/api/v1/overview", "")
	var h headJSON
	if err := json.Unmarshal([]byte(text), &h); err != nil {
		t.Fatal(err)
	}
	if h.Up != 3 || h.Total != 9 || h.Inferred != 1 || h.Unseen != 1 {
		t.Errorf("%d of %d up, %d inferred, %d unseen", h.Up, h.Total, h.Inferred, h.Unseen)
	}
	var got []string
	sum := 0
	for _, c := range h.Causes {
		got = append(got, fmt.Sprintf("%d %s %s", c.N, c.Kind, c.Code))
		sum += c.N
		if c.Text == "" {
			t.Errorf("%s says nothing", c.Code)
		}
	}
	if want := "2 bad R07, 1 bad R25, 1 bad R26, 1 open -, 1 stays R32, 1 unseen -, 2 up ok"; strings.Join(got, ", ") != want || sum != h.Total {
		t.Errorf("%s, not %s", strings.Join(got, ", "), want)
	}
	if got, _ := get(t, at+"/phones/"+mac(900).Device(), ""); got != 200 {
		t.Errorf("one that was not seen has no page: %d", got)
	}
	_, text = get(t, at+"/api/v1/phones", "")
	var list []phoneJSON
	if err := json.Unmarshal([]byte(text), &list); err != nil || len(list) != 8 || list[0].Name != "Reception" || list[0].Section != "ephone 1" {
		t.Errorf("%v %.300s", err, text)
	}
}

// A box in which nothing has happened shows nothing and breaks nothing.
func TestEmpty(t *testing.T) {
	p, err := New(Sources{})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewServer(p)
	defer w.Close()
	for path, want := range map[string]string{"/": "<!doctype html>", "/api/v1/phones": "[]\n", "/api/v1/overview": `"total": 0`, "/api/v1/log": `"lines": []`, "/api/v1/changes": `"changes": []`, "/api/v1/firmware": `"models": []`} {
		if got, text := get(t, w.URL+path, ""); got != 200 || !strings.Contains(text, want) {
			t.Errorf("%s: %d %s", path, got, text)
		}
	}
	if strings.Contains(string(encode(headJSON{})), "\n") {
		t.Error("an event would end in its middle")
	}
}

// Whatever a client has sent is one line of JSON, with nothing in it that ends
// an event or a script.
func FuzzPhone(f *testing.F) {
	f.Add("SEP001E7A000001.cnf.xml", "Cisco Systems, Inc. IP Phone CP-7961G", "</script><script>alert(1)</script>\r\n\r\nevent: x\u2028")
	f.Fuzz(func(t *testing.T, name, model, remark string) {
		p := inventory.Phone{MAC: mac(1), Model: model, Load: name, State: inventory.Stuck, Verdict: inventory.Verdict{Code: "R08", Text: remark, Fix: advice.Steps{advice.Tell(name)}},
			Boots: []inventory.Boot{{Number: 1, Lines: []inventory.Line{{Transport: "HTTP", What: "GET", Name: name, Remark: remark, Bytes: 3}}}}}
		s := &Sources{Sources: metrics.Sources{Phones: func(time.Time) []inventory.Phone { return []inventory.Phone{p} }}, Phone: func(string, time.Time) (inventory.Phone, bool) { return p, true },
			Log: func(int) []string { return []string{remark, name} }, Changes: func() []Change { return []Change{{Who: model, Lines: []string{remark}}} },
			Transfers: func() []Transfer { return []Transfer{{File: name}} }}
		h := newHub(s)
		head, rows, _ := h.since(0)
		one, _ := s.timeline("x", time.Unix(0, 0))
		for _, b := range [][]byte{head, rows, encode(one), encode(s.log()), encode(s.changes()), encode(s.firmware(time.Unix(0, 0)))} {
			if !json.Valid(b) || strings.ContainsAny(string(b), "\r\n<>\u2028\u2029") {
				t.Errorf("%q", b)
			}
		}
	})
}
