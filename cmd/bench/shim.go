package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The ways to become a program.
const (
	plain    = "plain"
	forAudit = "audit" // ended children stay in /proc with the time they used
)

// shimMain becomes the program in args[1:], changed a little. It may open many
// files: dnsmasq has a socket for each transfer. And setgroups does nothing and
// succeeds: a user namespace made without root has one user and forbids the
// call, and tftpd-hpa gives up without it. A seccomp filter answers in the
// kernel, and only for that call.
//
// For audit the program cannot say that it ignores the end of its children, as
// tftpd-hpa does, which has one for each transfer: the kernel would forget what
// processor time they used.
func shimMain(args []string) int {
	if len(args) < 2 {
		return 2
	}
	if args[0] == together {
		fmt.Fprintln(os.Stderr, "bench:", togetherMain(args[1]))
		return 1
	}
	if err := become(args[1:], args[0] == forAudit); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %s: %v\n", args[1], err)
	}
	return 1
}

func become(args []string, audit bool) error {
	path, err := exec.LookPath(args[0])
	if err != nil {
		return err
	}
	var files unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err != nil {
		return err
	}
	files.Cur = min(files.Max, 65536)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &files); err != nil {
		return err
	}
	// The filter belongs to the thread that calls exec.
	runtime.LockOSThread()
	if err := pretend(audit); err != nil {
		return err
	}
	return syscall.Exec(path, args, os.Environ())
}

// pretend makes the kernel answer calls with success and do nothing.
func pretend(audit bool) error {
	const ( // offsets in struct seccomp_data of little-endian machines
		number   = 0
		firstArg = 16
	)
	success := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO} // errno 0
	allow := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW}
	load := func(offset uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
	}
	unless := func(value uint32, skip uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: value, Jf: skip}
	}
	filter := []unix.SockFilter{load(number), unless(unix.SYS_SETGROUPS, 1), success}
	if audit {
		filter = append(filter, unless(unix.SYS_RT_SIGACTION, 3), load(firstArg), unless(uint32(unix.SIGCHLD), 1), success)
	}
	filter = append(filter, allow)
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no new privileges: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0); err != nil {
		return fmt.Errorf("seccomp: %w", err)
	}
	runtime.KeepAlive(filter)
	return nil
}
