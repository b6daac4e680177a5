package pair

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"option150/platform/flash"
	"option150/platform/fleet/leader"
	"option150/platform/fleet/packed"
	"option150/platform/service"
	"option150/platform/testkit"
)

func open(t *testing.T, files map[string]string) (*flash.Flash, string) {
	t.Helper()
	dir := t.TempDir()
	f, err := flash.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	for n, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, n)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, n), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return f, dir
}

// Configurations, keys and files of one phone are not in common, whatever they lie
// beside.
func TestShared(t *testing.T) {
	for _, n := range []string{"SCCP45.9-4-2SR3-1S.loads", "phones/apps45.9-4-2ES26.sbn", "P00308010200.bin", "P003-8-12-00.sbn", "a/Chime.raw", "a/Wide.rwb", "Desktops/320x212x16/List.xml",
		"Desktops/320x212x16/blue.png", "Ringlist.xml", "phones/RINGLIST.XML", "DistinctiveRinglist.xml", "German_Germany/mk-sccp.jar", "Germany/g3-tones.xml", "German_Germany/7960-dictionary.xml", "rootfs88xx.12-5-1.zup", "sip88xx.12-5-1SR1-4.loads", "kern88xx.sbin.sgn"} {
		if !Shared(n) {
			t.Errorf("%s is not shared", n)
		}
	}
	for _, n := range []string{"SEP001122334455.cnf.xml", "phones/sep001122334455.cnf.xml.sgn", "SIP001122334455.cnf", "ld001122334455", "XMLDefault.cnf.xml", "CTLSEP001122334455.tlv", "ITLFile.tlv", "CTLFile.tlv",
		"startup-config", "archive/box-1", "backup.cfg", "running-config.bak", "router-confg", "site.key", "ca.pem", "id_rsa", "ssh_host_ed25519_key", "c2800nm-ipbasek9-mz.124-24.T.bin", "isr4300.spa.bin", "bindings.log",
		".option150-tmp.sbn", ".hidden/x.sbn", "dialplan.xml", "softkeys.xml", "XMLDefault.cnf.xml.sgn", "notes.txt", "users.csv", "phones", "", "raw"} {
		if Shared(n) {
			t.Errorf("%s is shared", n)
		}
	}
}

func TestList(t *testing.T) {
	f, dir := open(t, map[string]string{"phones/x.sbn": "firmware", "phones/X.loads": "list", "phones/SEP001122334455.cnf.xml": "secret", "other/y.sbn": "named", "other/z.sbn": "not served", "phones/empty.sbn": "", "startup-config": "secret"})
	tell := &Teller{Flash: f, Home: func() string { return "phones" }, At: func() []netip.AddrPort { return []netip.AddrPort{netip.MustParseAddrPort("10.0.0.1:6970")} },
		Ask: func(p string) string {
			if p == "other/y.sbn" {
				return "why.sbn"
			}
			return ""
		}}
	list := func() List {
		l, err := tell.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		v, err := l.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, refused, err := Decode(v)
		if err != nil || refused != 0 || fmt.Sprint(got) != fmt.Sprint(l) {
			t.Errorf("%v, %d, %v: %+v", err, refused, l, got)
		}
		return got
	}
	names := func(l List) (s string) {
		for _, x := range l.Files {
			s += x.Path + "<" + x.Ask + " "
		}
		return s
	}
	l := list()
	if got := names(l); got != "other/y.sbn<why.sbn phones/X.loads< phones/x.sbn< " {
		t.Errorf("%q", got)
	}
	if want := sha256.Sum256([]byte("firmware")); string(l.Files[2].Sum) != string(want[:]) {
		t.Error("the hash is another")
	}
	// What changes from outside has another hash.
	if err := os.WriteFile(filepath.Join(dir, "phones/x.sbn"), []byte("firmwarf"), 0o644); err != nil {
		t.Fatal(err)
	}
	if want := sha256.Sum256([]byte("firmwarf")); string(list().Files[2].Sum) != string(want[:]) {
		t.Error("the hash is the old one")
	}
}

func TestDecodeRefuses(t *testing.T) {
	pack := func(text string) string {
		v, _ := packed.Bounds{Packed: 1 << 30, Text: 1 << 30}.Pack(text)
		return v
	}
	for name, c := range map[string]struct {
		v    string
		want error
	}{
		"nothing": {"", ErrRubbish}, "no JSON": {pack("x"), ErrRubbish}, "too large": {strings.Repeat("x", MaxValue+1), ErrTooLarge},
		"unpacks for ever": {pack(strings.Repeat(" ", maxText+1)), ErrTooLarge}, "too many": {pack(`{"files":[` + strings.Repeat("{},", MaxFiles) + `{}]}`), ErrTooLarge},
	} {
		if _, _, err := Decode(c.v); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	sum := make([]byte, sumSize)
	var bad List
	for _, p := range []string{"../x.sbn", "/x.sbn", "a//x.sbn", "startup-config", ".x/y.sbn", "SEP001122334455.cnf.xml", "x\x00.sbn", "\u202ex.sbn", strings.Repeat("x", 300) + ".sbn"} {
		bad.Files = append(bad.Files, File{Path: p, Size: 1, Sum: sum})
	}
	bad.Files = append(bad.Files, File{Path: "a.sbn", Size: 0, Sum: sum}, File{Path: "b.sbn", Size: MaxSize + 1, Sum: sum}, File{Path: "c.sbn", Size: 1, Sum: sum[1:]}, File{Path: "d.sbn", Ask: "../../nvram/x", Size: 1, Sum: sum},
		File{Path: "good.sbn", Size: 1, Sum: sum}, File{Path: "good.sbn", Size: 2, Sum: sum})
	v, err := bad.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if l, refused, err := Decode(v); err != nil || len(l.Files) != 1 || refused != len(bad.Files)-1 {
		t.Errorf("%v, %d, %v", l, refused, err)
	}
	for _, a := range []string{"127.0.0.1:6970", "0.0.0.0:6970", "224.0.0.1:6970", "[::1]:6970", "10.0.0.1:0", "[fe80::1%eth0]:6970"} {
		if usable(netip.MustParseAddrPort(a)) {
			t.Errorf("%s is asked", a)
		}
	}
}

func FuzzDecode(f *testing.F) {
	v, _ := List{Files: []File{{Path: "a.sbn", Size: 1, Sum: make([]byte, sumSize)}}}.Encode()
	f.Add(v)
	f.Fuzz(func(t *testing.T, v string) {
		l, _, err := Decode(v)
		for _, x := range l.Files {
			if err == nil && !x.valid() {
				t.Errorf("%+v", x)
			}
		}
	})
}

// chief is an HFS that does as the test says, and the engine between both.
type chief struct {
	t     *testing.T
	srv   *httptest.Server
	come  chan string
	mu    sync.Mutex
	files map[string]string
	do    func(w http.ResponseWriter, r *http.Request, content string) bool // true: it has answered
	asked []string
}

func newLeader(t *testing.T) *chief {
	l := &chief{t: t, come: make(chan string), files: map[string]string{}}
	l.srv = httptest.NewServer(l)
	t.Cleanup(l.srv.Close)
	return l
}

func (l *chief) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	l.asked = append(l.asked, r.URL.Path+" "+r.Header.Get("Range"))
	c, ok := l.files[strings.TrimPrefix(r.URL.Path, "/")]
	do := l.do
	l.mu.Unlock()
	switch {
	case !ok:
		http.NotFound(w, r)
	case do != nil && do(w, r, c):
	default:
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(c))
	}
}

func (l *chief) Given(ctx context.Context, _, _ string, f func(string, bool)) {
	f("", false)
	for {
		select {
		case <-ctx.Done():
			return
		case v := <-l.come:
			f(v, true)
		}
	}
}

// publish says what it has, by the hashes of announced.
func (l *chief) publish(announced map[string]string) {
	at := netip.MustParseAddrPort(l.srv.Listener.Addr().String())
	list := List{At: []netip.AddrPort{at}, Home: "phones"}
	for n, c := range announced {
		sum := sha256.Sum256([]byte(c))
		list.Files = append(list.Files, File{Path: "phones/" + n, Size: int64(len(c)), Sum: sum[:]})
	}
	v, err := list.Encode()
	if err != nil {
		l.t.Fatal(err)
	}
	l.come <- v
}

func (l *chief) set(files map[string]string, do func(http.ResponseWriter, *http.Request, string) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.files, l.do, l.asked = files, do, nil
}

func TestFetch(t *testing.T) {
	l, h := newLeader(t), &testkit.Heard{}
	fl, dir := open(t, map[string]string{"phones/old.sbn": "the old one", "phones/mine.sbn": "only here"})
	f := New(Options{Engine: l, Flash: fl, Recorder: h})
	f.usable = netip.AddrPort.IsValid
	f.look = 5 * time.Millisecond
	f.times = times{Connect: time.Second, Answer: time.Second, Stall: 300 * time.Millisecond, Pause: time.Millisecond, Tries: 3}
	defer f.Close()
	follow := func(to service.Spec) {
		c, err := f.Prepare(t.Context(), nil, to)
		if err != nil {
			t.Fatal(err)
		}
		c.Commit()
	}
	read := func(n string) string {
		b, _ := os.ReadFile(filepath.Join(dir, "phones", n))
		return string(b)
	}
	left := func() int { return len(f.State().Open) }
	follow(leader.Spec{Leader: "HQ-1"})
	if s := f.Status(); s.State != service.Waiting {
		t.Errorf("%+v", s)
	}

	// A load comes last; what differs is replaced, what is only here stays.
	big := strings.Repeat("0123456789abcdef", 64<<10)
	all := map[string]string{"A.loads": "of the load", "z.sbn": big, "old.sbn": "the new one"}
	l.set(all, nil)
	l.publish(all)
	testkit.Until(t, "the files do not come", func() bool { return f.State().Same == 3 && left() == 0 })
	for n, c := range all {
		if read(n) != c {
			t.Errorf("%s is not what it is there", n)
		}
	}
	if s := f.State(); read("mine.sbn") != "only here" || s.Fetched != 3 || f.Status().State != service.Running {
		t.Errorf("%+v", s)
	}
	l.mu.Lock()
	if n := len(l.asked); n != 3 || l.asked[2] != "/A.loads " {
		t.Errorf("asked: %q", l.asked)
	}
	l.mu.Unlock()

	// It breaks off: what came is not asked for again, and nothing is there before it is whole.
	all = map[string]string{"A.loads": "of the load", "z.sbn": big, "old.sbn": "the new one", "broken.sbn": big + "!"}
	var parts sync.Map
	l.set(all, func(w http.ResponseWriter, r *http.Request, c string) bool {
		if r.URL.Path != "/broken.sbn" {
			return false
		}
		n := 0
		parts.Range(func(any, any) bool { n++; return true })
		parts.Store(r.Header.Get("Range"), true)
		if n >= 3 {
			return false
		}
		if read("broken.sbn") != "" {
			t.Error("the name is there before the file is")
		}
		from := 0
		if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from); err == nil {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(c)-1, len(c)))
			w.Header().Set("Content-Length", fmt.Sprint(len(c)-from))
			w.WriteHeader(http.StatusPartialContent)
		} else {
			w.Header().Set("Content-Length", fmt.Sprint(len(c)))
		}
		_, _ = w.Write([]byte(c[from : from+200_000]))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	l.publish(all)
	testkit.Until(t, "what broke off is not taken up", func() bool { return read("broken.sbn") == big+"!" })
	for _, r := range []string{"", "bytes=200000-", "bytes=400000-", "bytes=600000-"} {
		if _, ok := parts.Load(r); !ok {
			t.Errorf("it was not asked for %q", r)
		}
	}

	// Another content, one that is longer, one that never comes: none of them is there, it
	// says why, and the others come.
	lies := map[string]string{"a-lie.sbn": "what was announced", "b-long.sbn": "short", "c-slow.sbn": "slow", "d-not.sbn": "denied", "e-gone.sbn": "gone", "f-good.sbn": "good"}
	l.set(map[string]string{"a-lie.sbn": "what was annnunced", "b-long.sbn": "short and then more", "c-slow.sbn": "slow", "d-not.sbn": "denied", "f-good.sbn": "good"},
		func(w http.ResponseWriter, r *http.Request, c string) bool {
			switch r.URL.Path {
			case "/b-long.sbn":
				w.(http.Flusher).Flush()
				_, _ = w.Write([]byte(c))
			case "/c-slow.sbn":
				w.(http.Flusher).Flush()
				<-r.Context().Done()
			case "/d-not.sbn":
				w.WriteHeader(http.StatusForbidden)
			default:
				return false
			}
			return true
		})
	l.publish(lies)
	testkit.Until(t, "the good one does not come", func() bool { return read("f-good.sbn") == "good" })
	testkit.Until(t, "not all is said", func() bool {
		o := f.State().Open
		return len(o) == 5 && !slices.ContainsFunc(o, func(p Pending) bool { return p.Why == "" })
	})
	for _, p := range f.State().Open {
		want := map[string]string{"a": errOther.Error(), "b": errOther.Error(), "c": errStalled.Error(), "d": errRefused.Error(), "e": errAbsent.Error()}[p.Path[7:8]]
		if p.Why != want || read(strings.TrimPrefix(p.Path, "phones/")) != "" {
			t.Errorf("%s: %s", p.Path, p.Why)
		}
	}
	if s := f.Status(); s.State != service.Degraded || !strings.Contains(Show(f.State(), time.Now()).String(), "phones/d-not.sbn") {
		t.Errorf("%+v", s)
	}
	testkit.Until(t, "the good one is told", func() bool { return h.Has("Fetched{HQ-1 phones/f-good.sbn 4 ") })
	if s := h.Take(); strings.Count(s, "Failed{HQ-1 phones/a-lie.sbn") != 1 {
		t.Error(s)
	}

	// More than there is room for is not begun.
	l.set(nil, nil)
	l.come <- func() string {
		v, _ := List{At: []netip.AddrPort{netip.MustParseAddrPort(l.srv.Listener.Addr().String())}, Home: "phones", Files: []File{{Path: "phones/huge.sbn", Size: MaxSize, Sum: make([]byte, sumSize)}}}.Encode()
		return v
	}()
	_, free, _ := fl.Usage()
	testkit.Until(t, "nothing is said of a huge file", func() bool { o := f.State().Open; return len(o) == 1 && o[0].Why != "" })
	if o := f.State().Open[0]; free < MaxSize && !strings.Contains(o.Why, "less the reserve") {
		t.Error(o.Why)
	}

	// Rubbish says so and leaves all as it is.
	l.come <- "rubbish"
	testkit.Until(t, "rubbish is not told", func() bool { return f.Status().Why == ErrRubbish.Error() })
	if read("A.loads") != "of the load" || read("mine.sbn") != "only here" {
		t.Error("files are gone")
	}
	follow(nil)
	if f.Status().State != service.Disabled {
		t.Errorf("%+v", f.Status())
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "phones", ".option150-*")); len(left) > 0 {
		t.Errorf("it leaves %q behind", left)
	}
}
