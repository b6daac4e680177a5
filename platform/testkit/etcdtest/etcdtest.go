// Package etcdtest starts Debian's etcd for tests: members of one engine on the
// loopback interface, that are killed, started again, saved and restored by etcd's own
// client. What fails ends the test; where etcd is not there the test is skipped.
// Testing: it is what tests are made of.
package etcdtest

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"option150/platform/testkit"
)

// Members are processes of Debian's etcd on the loopback interface, with their data
// in directories of the test.
type Members struct {
	t       *testing.T
	program string
	dirs    []string
	URLs    []string // of the clients
	peer    []string
	run     []*exec.Cmd
	more    []string // arguments
}

// Start starts n members, and waits until they answer. With --cert-file, --key-file and
// --trusted-ca-file among the arguments clients reach them by TLS; etcd's own client shows
// the same certificate then.
func Start(t *testing.T, n int, more ...string) *Members {
	t.Helper()
	m := &Members{t: t, program: testkit.NeedProgram(t, "etcd", "etcd-server"), run: make([]*exec.Cmd, n), more: more}
	scheme := "http://"
	if m.arg("--cert-file") != "" {
		scheme = "https://"
	}
	for range n {
		m.dirs = append(m.dirs, t.TempDir())
		m.URLs = append(m.URLs, scheme+port(t))
		m.peer = append(m.peer, "http://"+port(t))
	}
	for i := range n {
		m.Up(i)
	}
	t.Cleanup(func() {
		for i := range n {
			m.Kill(i)
		}
	})
	m.Ready()
	return m
}

// arg is the value of an argument, "" = it is not there.
func (m *Members) arg(name string) string {
	if i := slices.Index(m.more, name); i >= 0 {
		return m.more[i+1]
	}
	return ""
}

// Dir is the directory of a member's data.
func (m *Members) Dir(i int) string { return m.dirs[i] }

// port is an address nobody listens on.
func port(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Up starts a member again.
func (m *Members) Up(i int) {
	m.t.Helper()
	m.run[i] = exec.Command(m.program, append([]string{"--name", fmt.Sprintf("m%d", i), "--data-dir", m.dirs[i], "--listen-client-urls", m.URLs[i], "--advertise-client-urls", m.URLs[i],
		"--listen-peer-urls", m.peer[i], "--initial-advertise-peer-urls", m.peer[i], "--initial-cluster", m.all(), "--log-level", "error"}, m.more...)...)
	if err := m.run[i].Start(); err != nil {
		m.t.Fatal(err)
	}
}

// all is the list of the members.
func (m *Members) all() string {
	var all []string
	for k, p := range m.peer {
		all = append(all, fmt.Sprintf("m%d=%s", k, p))
	}
	return strings.Join(all, ",")
}

// Kill is kill -9.
func (m *Members) Kill(i int) {
	if m.run[i] != nil {
		_ = m.run[i].Process.Kill()
		_ = m.run[i].Wait()
		m.run[i] = nil
	}
}

// Ready waits until a majority answers.
func (m *Members) Ready() {
	m.t.Helper()
	for range 300 {
		if _, err := m.ctl("--command-timeout=1s", "get", "/"); err == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	m.t.Fatal("the engine does not answer")
}

func (m *Members) ctl(args ...string) (string, error) {
	base := []string{"--endpoints", strings.Join(m.URLs, ","), "--command-timeout=30s"}
	if m.arg("--cert-file") != "" {
		base = append(base, "--cacert", m.arg("--trusted-ca-file"), "--cert", m.arg("--cert-file"), "--key", m.arg("--key-file"))
	}
	c := exec.Command(testkit.NeedProgram(m.t, "etcdctl", "etcd-client"), append(base, args...)...)
	c.Env = append(os.Environ(), "ETCDCTL_API=3")
	out, err := c.CombinedOutput()
	return string(out), err
}

// Ctl asks with etcd's own client.
func (m *Members) Ctl(args ...string) string {
	m.t.Helper()
	out, err := m.ctl(args...)
	if err != nil {
		m.t.Fatalf("etcdctl %s: %v\n%s", args, err, out)
	}
	return out
}

// Space ends the state of an engine that is full, as etcd's own manual says: old
// revisions are forgotten, the files made smaller, the alarm taken back.
func (m *Members) Space() {
	m.t.Helper()
	var now []struct {
		Status struct{ Header struct{ Revision int64 } }
	}
	if err := json.Unmarshal([]byte(m.Ctl("endpoint", "status", "-w", "json")), &now); err != nil || len(now) == 0 {
		m.t.Fatalf("endpoint status: %v", err)
	}
	m.Ctl("compact", "--physical", fmt.Sprint(now[0].Status.Header.Revision))
	m.Ctl("defrag")
	m.Ctl("alarm", "disarm")
}

// Save writes a backup of all there is to a file.
func (m *Members) Save(file string) {
	m.t.Helper()
	one := *m
	one.URLs = m.URLs[:1]
	one.Ctl("snapshot", "save", file)
}

// Restore has all members begin with a backup.
func (m *Members) Restore(file string) {
	m.t.Helper()
	for i := range m.run {
		m.Kill(i)
	}
	for i := range m.run {
		if err := os.RemoveAll(m.dirs[i]); err != nil {
			m.t.Fatal(err)
		}
		m.Ctl("snapshot", "restore", file, "--name", fmt.Sprintf("m%d", i), "--data-dir", m.dirs[i], "--initial-cluster", m.all(), "--initial-advertise-peer-urls", m.peer[i])
		m.Up(i)
	}
	m.Ready()
}
