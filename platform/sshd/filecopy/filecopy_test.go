package filecopy

import (
	"bytes"
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

	"option150/platform/aaa"
	"option150/platform/flash"
	"option150/platform/journal"
	"option150/platform/listen"
	"option150/platform/sshd"
	"option150/platform/testkit"
)

// notes keeps what is recorded.
type notes struct {
	mu  sync.Mutex
	all []string
}

func (n *notes) Record(e journal.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if l, ok := e.(journal.Logged); ok && strings.HasPrefix(e.EventName(), "flash.") {
		if m, ok := l.LogMessage(); ok {
			n.all = append(n.all, m.String())
		}
	}
}

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.all, "\n")
}

func newServer(t testing.TB) (*Server, *notes, string) {
	t.Helper()
	dir := t.TempDir()
	f, err := flash.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	n := &notes{}
	return &Server{Flash: f, Recorder: n}, n, dir
}

// stream is a client that says what it has to say at once.
type stream struct {
	io.Reader
	bytes.Buffer
}

func (s *stream) Read(p []byte) (int, error) { return s.Reader.Read(p) }

func run(s *Server, command, says string) (out string, status int) {
	c := &stream{Reader: strings.NewReader(says)}
	status = s.SCP(c, command, Who{"lab", "10.0.0.5"})
	return c.String(), status
}

func TestSCPProtocol(t *testing.T) {
	s, n, dir := newServer(t)
	if err := s.Flash.Mkdir("loads"); err != nil {
		t.Fatal(err)
	}
	if err := s.Flash.WriteFile("there.txt", []byte("hello")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		command, says, out string
		status             int
	}{
		{"scp -t flash:/merge_config.txt", "C0644 5 x\nline\n\x00", "\x00\x00\x00", 0},
		{"scp -v -t 'flash:/b c.txt'", "C0600 2 x\nab\x00", "\x00\x00\x00", 0},
		{"scp -pt flash:", "T1 0 1 0\nC0644 1 a.bin\nA\x00C0644 1 b.bin\nB\x00", "\x00\x00\x00\x00\x00\x00", 0},
		{"scp -t flash:/loads", "C0644 1 c.bin\nC\x00", "\x00\x00\x00", 0},
		{"scp -t .", "C0644 1 d.bin\nD\x00", "\x00\x00\x00", 0},
		{"scp -t flash:/there.txt", "C0644 3 x\nnew\x00", "\x00\x00\x00", 0},
		{"scp -t flash:/broken", "C0644 10 x\nab", "\x00\x00", 1},
		{"scp -t flash:/given-up", "C0644 2 x\nab\x01scp: read error\n", "\x00\x00", 1},
		{"scp -t flash:", "C0644 1 ../x\nA\x00", "\x00\x01scp: ../x: Permission denied\n", 1},
		{"scp -t flash:/../nvram/x", "", "\x01scp: flash:/../nvram/x: Permission denied\n", 1},
		{"scp -t nvram:startup-config", "", "\x01scp: nvram:startup-config: Permission denied\n", 1},
		{"scp -t flash:/no/x", "C0644 1 x\nA\x00", "\x00\x01scp: no/x: No such file or directory\n", 1},
		{"scp -t flash:/huge", "C0644 4611686018427387903 x\n", "\x00\x01scp: huge: No space left on device\n", 1},
		{"scp -d -t flash:/there.txt", "", "\x01scp: flash:/there.txt: Not a directory\n", 1},
		{"scp -r -t flash:", "D0755 0 dir\n", "\x00\x01scp: directories are copied file by file on this box\n", 1},
		{"scp -t flash:/.hidden", "C0644 1 x\nA\x00", "\x00\x01scp: .hidden: Permission denied\n", 1},
		{"scp -t flash:/x", "what?\n", "\x00\x01scp: not the scp protocol\n", 1},
		{"scp -f flash:/b\\ c.txt", "\x00\x00\x00", "C0644 2 b c.txt\nab\x00", 0},
		{"scp -f flash:/nofile", "\x00", "\x01scp: flash:/nofile: No such file or directory\n", 1},
		{"scp -f flash:/loads", "\x00", "\x01scp: flash:/loads: not a regular file\n", 1},
		{"scp -f flash:", "\x00", "\x01scp: flash:: not a regular file\n", 1},
		{"scp flash:/x", "", "\x01scp: only scp -t FILE and scp -f FILE are served\n", 1},
	} {
		out, status := run(s, c.command, c.says)
		if out != c.out || status != c.status {
			t.Errorf("%s: status %d\n%q, not\n%q", c.command, status, out, c.out)
		}
		if strings.Contains(out, dir) {
			t.Errorf("%s: a path of the machine in %q", c.command, out)
		}
	}
	for name, want := range map[string]string{"merge_config.txt": "line\n", "b c.txt": "ab", "a.bin": "A", "b.bin": "B", "loads/c.bin": "C", "d.bin": "D", "there.txt": "new"} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	left, _ := filepath.Glob(filepath.Join(dir, ".*"))
	for _, absent := range []string{"broken", "given-up", "huge", "x"} {
		if _, err := os.Stat(filepath.Join(dir, absent)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is there", absent)
		}
	}
	if len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
	if want := "%SSH-5-FILE_RECEIVED: flash:/merge_config.txt received over scp from lab at 10.0.0.5, 5 bytes"; !strings.Contains(n.String(), want) {
		t.Errorf("no %s in\n%s", want, n)
	}
}

func TestIsSCP(t *testing.T) {
	for line, want := range map[string]bool{"scp -t flash:x": true, "scp": false, "show clock": false, "": false, "scp -t 'x": false, "scpx -t y": false} {
		if IsSCP(line) != want {
			t.Errorf("%q: %t", line, !want)
		}
	}
}

func FuzzCommand(f *testing.F) {
	for _, s := range []string{"scp -t flash:/x", `scp -f 'a b'`, `scp -- -x`, `scp -rpt "x`, `scp \`, "show ip"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		c, err := parse(line)
		if err != nil {
			if c != (command{}) {
				t.Fatalf("%+v with an error", c)
			}
			return
		}
		if !IsSCP(line) || len(c.path) > len(line) {
			t.Fatalf("%q: %+v", line, c)
		}
	})
}

func FuzzSink(f *testing.F) {
	s, _, dir := newServer(f)
	s.Recorder = nil
	f.Add("C0644 5 x\nhello\x00", false)
	f.Add("T1 0 1 0\nC0644 0 a/b\n\x00", true)
	f.Add("D0755 0 d\nE\n", true)
	f.Add(strings.Repeat("C", 2000), false)
	f.Fuzz(func(t *testing.T, says string, root bool) {
		command := "scp -t flash:/one"
		if root {
			command = "scp -t flash:"
		}
		out, status := run(s, command, says)
		if strings.Contains(out, dir) || status == 0 && strings.Contains(out, "\x01") {
			t.Fatalf("status %d, %q", status, out)
		}
		up, _ := os.ReadDir(filepath.Dir(dir))
		if len(up) != 1 {
			t.Fatalf("something beside flash: %v", up)
		}
	})
}

// door is an SSH server of the real kind before the file server.
func door(t *testing.T) (host, port, dir string, n *notes) {
	t.Helper()
	s, n, dir := newServer(t)
	keys, err := sshd.OpenHostKeys(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	who := Who{"lab", "127.0.0.1"}
	d := sshd.New(sshd.Options{HostKeys: keys,
		Authenticate: func(user, password string) (aaa.User, bool) {
			return aaa.User{Name: user, Privilege: 15}, password == "lab"
		},
		Handler: func(_ context.Context, x *sshd.Session) { x.Exit(s.SCP(x, x.Command, who)) },
		Subsystems: map[string]sshd.Handler{"sftp": func(ctx context.Context, x *sshd.Session) {
			defer context.AfterFunc(ctx, func() { x.Close() })()
			x.Exit(s.SFTP(x, who))
		}}})
	t.Cleanup(func() { d.Close(); keys.Close() })
	c, err := d.Prepare(t.Context(), nil, sshd.Spec{Enabled: true, Endpoint: listen.Endpoint{Addr: netip.MustParseAddr("127.0.0.1")}})
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
	host, port, _ = net.SplitHostPort(d.Status().Listeners[0].AddrPort().String())
	return host, port, dir, n
}

// openSSH runs a program of the OpenSSH client that types the password itself.
func openSSH(t *testing.T, program, input string, args ...string) (string, error) {
	t.Helper()
	path := testkit.NeedProgram(t, program, "openssh-client")
	ask := filepath.Join(t.TempDir(), "askpass")
	if err := os.WriteFile(ask, []byte("#!/bin/sh\necho lab\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, append([]string{"-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
		"-o", "LogLevel=ERROR", "-o", "NumberOfPasswordPrompts=1", "-o", "PreferredAuthentications=password"}, args...)...)
	cmd.Env = append(os.Environ(), "SSH_ASKPASS="+ask, "SSH_ASKPASS_REQUIRE=force", "DISPLAY=:0")
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestOpenSSHClients(t *testing.T) {
	host, port, dir, n := door(t)
	work := t.TempDir()
	content := bytes.Repeat([]byte("phone firmware\x00\x01\n"), 100_000) // 1.7 MB: many packets
	local := filepath.Join(work, "P0030801SR02.loads")
	if err := os.WriteFile(local, content, 0o644); err != nil {
		t.Fatal(err)
	}
	at := "lab@" + host + ":"
	same := func(path string) {
		t.Helper()
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s: %d bytes, %v", path, len(got), err)
		}
	}
	for i, old := range []string{"-O", "-s"} { // the old protocol, and scp over sftp
		name := fmt.Sprintf("one%d.bin", i)
		if out, err := openSSH(t, "scp", "", old, "-P", port, local, at+"flash:/"+name); err != nil {
			t.Fatalf("scp %s up: %v\n%s", old, err, out)
		}
		if err := os.WriteFile(filepath.Join(dir, name), append(content, "longer"...), 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := openSSH(t, "scp", "", old, "-P", port, local, at+"flash:/"+name); err != nil {
			t.Fatalf("scp %s over a longer file: %v\n%s", old, err, out)
		}
		same(filepath.Join(dir, name))
		back := filepath.Join(work, name)
		if out, err := openSSH(t, "scp", "", old, "-P", port, at+"flash:/"+name, back); err != nil {
			t.Fatalf("scp %s down: %v\n%s", old, err, out)
		}
		same(back)
		out, err := openSSH(t, "scp", "", old, "-P", port, at+"flash:/nofile", back)
		if err == nil || !strings.Contains(out, "No such file") && !strings.Contains(out, "not found") || strings.Contains(out, dir) {
			t.Errorf("scp %s of nothing: %v\n%s", old, err, out)
		}
		if out, err := openSSH(t, "scp", "", old, "-P", port, local, at+"../outside"); err == nil && old == "-O" {
			t.Errorf("scp %s outside: %s", old, out)
		}
	}
	short := filepath.Join(work, "short")
	if err := os.WriteFile(short, content[:1000], 0o644); err != nil {
		t.Fatal(err)
	}
	batch := strings.Join([]string{"mkdir loads", "cd loads", "put " + local, "rename P0030801SR02.loads a.loads", "ls -l", "get a.loads " + filepath.Join(work, "a"),
		"cd ..", "put " + local + " flash:/gone", "rm gone", "ls", "-get ../../etc/passwd " + filepath.Join(work, "p"), "-rmdir loads", "-put " + local + " loads", "-chmod 600 one0.bin", "put " + short + " resumed", "reput " + local + " resumed"}, "\n") + "\n"
	out, err := openSSH(t, "sftp", batch, "-P", port, "lab@"+host)
	if err != nil {
		t.Fatalf("sftp: %v\n%s", err, out)
	}
	same(filepath.Join(dir, "loads", "a.loads"))
	same(filepath.Join(work, "a"))
	if _, err := os.Stat(filepath.Join(work, "p")); err == nil || strings.Contains(out, dir) {
		t.Errorf("outside was read, or a path of the machine is shown:\n%s", out)
	}
	if !strings.Contains(out, "1700000") || !strings.Contains(out, "one0.bin") || !strings.Contains(out, "loads") {
		t.Errorf("listing:\n%s", out)
	}
	for _, want := range []string{"flash:/one0.bin received over scp", "flash:/one1.bin received over sftp", "flash:/gone: removed over sftp by lab", "flash:/loads/a.loads sent over sftp"} {
		if !strings.Contains(n.String(), want) {
			t.Errorf("no %q in\n%s", want, n)
		}
	}
	if got, err := os.ReadFile(filepath.Join(dir, "resumed")); err != nil || len(got) != 1000 && len(got) != len(content) {
		t.Errorf("an upload that goes on left %d bytes, %v", len(got), err)
	}
	left, _ := filepath.Glob(filepath.Join(dir, ".*"))
	if _, err := os.Stat(filepath.Join(dir, "gone")); err == nil || len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
