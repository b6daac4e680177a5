package netns

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
)

func TestExplain(t *testing.T) {
	f := func(kv ...string) fstest.MapFS {
		m := fstest.MapFS{}
		for i := 0; i < len(kv); i += 2 {
			m[kv[i]] = &fstest.MapFile{Data: []byte(kv[i+1] + "\n")}
		}
		return m
	}
	perm := fmt.Errorf("fork/exec /proc/self/exe: %w", syscall.EPERM)
	for _, c := range []struct {
		name string
		sys  fstest.MapFS
		root bool
		err  error
		want string
	}{
		{"debian", f("kernel/unprivileged_userns_clone", "0"), false, perm, "sysctl -w kernel.unprivileged_userns_clone=1"},
		{"ubuntu", f("kernel/apparmor_restrict_unprivileged_userns", "1", "user/max_user_namespaces", "9000"),
			false, perm, "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"},
		{"limit", f("user/max_user_namespaces", "0"), false, syscall.ENOSPC, "sysctl -w user.max_user_namespaces=15000"},
		{"net limit", f("user/max_net_namespaces", "0"), true, syscall.ENOSPC, "sysctl -w user.max_net_namespaces=15000"},
		{"limit reached", f("user/max_user_namespaces", "3"), false, syscall.ENOSPC, "limit of namespaces is reached"},
		{"container", f(), true, perm, "(operation not permitted)"},
		{"root is not concerned", f("kernel/unprivileged_userns_clone", "0"), true, perm, "container refuses"},
		{"old kernel", f(), false, syscall.EINVAL, "CONFIG_USER_NS"},
	} {
		err := explain(c.sys, c.root, c.err)
		var fb *Forbidden
		if !errors.As(err, &fb) || !errors.Is(err, c.err) {
			t.Errorf("%s: %v is no *Forbidden", c.name, err)
			continue
		}
		if s := err.Error(); !strings.Contains(s, c.want) || strings.Contains(s, "\n") || !strings.Contains(s, "remedy: ") {
			t.Errorf("%s: %q lacks %q", c.name, s, c.want)
		}
	}
	if err := explain(f(), false, syscall.ENOMEM); errors.As(err, new(*Forbidden)) || !errors.Is(err, syscall.ENOMEM) {
		t.Errorf("lack of memory is not forbidden: %v", err)
	}
}

// asker is a test that calls Need.
type asker struct{ skipped string }

func (*asker) Helper()            {}
func (a *asker) Skip(args ...any) { a.skipped = fmt.Sprint(args...) }

func TestNeedSkipsWithReason(t *testing.T) {
	t.Setenv(envInside, "")
	t.Setenv(envWhy, "no private network namespace: because")
	var a asker
	if Need(&a); a.skipped != "no private network namespace: because" {
		t.Errorf("got %q", a.skipped)
	}
	t.Setenv(envWhy, "")
	if Need(&a); !strings.Contains(a.skipped, "TestMain") {
		t.Errorf("got %q", a.skipped)
	}
}
