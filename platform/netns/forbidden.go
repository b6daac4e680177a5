package netns

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
)

// Forbidden says that this machine does not let us have namespaces, and what
// the administrator can do about it. Error is one line.
type Forbidden struct {
	Reason string // "unprivileged user namespaces are switched off (kernel.unprivileged_userns_clone = 0)"
	Remedy string // "sysctl -w kernel.unprivileged_userns_clone=1, or run it as root"
	Err    error  // what the kernel said
}

func (f *Forbidden) Error() string {
	return fmt.Sprintf("no private network namespace: %s; remedy: %s", f.Reason, f.Remedy)
}

func (f *Forbidden) Unwrap() error { return f.Err }

// knobs are the kernel settings that forbid namespaces, in the order in which
// they are looked at. Sources: kernel Documentation/admin-guide/sysctl/user.rst
// (max_*_namespaces), the Debian kernel (unprivileged_userns_clone), the
// Ubuntu 23.10 and 24.04 kernels (apparmor_restrict_unprivileged_userns).
var knobs = [...]struct {
	path, forbids string // file below /proc/sys and the value that forbids
	reason        string
	remedy        string
	userOnly      bool // does not concern root
}{
	{"kernel/unprivileged_userns_clone", "0",
		"unprivileged user namespaces are switched off (kernel.unprivileged_userns_clone = 0)",
		"sysctl -w kernel.unprivileged_userns_clone=1, or run it as root", true},
	{"kernel/apparmor_restrict_unprivileged_userns", "1",
		"AppArmor restricts unprivileged user namespaces (kernel.apparmor_restrict_unprivileged_userns = 1)",
		"sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or run it as root", true},
	{"user/max_user_namespaces", "0",
		"no user namespaces are allowed (user.max_user_namespaces = 0)",
		"sysctl -w user.max_user_namespaces=15000, or run it as root", false},
	{"user/max_net_namespaces", "0",
		"no network namespaces are allowed (user.max_net_namespaces = 0)",
		"sysctl -w user.max_net_namespaces=15000", false},
}

// forbids reports whether the error is the kernel's way to refuse namespaces.
func forbids(err error) bool {
	for _, e := range []syscall.Errno{
		syscall.EPERM, syscall.EACCES, // seccomp, AppArmor, no privilege
		syscall.ENOSPC, syscall.EUSERS, // a limit of user/max_*_namespaces or of nesting
		syscall.EINVAL, syscall.ENOSYS, // a kernel built without them
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// explain turns the kernel's refusal into a reason and a remedy. sys is
// /proc/sys.
func explain(sys fs.FS, root bool, err error) error {
	if !forbids(err) {
		return fmt.Errorf("private network namespace: %w", err)
	}
	for _, k := range knobs {
		b, e := fs.ReadFile(sys, k.path)
		if e != nil || strings.TrimSpace(string(b)) != k.forbids || (root && k.userOnly) {
			continue
		}
		return &Forbidden{Reason: k.reason, Remedy: k.remedy, Err: err}
	}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EUSERS):
		return &Forbidden{Reason: "the limit of namespaces is reached",
			Remedy: "raise user.max_user_namespaces and user.max_net_namespaces with sysctl -w", Err: err}
	case errors.Is(err, syscall.EINVAL), errors.Is(err, syscall.ENOSYS):
		return &Forbidden{Reason: "this kernel has no user or network namespaces",
			Remedy: "run it on a kernel with CONFIG_USER_NS and CONFIG_NET_NS", Err: err}
	}
	return &Forbidden{Reason: "this machine or container refuses them (" + reasonOf(err) + ")",
		Remedy: "run it outside the container or as root, or start the container with --security-opt seccomp=unconfined --cap-add SYS_ADMIN --cap-add NET_ADMIN", Err: err}
}

// reasonOf is the errno's own words without the path of our binary.
func reasonOf(err error) string {
	var e syscall.Errno
	if errors.As(err, &e) {
		return e.Error()
	}
	return err.Error()
}
