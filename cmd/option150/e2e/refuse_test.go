package e2e

import (
	"net"
	"strconv"
	"strings"
	"testing"

	"option150/platform/netns"
)

func itoa(n int) string { return strconv.Itoa(n) }

// state is all that a refused change has to leave alone.
type state struct{ config, services, sockets string }

func (w *world) state() state {
	w.T.Helper()
	return state{w.runningConfig(), w.Exec("show services"), w.listening()}
}

// listening is every listening socket of the box's machine, as the kernel
// tells, with the inode that changes when a socket is opened anew.
func (w *world) listening() string {
	w.T.Helper()
	out, err := w.on(w.Box, "/bin/cat", "/proc/net/tcp", "/proc/net/udp", "/proc/net/tcp6", "/proc/net/udp6")
	if err != nil {
		w.T.Fatal(err, out)
	}
	const listen, unconnected = "0A", "07"
	var lines []string
	for _, l := range strings.Split(out, "\n") {
		// Ports from 8000h up are those the kernel gives out for a while.
		if f := strings.Fields(l); len(f) > 9 && (f[3] == listen || f[3] == unconnected) && !strings.ContainsAny(f[1][len(f[1])-4:len(f[1])-3], "89ABCDEF") {
			lines = append(lines, f[1]+" inode "+f[9])
		}
	}
	return strings.Join(lines, "\n")
}

// occupy is a foreign process that holds a TCP port of the box's machine.
func occupy(t *testing.T, h *netns.Host, port int) net.Listener {
	t.Helper()
	var l net.Listener
	if err := h.Do(func() (err error) {
		l, err = net.Listen("tcp4", ":"+itoa(port))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// TestRefusedChangeLeavesEverything: a clash in either direction, a port held
// by a foreign process, a bad address. Configuration, services and sockets
// stay, and what was served is served on.
func TestRefusedChangeLeavesEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	s := w.Login()
	conn, err := w.Dial("tcp4", "10.150.0.1:6970")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	refuse := func(want string, lines ...string) {
		t.Helper()
		before := w.state()
		s.Do("configure terminal")
		last := len(lines) - 1
		s.Silent(lines[:last]...)
		if a := s.Do(lines[last]); !strings.Contains(a, want) || !strings.HasPrefix(a, want) && !strings.Contains(a, "^") {
			t.Errorf("%s: want %q\n%s", lines[last], want, a)
		}
		s.Do("end")
		after := w.state()
		if before != after {
			t.Errorf("%s: before\n%+v\nafter\n%+v", lines[last], before, after)
		}
		if status, _ := w.get("http://10.150.0.1:6970/SEP001E7A000001.cnf.xml"); status != 200 {
			t.Errorf("after %s HFS answers %d", lines[last], status)
		}
	}
	// HFS has 6970: the HTTP server may not have it, typed anywhere.
	refuse(clash, "ip http port 6970")
	refuse(clash, "telephony-service", "ip http port 6970")
	// HTTP has 8080: HFS may not have it.
	s.Configure("ip http port 8080")
	refuse(clash, "telephony-service", "hfs enable port 8080")
	s.Configure("ip http port 80")
	// A foreign process has 7000.
	occupy(t, w.Box, 7000)
	refuse(clash, "telephony-service", "hfs enable port 7000")
	refuse(clash, "ip http port 7000")
	// A connection made before all this is still there.
	if _, err := conn.Write([]byte("GET /SEP001E7A000001.cnf.xml HTTP/1.1\r\nHost:10.150.0.1:6970\r\n\r\n")); err != nil {
		t.Error(err)
	}

	refuse("% Invalid input detected at '^' marker.", "interface GigabitEthernet0/0", "ip address 10.150.0.256 255.255.255.0")
	refuse("Bad mask 0xFF00FF00 for address 10.150.0.1", "interface GigabitEthernet0/0", "ip address 10.150.0.1 255.0.255.0")
	refuse("% Invalid input detected at '^' marker.", "ip dhcp pool VOICE", "option 150 ip 10.150.0.1.1")
}

// TestForeignProcessOn6970WhenTyped: refused at once, with who holds the port;
// when that is gone the same line is accepted.
func TestForeignProcessOn6970WhenTyped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{config: strings.Replace(branch, " hfs enable port 6970\n", "", 1)})
	holder := occupy(t, w.Box, 6970)
	s := w.Login()
	before := w.state()
	s.Do("configure terminal")
	s.Silent("telephony-service")
	a := s.Do("hfs enable port 6970")
	if !strings.HasPrefix(a, clash+"\n") || !strings.Contains(a, "held by") {
		t.Errorf("it answers\n%s", a)
	}
	if after := w.state(); after != before {
		t.Errorf("before\n%+v\nafter\n%+v", before, after)
	}
	holder.Close()
	s.Silent("hfs enable port 6970", "end")
	if status, _ := w.get("http://10.150.0.1:6970/SEP001E7A000001.cnf.xml"); status != 200 {
		t.Errorf("status %d", status)
	}
}
