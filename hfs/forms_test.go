package hfs

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"option150/platform/fileserver"
	"option150/platform/httpd"
	"option150/platform/journal"
)

var update = flag.Bool("update", false, "write what the server answers to testdata/forms.golden")

// form is a request as it comes over the wire, or several.
type form struct{ name, raw string }

// large reports that the answer does not fit into what a socket holds: what a
// client gets of it when the connection is closed on octets that were not read
// is chance.
func (f form) large() bool { return strings.Contains(f.raw, "sbn") && strings.Contains(f.raw, "GET") }

const host = "Host: 10.0.0.1:6970\r\n"

// marker is sent behind a form: whether it is answered tells whether the
// connection was kept.
const marker = "GET /Ringlist.xml HTTP/1.1\r\nHost: marker\r\n\r\n"

// forms are requests of phones, of other clients, and of who means no good.
func forms() []form {
	var all []form
	add := func(name, raw string) { all = append(all, form{name, raw}) }
	line := func(l string) { add("line "+l, l+"\r\n"+host+"\r\n") }
	head := func(h string) { add("header "+short(h), "GET /Ringlist.xml HTTP/1.1\r\n"+host+h+"\r\n\r\n") }
	const file = "/Ringlist.xml"

	// What phones ask.
	add("phone", "GET /SEP001E7A000001.cnf.xml HTTP/1.1\r\nHost:10.0.0.1:6970\r\n\r\n")
	add("phone, HEAD", "HEAD /SEP001E7A000001.cnf.xml HTTP/1.1\r\n"+host+"\r\n")
	add("phone, trust list", "GET /CTLSEP001E7A000001.tlv HTTP/1.1\r\n"+host+"\r\n")
	add("phone, other case", "GET /sep001e7a000001.CNF.XML HTTP/1.1\r\n"+host+"\r\n")
	add("phone, firmware", "GET /jar41sccp.9-4-2ES26.sbn HTTP/1.1\r\n"+host+"\r\n")
	add("phone, firmware, HEAD", "HEAD /jar41sccp.9-4-2ES26.sbn HTTP/1.1\r\n"+host+"\r\n")
	add("phone, firmware, 1.0", "GET /jar41sccp.9-4-2ES26.sbn HTTP/1.0\r\n\r\n")
	add("phone, locale", "GET /German_Germany/7960-tones.xml HTTP/1.1\r\n"+host+"\r\n")
	add("phone, absent", "GET /SCCP41.9-4-2SR3-1S.load HTTP/1.1\r\n"+host+"\r\n")
	add("phone, absent, HEAD", "HEAD /SCCP41.9-4-2SR3-1S.load HTTP/1.1\r\n"+host+"\r\n")
	add("phone, agent", "GET /Ringlist.xml HTTP/1.1\r\n"+host+"User-Agent: Cisco/SPA525G-7.4.9\r\nAccept: */*\r\n\r\n")
	add("phone, 1.0", "GET /Ringlist.xml HTTP/1.0\r\n\r\n")
	add("phone, 1.0 with host", "GET /Ringlist.xml HTTP/1.0\r\n"+host+"\r\n")
	add("phone, 1.0 keep-alive", "GET /Ringlist.xml HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
	add("phone, 1.0 Keep-Alive", "GET /Ringlist.xml HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
	add("phone, 1.0 keep-alive, absent", "GET /nothing.xml HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
	add("phone, 1.0 keep-alive, HEAD", "HEAD /Ringlist.xml HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
	add("phone, busy", "GET /busy.loads HTTP/1.1\r\n"+host+"\r\n")
	add("phone, empty file", "GET /empty.tlv HTTP/1.1\r\n"+host+"\r\n")
	add("phone, two", "GET /Ringlist.xml HTTP/1.1\r\n"+host+"\r\nGET /CTLSEP001E7A000001.tlv HTTP/1.1\r\n"+host+"\r\n")
	add("phone, three", strings.Repeat("GET /Ringlist.xml HTTP/1.1\r\n"+host+"\r\n", 3))
	add("phone, blank lines before", "\r\n\n\r\nGET /Ringlist.xml HTTP/1.1\r\n"+host+"\r\n")
	add("phone, blank lines between", "GET /Ringlist.xml HTTP/1.1\r\n"+host+"\r\n\r\n\r\nGET /Ringlist.xml HTTP/1.1\r\n"+host+"\r\n")
	add("HEAD then GET", "HEAD /Ringlist.xml HTTP/1.1\r\n"+host+"\r\nGET /Ringlist.xml HTTP/1.1\r\n"+host+"\r\n")
	add("GET then POST", "GET /Ringlist.xml HTTP/1.1\r\n"+host+"\r\nPOST /Ringlist.xml HTTP/1.1\r\n"+host+"Content-Length: 3\r\n\r\nabc")
	add("GET then nonsense", "GET /Ringlist.xml HTTP/1.1\r\n"+host+"\r\nnonsense\r\n\r\n")
	add("GET then half a request", "GET /Ringlist.xml HTTP/1.1\r\n"+host+"\r\nGET /Ring")
	add("close, then another", "GET /Ringlist.xml HTTP/1.1\r\n"+host+"Connection: close\r\n\r\nGET /Ringlist.xml HTTP/1.1\r\n"+host+"\r\n")
	add("range, then another", "GET /Ringlist.xml HTTP/1.1\r\n"+host+"Range: bytes=1-2\r\n\r\nGET /Ringlist.xml HTTP/1.1\r\n"+host+"\r\n")

	// Files that are none, or nobody's.
	for _, p := range []string{"/", "/startup-config", "/fifo", "/link", "/phones", "/phones/", "/phones/jar41sccp.9-4-2ES26.sbn", "/a%20b+c%2541.raw", "/a b+c%41.raw"} {
		line("GET " + p + " HTTP/1.1")
	}
	// Request lines.
	for _, m := range []string{"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH", "PROPFIND", "get", "Get", "GE", "GETT", "G(T", "HEAD,GET", ""} {
		line(m + " " + file + " HTTP/1.1")
	}
	for _, v := range []string{"HTTP/0.9", "HTTP/1.2", "HTTP/1.10", "HTTP/01.1", "HTTP/2.0", "HTTP/1", "http/1.1", "HTTP/1.1 ", " HTTP/1.1", "HTTP/1.1 x", "HTTP/1.1\t", "HTCPCP/1.0", "HTTP/-1.1", "HTTP/+1.1", ""} {
		line("GET " + file + " " + v)
	}
	for _, p := range []string{
		"http://10.0.0.1:6970/Ringlist.xml", "http:///Ringlist.xml", "https://x/Ringlist.xml", "*", "Ringlist.xml", "//Ringlist.xml", "//x/Ringlist.xml", "///Ringlist.xml", "/./Ringlist.xml",
		"/../Ringlist.xml", "/x/../Ringlist.xml", "/%2e%2e/Ringlist.xml", "/..%2fRinglist.xml", "/%2FRinglist.xml", "/\\Ringlist.xml", "/..\\Ringlist.xml", "/Ringlist.xml/", "/Ringlist.xml.",
		"/%52inglist.xml", "/%zz", "/%", "/%5", "/a%00b", "/a%0d%0ab", "/Ringlist.xml?", "/Ringlist.xml?a=b&c", "/Ringlist.xml#x", "/Ringlist.xml;v=1", "/Ringlist.xml,", "/Ring list.xml",
		"/Ringlist\t.xml", "/Ring\x01list.xml", "/Ring\x7flist.xml", "/R\xc3\xaengliste.xml", "/R\xeengliste.xml", "/Ring\x00list.xml", "/~Ringlist.xml", "/Ringlist.xml'", "/\"Ringlist.xml\"", "/<Ringlist.xml>",
		"/[Ringlist.xml]", "/{Ringlist.xml}", "/Ring|list.xml", "/Ring^list.xml", "/Ring`list.xml", "/:Ringlist.xml", "/@Ringlist.xml", "/$Ringlist.xml", "/Ringlist.xml:80", "",
		"/" + strings.Repeat("n", 254), "/" + strings.Repeat("n", 255), "/" + strings.Repeat("n", 256), "/" + strings.Repeat("n", 1500), "/" + strings.Repeat("n", 2100), "/" + strings.Repeat("n", 5000), "/" + strings.Repeat("n", 20000),
		"/" + strings.Repeat("d/", 300) + "x", "/" + strings.Repeat("%41", 300), "/a/b/c/d/../../Ringlist.xml", "/.Ringlist.xml", "/.ssh/id_rsa", "/CON", "/Ringlist.xml%20", "/Ringlist.xml%00.txt",
	} {
		line("GET " + p + " HTTP/1.1")
	}
	add("tabs", "GET\t"+file+"\tHTTP/1.1\r\n"+host+"\r\n")
	add("two blanks", "GET  "+file+"  HTTP/1.1\r\n"+host+"\r\n")
	add("blank before", " GET "+file+" HTTP/1.1\r\n"+host+"\r\n")
	add("0.9", "GET "+file+"\r\n\r\n")
	add("0.9 bare", "GET "+file+"\n")
	// Ends of lines.
	add("LF alone", "GET "+file+" HTTP/1.1\nHost: x\n\n")
	add("CR alone", "GET "+file+" HTTP/1.1\rHost: x\r\r")
	add("LF then CRLF", "GET "+file+" HTTP/1.1\nHost: x\r\n\r\n")
	add("CRLF then LF", "GET "+file+" HTTP/1.1\r\nHost: x\r\n\n")
	add("CR CR LF", "GET "+file+" HTTP/1.1\r\r\nHost: x\r\r\n\r\r\n")
	add("CR in a value", "GET "+file+" HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n")
	add("blank line of a blank", "GET "+file+" HTTP/1.1\r\nHost: x\r\n \r\n\r\n")
	// The Host.
	for _, h := range []string{"", "Host:\r\n", "Host: \r\n", "Host: a\r\nHost: a\r\n", "Host: a\r\nHost: b\r\n", "Host: a b\r\n", "Host: a/b\r\n", "Host: a@b\r\n", "Host: [::1]:6970\r\n", "Host: <x>\r\n", "HOST: x\r\n", "host:x\r\n",
		"Host : x\r\n", " Host: x\r\n", "Host: x \t\r\n", "Host:\tx\r\n", "Host: x\r\n y\r\n", "Host: \xff\r\n", "Host: a,b\r\n", "Hos: x\r\n", "Host: x\x00\r\n", "Host: " + strings.Repeat("h", 3000) + "\r\n"} {
		add("host "+short(h), "GET "+file+" HTTP/1.1\r\n"+h+"\r\n")
		if h == "" || strings.HasPrefix(h, "Host: a\r\n") || h == "Host:\r\n" {
			add("host, 1.0 "+short(h), "GET "+file+" HTTP/1.0\r\n"+h+"\r\n")
		}
	}
	// Other headers.
	for _, h := range []string{
		"Connection: close", "Connection:close", "Connection: Close", "Connection: CLOSE ", "Connection: close, keep-alive", "Connection: keep-alive", "Connection: Keep-Alive", "Connection: keep-alive, close", "Connection: upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
		"Connection: close\r\nConnection: keep-alive", "Connection: ", "Connection: x", "Connection: Content-Length\r\nContent-Length: 0", "Proxy-Connection: close", "Keep-Alive: timeout=5",
		"no colon", "Name : value", ": value", "Na(me: value", "Na me: value", "N\x01: value", "N: a\x00b", "N: a\x01b", "N: a\x7fb", "N: \xff\xfe", "N: a\r\n folded", "N:", "N: ", strings.Repeat("N: v\r\n", 300) + "N: v", "N: " + strings.Repeat("v", 1200), "N: " + strings.Repeat("v", 3000), "N: " + strings.Repeat("v", 13000),
		"Content-Length: 0", "Content-Length: 00", "Content-Length: -1", "Content-Length: +0", "Content-Length: 0x0", "Content-Length: ", "Content-Length: 1, 1", "Content-Length: 0\r\nContent-Length: 0", "Content-Length: 0\r\nContent-Length: 1", "Content-Length: 99999999999999999999", "Content-Length: a",
		"Transfer-Encoding: chunked", "Transfer-Encoding: identity", "Transfer-Encoding: gzip", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, chunked", "Transfer-Encoding: xchunked", "Transfer-Encoding:", "Transfer-Encoding : chunked", "Transfer-Encoding: chunked\r\nContent-Length: 3", "TE: trailers", "Trailer: X",
		"Expect: 100-continue", "Expect: 100-continue\r\nContent-Length: 3", "Expect: nothing",
		"Range: bytes=0-1", "Range: bytes=-2", "Range: bytes=2-", "Range: bytes=0-1,3-4", "Range: bytes=0-0,1-1,2-2,3-3,4-4,5-5", "Range: bytes=100-", "Range: bytes=5-2", "Range: lines=1-2", "Range: bytes=", "Range: bytes=0-99999999999999999999", "range:bytes=1-1", "Range: bytes=0-1\r\nIf-Range: \"x\"",
		"If-None-Match: *", "If-None-Match: \"x\"", "If-Match: *", "If-Match: \"x\"", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT", "If-Modified-Since: Sat, 01 Jan 2000 00:00:00 GMT", "If-Modified-Since: now", "If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT",
		"Accept: */*", "Accept-Encoding: gzip, deflate", "Accept-Language: de", "Accept-Charset: utf-8", "Cache-Control: no-cache", "Pragma: no-cache", "Cookie: a=b", "Authorization: Basic YTpi", "Referer: http://x/", "X-Forwarded-For: 10.9.9.9", "Via: 1.1 other", "User-Agent: " + strings.Repeat("u", 600), "User-Agent: a\r\nUser-Agent: b", "User-Agent: \xc3\xa4\x1b[2J", "User-Agent:", "user-agent: x", "Upgrade: websocket\r\nConnection: Upgrade", "Date: x", "If-None-Match: \"gen-1\"",
	} {
		head(h)
	}
	add("close, 1.0", "GET "+file+" HTTP/1.0\r\nConnection: close\r\n\r\n")
	add("close, absent", "GET /nothing HTTP/1.1\r\n"+host+"Connection: close\r\n\r\n")
	add("close, HEAD", "HEAD "+file+" HTTP/1.1\r\n"+host+"Connection: close\r\n\r\n")
	add("close, firmware", "GET /jar41sccp.9-4-2ES26.sbn HTTP/1.1\r\n"+host+"Connection: close\r\n\r\n")
	add("not modified", "GET /SEP001E7A000001.cnf.xml HTTP/1.1\r\n"+host+"If-None-Match: \"gen-1\"\r\n\r\n")
	// Bodies.
	add("body", "GET "+file+" HTTP/1.1\r\n"+host+"Content-Length: 3\r\n\r\nabc")
	add("body, POST", "POST "+file+" HTTP/1.1\r\n"+host+"Content-Length: 3\r\n\r\nabc")
	add("body, chunked", "POST "+file+" HTTP/1.1\r\n"+host+"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
	add("body, chunked badly", "GET "+file+" HTTP/1.1\r\n"+host+"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n")
	add("body, a request in it", "GET "+file+" HTTP/1.1\r\n"+host+"Content-Length: 44\r\n\r\n"+marker)
	add("body, continue", "PUT "+file+" HTTP/1.1\r\n"+host+"Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc")
	// What is no request.
	add("nothing", "")
	add("blank lines alone", "\r\n\r\n\r\n")
	add("one letter", "G")
	add("half a line", "GET /Ringl")
	add("a line alone", "GET /Ringlist.xml HTTP/1.1\r\n")
	add("half a header", "GET /Ringlist.xml HTTP/1.1\r\nHost: x\r\nUser-A")
	add("no end", "GET /Ringlist.xml HTTP/1.1\r\nHost: x\r\n")
	add("nonsense", "nonsense\r\n\r\n")
	add("TLS", "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03\r\n\r\n")
	add("SSH", "SSH-2.0-OpenSSH_9.2\r\n")
	add("SIP", "REGISTER sip:10.0.0.1 SIP/2.0\r\n\r\n")
	add("an answer", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	add("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	add("zeros", strings.Repeat("\x00", 40)+"\r\n\r\n")
	add("high bytes", strings.Repeat("\xff", 40)+"\r\n\r\n")
	add("a long line without end", "GET /"+strings.Repeat("n", 30000))
	return all
}

func short(s string) string {
	if len(s) > 60 {
		return fmt.Sprintf("%q and so on, %d bytes", s[:30], len(s))
	}
	return fmt.Sprintf("%q", s)
}

var (
	varies    = regexp.MustCompile(`(?m)^(Date|Last-Modified|Retry-After): .*\r$|filename="[^"]*"|boundary=[0-9a-f]{60}|--[0-9a-f]{60}`)
	longBody  = 300
	flashETag = regexp.MustCompile(`(?m)^Etag: "[0-9a-f-]{8,}"`)
)

// tell puts an answer down so that it is the same each time.
func tell(b []byte) string {
	b = varies.ReplaceAllFunc(b, func(m []byte) []byte {
		if name, _, ok := bytes.Cut(m, []byte(": ")); ok {
			return append(append([]byte{}, name...), ": ~\r"...)
		}
		return []byte("~")
	})
	b = flashETag.ReplaceAll(b, []byte("Etag: ~"))
	var out strings.Builder
	for len(b) > longBody {
		head, body, ok := bytes.Cut(b, []byte("\r\n\r\n"))
		length := 0
		if i := bytes.Index(head, []byte("Content-Length: ")); ok && i >= 0 {
			_, _ = fmt.Sscanf(string(head[i:]), "Content-Length: %d", &length)
		}
		if !ok || length <= longBody || length > len(body) {
			break
		}
		fmt.Fprintf(&out, "%q\n    %d bytes %08x\n    ", head, length, crc32.ChecksumIEEE(body[:length]))
		b = body[length:]
	}
	if len(b) > 4000 {
		return fmt.Sprintf("%s%q and so on, %d bytes", out.String(), b[:100], len(b))
	}
	fmt.Fprintf(&out, "%q", b)
	return out.String()
}

// inTurn puts the end of each file behind its request: a client that asks on may
// acknowledge later what it was given.
func inTurn(all []journal.Event) []journal.Event {
	end := map[int]journal.Event{} // by the place of the request
	var open []int                 // requests without an end
	close := func(i int) {
		if i >= 0 {
			open = slices.Delete(open, i, i+1)
		}
	}
	var out []journal.Event
	for _, e := range all {
		named := func(name string) func(int) bool {
			return func(i int) bool { return out[i].(fileserver.Asked).Name == name }
		}
		last := func(name string) int {
			for i, at := range slices.Backward(open) {
				if named(name)(at) {
					return i
				}
			}
			return -1
		}
		switch x := e.(type) {
		case fileserver.Served:
			if i := slices.IndexFunc(open, named(x.Name)); i >= 0 {
				end[open[i]] = e
				close(i)
				continue
			}
		case fileserver.NotFound:
			close(last(x.Name))
		case fileserver.Busy:
			close(last(x.Name))
		case fileserver.Denied:
			close(last(x.Name))
		case fileserver.Asked:
			open = append(open, len(out))
		}
		out = append(out, e)
	}
	for i := len(out) - 1; i >= 0; i-- {
		if e := end[i]; e != nil {
			out = slices.Insert(out, i+1, e)
		}
	}
	return out
}

// happened are the events, without what is different each time.
func happened(all []journal.Event) string {
	var out strings.Builder
	for _, e := range inTurn(all) {
		what := ""
		switch x := e.(type) {
		case fileserver.Asked:
			what = fmt.Sprintf("%.80q agent %.80q again %v odd %v", x.Name, x.UserAgent, x.Again, x.Odd)
		case fileserver.Served:
			what = fmt.Sprintf("%.80q is %s of %s, %d of %d, %d, complete %v %q", x.Name, x.File, x.Route, x.Bytes, x.Size, x.Status, x.Complete, x.Why)
		case fileserver.NotFound:
			what = fmt.Sprintf("%.80q expected %v nearest %q", x.Name, x.Expected, x.Nearest)
		case fileserver.Busy:
			what = fmt.Sprintf("%.80q %q", x.Name, x.Why)
		case fileserver.Denied:
			what = fmt.Sprintf("%.80q %q odd %v", x.Name, x.Why, x.Odd)
		}
		fmt.Fprintf(&out, "    %s %s\n", e.EventName(), what)
	}
	return out.String()
}

// formsBox is a box with an HFS whose events are kept.
func formsBox(t *testing.T) (*httpd.Server, *notes) {
	t.Helper()
	s, _, rec := box(t)
	return serving(t, s, rec), rec
}

// say sends a form, in pieces, and gives all that came back and what happened.
func say(t *testing.T, h *httpd.Server, rec *notes, raw string, piece int) (string, string) {
	t.Helper()
	rec.mu.Lock()
	rec.all = nil
	rec.mu.Unlock()
	c, err := net.Dial("tcp4", h.Listeners()[0].Bound.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	for rest := raw; rest != ""; {
		n := min(piece, len(rest))
		if _, err := io.WriteString(c, rest[:n]); err != nil {
			break // it is told below what had come
		}
		rest = rest[n:]
	}
	_ = c.(*net.TCPConn).CloseWrite()
	b, err := io.ReadAll(c)
	if err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("%.60q: %v", raw, err)
	}
	for len(h.Connections()) > 0 {
		time.Sleep(time.Millisecond)
	}
	rec.mu.Lock()
	defer rec.mu.Unlock()
	return tell(b), happened(rec.all)
}

// TestForms: no form of request changes its answer, whether the connection is
// kept after it, or what is told of it.
func TestForms(t *testing.T) {
	h, rec := formsBox(t)
	var got strings.Builder
	all := forms()
	if len(all) < 140 {
		t.Fatalf("%d forms", len(all))
	}
	for _, f := range all {
		alone, _ := say(t, h, rec, f.raw, len(f.raw))
		behind := marker
		if f.large() {
			behind = ""
		}
		followed, events := say(t, h, rec, f.raw+behind, len(f.raw)+len(marker))
		fmt.Fprintf(&got, "%+q\n  %s\n", f.name, alone)
		if rest, kept := strings.CutPrefix(followed, strings.TrimSuffix(alone, `"`)); kept && strings.HasSuffix(rest, `<rings/>"`) && len(rest) > 20 {
			got.WriteString("  kept\n")
		} else if followed == alone && behind != "" {
			got.WriteString("  closed\n")
		} else if behind == "" {
			got.WriteString("  not asked\n")
		} else {
			fmt.Fprintf(&got, "  with a request behind it:\n  %s\n", followed)
		}
		got.WriteString(events)
	}
	golden := filepath.Join("testdata", "forms.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, string(want), got.String())
}

func compare(t *testing.T, want, got string) {
	t.Helper()
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	name, n := "", 0
	for i := range max(len(w), len(g)) {
		a, b := "", ""
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		if a != "" && !strings.HasPrefix(a, " ") {
			name = a
		}
		if a != b {
			t.Errorf("line %d, %.80s:\nwant %.900s\ngot  %.900s", i+1, name, a, b)
			if n++; n > 8 {
				return
			}
		}
	}
}

// TestFormsInPieces: however the bytes come, the answer is the same.
func TestFormsInPieces(t *testing.T) {
	h, rec := formsBox(t)
	for _, f := range forms() {
		if len(f.raw) > 4000 || f.large() {
			continue
		}
		whole, events := say(t, h, rec, f.raw+marker, len(f.raw)+len(marker))
		for _, piece := range []int{1, 13} {
			if got, e := say(t, h, rec, f.raw+marker, piece); got != whole || e != events {
				t.Errorf("%.60q in pieces of %d:\n  %.600s\n%.600s  in one:\n  %.600s\n%.600s", f.name, piece, got, e, whole, events)
			}
		}
	}
}
