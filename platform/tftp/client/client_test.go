package client

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pin/tftp/v3"
)

// server is pin's own, on a port of the machine.
func server(t *testing.T, files map[string][]byte) string {
	t.Helper()
	var mu sync.Mutex
	s := tftp.NewServer(func(name string, rf io.ReaderFrom) error {
		mu.Lock()
		b, ok := files[name]
		mu.Unlock()
		if !ok {
			return fs.ErrNotExist
		}
		_, err := rf.ReadFrom(bytes.NewReader(b))
		return err
	}, func(name string, wt io.WriterTo) error {
		var b bytes.Buffer
		if _, err := wt.WriteTo(&b); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		files[name] = b.Bytes()
		return nil
	})
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(conn)
	t.Cleanup(s.Shutdown)
	return conn.LocalAddr().String()
}

func TestGetAndPut(t *testing.T) {
	big := bytes.Repeat([]byte("0123456789"), 20_000)
	small, exact := []byte("hostname A\n"), make([]byte, 2*blockSize)
	at := server(t, map[string][]byte{"a.cfg": small, "big": big, "exact": exact, "empty": nil})
	ctx := context.Background()
	for name, want := range map[string][]byte{"a.cfg": small, "big": big, "exact": exact, "empty": nil} {
		var got bytes.Buffer
		n, err := Get(ctx, at, name, &got, 1<<20)
		if err != nil || n != int64(len(want)) || !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s: %d bytes of %d, %v", name, n, len(want), err)
		}
	}
	if _, err := Get(ctx, at, "nofile", io.Discard, 1<<20); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
	if _, err := Get(ctx, at, "big", io.Discard, 1000); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	n, err := Put(ctx, at, "up", bytes.NewReader(big))
	if err != nil || n != int64(len(big)) {
		t.Fatalf("put: %d, %v", n, err)
	}
	var back bytes.Buffer
	for range 50 { // the server stores it after its last answer
		back.Reset()
		if _, err = Get(ctx, at, "up", &back, 1<<20); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err != nil || !bytes.Equal(back.Bytes(), big) {
		t.Errorf("what came back is another file: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	for text, want := range map[string]error{
		"code: 1, message: file not found":            fs.ErrNotExist,
		"sending block 0: code=2, error: no":          fs.ErrPermission,
		"sending block 4: code=3, error: disk full":   ErrFull,
		"sending block 0: code=6, error: exists":      fs.ErrExist,
		"sending block 0: code=0, error: go \x1baway": Refused("go \\x1baway"),
	} {
		if got := meaning(errors.New(text)); !errors.Is(got, want) {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// A server that is silent is given up, and ^C does not wait for it.
func TestSilentServer(t *testing.T) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := Get(ctx, conn.LocalAddr().String(), "x", io.Discard, 10); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("interrupted: %v", err)
	}
	if _, err := get(context.Background(), conn.LocalAddr().String(), "x", io.Discard, 10, 20*time.Millisecond); !errors.Is(err, ErrTimeout) {
		t.Errorf("silent: %v", err)
	}
}

func TestUnknownHost(t *testing.T) {
	if _, err := Get(context.Background(), "no such host!", "x", io.Discard, 1); err == nil || !strings.Contains(err.Error(), "unknown host") {
		t.Errorf("%v", err)
	}
}
