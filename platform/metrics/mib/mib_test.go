package mib

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"option150/platform/testkit"
)

// branch is what a box tells of three phones: one up, one stuck, and one of which
// only the address is known.
func branch(t testing.TB) *facts {
	t.Helper()
	f := &facts{Total: 4, Up: 1, Inferred: 1, Unseen: 1}
	if err := json.Unmarshal([]byte(`[
	{"device": "SEP001E7A000002", "address": "10.150.0.12", "model": "7961", "state": "stuck", "up": false, "verdict": {"code": "R07", "text": "wrong\nload \u202eline ä"}},
	{"device": "SEP001E7A000001", "address": "10.150.0.11", "address6": "2001:db8::1", "model": "7841", "load": "sip78xx.12-1-1-12", "state": "provisioned", "up": true, "verdict": {"code": "ok"}},
	{"device": "", "address6": "2001:db8::9", "state": "seen", "verdict": {"code": "-"}},
	{"device": "SEP001E7A000003", "state": "dreaming", "verdict": {"code": "-"}}]`), &f.phones); err != nil {
		t.Fatal(err)
	}
	return f
}

// talk is what an agent is answered.
func talk(t testing.TB, tr tree, in string) string {
	t.Helper()
	var out strings.Builder
	if err := Serve(strings.NewReader(in), &out, func() tree { return tr }); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestProtocol(t *testing.T) {
	tr := newTree(branch(t))
	phone := func(column int, name string) string {
		return fmt.Sprintf("%s.1.3.1.%d%s", Root, column, index(name))
	}
	for _, c := range []struct{ in, out string }{
		{"PING\n", "PONG\n"},
		{"get\n" + Root + ".1.1.1.0\n", Root + ".1.1.1.0\ninteger\n1\n"},
		{"get\n" + Root + ".1.1.4.0\n", Root + ".1.1.4.0\ngauge\n1\n"},
		{"get\n" + Root + ".1.1.4\n", "NONE\n"},
		{"getnext\n" + Root + "\n", Root + ".1.1.1.0\ninteger\n1\n"},
		{"getnext\n" + Root + ".1.1.6.0\n", Root + ".1.2.1.3.1.45\ngauge\n1\n"},
		{"get\n" + Root + ".1.2.1.3.6.82.48.55\n", Root + ".1.2.1.3.6.82.48.55\ngauge\n1\n"},
		{"get\n" + phone(3, "SEP001E7A000002") + "\n", phone(3, "SEP001E7A000002") + "\nstring\nR07\n"},
		{"get\n" + phone(8, "SEP001E7A000002") + "\n", phone(8, "SEP001E7A000002") + "\nstring\nwrong\\x0aload \\u202eline ?\n"},
		{"get\n" + phone(5, "2001:db8::9") + "\n", phone(5, "2001:db8::9") + "\nstring\n2001:db8::9\n"},
		{"get\n" + phone(2, "SEP001E7A000003") + "\n", "NONE\n"}, // a state that is not in the MIB is not told as another
		{"getnext\n" + phone(8, "SEP001E7A000002") + "\n", "NONE\n"},
		{"get\n.1.3.6.x\n", "NONE\n"},
		{"getnext\n.1.99999999999\n", "NONE\n"},
		{"set\n" + Root + ".1.1.1.0\ninteger 2\n", "not-writable\n"},
		{"hello\nPING\n", "NONE\nPONG\n"},
		{"get\n", ""},
		{"\nPING\n", ""},
	} {
		if out := talk(t, tr, c.in); out != c.out {
			t.Errorf("%q: %q, want %q", c.in, out, c.out)
		}
	}
	if err := Serve(strings.NewReader(strings.Repeat("x", 2*maxLine)), &strings.Builder{}, func() tree { return tr }); err == nil {
		t.Error("a line without an end is read on and on")
	}
}

// TestWalk: the objects stand in order, each once, and a walk passes them all.
func TestWalk(t *testing.T) {
	f := branch(t)
	for i := range MaxRows + 50 {
		f.phones = append(f.phones, phone{Device: fmt.Sprintf("SEP00AA%08X", i), State: "provisioned", Up: true})
	}
	tr := newTree(f)
	if !slices.IsSortedFunc(tr, func(a, b object) int { return slices.Compare(a.at, b.at) }) {
		t.Error("not in order")
	}
	at, n := Root, 0
	for ; ; n++ {
		out := strings.Split(talk(t, tr, "getnext\n"+at+"\n"), "\n")
		if len(out) < 4 {
			break
		}
		at = out[0]
	}
	if want := 6 + 4 + 7*MaxRows; n != want || n != len(tr) {
		t.Errorf("%d objects in the walk, %d in the tree, want %d", n, len(tr), want)
	}
}

// TestUnreachable: of a box that does not answer nothing is told but that, and
// why.
func TestUnreachable(t *testing.T) {
	page := http.NewServeMux()
	page.HandleFunc("/api/v1/overview", func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "noc" || password != "pass:word" {
			http.Error(w, "user and password are needed\nsecond line", http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, `{"total": 1, "up": 1}`)
	})
	page.HandleFunc("/api/v1/phones", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `[{"device": "SEP001E7A000001", "state": "provisioned", "up": true, "verdict": {"code": "ok"}}]`)
	})
	safe, foreign := httptest.NewTLSServer(page), httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(safe.Close)
	t.Cleanup(foreign.Close)
	closed := httptest.NewServer(page)
	closed.Close()

	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	cert := file("ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: safe.Certificate().Raw})))
	login := file("login", "noc:pass:word\n")
	hash := "user = \"noc\"\npassword = \"$9$abcdefghijklmn$0123456789012345678901234567890123456789012\"\n"
	at := func(s *httptest.Server, more string) string {
		return fmt.Sprintf("[metrics]\nlisten = %q\n%s", s.Listener.Addr(), more)
	}
	for _, c := range []struct {
		name, settings, login, ca, why string
	}{
		{"all is there", at(safe, "tls = \"x\"\n"+hash), login, cert, ""},
		{"no listener", "", "", "", "is empty"},
		{"wrong settings", "colour = 1\n", "", "", "unknown key"},
		{"stopped", at(closed, ""), "", "", "connection refused"},
		{"something else answers", at(foreign, ""), "", "", "404: 404 page"},
		{"no login", at(safe, "tls = \"x\"\n"+hash), "", cert, "--login"},
		{"a wrong login", at(safe, "tls = \"x\"\n"+hash), file("wrong", "noc:no\n"), cert, "the box answers 401: user and password are needed"},
		{"no login in the file", at(safe, "tls = \"x\"\n"+hash), file("empty", "\n"), cert, "no user:password"},
		{"nobody is trusted", at(safe, "tls = \"x\"\n"+hash), login, "", "--ca"},
		{"somebody else is trusted", at(safe, "tls = \"x\"\n"+hash), login, file("other.pem", stranger(t)), "certificate signed by unknown authority"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := Source{Config: file("settings.toml", c.settings), Login: c.login, CA: c.ca}
			tr := s.tree()
			out := talk(t, tr, "get\n"+Root+".1.1.2.0\n")
			if c.why == "" {
				if len(tr) != 6+1+7 || tr[0].value != "1" {
					t.Fatalf("%v", tr)
				}
				return
			}
			if len(tr) != 2 || tr[0].value != "2" || !strings.Contains(out, c.why) {
				t.Errorf("%q, want %q in it", out, c.why)
			}
		})
	}
}

// stranger is a certificate that signed nothing here.
func stranger(t *testing.T) string {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	x := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(nil, x, x, public, private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// TestKept: a walk is one question, and what was known is not told on.
func TestKept(t *testing.T) {
	asked := 0
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if strings.HasSuffix(r.URL.Path, "phones") {
			fmt.Fprint(w, "[]")
			return
		}
		fmt.Fprint(w, "{}")
	}))
	dir := t.TempDir()
	s := Source{Config: filepath.Join(dir, "settings.toml")}
	if err := os.WriteFile(s.Config, fmt.Appendf(nil, "[metrics]\nlisten = %q\n", page.Listener.Addr()), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		s.tree()
	}
	if asked != 2 {
		t.Errorf("%d questions", asked)
	}
	page.Close()
	s.at = s.at.Add(-keepTime)
	if tr := s.tree(); len(tr) != 2 || tr[0].value != "2" {
		t.Errorf("the box has gone, and the tree is %v", tr)
	}
}

// TestMIB: smilint has nothing to say, at its strictest.
func TestMIB(t *testing.T) {
	cmd := exec.Command(testkit.NeedProgram(t, "smilint", "smitools"), "-l", "6", "-s", filepath.Join("..", "..", "..", "packaging", "snmp", "OPTION150-MIB.txt"))
	cmd.Env = append(os.Environ(), "SMIPATH="+filepath.Join("testdata", "mibs"))
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}

func FuzzServe(f *testing.F) {
	f.Add("PING\nget\n" + Root + ".1.1.1.0\n")
	f.Add("getnext\n.1.3.6\nset\na\nb\n")
	tr := newTree(branch(f))
	f.Fuzz(func(t *testing.T, in string) {
		var out strings.Builder
		_ = Serve(strings.NewReader(in), &out, func() tree { return tr })
		if lines := strings.Count(in, "\n"); strings.Count(out.String(), "\n") > 3*lines {
			t.Errorf("%d lines in, %d out", lines, strings.Count(out.String(), "\n"))
		}
	})
}
