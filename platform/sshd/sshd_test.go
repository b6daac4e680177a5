package sshd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"option150/platform/aaa"
	"option150/platform/journal"
	"option150/platform/listen"
	"option150/platform/service"
	"option150/platform/testkit"
)

var loopback = netip.MustParseAddr("127.0.0.1")

// events is a recorder that keeps all.
type events struct {
	mu  sync.Mutex
	all []journal.Event
}

func (e *events) Record(v journal.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, v)
}

func (e *events) names() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []string
	for _, v := range e.all {
		out = append(out, strings.TrimPrefix(v.EventName(), "session."))
	}
	return strings.Join(out, " ")
}

// box is a running server. keys are made once for all tests of a directory.
type box struct {
	*Server
	addr string
	rec  *events
}

var makeKeys = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "sshd-test-keys-")
	if err != nil {
		return "", err
	}
	h, err := OpenHostKeys(dir)
	if err != nil {
		return "", err
	}
	return dir, errors.Join(h.Wait(), h.Close())
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := makeKeys(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

func start(t *testing.T, spec Spec, change func(*Options)) *box {
	t.Helper()
	dir, err := makeKeys()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := OpenHostKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keys.Close() })
	b := &box{rec: &events{}}
	o := Options{HostKeys: keys, Recorder: b.rec, Handler: echo,
		Authenticate: func(user, password string) (aaa.User, bool) {
			ok := user == "admin" && password == "lab"
			return aaa.User{Name: user, Privilege: 15}, ok
		}}
	if change != nil {
		change(&o)
	}
	b.Server = New(o)
	t.Cleanup(b.Server.Close)
	spec.Enabled, spec.Endpoint.Addr = true, loopback
	b.apply(t, spec)
	b.addr = b.Status().Listeners[0].AddrPort().String()
	return b
}

func (b *box) apply(t *testing.T, spec service.Spec) {
	t.Helper()
	c, err := b.Prepare(t.Context(), nil, spec)
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
}

// echo is a small shell: it reports the session and repeats lines.
func echo(ctx context.Context, s *Session) {
	if s.Command != "" {
		fmt.Fprintf(s, "ran %s\r\n", s.Command)
		if s.Command == "wait" {
			<-ctx.Done()
		}
		if s.Command == "panic" {
			panic("as asked")
		}
		s.Exit(len(s.Command) % 2)
		return
	}
	fmt.Fprintf(s, "%s %d vty%d pty %v %dx%d\r\n", s.User.Name, s.User.Privilege, s.Line, s.Pty, s.Width, s.Height)
	lines := bufio.NewScanner(s)
	for lines.Scan() {
		switch line := strings.TrimSpace(lines.Text()); line {
		case "exit":
			return
		case "size":
			z := <-s.Resize
			fmt.Fprintf(s, "now %dx%d\r\n", z.Width, z.Height)
		default:
			fmt.Fprintf(s, "heard %s\r\n", line)
		}
	}
	fmt.Fprint(s, "end of input\r\n")
}

func dial(b *box, password string, more ...ssh.AuthMethod) (*ssh.Client, error) {
	return ssh.Dial("tcp", b.addr, &ssh.ClientConfig{User: "admin", Timeout: 5 * time.Second,
		Auth:            append([]ssh.AuthMethod{ssh.Password(password)}, more...),
		HostKeyCallback: ssh.InsecureIgnoreHostKey()})
}

func client(t *testing.T, b *box) *ssh.Client {
	t.Helper()
	c, err := dial(b, "lab")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestExec(t *testing.T) {
	b := start(t, Spec{}, nil)
	c := client(t, b)
	for _, command := range []string{"show version", "odd"} {
		s, err := c.NewSession()
		if err != nil {
			t.Fatal(err)
		}
		out, err := s.Output(command)
		if string(out) != "ran "+command+"\r\n" {
			t.Errorf("%q", out)
		}
		var exit *ssh.ExitError
		if status := len(command) % 2; status == 0 && err != nil || status != 0 && (!errors.As(err, &exit) || exit.ExitStatus() != status) {
			t.Errorf("%s: %v", command, err)
		}
	}
	testkit.Until(t, "events", func() bool {
		return b.rec.names() == "LoginSuccess Opened Closed Opened Closed"
	})
	if n := len(b.Sessions()); n != 0 {
		t.Errorf("%d sessions left", n)
	}
}

func TestShell(t *testing.T) {
	b := start(t, Spec{}, nil)
	c := client(t, b)
	s, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.RequestPty("xterm", 50, 132, ssh.TerminalModes{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Setenv("LANG", "C"); err != nil {
		t.Error("env refused:", err)
	}
	in, _ := s.StdinPipe()
	raw, _ := s.StdoutPipe()
	out := bufio.NewReader(raw)
	if err := s.Shell(); err != nil {
		t.Fatal(err)
	}
	want := func(line string) {
		t.Helper()
		if got, err := out.ReadString('\n'); got != line+"\r\n" {
			t.Fatalf("got %q %v, want %q", got, err, line)
		}
	}
	want("admin 15 vty0 pty true 132x50")
	fmt.Fprint(in, "hello\r\n")
	want("heard hello")
	for _, z := range []int{100, 101, 102} {
		if err := s.WindowChange(40, z); err != nil {
			t.Fatal(err)
		}
	}
	// A reply to the keep-alive means the window changes were handled too.
	if ok, _, err := c.SendRequest("keepalive@openssh.com", true, nil); ok || err != nil {
		t.Errorf("keepalive: %v %v", ok, err)
	}
	if list := b.Sessions(); len(list) != 1 || list[0].User != "admin" || list[0].Line != 0 || list[0].Cipher == "" ||
		!strings.HasPrefix(list[0].ClientVersion, "SSH-2.0-") || list[0].Remote.Addr() != loopback {
		t.Errorf("sessions %+v", list)
	}
	fmt.Fprint(in, "size\r\n")
	if got, _ := out.ReadString('\n'); !strings.HasPrefix(got, "now 10") {
		t.Errorf("resize: %q", got)
	}
	fmt.Fprint(in, "exit\r\n")
	if err := s.Wait(); err != nil {
		t.Errorf("exit: %v", err)
	}
}

func TestEndOfInputDoesNotCancel(t *testing.T) {
	b := start(t, Spec{}, nil)
	s, err := client(t, b).NewSession()
	if err != nil {
		t.Fatal(err)
	}
	s.Stdin = strings.NewReader("one\ntwo\n")
	out, err := s.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Shell(); err != nil {
		t.Fatal(err)
	}
	all, _ := io.ReadAll(out)
	if want := "admin 15 vty0 pty false 80x24\r\nheard one\r\nheard two\r\nend of input\r\n"; string(all) != want {
		t.Errorf("%q", all)
	}
}

func TestContextEndsWithTheConnection(t *testing.T) {
	ended := make(chan struct{})
	b := start(t, Spec{}, func(o *Options) {
		o.Handler = func(ctx context.Context, s *Session) {
			fmt.Fprint(s, "x")
			<-ctx.Done()
			close(ended)
		}
	})
	c := client(t, b)
	s, _ := c.NewSession()
	out, _ := s.StdoutPipe()
	if err := s.Start("wait"); err != nil {
		t.Fatal(err)
	}
	io.ReadFull(out, make([]byte, 1))
	c.Close()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("the handler still runs")
	}
}

func TestDisconnect(t *testing.T) {
	b := start(t, Spec{}, nil)
	s, _ := client(t, b).NewSession()
	if err := s.Start("wait"); err != nil {
		t.Fatal(err)
	}
	testkit.Until(t, "session", func() bool { return len(b.Sessions()) == 1 })
	if b.Disconnect(3) || !b.Disconnect(0) {
		t.Error("wrong line")
	}
	_ = s.Wait()
	testkit.Until(t, "gone", func() bool { return len(b.Sessions()) == 0 })
}

func TestPanicEndsOneSession(t *testing.T) {
	var seen sync.WaitGroup
	seen.Add(1)
	b := start(t, Spec{}, func(o *Options) { o.Panicked = func(any, []byte) { seen.Done() } })
	c := client(t, b)
	s, _ := c.NewSession()
	err := s.Run("panic")
	var exit *ssh.ExitError
	if !errors.As(err, &exit) || exit.ExitStatus() != 255 {
		t.Errorf("status: %v", err)
	}
	seen.Wait()
	s, err = c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run("even"); err != nil {
		t.Error("the connection died with the session:", err)
	}
}

func TestKeyboardInteractive(t *testing.T) {
	b := start(t, Spec{}, func(o *Options) { o.Banner = func() string { return "Authorised\nonly" } })
	var prompt, banner string
	c, err := ssh.Dial("tcp", b.addr, &ssh.ClientConfig{User: "admin", HostKeyCallback: ssh.InsecureIgnoreHostKey(),
		BannerCallback: func(m string) error { banner = m; return nil },
		Auth: []ssh.AuthMethod{ssh.KeyboardInteractive(func(_, _ string, q []string, show []bool) ([]string, error) {
			prompt = fmt.Sprint(q, show)
			return []string{"lab"}, nil
		})}})
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	if prompt != "[Password: ] [false]" || banner != "Authorised\r\nonly\r\n" {
		t.Errorf("prompt %q banner %q", prompt, banner)
	}
}

func TestRefusals(t *testing.T) {
	b := start(t, Spec{MaxSessions: 1, Retries: 2}, nil)
	tries := 0
	_, err := ssh.Dial("tcp", b.addr, &ssh.ClientConfig{User: "a]b\n", HostKeyCallback: ssh.InsecureIgnoreHostKey(),
		Auth: []ssh.AuthMethod{ssh.RetryableAuthMethod(ssh.PasswordCallback(func() (string, error) {
			tries++
			return "wrong", nil
		}), 10)}})
	if err == nil || tries > 3 {
		t.Errorf("%d tries, %v", tries, err)
	}
	testkit.Until(t, "failures", func() bool { return b.rec.names() == "LoginFailed LoginFailed" })
	if m, ok := b.rec.all[0].(LoginFailed).LogMessage(); !ok || !strings.Contains(m.String(), "[user: a.b\\x0a] [Source: 127.0.0.1]") {
		t.Errorf("message %q", m)
	}

	c := client(t, b)
	if _, _, err := c.OpenChannel("direct-tcpip", nil); err == nil {
		t.Error("forwarding allowed")
	}
	s, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.NewSession()
	var open *ssh.OpenChannelError
	if !errors.As(err, &open) || open.Reason != ssh.ResourceShortage {
		t.Errorf("second session: %v", err)
	}
	if err := s.RequestSubsystem("sftp"); err == nil {
		t.Error("subsystem nobody has was accepted")
	}
	if ok, _ := s.SendRequest("x11-req", true, nil); ok {
		t.Error("x11 accepted")
	}
	if err := s.Run("even"); err != nil {
		t.Error(err)
	}
	testkit.Until(t, "line free", func() bool {
		s, err := c.NewSession()
		return err == nil && s.Run("even") == nil
	})
}

func TestSubsystem(t *testing.T) {
	b := start(t, Spec{}, func(o *Options) {
		o.Subsystems = map[string]Handler{"sftp": func(_ context.Context, s *Session) { io.Copy(s, s) }}
	})
	s, _ := client(t, b).NewSession()
	in, _ := s.StdinPipe()
	out, _ := s.StdoutPipe()
	if err := s.RequestSubsystem("sftp"); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(in, "files")
	in.Close()
	if got, err := io.ReadAll(out); string(got) != "files" {
		t.Errorf("%q %v", got, err)
	}
}

func TestLoginGraceAndPlaces(t *testing.T) {
	b := start(t, Spec{LoginGrace: 300 * time.Millisecond}, nil)
	// A peer that says nothing is cut off; so is an eleventh at once.
	var held []net.Conn
	for range hostShare {
		c, err := net.Dial("tcp", b.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		held = append(held, c)
	}
	testkit.Until(t, "places taken", func() bool { return b.gate.len() == hostShare })
	c, err := net.Dial("tcp", b.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.ReadAll(c); err != nil && !errors.Is(err, io.EOF) && !strings.Contains(err.Error(), "reset") {
		t.Error(err)
	}
	for _, c := range held {
		io.Copy(io.Discard, c)
	}
	testkit.Until(t, "places given back", func() bool { return b.gate.len() == 0 })
	// This host has used up its attempts without logging in.
	if !strings.Contains(b.rec.names(), "Refused") {
		t.Errorf("events %s", b.rec.names())
	}
}

func TestIdleConnectionWithoutSessionIsClosed(t *testing.T) {
	b := start(t, Spec{LoginGrace: 400 * time.Millisecond}, nil)
	c := client(t, b)
	if err := c.Wait(); err == nil {
		t.Error("ended in peace")
	}
	// A session that asks for nothing is no better.
	c = client(t, b)
	if _, err := c.NewSession(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	testkit.Until(t, "line free", func() bool { b.mu.Lock(); defer b.mu.Unlock(); return len(b.sessions) == 0 })
}

func TestKeepAliveFindsDeadPeers(t *testing.T) {
	b := start(t, Spec{}, func(o *Options) { o.KeepAlive = 100 * time.Millisecond })
	// Between client and server stands a pipe that can be frozen.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var frozen sync.RWMutex
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		u, err := net.Dial("tcp", b.addr)
		if err != nil {
			return
		}
		pipe := func(dst, src net.Conn) {
			p := make([]byte, 4096)
			for {
				n, err := src.Read(p)
				if err != nil {
					return
				}
				frozen.RLock()
				_, err = dst.Write(p[:n])
				frozen.RUnlock()
				if err != nil {
					return
				}
			}
		}
		go pipe(u, c)
		pipe(c, u)
	}()
	c, err := ssh.Dial("tcp", l.Addr().String(), &ssh.ClientConfig{User: "admin",
		Auth: []ssh.AuthMethod{ssh.Password("lab")}, HostKeyCallback: ssh.InsecureIgnoreHostKey()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s, _ := c.NewSession()
	if err := s.Start("wait"); err != nil {
		t.Fatal(err)
	}
	testkit.Until(t, "session", func() bool { return len(b.Sessions()) == 1 })
	time.Sleep(250 * time.Millisecond) // some keep-alives are answered
	if len(b.Sessions()) != 1 {
		t.Fatal("a live peer was dropped")
	}
	frozen.Lock()
	defer frozen.Unlock()
	testkit.Until(t, "dead peer dropped", func() bool { return len(b.Sessions()) == 0 })
}

func TestStalledWriteEndsTheSession(t *testing.T) {
	b := start(t, Spec{}, func(o *Options) {
		o.Stall = 100 * time.Millisecond
		o.Handler = func(_ context.Context, s *Session) {
			for {
				if _, err := s.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		}
	})
	c := client(t, b)
	s, _ := c.NewSession()
	if _, err := s.StdoutPipe(); err != nil { // never read
		t.Fatal(err)
	}
	if err := s.Shell(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
}

func TestMovesAndStops(t *testing.T) {
	b := start(t, Spec{}, nil)
	c := client(t, b)
	at := b.Status().Listeners[0]

	// Same endpoint, other limits: nothing is reopened.
	spec := *b.spec.Load()
	spec.MaxSessions = 2
	b.apply(t, spec)
	if got := b.Status().Listeners[0]; got != at {
		t.Errorf("moved from %v to %v", at, got)
	}

	// Onto an address that overlaps: break before make, and back.
	wild := spec
	wild.Endpoint = listen.Endpoint{Addr: netip.IPv4Unspecified(), Port: at.Port}
	ch, err := b.Prepare(t.Context(), spec, wild)
	if err != nil {
		t.Fatal(err)
	}
	ch.Abort()
	if got := b.Status(); got.State != service.Running {
		t.Errorf("after abort %+v", got)
	}
	client(t, b)
	b.apply(t, wild)
	client(t, b)

	// Somebody else holds the port: typed error, the old one goes on.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := spec
	taken.Endpoint = listen.Endpoint{Addr: loopback, Port: addrPort(l.Addr()).Port()}
	if _, err := b.Prepare(t.Context(), wild, taken); !listen.InUse(err) {
		t.Errorf("error %v", err)
	}
	client(t, b)

	// Stop: the listener is gone, the sessions are not.
	b.apply(t, nil)
	if st := b.Status(); st.State != service.Disabled || len(st.Listeners) != 0 {
		t.Errorf("%+v", st)
	}
	if _, err := net.Dial("tcp", b.addr); err == nil {
		t.Error("still listening")
	}
	s, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run("even"); err != nil {
		t.Error(err)
	}
	b.apply(t, Spec{Enabled: false})
	b.Close()
	if _, err := b.Prepare(t.Context(), nil, spec); !errors.Is(err, listen.ErrClosed) {
		t.Errorf("after close: %v", err)
	}
	if _, err := b.Prepare(t.Context(), nil, 7); err == nil {
		t.Error("a spec of another kind was taken")
	}
}

func TestLimiter(t *testing.T) {
	var l limiter
	now := time.Unix(1000, 0)
	a, b := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for i := range hostBurst {
		if !l.take(a, now) {
			t.Fatalf("refused at %d", i)
		}
	}
	if l.take(a, now) || !l.take(b, now) {
		t.Error("not per host")
	}
	if !l.take(a, now.Add(hostRefill)) || l.take(a, now.Add(hostRefill)) {
		t.Error("refill is wrong")
	}
	l.giveBack(a)
	if !l.take(a, now.Add(hostRefill)) {
		t.Error("a login does not give its token back")
	}
	for i := range 2 * maxHosts {
		l.take(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), now.Add(time.Hour))
	}
	if len(l.hosts) > maxHosts {
		t.Errorf("%d hosts", len(l.hosts))
	}
	six := func(s string) netip.Addr { return netip.MustParseAddr(s) }
	if listen.Host(six("2001:db8::1")) != listen.Host(six("2001:db8::ffff")) || listen.Host(six("2001:db8::1")) == listen.Host(six("2001:db8:0:1::1")) ||
		listen.Host(six("::ffff:192.0.2.1")) != a {
		t.Error("host is wrong")
	}
}

func TestHostKeys(t *testing.T) {
	dir := t.TempDir()
	h, err := OpenHostKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(h.Signers()) < 1 || h.Signers()[0].PublicKey().Type() != ssh.KeyAlgoED25519 {
		t.Error("no ed25519 key at once")
	}
	if err := h.Wait(); err != nil {
		t.Fatal(err)
	}
	first := h.Signers()
	if len(first) != 2 || first[1].PublicKey().Type() != ssh.KeyAlgoRSA {
		t.Fatalf("%d keys", len(first))
	}
	h.Close()
	for _, name := range []string{ed25519File, rsaFile} {
		if fi, err := os.Stat(filepath.Join(dir, name)); err != nil || fi.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, fi, err)
		}
	}
	h, err = OpenHostKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	again := h.Signers()
	if len(again) != 2 || string(again[1].PublicKey().Marshal()) != string(first[1].PublicKey().Marshal()) {
		t.Error("other keys after a restart")
	}
	if err := h.Regenerate(0); err != nil {
		t.Fatal(err)
	}
	if string(h.Signers()[0].PublicKey().Marshal()) == string(first[0].PublicKey().Marshal()) {
		t.Error("same key after regenerating")
	}
	h.Close()
	if err := os.WriteFile(filepath.Join(dir, rsaFile), []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenHostKeys(dir); !errors.Is(err, ErrHostKey) || !strings.Contains(err.Error(), rsaFile) {
		t.Errorf("junk key: %v", err)
	}
	if _, err := OpenHostKeys(filepath.Join(dir, "absent")); err == nil {
		t.Error("absent directory")
	}
}

// TestOpenSSH drives the server with the client most operators have.
func TestOpenSSH(t *testing.T) {
	bin := testkit.NeedProgram(t, "ssh", "openssh-client")
	b := start(t, Spec{}, nil)
	dir := t.TempDir()
	ask := filepath.Join(dir, "ask")
	if err := os.WriteFile(ask, []byte("#!/bin/sh\necho lab\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(b.addr)
	run := func(input string, args ...string) (string, int) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		c := exec.CommandContext(ctx, bin, append([]string{"-F", "/dev/null", "-p", port, "-l", "admin", "-o", "StrictHostKeyChecking=no",
			"-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "PubkeyAuthentication=no", host}, args...)...)
		c.Env = append(os.Environ(), "SSH_ASKPASS="+ask, "SSH_ASKPASS_REQUIRE=force", "DISPLAY=:0")
		c.Stdin = strings.NewReader(input)
		out, _ := c.CombinedOutput()
		return string(out), c.ProcessState.ExitCode()
	}
	if out, code := run("", "show privilege"); out != "ran show privilege\r\n" || code != 0 {
		t.Errorf("exec: %q %d", out, code)
	}
	if out, code := run("", "odd"); out != "ran odd\r\n" || code != 1 {
		t.Errorf("exec: %q %d", out, code)
	}
	if out, code := run("a\nexit\n"); out != "admin 15 vty0 pty false 80x24\r\nheard a\r\n" || code != 0 {
		t.Errorf("shell: %q %d", out, code)
	}
}
