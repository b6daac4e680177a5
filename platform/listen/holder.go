package listen

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"option150/platform/plain"
)

// Bounds of the search for the holder of a port: it only makes a message
// better, so it never costs much.
const (
	maxRows  = 65536
	maxProcs = 4096
	maxFDs   = 65536
)

// Holder tells who holds a port in the way of e, "nginx (pid 812)", or "" when
// that cannot be told (another user's process without root, for one). proc is
// where procfs is mounted; not is a
// process that is not meant. [proc(5): net/tcp, PID/fd, PID/comm]
func Holder(proc string, e Endpoint, not int) string {
	inodes := map[string]bool{}
	for _, table := range []string{string(e.Proto), string(e.Proto) + "6"} {
		holders(filepath.Join(proc, "self", "net", table), e, inodes)
	}
	if len(inodes) == 0 {
		return ""
	}
	procs, err := os.ReadDir(proc)
	if err != nil {
		return ""
	}
	seen := 0
	for i, p := range procs {
		pid, err := strconv.Atoi(p.Name())
		if err != nil || i >= maxProcs || pid == not {
			continue
		}
		dir := filepath.Join(proc, p.Name(), "fd")
		fds, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, fd := range fds {
			if seen++; seen > maxFDs {
				return ""
			}
			to, err := os.Readlink(filepath.Join(dir, fd.Name()))
			if err == nil && inodes[to] {
				return fmt.Sprintf("%s (pid %d)", command(proc, p.Name()), pid)
			}
		}
	}
	return ""
}

// command is the name of a process.
func command(proc, pid string) string {
	b, err := os.ReadFile(filepath.Join(proc, pid, "comm"))
	name := plain.Shown(strings.TrimSpace(string(b)), 64)
	if err != nil || name == "" {
		return "a process"
	}
	return name
}

// holders adds the sockets of one table that are in the way of e, as the links
// in /proc/PID/fd name them.
func holders(file string, e Endpoint, into map[string]bool) {
	f, err := os.Open(file)
	if err != nil {
		return
	}
	defer f.Close()
	e.Device = "" // the table does not tell the device of a socket
	lines := bufio.NewScanner(f)
	for n := 0; n < maxRows && lines.Scan(); n++ {
		at, state, inode, ok := row(lines.Text())
		if !ok || e.Proto == TCP && state != "0A" { // 0A is LISTEN
			continue
		}
		if e.Overlaps(Endpoint{Proto: e.Proto, Addr: at.Addr(), Port: at.Port()}) {
			into["socket:["+inode+"]"] = true
		}
	}
}

// row reads a line of net/tcp: "0: 0100007F:1B3A 00000000:0000 0A ... uid
// timeout inode". The address is printed as words in the byte order of the
// machine, the port as a number.
func row(line string) (at netip.AddrPort, state, inode string, ok bool) {
	f := strings.Fields(line)
	if len(f) < 10 {
		return at, "", "", false
	}
	host, port, found := strings.Cut(f[1], ":")
	words, err := hex.DecodeString(host)
	if !found || err != nil || len(words)%4 != 0 {
		return at, "", "", false
	}
	for i := 0; i < len(words); i += 4 {
		binary.NativeEndian.PutUint32(words[i:], binary.BigEndian.Uint32(words[i:]))
	}
	addr, good := netip.AddrFromSlice(words)
	p, err := strconv.ParseUint(port, 16, 16)
	if !good || err != nil {
		return at, "", "", false
	}
	return netip.AddrPortFrom(addr, uint16(p)), f[3], f[9], true
}
