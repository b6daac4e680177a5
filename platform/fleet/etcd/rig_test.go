package etcd

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"option150/platform/testkit"
)

// members are processes of Debian's etcd on the loopback interface, with their data
// in directories of the test.
type members struct {
	t       *testing.T
	program string
	dirs    []string
	client  []string // URLs
	peer    []string
	run     []*exec.Cmd
	more    []string // arguments
}

func start(t *testing.T, n int, more ...string) *members {
	t.Helper()
	m := &members{t: t, program: testkit.NeedProgram(t, "etcd", "etcd-server"), run: make([]*exec.Cmd, n), more: more}
	for range n {
		m.dirs = append(m.dirs, t.TempDir())
		m.client = append(m.client, "http://"+port(t))
		m.peer = append(m.peer, "http://"+port(t))
	}
	for i := range n {
		m.up(i)
	}
	t.Cleanup(func() {
		for i := range n {
			m.kill(i)
		}
	})
	m.ready()
	return m
}

// port is an address nobody listens on.
func port(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (m *members) up(i int) {
	m.t.Helper()
	var all []string
	for k, p := range m.peer {
		all = append(all, fmt.Sprintf("m%d=%s", k, p))
	}
	m.run[i] = exec.Command(m.program, append([]string{"--name", fmt.Sprintf("m%d", i), "--data-dir", m.dirs[i], "--listen-client-urls", m.client[i], "--advertise-client-urls", m.client[i],
		"--listen-peer-urls", m.peer[i], "--initial-advertise-peer-urls", m.peer[i], "--initial-cluster", strings.Join(all, ","), "--log-level", "error"}, m.more...)...)
	if err := m.run[i].Start(); err != nil {
		m.t.Fatal(err)
	}
}

// kill is kill -9.
func (m *members) kill(i int) {
	if m.run[i] != nil {
		_ = m.run[i].Process.Kill()
		_ = m.run[i].Wait()
		m.run[i] = nil
	}
}

// ready waits until a majority answers.
func (m *members) ready() {
	m.t.Helper()
	c := m.dial()
	for range 300 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		_, _, err := c.Range(ctx, "/")
		cancel()
		if err == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	m.t.Fatal("the engine does not answer")
}

func (m *members) dial() *Client {
	c := New(Options{Members: m.client})
	m.t.Cleanup(c.Close)
	return c
}

// ctl asks with etcd's own client.
func (m *members) ctl(args ...string) string {
	m.t.Helper()
	out, err := exec.Command(testkit.NeedProgram(m.t, "etcdctl", "etcd-client"), append([]string{"--endpoints", strings.Join(m.client, ",")}, args...)...).CombinedOutput()
	if err != nil {
		m.t.Fatalf("etcdctl %s: %v\n%s", args, err, out)
	}
	return string(out)
}

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}
