package upstream

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"option150/platform/fileserver"
)

// said is a server that answers every question with the same octets and closes.
func said(t *testing.T, order int, answer string) Alternate {
	return talks(t, order, func(c net.Conn, _ *http.Request) { fmt.Fprint(c, answer) })
}

// talks is a server that reads a question and has a connection do the rest.
func talks(t *testing.T, order int, talk func(net.Conn, *http.Request)) Alternate {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if r, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
					talk(c, r)
				}
			}()
		}
	}()
	at := l.Addr().(*net.TCPAddr).AddrPort()
	return Alternate{Order: order, Host: at.Addr().String(), Port: at.Port()}
}

func reply(status, header, body string) string {
	return fmt.Sprintf("HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n%s\r\n%s", status, len(body), header, body)
}

// TestNonsense: whatever a server answers that is neither a file nor a word about
// one, no phone gets it, the next server is asked, phones of other clusters are
// told to ask again, those of this box are not, and the server is not shown as
// one that is well.
func TestNonsense(t *testing.T) {
	const body = "<device>of somebody</device>"
	page := "<html><body>404 - log in first</body></html>"
	for name, answer := range map[string]string{
		"a page":                         reply("200 OK", "Content-Type: text/html\r\n", page),
		"a page, not called one":         reply("200 OK", "Content-Type: application/octet-stream\r\n", "\r\n  <!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">"+page),
		"a page that is XML":             reply("200 OK", "", "\ufeff<?xml version=\"1.0\"?>\n<!-- portal -->\n<!DOCTYPE html>"+page),
		"a page in pieces":               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n4\r\n <ht\r\n3\r\nml>\r\n0\r\n\r\n",
		"another place":                  reply("301 Moved Permanently", "Location: http://127.0.0.1/x\r\n", ""),
		"another place, in the meantime": reply("302 Found", "Location: http://127.0.0.1/x\r\n", page),
		"a login":                        reply("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n", page),
		"no entry":                       reply("403 Forbidden", "", ""),
		"a fault":                        reply("500 Internal Server Error", "", page),
		"nothing":                        "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
		"a part nobody asked for":        reply("206 Partial Content", "Content-Range: bytes 0-27/99\r\n", body),
		"unchanged since never":          "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n",
		"gzip":                           reply("200 OK", "Content-Encoding: gzip\r\n", body),
		"no length":                      "HTTP/1.0 200 OK\r\n\r\n" + body,
		"two lengths":                    "HTTP/1.1 200 OK\r\nContent-Length: 28\r\nContent-Length: 29\r\n\r\n" + body,
		"no body":                        "HTTP/1.1 200 OK\r\nContent-Length: 28\r\nConnection: close\r\n\r\n",
		"no HTTP":                        "220 ftp.example.com ready\r\n",
		"no word":                        "",
		"a length larger than a disk":    "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n" + body,
	} {
		t.Run(name, func(t *testing.T) {
			odd := said(t, 1, answer)
			b := newBox(t, Config{Alternates: []Alternate{odd}})
			if got, err := b.get(t, foreign); !errors.Is(err, fileserver.ErrBusy) {
				t.Errorf("a phone of a cluster got %q, %v", got, err)
			}
			for _, name := range []string{"CTLSEP001E7A000099.tlv", "RINGLIST.XML", part} {
				if got, err := b.get(t, name); !errors.Is(err, fileserver.ErrNotFound) {
					t.Errorf("%s: %q, %v", name, got, err)
				}
			}
			if p := b.Peers()[0]; p.Odd == "" && p.Why == "" || p.PeerError == 0 {
				t.Errorf("it is shown as well: %+v", p)
			}
			c := newCluster(t, map[string][]byte{foreign: []byte(body), part: image(part, 5000)})
			second := newBox(t, Config{Alternates: []Alternate{odd, c.alternate(2)}})
			for _, name := range []string{foreign, part} {
				if got, err := second.get(t, name); got != string(c.files[name]) || err != nil {
					t.Errorf("%s of the next server: %q, %v", name, got, err)
				}
			}
		})
	}
}

// TestOddAndUsable: what looks odd and is a file all the same.
func TestOddAndUsable(t *testing.T) {
	const body = "<?xml version=\"1.0\"?>\n<!-- <html> -->\n<device/>"
	for name, answer := range map[string]string{
		"identity":        reply("200 OK", "Content-Encoding: identity\r\n", body),
		"called a page":   reply("200 OK", "Content-Type: text/html\r\n", body),
		"HTTP/1.0":        strings.Replace(reply("200 OK", "", body), "1.1", "1.0", 1),
		"in pieces":       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n<\r\n" + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body)-1, body[1:]),
		"weak mark":       reply("200 OK", "ETag: W/\"1\"\r\nLast-Modified: Fri, 01 Jan 2100 00:00:00 GMT\r\n", body),
		"marks of nobody": reply("200 OK", "ETag: 1\r\nLast-Modified: yesterday\r\nAccept-Ranges: none\r\n", body),
	} {
		b := newBox(t, Config{Alternates: []Alternate{said(t, 1, answer)}})
		if got, err := b.get(t, foreign); got != body || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if p := b.Peers()[0]; p.Odd != "" || p.Why != "" {
			t.Errorf("%s: %+v", name, p)
		}
	}
	const small = "<h1"
	b := newBox(t, Config{Alternates: []Alternate{said(t, 1, reply("200 OK", "", small))}})
	if got, err := b.get(t, foreign); got != small || err != nil {
		t.Errorf("shorter than a page: %q, %v", got, err)
	}
	b = newBox(t, Config{Alternates: []Alternate{said(t, 1, reply("200 OK", "", "<html></html>"))}})
	if got, err := b.get(t, "help/index.html"); err != nil {
		t.Errorf("a page that was asked for: %q, %v", got, err)
	}
}

// TestNamesOfPhonesHere: a name with the address of a phone that is configured
// here does not leave the box, in whatever form.
func TestNamesOfPhonesHere(t *testing.T) {
	c := newCluster(t, nil)
	b := newBox(t, alternates(c))
	for _, name := range []string{
		"SEP001E7A000001.cnf.xml", "sep001e7a000001.CNF.XML", "ctlSEP001E7a000001.tlv", "SEP001E7A000001.cnf.xml.sgn", "SEP001E7A000001.cnf.xml.enc.sgn",
		"/SEP001E7A000001.cnf.xml", `Communicator\SEP001E7A000001.cnf.xml`, "%53EP001E7A000001.cnf.xml", "SEP001E7A000001 .cnf.xml", "SEP001E7A000001cnf.xml",
		"SEP001E7A000001.loads", "xSEP001E7A000001.sbn", "001e7a000001.xml", "001e7a000001/spa504g.cfg", "spa001E7A000001.cfg", "00-1e-7a-00-00-01.cfg",
		"001e.7a00.0001.cnf", "00_1E_7A_00_00_01", "SEP001E7A000099.cnf.xml.001E7A000001", "9001E7A000001.cnf.xml", "ATA001E7A000001.cnf.xml", "\u017fEP001E7A000001.cnf.xml",
	} {
		if _, err := b.get(t, name); !errors.Is(err, fileserver.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
		if mac, ok := addressAt("001e7a000001"); !ok || mac != here {
			t.Fatal(mac)
		}
	}
	c.set(func() {
		for name := range c.asked {
			if name != "XMLDefault.cnf.xml" {
				t.Errorf("%q left the box", name)
			}
		}
	})
	for _, name := range []string{"SEP001E7A000099.cnf.xml", "001e-7a--000001.xml", "001e7a00001.xml", "SCCP41.9-4-2SR3-1S.loads"} {
		_, _ = b.get(t, name)
		if c.times(name) != 1 {
			t.Errorf("%s was not asked for", name)
		}
	}
}

// TestKnowsGetAlone: a server that breaks off what is no GET is well, also when
// it is asked whether it is back and whether a file is the same.
func TestKnowsGetAlone(t *testing.T) {
	file := string(image(part, 5000))
	at := talks(t, 1, func(c net.Conn, r *http.Request) {
		switch {
		case r.Method != http.MethodGet:
		case r.URL.Path == "/"+part:
			fmt.Fprint(c, reply("200 OK", "", file))
		default:
			fmt.Fprint(c, reply("404 Not Found", "", ""))
		}
	})
	b := newBox(t, Config{Alternates: []Alternate{at}})
	wait(t, "it was greeted", func() bool { return b.Peers()[0].Asked })
	if got, err := b.get(t, part); got != file || err != nil {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	wait(t, "the entry", func() bool { return b.cache.names(part) != nil })
	for range 3 {
		b.grow(part)
		b.cache.check()
	}
	if p := b.Peers()[0]; p.Down || p.Why != "" || p.PeerError != 0 || count[Down](b.seen) != 0 {
		t.Errorf("%+v", p)
	}
	if b.cache.names(part) == nil {
		t.Error("the entry went")
	}
}

// grow lets the time for a look at an entry come.
func (b *box) grow(name string) {
	b.cache.mu.Lock()
	defer b.cache.mu.Unlock()
	b.cache.byName[name].Checked = time.Time{}
}

// TestMarksThatChange: a server whose marks are others at every answer does not
// have the same firmware cross the line again and again; other bytes of the same
// size are seen.
func TestMarksThatChange(t *testing.T) {
	files := map[string][]byte{part: image(part, 200_000)}
	n := 0
	one := newCluster(t, files)
	one.marks = false
	one.each = func(w http.ResponseWriter) {
		n++
		w.Header().Set("Etag", fmt.Sprintf(`"%d"`, n))
	}
	other := newCluster(t, map[string][]byte{part: []byte(strings.ReplaceAll(string(files[part]), "firmware ", "FIRMWARE "))})
	b := newBox(t, alternates(one, other))
	if _, err := b.get(t, part); err != nil {
		t.Fatal(err)
	}
	wait(t, "the entry", func() bool { return b.cache.names(part) != nil })
	for range 5 {
		b.grow(part)
		b.cache.check()
	}
	if n := b.Counters().WanBytes; n > 200_000+30*headBytes {
		t.Errorf("%d bytes crossed the line", n)
	}
	wait(t, "the finding", func() bool { return count[Differs](b.seen) == 1 })
	if e := b.Entries(); len(e) != 1 || e[0].Differs != other.alternate(2).String() {
		t.Errorf("%+v", e)
	}
	changed := []byte(strings.ReplaceAll(string(files[part]), "firmware ", "FirmWare "))
	one.set(func() { one.files[part] = changed })
	b.grow(part)
	b.cache.check()
	wait(t, "the new one", func() bool { got, _ := b.get(t, part); return got == string(changed) })
}

// TestRangesThatDoNotFit: a server that knows ranges and no conditions, or gives
// others than it was asked for, or marks that change: the file arrives whole, or
// not at all when it has become another one.
func TestRangesThatDoNotFit(t *testing.T) {
	body := string(image(part, 300_000))
	other := strings.ReplaceAll(body, "firmware ", "FIRMWARE ")
	for name, c := range map[string]struct {
		rest func(from int) (status, header, body string) // after the cut
		ok   bool
	}{
		"no conditions, the same file": {func(n int) (string, string, string) {
			return "206 Partial Content", fmt.Sprintf("ETag: \"1\"\r\nContent-Range: bytes %d-%d/%d\r\n", n, len(body)-1, len(body)), body[n:]
		}, true},
		"no conditions, another file": {func(n int) (string, string, string) {
			if n == 0 {
				return "200 OK", "ETag: \"2\"\r\n", other
			}
			return "206 Partial Content", fmt.Sprintf("ETag: \"2\"\r\nContent-Range: bytes %d-%d/%d\r\n", n, len(body)-1, len(body)), other[n:]
		}, false},
		"marks that change": {func(n int) (string, string, string) {
			if n == 0 {
				return "200 OK", "ETag: \"3\"\r\n", body
			}
			return "206 Partial Content", fmt.Sprintf("ETag: \"2\"\r\nContent-Range: bytes %d-%d/%d\r\n", n, len(body)-1, len(body)), body[n:]
		}, true},
		"no marks in a part": {func(n int) (string, string, string) {
			if n == 0 {
				return "200 OK", "ETag: \"1\"\r\n", body
			}
			return "206 Partial Content", fmt.Sprintf("Content-Range: bytes %d-%d/%d\r\n", n, len(body)-1, len(body)), other[n:]
		}, true},
		"another part": {func(n int) (string, string, string) {
			if n == 0 {
				return "200 OK", "ETag: \"1\"\r\n", body
			}
			return "206 Partial Content", fmt.Sprintf("ETag: \"1\"\r\nContent-Range: bytes %d-%d/%d\r\n", n-10, len(body)-1, len(body)), body[n-10:]
		}, true},
		"no such part": {func(n int) (string, string, string) {
			if n == 0 {
				return "200 OK", "ETag: \"1\"\r\n", body
			}
			return "416 Range Not Satisfiable", "", ""
		}, true},
		"a part where the length is a star": {func(n int) (string, string, string) {
			if n == 0 {
				return "200 OK", "", body
			}
			return "206 Partial Content", fmt.Sprintf("ETag: \"1\"\r\nContent-Range: bytes %d-%d/*\r\n", n, len(body)-1), body[n:]
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			var cut atomic.Bool
			at := talks(t, 1, func(conn net.Conn, r *http.Request) {
				var n int
				_, _ = fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &n)
				switch {
				case r.URL.Path != "/"+part:
					fmt.Fprint(conn, reply("404 Not Found", "", ""))
				case cut.CompareAndSwap(false, true):
					whole := reply("200 OK", "ETag: \"1\"\r\n", body)
					fmt.Fprint(conn, whole[:len(whole)-100_000])
				default:
					fmt.Fprint(conn, reply(c.rest(n)))
				}
			})
			b := newBox(t, Config{Alternates: []Alternate{at}})
			got, err := b.get(t, part)
			if ok := err == nil && got == body; ok != c.ok || err == nil && got != body {
				t.Errorf("%d bytes, a mixture %v, %v", len(got), err == nil && got != body, err)
			}
		})
	}
}

// TestTrickle: a server that sends an octet now and then, at first or when a file
// is taken up again, or that stalls while what is here is compared, holds nobody
// for ever.
func TestTrickle(t *testing.T) {
	body := string(image(part, 300_000))
	for name, again := range map[string]func(c net.Conn){
		"octets": func(c net.Conn) {
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", len(body))
			for i := 0; ; i++ {
				if _, err := c.Write([]byte{body[i]}); err != nil {
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
		},
		"it stalls": func(c net.Conn) {
			fmt.Fprint(c, reply("200 OK", "", body)[:5000])
			_, _ = c.Read(make([]byte, 1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			var first atomic.Bool
			at := talks(t, 1, func(c net.Conn, r *http.Request) {
				switch {
				case r.URL.Path != "/"+part:
					fmt.Fprint(c, reply("404 Not Found", "", ""))
				case first.CompareAndSwap(false, true):
					fmt.Fprint(c, reply("200 OK", "", body)[:100_000])
				default:
					again(c)
				}
			})
			tune := quick()
			tune.Stall, tune.GiveUp = 200*time.Millisecond, time.Second
			b := openBox(t, t.TempDir(), Config{Alternates: []Alternate{at}}, tune)
			if got, err := b.get(t, part); err == nil {
				t.Errorf("%d bytes", len(got))
			}
			wait(t, "the end of it", func() bool { return len(b.Fetches()) == 0 })
		})
	}
}

// TestPhonesThatHangUp: files that nobody waits for any more are no fault of the
// server they came from.
func TestPhonesThatHangUp(t *testing.T) {
	names := []string{"wall/1.png", "wall/2.png", "wall/3.png"}
	c := newCluster(t, nil)
	for _, n := range names {
		c.files[n] = []byte(strings.Repeat("picture ", 50_000))
	}
	more := make(chan struct{})
	c.pause, c.more = 50_000, more
	b := newBox(t, alternates(c))
	defer close(more)
	for _, n := range names {
		f, err := b.open(n, fileserver.HTTP)
		if err != nil {
			t.Fatal(err)
		}
		f.Finish(fileserver.Result{Why: "gone"})
	}
	b.tidy(time.Now().Add(time.Minute))
	wait(t, "they were ended", func() bool { return len(b.Fetches()) == 0 })
	if p := b.Peers()[0]; p.Down || p.Why != "" || p.PeerError != 0 || count[Down](b.seen) != 0 {
		t.Errorf("%+v", p)
	}
}

// TestMarksOfPages is the grammar of page.
func TestMarksOfPages(t *testing.T) {
	for in, want := range map[string][2]bool{
		"": {false, false}, "<": {false, false}, "<h": {false, false}, "<HTML lang": {true, true}, "<d": {false, true}, "<!": {false, false},
		"<!DOCTYPE h": {false, false}, "<!doctype html>": {true, true}, "<!DOCTYPE device": {false, true}, "<?xml": {false, false},
		"<?xml version='1.0'?><html>": {true, true}, "<?xml version='1.0'?>\n<device>": {false, true}, "<!-- a": {false, false}, "\x01\x00\x02": {false, true},
		"[\n": {false, true}, " \r\n": {false, false}, "\xef": {false, true},
	} {
		if is, sure := page([]byte(in)); is != want[0] || sure != want[1] {
			t.Errorf("%q: %v, %v", in, is, sure)
		}
	}
}

// TestUsedToBeForeign: a phone of this box that has the address of one of another
// cluster is a phone of this box.
func TestUsedToBeForeign(t *testing.T) {
	const rings = "ringlist.xml.sgn"
	own := func(name string) ([]byte, time.Time, string, bool) {
		return []byte("mine"), time.Time{}, `"m"`, name == rings
	}
	home := newCluster(t, map[string][]byte{foreign: []byte("x"), rings: []byte("theirs")})
	cfg := alternates(home)
	cfg.CommonHome = true
	b := newBox(t, cfg, own)
	if _, err := b.get(t, foreign); err != nil {
		t.Fatal(err)
	}
	if got, _ := b.get(t, rings); got != "theirs" {
		t.Fatalf("%q", got)
	}
	if _, err := b.get(t, "CTLSEP001E7A000001.tlv"); !errors.Is(err, fileserver.ErrNotFound) {
		t.Errorf("%v", err)
	}
	if got, _ := b.get(t, rings); got != "mine" {
		t.Errorf("a phone of this box was given %q", got)
	}
	home.Close()
	if _, err := b.get(t, "German_Germany/tones.xml"); !errors.Is(err, fileserver.ErrNotFound) {
		t.Errorf("the line is dead: %v", err)
	}
}

// TestManySearches: when more is asked for elsewhere than can be, a phone of this
// box is not made to wait for what nobody has.
func TestManySearches(t *testing.T) {
	c := newCluster(t, nil)
	b := newBox(t, alternates(c))
	b.mu.Lock()
	for i := range maxSearches {
		q := question{name: fmt.Sprint("slow", i)}
		b.searches[q] = &search{q: q, done: make(chan struct{})}
	}
	b.mu.Unlock()
	for name, want := range map[string]error{foreign: fileserver.ErrBusy, "RINGLIST.XML": fileserver.ErrNotFound, load: fileserver.ErrNotFound} {
		if _, err := b.get(t, name); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAskedByFileServers: who brings a question of another file server is
// answered before that one gives up.
func TestAskedByFileServers(t *testing.T) {
	b := newBox(t, Config{})
	phone := fileserver.Request{Transport: fileserver.HTTP, Client: netip.MustParseAddrPort("192.0.2.1:1")}
	server := phone
	server.Via = "1.1 other"
	f := fieldTimes()
	if b.patience(server) >= b.patience(phone) || f.Decide*3/4 >= f.Answer {
		t.Error(b.patience(server), b.patience(phone))
	}
}
