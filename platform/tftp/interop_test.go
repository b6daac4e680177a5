package tftp

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"option150/platform/fileserver"
	"option150/platform/service"
	"option150/platform/testkit"

	pin "github.com/pin/tftp/v3"
)

var interopSizes = []int{0, 1, 511, 512, 513, 1024, 100_000}

func interopFiles() map[string][]byte {
	files := map[string][]byte{}
	for _, n := range interopSizes {
		files[fmt.Sprintf("file%d", n)] = fileOf(n)
	}
	files["text"] = bytes.Repeat([]byte("one\ntwo\r\nthree\rfour\n\n"), 300)
	return files
}

// pin/tftp as a client, with and without options.
func TestPinClient(t *testing.T) {
	w := serve(t, testSet{}, interopFiles())
	for name, content := range w.files {
		for _, block := range []int{0, 512, 1428, 8192, 65464} {
			c, err := pin.NewClient(w.at.String())
			if err != nil {
				t.Fatal(err)
			}
			if block > 0 {
				c.SetBlockSize(block)
			}
			c.RequestTSize(block == 1428)
			for _, mode := range []string{"octet", "netascii"} {
				r, err := c.Receive(name, mode)
				if err != nil {
					t.Fatalf("%s %s %d: %v", name, mode, block, err)
				}
				if size, ok := r.(pin.IncomingTransfer).Size(); ok && size != int64(len(content)) {
					t.Errorf("%s: tsize %d", name, size)
				}
				var got bytes.Buffer
				if _, err := r.WriteTo(&got); err != nil {
					t.Errorf("%s %s %d: %v", name, mode, block, err)
				}
				// pin's reader of netascii drops nothing else than what the
				// conversion added, so the text comes back as it was.
				if !bytes.Equal(got.Bytes(), content) && (mode == "octet" || name == "text") {
					t.Errorf("%s %s %d: %d octets", name, mode, block, got.Len())
				}
			}
		}
	}
	c, err := pin.NewClient(w.at.String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Receive("missing", "octet"); err == nil || !strings.Contains(err.Error(), "No such file") {
		t.Errorf("error %v", err)
	}
	if _, err := c.Send("upload", "octet"); err == nil || !strings.Contains(err.Error(), "Access violation") {
		t.Errorf("error %v", err)
	}
}

// converse has a lock-step conversation and returns what the server said: the
// first packet in words, and all of it as a hash.
func converse(t *testing.T, at netip.AddrPort, request []byte) string {
	t.Helper()
	conn, err := net.ListenUDP("udp4", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.WriteToUDPAddrPort(request, at); err != nil {
		t.Fatal(err)
	}
	sum := sha256.New()
	first := ""
	block := defaultBlockSize
	buf := make([]byte, 66000)
	var last []byte
	for n := 0; ; {
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		k, from, err := conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			t.Fatalf("after %d packets: %v", n, err)
		}
		b := buf[:k]
		if !bytes.Equal(b, last) { // a busy machine makes a server repeat itself
			sum.Write(b)
			n++
		}
		last = append(last[:0], b...)
		if n == 1 {
			first = show(b)
		}
		number := []byte{0, 0}
		switch opcode(b) {
		case opOACK:
			fmt.Sscanf(first, "OACK blksize %d", &block)
		case opDATA:
			number = b[2:4]
		default:
			return first
		}
		if _, err := conn.WriteToUDPAddrPort([]byte{0, opACK, number[0], number[1]}, from); err != nil {
			t.Fatal(err)
		}
		if opcode(b) == opDATA && k-headerSize < block {
			return fmt.Sprintf("%s ... %d packets %x", first, n, sum.Sum(nil))
		}
	}
}

// The same files and requests to pin/tftp as a server: where it follows the
// RFCs, the conversation is the same to the octet.
func TestOracle(t *testing.T) {
	files := interopFiles()
	w := serve(t, testSet{}, files)
	oracle := pin.NewServer(func(name string, rf io.ReaderFrom) error {
		_, err := rf.ReadFrom(bytes.NewReader(files[name]))
		return err
	}, nil)
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- oracle.Serve(conn) }()
	defer func() { oracle.Shutdown(); <-done }()
	at := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	converse(t, at, rrq("file1", "octet")) // its first request does not see the MTU
	for name, content := range files {
		for _, options := range []string{"", "blksize=512", "blksize=1428", "blksize=8192", "blksize=65464", "tsize=0", "unknown=1"} {
			if options == "tsize=0" && len(content) == 0 {
				continue // pin leaves tsize out for an empty file
			}
			for _, mode := range []string{"octet", "netascii"} {
				if options == "tsize=0" && mode == "netascii" {
					continue // pin tells the length before the conversion
				}
				request := rrq(name, mode, strings.Fields(options)...)
				want, got := converse(t, at, request), converse(t, w.at, request)
				if got != want {
					t.Errorf("%s %s %q:\nours %s\npin  %s", name, mode, options, got, want)
				}
			}
		}
	}
}

func runClient(t *testing.T, path string, args ...string) string {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = t.TempDir()
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		t.Fatalf("%v hangs: %s", args, out)
	}
	return fmt.Sprint(string(out), err)
}

func TestForeignTftpHpa(t *testing.T) {
	path := testkit.NeedProgram(t, "tftp", "tftp-hpa")
	w := serve(t, testSet{}, interopFiles())
	dir := t.TempDir()
	for name, content := range w.files {
		for _, mode := range []string{"octet", "netascii"} {
			to := filepath.Join(dir, name+mode)
			out := runClient(t, path, "-m", mode, "127.0.0.1", fmt.Sprint(w.at.Port()), "-c", "get", name, to)
			got, err := os.ReadFile(to)
			if err != nil {
				t.Fatalf("%s: %v %s", name, err, out)
			}
			if !bytes.Equal(got, content) && (mode == "octet" || name == "text") {
				t.Errorf("%s %s: %d octets of %d: %s", name, mode, len(got), len(content), out)
			}
		}
	}
	if out := runClient(t, path, "127.0.0.1", fmt.Sprint(w.at.Port()), "-c", "get", "missing"); !strings.Contains(out, "Error code 1: No such file") {
		t.Errorf("missing file: %s", out)
	}
}

func TestForeignAtftp(t *testing.T) {
	path := testkit.NeedProgram(t, "atftp", "atftp")
	w := serve(t, testSet{}, interopFiles())
	dir := t.TempDir()
	i := 0
	for name, content := range w.files {
		for _, options := range [][]string{nil, {"blksize 8"}, {"blksize 1428", "tsize enable"}, {"blksize 65464", "timeout 2"},
			{"windowsize 4"}, {"blksize 1428", "windowsize 64"}, {"blksize 512", "windowsize 17"}} {
			i++
			to := filepath.Join(dir, fmt.Sprint(i))
			args := []string{"--prevent-sas"}
			for _, o := range options {
				args = append(args, "--option", o)
			}
			out := runClient(t, path, append(args, "-g", "-r", name, "-l", to, "127.0.0.1", fmt.Sprint(w.at.Port()))...)
			got, _ := os.ReadFile(to)
			if !bytes.Equal(got, content) {
				t.Errorf("%s %v: %d octets of %d: %s", name, options, len(got), len(content), out)
			}
		}
	}
}

// The engine before the real look-up: one serving count, places given back,
// a request that waits for a place instead of being refused, and one
// that nobody acknowledges holds none.
func TestWithFileserver(t *testing.T) {
	content := fileOf(1500)
	lookup := func(name string) ([]byte, time.Time, string, bool) {
		switch name {
		case "SEP001E7A000001.cnf.xml":
			return content, time.Time{}, `"x"`, true
		case "empty":
			return nil, time.Time{}, `"y"`, true
		}
		return nil, time.Time{}, "", false
	}
	files := fileserver.New(fileserver.Options{Generated: lookup})
	c := fileserver.Spec{Config: fileserver.Default()}
	c.MaximumServingCount = 1
	change, err := files.Prepare(t.Context(), nil, service.Spec(c))
	if err != nil {
		t.Fatal(err)
	}
	change.Commit()
	w := newWorld(t, testSet{}, nil)
	w.opener, w.giveBack = files, (*fileserver.File).Finish
	w.serveOn("127.0.0.1:0")

	forged, first, second := w.probe(), w.probe(), w.probe()
	forged.ask("SEP001E7A000001.cnf.xml", "octet")
	forged.expect("DATA 1 512")
	first.ask("SEP001E7A000001.cnf.xml", "octet")
	first.expect("DATA 1 512")
	if n, _ := files.Serving(); n != 0 {
		t.Errorf("%d places are held although nobody has answered", n)
	}
	first.ack(1)
	first.expect("DATA 2 512")
	second.ask("SEP001E7A000001.cnf.xml", "octet")
	w.until("the queue", func() bool { return files.Waiting() == 1 })
	second.silence(quiet)
	forged.ack(1) // it waits as well, ahead of new ones
	w.until("the queue", func() bool { return files.Waiting() == 2 })
	first.ack(2)
	first.expect("DATA 3 476")
	forged.expect("DATA 2 512") // first has all that was to be sent: its place is free
	first.ack(3)
	forged.sendTo(forged.tid, []byte("\x00\x05\x00\x00enough\x00"))
	second.expect("DATA 1 512")
	second.sendTo(second.tid, []byte("\x00\x05\x00\x00enough\x00"))
	w.until("the ends", func() bool { return w.Counters().RequestsInProgress == 0 && files.Counters().RequestsInProgress == 0 })
	if n, _ := files.Serving(); n != 0 {
		t.Errorf("%d places are held at the end", n)
	}

	for name, want := range map[string]string{"empty": "ERROR 1 No such file", "missing": "ERROR 1 No such file",
		"../etc/passwd": "ERROR 2 Access violation"} {
		p := w.probe()
		p.ask(name, "octet")
		p.expect(want)
	}
	ours, theirs := w.Counters(), files.Counters()
	if ours.Requests != theirs.Requests || ours.RequestsProcessed != theirs.RequestsProcessed ||
		ours.RequestsNotFound != theirs.RequestsNotFound || ours.RequestsAborted != theirs.RequestsAborted {
		t.Errorf("the engine counts %+v\nthe file server %+v", ours, theirs)
	}
}

// Debian's atftp starts its timer of 5 s anew at every packet: on a line that
// loses both ways it comes through all the same, at every window.
func TestForeignAtftpOnABadLine(t *testing.T) {
	path := testkit.NeedProgram(t, "atftp", "atftp")
	content := fileOf(60_000)
	w := serve(t, testSet{}, map[string][]byte{"a": content})
	for i, options := range [][]string{nil, nil, {"timeout 2"}, {"tsize enable", "blksize 1428"}, {"windowsize 8"}, {"windowsize 16", "blksize 1428"}, {"windowsize 64"}} {
		t.Run(fmt.Sprint(i, options), func(t *testing.T) {
			t.Parallel()
			l := newLossy(t, w.at, 0.02)
			to := filepath.Join(t.TempDir(), "a")
			var args []string
			for _, o := range options {
				args = append(args, "--option", o)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
			defer cancel()
			begin := time.Now()
			out, err := exec.CommandContext(ctx, path, append(args, "-g", "-r", "a", "-l", to, "127.0.0.1", fmt.Sprint(l.at().Port()))...).CombinedOutput()
			got, _ := os.ReadFile(to)
			t.Logf("%v: %d octets in %v", options, len(got), time.Since(begin).Round(10*time.Millisecond))
			if !bytes.Equal(got, content) {
				t.Errorf("%d octets of %d: %s %v", len(got), len(content), out, err)
			}
		})
	}
}
