package sshd

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"option150/platform/aaa"
	"option150/platform/acl"
	"option150/platform/testkit"
)

// userKeys are keys of users, made once.
var userKeys = sync.OnceValue(func() map[string]ssh.Signer {
	out := map[string]ssh.Signer{}
	add := func(name string, key any, err error) {
		if err != nil {
			panic(err)
		}
		s, err := ssh.NewSignerFromKey(key)
		if err != nil {
			panic(err)
		}
		out[name] = s
	}
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	add("rsa", r, err)
	_, e, err := ed25519.GenerateKey(rand.Reader)
	add("ed25519", e, err)
	_, e, err = ed25519.GenerateKey(rand.Reader)
	add("other", e, err)
	c, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	add("ecdsa", c, err)
	return out
})

func keyOf(s ssh.Signer) Key { return Key{Type: s.PublicKey().Type(), Hash: hashOf(s.PublicKey())} }

// cut folds a text as terminals and people do.
func cut(s string, n int) string {
	var lines []string
	for len(s) > n {
		lines, s = append(lines, s[:n]), s[n:]
	}
	return strings.Join(append(lines, s), "\n")
}

func TestParseKey(t *testing.T) {
	for name, s := range userKeys() {
		want := keyOf(s)
		b64 := base64.StdEncoding.EncodeToString(s.PublicKey().Marshal())
		line := want.Type + " " + b64
		for form, text := range map[string]string{
			"plain": b64, "pub": line, "commented": line + " mary@pc  work", "folded at 72": cut(b64, 72), "folded at 50": cut(b64, 50),
			"folded pub": want.Type + " " + cut(b64, 70) + " mary@pc work", "folded with ends": strings.ReplaceAll(cut(b64, 64), "\n", "\r\n  "),
			"rfc4716": rfc4716Begin + "\nComment: \"mary@pc work\"\nx-other: a\\\nb\n" + cut(b64, 70) + "\n" + rfc4716End + "\n",
		} {
			got, err := ParseKey(text)
			if err != nil {
				t.Errorf("%s, %s: %v", name, form, err)
				continue
			}
			if got.Comment != "" && got.Comment != "mary@pc work" {
				t.Errorf("%s, %s: comment %q", name, form, got.Comment)
			}
			if got.Comment = ""; got != want {
				t.Errorf("%s, %s: %+v", name, form, got)
			}
		}
		for what, text := range map[string]string{"cut short": b64[:len(b64)-9], "another type": "ssh-dss " + b64, "changed": "AAAA" + b64} {
			if k, err := ParseKey(text); !errors.Is(err, ErrKey) {
				t.Errorf("%s, %s: %+v, %v", name, what, k, err)
			}
		}
	}
	for _, bad := range []string{"", "   ", "ssh-rsa", "exit", "AAAA", strings.Repeat("A", MaxKeyText+1), rfc4716Begin, "ssh-ed25519 " + base64.StdEncoding.EncodeToString(userKeys()["rsa"].PublicKey().Marshal())} {
		if k, err := ParseKey(bad); !errors.Is(err, ErrKey) {
			t.Errorf("%.30q: %+v, %v", bad, k, err)
		}
	}
}

func FuzzParseKey(f *testing.F) {
	for _, s := range userKeys() {
		f.Add(string(ssh.MarshalAuthorizedKey(s.PublicKey())))
	}
	f.Add(rfc4716Begin + "\nComment: x\\\ny\nAAAA\n" + rfc4716End)
	f.Fuzz(func(t *testing.T, text string) {
		k, err := ParseKey(text)
		if err != nil {
			if !errors.Is(err, ErrKey) || k != (Key{}) {
				t.Fatalf("%+v, %v", k, err)
			}
			return
		}
		h, ok := CleanHash(k.Hash)
		if !ok || h != k.Hash || !slices.Contains(KeyTypes(), k.Type) || k.Comment != CleanComment(k.Comment) || strings.ContainsAny(k.Comment, "\n\r\x00") {
			t.Fatalf("%+v", k)
		}
	})
}

// keyBox is a server where mary has keys and admin a password.
func keyBox(t *testing.T, spec Spec, names ...string) *box {
	t.Helper()
	spec.PublicKey = true
	c := Config{Chain: []UserKeys{{User: "mary"}}}
	for _, n := range names {
		c.Chain[0].Keys = append(c.Chain[0].Keys, keyOf(userKeys()[n]))
	}
	return start(t, spec, func(o *Options) {
		o.Authorized = func(user string, k Key) (aaa.User, bool) {
			return aaa.User{Name: user, Privilege: 7}, c.Authorizes(user, k)
		}
	})
}

func TestPublicKeyLogin(t *testing.T) {
	b := keyBox(t, Spec{}, "rsa", "ed25519", "ecdsa")
	dial := func(user string, auth ...ssh.AuthMethod) error {
		c, err := ssh.Dial("tcp", b.addr, &ssh.ClientConfig{User: user, Auth: auth, HostKeyCallback: ssh.InsecureIgnoreHostKey(), Timeout: 10 * time.Second})
		if err == nil {
			c.Close()
		}
		return err
	}
	k := userKeys()
	for _, n := range []string{"rsa", "ed25519", "ecdsa"} {
		if err := dial("mary", ssh.PublicKeys(k[n])); err != nil {
			t.Errorf("%s: %v", n, err)
		}
	}
	if dial("mary", ssh.PublicKeys(k["other"])) == nil || dial("john", ssh.PublicKeys(k["rsa"])) == nil {
		t.Error("a stranger's key, or a stranger, was let in")
	}
	// A wrong key first costs nothing of the password's tries.
	if err := dial("admin", ssh.PublicKeys(k["other"], k["rsa"], k["ecdsa"]), ssh.Password("lab")); err != nil {
		t.Errorf("keys, then the password: %v", err)
	}
	if !strings.Contains(b.rec.names(), "LoginSuccess") || strings.Contains(b.rec.names(), "LoginFailed") {
		t.Errorf("recorded: %s", b.rec.names())
	}
}

// swap offers one key and signs with another.
type swap struct {
	ssh.Signer
	offered ssh.PublicKey
}

func (s swap) PublicKey() ssh.PublicKey { return s.offered }

// TestOfferedKeyIsNoProof: whoever knows only the public half stays outside.
func TestOfferedKeyIsNoProof(t *testing.T) {
	b := keyBox(t, Spec{}, "ed25519")
	k := userKeys()
	_, err := ssh.Dial("tcp", b.addr, &ssh.ClientConfig{User: "mary", HostKeyCallback: ssh.InsecureIgnoreHostKey(),
		Auth: []ssh.AuthMethod{ssh.PublicKeys(swap{k["other"], k["ed25519"].PublicKey()})}})
	if err == nil {
		t.Fatal("let in with a key it does not have")
	}
}

// TestRetriesOfPasswordsWithKeys: offering keys gives nobody more passwords.
func TestRetriesOfPasswordsWithKeys(t *testing.T) {
	b := keyBox(t, Spec{Retries: 2}, "ed25519")
	asked := 0
	_, err := ssh.Dial("tcp", b.addr, &ssh.ClientConfig{User: "admin", HostKeyCallback: ssh.InsecureIgnoreHostKey(),
		Auth: []ssh.AuthMethod{ssh.RetryableAuthMethod(ssh.PasswordCallback(func() (string, error) { asked++; return "wrong", nil }), 20)}})
	if err == nil || asked > 2 {
		t.Errorf("%d passwords, %v", asked, err)
	}
}

// openSSH runs the OpenSSH client with a key of ssh-keygen.
func TestOpenSSHWithKeys(t *testing.T) {
	client, keygen := testkit.NeedProgram(t, "ssh", "openssh-client"), testkit.NeedProgram(t, "ssh-keygen", "openssh-client")
	dir := t.TempDir()
	for _, kind := range [][]string{{"rsa", "-b", "2048"}, {"ed25519"}, {"ecdsa"}} {
		file := filepath.Join(dir, kind[0])
		if out, err := exec.Command(keygen, append([]string{"-q", "-N", "", "-C", "mary@pc", "-f", file, "-t"}, kind...)...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		text, err := os.ReadFile(file + ".pub")
		if err != nil {
			t.Fatal(err)
		}
		k, err := ParseKey(string(text))
		if err != nil {
			t.Fatal(err)
		}
		sum, err := exec.Command(keygen, "-l", "-E", "md5", "-f", file+".pub").Output()
		if err != nil {
			t.Fatal(err)
		}
		if h, ok := CleanHash(strings.Fields(string(sum))[1]); !ok || h != k.Hash || k.Comment != "mary@pc" {
			t.Errorf("%s: %+v, ssh-keygen says %s", kind, k, sum)
		}
		c := Config{Chain: []UserKeys{{User: "mary", Keys: []Key{k}}}}
		b := start(t, Spec{PublicKey: true}, func(o *Options) {
			o.Authorized = func(user string, k Key) (aaa.User, bool) { return aaa.User{Name: user}, c.Authorizes(user, k) }
		})
		host, port, _ := net.SplitHostPort(b.addr)
		out, err := exec.Command(client, "-F", "none", "-i", file, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no",
			"-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-p", port, "-l", "mary", host, "show").CombinedOutput()
		if !strings.Contains(string(out), "ran show") {
			t.Errorf("%s: %v\n%s", kind, err, out)
		}
	}
}

// TestLinesDecideWhoComes: lines that do not take SSH or not this address are
// not used, and whoever may use none is not even greeted.
func TestLinesDecideWhoComes(t *testing.T) {
	list := func(permit bool) acl.Gate {
		return acl.Gate{V4: &acl.List{Name: "10", Entries: []acl.Entry{acl.Rule(permit, loopback, netip.Addr{}, true)}}}
	}
	lines := make(chan int, 8)
	b := start(t, Spec{Lines: []Line{{Number: 1, Access: list(false)}, {Number: 3, Access: list(true)}}}, func(o *Options) {
		inner := o.Handler
		o.Handler = Handler(func(ctx context.Context, s *Session) { lines <- s.Line; inner(ctx, s) })
	})
	dial := func() error {
		c, err := ssh.Dial("tcp", b.addr, &ssh.ClientConfig{User: "admin", Auth: []ssh.AuthMethod{ssh.Password("lab")}, HostKeyCallback: ssh.InsecureIgnoreHostKey(), Timeout: 5 * time.Second})
		if err != nil {
			return err
		}
		defer c.Close()
		s, err := c.NewSession()
		if err != nil {
			return err
		}
		_ = s.Run("hello")
		return nil
	}
	if err := dial(); err != nil {
		t.Fatal(err)
	}
	if n := <-lines; n != 3 {
		t.Errorf("line %d", n)
	}
	b.apply(t, Spec{Enabled: true, Endpoint: b.spec.Load().Endpoint, Lines: []Line{{Number: 0, Access: list(false)}}})
	if dial() == nil {
		t.Error("let in against the list")
	}
	b.apply(t, Spec{Enabled: true, Endpoint: b.spec.Load().Endpoint, Lines: []Line{}})
	if dial() == nil {
		t.Error("let in without a line")
	}
	found := false
	b.rec.mu.Lock()
	defer b.rec.mu.Unlock()
	for _, e := range b.rec.all {
		if r, ok := e.(Refused); ok && r.Why == "access-class" && r.List == "10" {
			m, logged := r.LogMessage()
			found = logged && strings.Contains(m.String(), "%SEC-6-IPACCESSLOGS: list 10 denied 127.0.0.1")
		}
	}
	if !found {
		t.Errorf("the refusal is not logged: %+v", b.rec.all)
	}
}

func TestQuietModeAndZeroizedKeys(t *testing.T) {
	var mu sync.Mutex
	quiet, failed := false, 0
	dir := t.TempDir()
	keys, err := OpenHostKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	b := start(t, Spec{}, func(o *Options) {
		o.HostKeys = keys
		o.Quiet = func(netip.Addr) bool { mu.Lock(); defer mu.Unlock(); return quiet }
		o.Failed = func(user string, remote, _ netip.AddrPort) {
			mu.Lock()
			defer mu.Unlock()
			failed++
			quiet = failed >= 2
			if user != "admin" || remote.Addr() != loopback {
				t.Errorf("%s at %s", user, remote)
			}
		}
	})
	dial := func(password string) error {
		c, err := ssh.Dial("tcp", b.addr, &ssh.ClientConfig{User: "admin", Auth: []ssh.AuthMethod{ssh.Password(password)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(), Timeout: 5 * time.Second})
		if err == nil {
			c.Close()
		}
		return err
	}
	if dial("lab") != nil || dial("wrong") == nil || dial("wrong") == nil {
		t.Fatal("password")
	}
	if dial("lab") == nil {
		t.Error("let in although quiet")
	}
	mu.Lock()
	quiet = false
	mu.Unlock()
	if err := keys.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := len(keys.Public()); n != 2 {
		t.Errorf("%d keys", n)
	}
	before := fmt.Sprint(keys.Public())
	if err := keys.Zeroize(); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 || !keys.Zeroized() {
		t.Errorf("left: %v", left)
	}
	if dial("lab") == nil {
		t.Error("let in without host keys")
	}
	b.apply(t, Spec{Enabled: true, Endpoint: b.spec.Load().Endpoint, Retries: 2}) // other settings can be changed meanwhile
	if keys.Regenerate(1024) == nil {
		t.Error("a short key was made")
	}
	if err := keys.Regenerate(0); err != nil {
		t.Fatal(err)
	}
	if dial("lab") != nil || fmt.Sprint(keys.Public()) == before || keys.Public()[1].Bits != HostKeyBits {
		t.Error("the new keys do not serve")
	}
}
