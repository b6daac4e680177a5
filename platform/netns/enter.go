package netns

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// The environment by which a process knows that it was started inside.
const (
	envInside = "OPTION150_NETNS"       // NAME:inode of the namespace it came from
	envReady  = "OPTION150_NETNS_READY" // descriptor on which it says that it is able to work
)

// Options say how to enter.
type Options struct {
	// Name tells nested uses apart: a process that is inside for "test" may
	// still enter for "lab".
	Name string
	// Mounts asks for a private mount namespace too, so that what is mounted
	// inside is not seen outside.
	Mounts bool
}

// Enter makes the program run in a user namespace where it is root and a
// network namespace that has nothing but a loopback interface, which is up.
//
// Outside it starts the same binary again with the same arguments, terminal
// and signals, waits for it and returns inside = false with its exit status:
// the caller exits with it. In that second process it returns inside = true.
// Started as root where user namespaces are forbidden it makes do with the
// network namespace. The error is *Forbidden when the machine allows neither.
func Enter(o Options) (inside bool, status int, err error) {
	if Inside(o.Name) {
		return true, 0, arrive()
	}
	status, err = spawn(o, unix.CLONE_NEWUSER|unix.CLONE_NEWNET)
	if f := (*Forbidden)(nil); errors.As(err, &f) && os.Geteuid() == 0 {
		if s, e := spawn(o, unix.CLONE_NEWNET); e == nil {
			return false, s, nil
		}
	}
	return false, status, err
}

// Inside reports whether this process runs in a namespace entered by that
// name.
func Inside(name string) bool {
	v, from, ok := strings.Cut(os.Getenv(envInside), ":")
	if !ok || v != name {
		return false
	}
	here, err := current()
	return err == nil && here != from
}

// current names the network namespace of this process, "net:[4026531840]".
func current() (string, error) { return os.Readlink("/proc/self/ns/net") }

// arrive is the first thing done inside: it brings the loopback up, which is
// also the test whether the privileges are real (AppArmor of Ubuntu 24.04
// lets the namespace be made and then takes the privileges away). The result
// goes to the waiting parent; when it is bad there is nothing left to do.
func arrive() error {
	fd, err := strconv.Atoi(os.Getenv(envReady))
	if err != nil {
		return nil // a grandchild: already done
	}
	if err := os.Unsetenv(envReady); err != nil {
		return err
	}
	unix.CloseOnExec(fd)
	pipe := os.NewFile(uintptr(fd), "ready")
	defer pipe.Close()
	err = upLoopback()
	if err == nil {
		_, err = io.WriteString(pipe, "ok")
		return err
	}
	var e syscall.Errno
	if !errors.As(err, &e) {
		e = syscall.EIO
	}
	fmt.Fprintf(pipe, "%d", int(e))
	pipe.Close()
	os.Exit(1) // the parent says why
	return nil
}

// OwnMounts gives the calling goroutine a table of mounts of its own, which ends with
// it: what it mounts nobody else sees, but its children. [mount_namespaces(7)]
func OwnMounts() error {
	runtime.LockOSThread() // for good: nobody else is to come upon this thread
	return unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS)
}

func upLoopback() error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("loopback: %w", err)
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return fmt.Errorf("loopback up: %w", err)
	}
	return nil
}

// spawn runs this binary in new namespaces and waits for its end.
func spawn(o Options, flags uintptr) (int, error) {
	root := os.Geteuid() == 0
	from, err := current()
	if err != nil {
		return 1, fmt.Errorf("private network namespace: %w", err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		return 1, fmt.Errorf("private network namespace: %w", err)
	}
	defer r.Close()
	defer w.Close()

	// The child dies with the thread that started it (Pdeathsig is about
	// threads), so that thread has to live as long as we wait.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	cmd := command(o, flags, from, w)
	sigs := make(chan os.Signal, 8)
	signal.Notify(sigs, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	defer signal.Stop(sigs)
	if err := cmd.Start(); err != nil {
		return 1, explain(os.DirFS("/proc/sys"), root, err)
	}
	w.Close()
	done := make(chan struct{})
	defer close(done)
	go forward(sigs, cmd.Process, done)

	word, _ := io.ReadAll(io.LimitReader(r, 16))
	err = cmd.Wait()
	if n, e := strconv.Atoi(string(word)); e == nil {
		return 1, explain(os.DirFS("/proc/sys"), root, syscall.Errno(n))
	}
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &exit):
		if ws, ok := exit.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
			return 128 + int(ws.Signal()), nil // as a shell reports it
		}
		return exit.ExitCode(), nil
	}
	return 1, fmt.Errorf("private network namespace: %w", err)
}

func command(o Options, flags uintptr, from string, ready *os.File) *exec.Cmd {
	cmd := &exec.Cmd{
		Path:       "/proc/self/exe", // works where the path of the binary cannot be walked
		Args:       os.Args,
		Stdin:      os.Stdin,
		Stdout:     os.Stdout,
		Stderr:     os.Stderr,
		ExtraFiles: []*os.File{ready}, // descriptor 3
	}
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, envInside+"=") && !strings.HasPrefix(e, envReady+"=") {
			cmd.Env = append(cmd.Env, e)
		}
	}
	cmd.Env = append(cmd.Env, envInside+"="+o.Name+":"+from, envReady+"=3")
	if o.Mounts {
		flags |= unix.CLONE_NEWNS
	}
	attr := &syscall.SysProcAttr{Cloneflags: flags, Pdeathsig: syscall.SIGTERM}
	if flags&unix.CLONE_NEWUSER != 0 {
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	cmd.SysProcAttr = attr
	return cmd
}

// forward hands signals on to the child. What the terminal sends reaches the
// child by itself: it is in the same foreground group.
func forward(sigs <-chan os.Signal, p *os.Process, done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		case s := <-sigs:
			if s == syscall.SIGINT && ownsTerminal() {
				continue
			}
			// An error means that the child has ended: Wait says so.
			_ = p.Signal(s)
		}
	}
}

func ownsTerminal() bool {
	pgrp, err := unix.IoctlGetInt(int(os.Stdin.Fd()), unix.TIOCGPGRP)
	return err == nil && pgrp == unix.Getpgrp()
}
