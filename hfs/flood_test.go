package hfs

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"option150/platform/fileserver"
	"option150/platform/flash"
	"option150/platform/httpd"
	"option150/platform/listen"
	"option150/platform/tftp"
)

// branch is both transports over one file server, as in the box.
type branch struct {
	files      *fileserver.Server
	http, tftp netip.AddrPort
}

func newBranch(t *testing.T) *branch {
	t.Helper()
	dir := t.TempDir()
	large := filepath.Join(dir, "large.sbn")
	if err := os.WriteFile(large, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, 64<<20); err != nil { // more than sockets hold
		t.Fatal(err)
	}
	fl, err := flash.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = fl.Close() })
	files := fileserver.New(fileserver.Options{Flash: fl, Generated: func(name string) ([]byte, time.Time, string, bool) {
		if len(name) > 3 && name[:3] == "SEP" {
			return []byte(cnf), time.Unix(1e9, 0), `"gen-1"`, true
		}
		return nil, time.Time{}, "", false
	}})
	s := New(files)
	web := httpd.New(map[string]httpd.Module{NameModule: s.Module()}, nil)
	web.PressedBy(func() bool { return files.Waiting() > 0 })
	c, err := web.Prepare(t.Context(), nil, httpd.Spec{Listeners: []httpd.Listener{{
		Endpoint: listen.Endpoint{Proto: listen.TCP, Addr: netip.MustParseAddr("127.0.0.1"), Owner: Owner}, Modules: []string{NameModule}}}})
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
	engine := tftp.New(tftp.Options{Opener: files})
	if c, err = engine.Prepare(t.Context(), nil, tftp.Spec{Endpoints: []listen.Endpoint{{Proto: listen.UDP, Addr: netip.MustParseAddr("127.0.0.1")}}}); err != nil {
		t.Fatal(err)
	}
	c.Commit()
	t.Cleanup(func() {
		done, cancel := context.WithCancel(context.Background())
		cancel()
		web.Close(done)
		<-engine.Stop(-1)
	})
	return &branch{files, web.Listeners()[0].Bound, engine.Status().Listeners[0].AddrPort()}
}

// boot is a phone that comes up: HTTP, and TFTP when that has no place.
func (b *branch) boot(from string, name string) bool {
	for range 4 {
		if b.overHTTP(from, name) || b.overTFTP(from, name) {
			return true
		}
		time.Sleep(200 * time.Millisecond)
	}
	return false
}

func (b *branch) dial(from string) (net.Conn, error) {
	return (&net.Dialer{Timeout: 5 * time.Second, LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}).Dial("tcp4", b.http.String())
}

func (b *branch) overHTTP(from, name string) bool {
	c, err := b.dial(from)
	if err != nil {
		return false
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = fmt.Fprintf(c, "GET /%s HTTP/1.1\r\nHost:x\r\nConnection: close\r\n\r\n", name)
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return false
	}
	body, err := io.ReadAll(r.Body)
	return err == nil && r.StatusCode == 200 && string(body) == cnf
}

func (b *branch) overTFTP(from, name string) bool {
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.ParseIP(from)})
	if err != nil {
		return false
	}
	defer c.Close()
	request := []byte("\x00\x01" + name + "\x00octet\x00")
	buf := make([]byte, 600)
	for range 3 {
		_, _ = c.WriteToUDPAddrPort(request, b.tftp)
		_ = c.SetReadDeadline(time.Now().Add(4 * time.Second))
		n, tid, err := c.ReadFromUDPAddrPort(buf)
		if err != nil {
			continue
		}
		if buf[1] != 3 {
			return false
		}
		_, _ = c.WriteToUDPAddrPort([]byte{0, 4, 0, 1}, tid)
		return string(buf[4:n]) == cnf
	}
	return false
}

// While somebody does his worst, phones come up: at least 58 of 60.
func TestPhonesComeUpUnderFloods(t *testing.T) {
	forever := func(ctx context.Context, wg *sync.WaitGroup, f func()) {
		wg.Go(func() {
			for ctx.Err() == nil {
				f()
			}
		})
	}
	floods := map[string]func(context.Context, *sync.WaitGroup, *branch){
		"forged requests": func(ctx context.Context, wg *sync.WaitGroup, b *branch) {
			for i := range 8 {
				n := 0
				forever(ctx, wg, func() {
					n++
					c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 6, byte(i), byte(n))})
					if err == nil {
						_, _ = c.WriteToUDPAddrPort([]byte("\x00\x01large.sbn\x00octet\x00blksize\x001428\x00"), b.tftp)
						_ = c.Close()
					}
					time.Sleep(20 * time.Millisecond) // 400 a second in all
				})
			}
		},
		"readers that never read": func(ctx context.Context, wg *sync.WaitGroup, b *branch) {
			for i := range 14 * 16 {
				forever(ctx, wg, func() {
					c, err := b.dial(fmt.Sprintf("127.7.0.%d", 1+i/16))
					if err != nil {
						time.Sleep(100 * time.Millisecond)
						return
					}
					defer c.Close()
					_ = c.(*net.TCPConn).SetReadBuffer(4096)
					_, _ = io.WriteString(c, "GET /large.sbn HTTP/1.1\r\nHost:x\r\n\r\n")
					gone := make(chan struct{})
					go func() { // sees the end, without reading
						defer close(gone)
						for ctx.Err() == nil {
							if _, err := c.Write([]byte("\r\n")); err != nil {
								return
							}
							time.Sleep(100 * time.Millisecond)
						}
					}()
					<-gone
				})
			}
		},
		"bodies that never come": func(ctx context.Context, wg *sync.WaitGroup, b *branch) {
			for i := range 14 * 16 {
				forever(ctx, wg, func() {
					c, err := b.dial(fmt.Sprintf("127.8.0.%d", 1+i/16))
					if err != nil {
						time.Sleep(100 * time.Millisecond)
						return
					}
					defer c.Close()
					_, _ = io.WriteString(c, "GET /SEP001E7A000001.cnf.xml HTTP/1.1\r\nHost:x\r\nContent-Length: 50\r\n\r\n")
					_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
					_, _ = io.Copy(io.Discard, c)
					time.Sleep(50 * time.Millisecond)
				})
			}
		},
	}
	for name, flood := range floods {
		t.Run(name, func(t *testing.T) {
			b := newBranch(t)
			ctx, stop := context.WithCancel(t.Context())
			var attack, phones sync.WaitGroup
			flood(ctx, &attack, b)
			time.Sleep(time.Second)
			serving, limit := b.files.Serving()
			var up atomic.Int64
			begin := time.Now()
			for i := range 60 {
				phones.Go(func() {
					if b.boot(fmt.Sprintf("127.9.0.%d", 1+i), fmt.Sprintf("SEP001E7A0000%02X.cnf.xml", i)) {
						up.Add(1)
					}
				})
				time.Sleep(20 * time.Millisecond)
			}
			phones.Wait()
			t.Logf("%d of 60 came up in %v; %d of %d places were taken before", up.Load(), time.Since(begin).Round(time.Millisecond), serving, limit)
			stop()
			attack.Wait()
			if up.Load() < 58 {
				t.Errorf("%d of 60 phones came up", up.Load())
			}
		})
	}
}
