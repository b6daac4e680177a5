package hfs

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"option150/platform/fileserver"
	"option150/platform/flash"
	"option150/platform/listen"
	"option150/platform/tftp"
)

// A branch that upgrades is thousands of transfers of one image: two thousand
// of 8 MB hold one descriptor of it, over both transports, and none at the end.
func TestManyTransfersHoldOneDescriptor(t *testing.T) {
	const phones, browsers = 2000, 16
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || limit.Cur < 2*phones {
		t.Skipf("%d descriptors are allowed here, %v", limit.Cur, err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "cmterm.sbn")
	image := make([]byte, 8_000_000)
	_, _ = rand.NewChaCha8([32]byte{8}).Read(image)
	if err := os.WriteFile(path, image, 0o644); err != nil {
		t.Fatal(err)
	}
	fl, err := flash.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer fl.Close()
	files := fileserver.New(fileserver.Options{Flash: fl})
	c, err := files.Prepare(t.Context(), nil, fileserver.Spec{Config: fileserver.Config{MaximumServingCount: 2 * phones}})
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
	engine := tftp.New(tftp.Options{Opener: files})
	if c, err = engine.Prepare(t.Context(), nil, tftp.Spec{Endpoints: []listen.Endpoint{{Proto: listen.UDP, Addr: netip.MustParseAddr("127.0.0.1")}}}); err != nil {
		t.Fatal(err)
	}
	c.Commit()
	defer func() { <-engine.Stop(-1) }()
	door := engine.Status().Listeners[0].AddrPort()
	var all []*reader
	for i := range phones {
		r := read(t, door, fmt.Sprintf("127.7.%d.%d", i/250, 1+i%250), "cmterm.sbn")
		all = append(all, r)
		for n := range 2 {
			if got := r.block(uint16(1 + n)); !bytes.Equal(got, image[512*n:512*(n+1)]) {
				t.Fatalf("phone %d got %d other octets as block %d", i, len(got), 1+n)
			}
		}
	}
	at := serve(t, New(files))
	for i := range browsers {
		conn, err := net.Dial("tcp", at.String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		head := make([]byte, 12)
		if _, err := fmt.Fprintf(conn, "GET /cmterm.sbn HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(head); err != nil || string(head) != "HTTP/1.1 200" {
			t.Fatalf("browser %d: %q, %v", i, head, err)
		}
		all = append(all, &reader{close: func() { _ = conn.Close() }})
	}
	if n := len(engine.Sessions()); n != phones {
		t.Errorf("%d transfers live", n)
	}
	if n := descriptors(t, path); n != 1 {
		t.Errorf("%d descriptors of the file", n)
	}
	for _, r := range all {
		r.close()
	}
	for end := time.Now().Add(20 * time.Second); descriptors(t, path) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d descriptors when all have gone: %+v", descriptors(t, path), files.Counters())
		}
	}
}

// descriptors counts those of this process on a file.
func descriptors(t *testing.T, path string) (n int) {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	for _, e := range all {
		if to, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && strings.HasPrefix(to, path) {
			n++
		}
	}
	return n
}

// reader is a phone that reads in blocks of 512.
type reader struct {
	t     *testing.T
	conn  *net.UDPConn
	to    netip.AddrPort
	out   []byte // said last
	buf   [600]byte
	close func()
}

func read(t *testing.T, door netip.AddrPort, from, name string) *reader {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.ParseIP(from)})
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{t: t, conn: conn, to: door, out: []byte("\x00\x01" + name + "\x00octet\x00")}
	r.close = func() { // it says that it has enough
		_, _ = conn.WriteToUDPAddrPort([]byte("\x00\x05\x00\x00\x00"), r.to)
		_ = conn.Close()
	}
	r.say()
	return r
}

func (r *reader) say() {
	if _, err := r.conn.WriteToUDPAddrPort(r.out, r.to); err != nil {
		r.t.Fatal(err)
	}
}

// block waits for a block and acknowledges it.
func (r *reader) block(want uint16) []byte {
	r.t.Helper()
	for tries := 0; tries < 10; {
		_ = r.conn.SetReadDeadline(time.Now().Add(3 * time.Second))
		n, from, err := r.conn.ReadFromUDPAddrPort(r.buf[:])
		switch {
		case err != nil:
			tries++
			r.say()
		case n >= 4 && r.buf[1] == 5:
			r.t.Fatalf("error %q", r.buf[4:n])
		case n >= 4 && binary.BigEndian.Uint16(r.buf[2:]) == want:
			r.to, r.out = from, []byte{0, 4, r.buf[2], r.buf[3]}
			r.say()
			return r.buf[4:n]
		}
	}
	r.t.Fatal("no answer")
	return nil
}
