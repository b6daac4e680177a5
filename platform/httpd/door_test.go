package httpd

import (
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestNoDescriptorLeft: who comes while there is no descriptor for him is let in
// when there is one, without another who comes to tell of it.
func TestNoDescriptorLeft(t *testing.T) {
	_, a := newSlowAt(t)
	if got := says(t, a, "/first"); got != "/first" {
		t.Fatal(got)
	}
	var clients []int
	for range 10 {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		_ = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 20})
		clients = append(clients, fd)
	}
	var was unix.Rlimit
	open, err := os.ReadDir("/proc/self/fd")
	if err == nil {
		err = unix.Getrlimit(unix.RLIMIT_NOFILE, &was)
	}
	if err == nil {
		err = unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: uint64(len(open) + 40), Max: was.Max})
	}
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Setrlimit(unix.RLIMIT_NOFILE, &was)
	var taken []int
	for {
		fd, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == unix.EMFILE {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, fd)
	}
	for _, fd := range clients {
		if err := unix.Connect(fd, &unix.SockaddrInet4{Addr: a.Addr().As4(), Port: int(a.Port())}); err != nil {
			t.Error(err)
		}
		_, _ = unix.Write(fd, []byte("GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
	}
	time.Sleep(50 * time.Millisecond) // it has tried, most likely
	for _, fd := range taken {
		_ = unix.Close(fd)
	}
	for i, fd := range clients {
		got, err := io.ReadAll(reader(fd))
		if err != nil || !strings.HasSuffix(string(got), "\r\n\r\n/x") {
			t.Errorf("client %d: %q, %v", i, got, err)
		}
	}
}

// reader reads a blocking socket.
type reader int

func (r reader) Read(b []byte) (int, error) {
	n, err := unix.Read(int(r), b)
	if n == 0 && err == nil {
		err = io.EOF
	}
	return max(n, 0), err
}

// TestDoorIsClosed: one that is closed before anybody serves at it, and one at
// which somebody does, end at once.
func TestDoorIsClosed(t *testing.T) {
	s, _ := newSlowAt(t)
	for _, early := range []bool{true, false} {
		d, err := s.openDoor(t.Context(), at("127.0.0.1", 0, "S").Endpoint)
		if err != nil {
			t.Fatal(err)
		}
		over := make(chan error, 1)
		if early {
			_ = d.Close()
		}
		go func() { over <- s.set.Places()[0].Value.Serve(d) }()
		if !early {
			loop, _ := s.theLoop()
			wait(t, "it is watched", func() bool {
				loop.mu.Lock()
				defer loop.mu.Unlock()
				return loop.doors[d.fd] == d
			})
			_ = d.Close()
		}
		select {
		case err := <-over:
			if err == nil {
				t.Error("no reason is given")
			}
		case <-time.After(20 * time.Second):
			t.Fatal("it does not end")
		}
		loop, _ := s.theLoop()
		loop.mu.Lock()
		if loop.doors[d.fd] == d {
			t.Error("it is still watched")
		}
		loop.mu.Unlock()
	}
}
