package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"option150/platform/settings"
)

// wantedCaps are those of packaging/option150.service.
var wantedCaps = []uint{unix.CAP_NET_BIND_SERVICE, unix.CAP_NET_ADMIN, unix.CAP_NET_RAW}

// asOwner sees to it that what the box writes is its own when it is started
// again: root on a directory of another user goes on as that user, with the
// capabilities of the unit, and gives it what root has left there. It does not
// return then, but for an error. A directory of root is served by root.
func asOwner(root, file string) error {
	uid, gid, other := ownerOf(root)
	if os.Geteuid() != 0 || !other {
		return nil
	}
	name, groups := strconv.Itoa(uid), []int{gid}
	if u, err := user.LookupId(name); err == nil {
		name = u.Username
		if ids, err := u.GroupIds(); err == nil {
			groups = nil
			for _, id := range ids {
				if n, err := strconv.Atoi(id); err == nil {
					groups = append(groups, n)
				}
			}
		}
	}
	fmt.Fprintf(os.Stderr, "option150: %s belongs to %s: going on as that user\n", root, name)
	err := give(root, uid, gid)
	if err != nil {
		return fmt.Errorf("what root has left in %s could not be given to %s: %w", root, name, err)
	}
	args := []string{os.Args[0], "run"}
	var text []byte
	if file != "" {
		if text, err = settings.Read(file); err != nil {
			return err
		}
	}
	if err := become(uid, gid, groups); err != nil {
		return fmt.Errorf("cannot go on as %s: %w; start it as that user, or give %s to root", name, err, root)
	}
	if file != "" {
		at, err := readable(file, text)
		if err != nil {
			return err
		}
		args = append(args, "--config", at)
	}
	self, err := os.Executable()
	if err == nil {
		err = unix.Exec(self, args, os.Environ())
	}
	if err != nil { // as where the directory of the program is closed to others
		err = unix.Exec("/proc/self/exe", args, os.Environ())
	}
	return fmt.Errorf("cannot go on as %s: %w", name, err)
}

// ownerOf is who a directory belongs to; other says that it is not root.
func ownerOf(root string) (uid, gid int, other bool) {
	info, err := os.Stat(root)
	if err != nil {
		return 0, 0, false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return int(st.Uid), int(st.Gid), st.Uid != 0
}

// give gives what belongs to root below a directory to its owner. Links are not
// followed, and a file with a second name is left alone: it may be one of the
// machine.
func give(root string, uid, gid int) error {
	r, err := os.OpenRoot(root)
	if err != nil {
		return err
	}
	defer r.Close()
	return fs.WalkDir(r.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil || !roots(info) {
			return nil
		}
		f, err := r.OpenFile(p, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
		if err != nil {
			return nil
		}
		defer f.Close()
		if info, err = f.Stat(); err != nil || !roots(info) { // what was opened, not what was seen
			return nil
		}
		return f.Chown(uid, gid)
	})
}

// roots reports a directory of root, or a file of root with one name.
func roots(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && st.Uid == 0 && (info.IsDir() || info.Mode().IsRegular() && st.Nlink == 1)
}

// become makes this thread, which stays locked, one of the user with the wanted
// capabilities: those of them that the process has. They outlast the start of
// another program.
func become(uid, gid int, groups []int) error {
	runtime.LockOSThread()
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var caps [2]unix.CapUserData
	if err := unix.Capget(&header, &caps[0]); err != nil {
		return err
	}
	var mask uint32
	for _, c := range wantedCaps {
		mask |= caps[0].Permitted & (1 << c)
	}
	if err := unix.Prctl(unix.PR_SET_KEEPCAPS, 1, 0, 0, 0); err != nil {
		return err
	}
	if err := syscall.Setgroups(groups); err != nil {
		return err
	}
	if err := syscall.Setresgid(gid, gid, gid); err != nil {
		return err
	}
	if err := syscall.Setresuid(uid, uid, uid); err != nil {
		return err
	}
	caps = [2]unix.CapUserData{{Effective: mask, Permitted: mask, Inheritable: mask}}
	if err := unix.Capset(&header, &caps[0]); err != nil {
		return err
	}
	for _, c := range wantedCaps {
		if mask&(1<<c) != 0 {
			if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_RAISE, uintptr(c), 0, 0); err != nil {
				return err
			}
		}
	}
	unix.Umask(0o027)
	return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
}

// readable is a name under which the user may read the settings, of which text
// is the content: their own, else that of a copy in memory.
func readable(file string, text []byte) (string, error) {
	f, err := os.Open(file)
	if err == nil {
		return file, f.Close()
	}
	if !errors.Is(err, fs.ErrPermission) {
		return "", err
	}
	fd, err := unix.MemfdCreate("option150.toml", 0) // stays open over the start
	if err != nil {
		return "", err
	}
	if _, err := unix.Write(fd, text); err != nil {
		return "", err
	}
	return fmt.Sprintf("/proc/self/fd/%d", fd), nil
}
