package host

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// maxProcesses bounds what Holder looks through.
const maxProcesses = 4096

// Holder names the process that has a port of this machine, "dnsmasq (pid 812)",
// "" if nobody has it or nobody may be told. proto is "tcp" or "udp". It reads
// /proc and is for an operator who waits, not for a rule.
func Holder(proto string, port uint16) string {
	return holder("/proc", proto, port)
}

func holder(root, proto string, port uint16) string {
	inodes := map[string]bool{}
	for _, table := range []string{proto, proto + "6"} {
		for _, i := range sockets(read(filepath.Join(root, "net", table)), proto, port) {
			inodes["socket:["+i+"]"] = true
		}
	}
	if len(inodes) == 0 {
		return ""
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		return ""
	}
	n := 0
	for _, e := range entries {
		pid := e.Name()
		if _, err := strconv.Atoi(pid); err != nil {
			continue
		}
		if n++; n > maxProcesses {
			break
		}
		fds, _ := os.ReadDir(filepath.Join(root, pid, "fd"))
		for _, fd := range fds {
			if to, err := os.Readlink(filepath.Join(root, pid, "fd", fd.Name())); err == nil && inodes[to] {
				return fmt.Sprintf("%s (pid %s)", strings.TrimSpace(read(filepath.Join(root, pid, "comm"))), pid)
			}
		}
	}
	return ""
}

// sockets are the inodes of the sockets of a table of /proc/net that listen on
// a port. The columns are those of proc_pid_net(5): local address, state, inode.
func sockets(table, proto string, port uint16) (inodes []string) {
	const listening, unconnected = "0A", "07"
	for line := range strings.Lines(table) {
		w := strings.Fields(line)
		if len(w) < 10 {
			continue
		}
		_, p, ok := strings.Cut(w[1], ":")
		n, err := strconv.ParseUint(p, 16, 16)
		if !ok || err != nil || uint16(n) != port || proto == "tcp" && w[3] != listening || proto == "udp" && w[3] != unconnected {
			continue
		}
		inodes = append(inodes, w[9])
	}
	return inodes
}
