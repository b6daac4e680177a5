package hfs

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"option150/platform/fileserver"
	"option150/platform/flash"
)

// Of many who ask at the same moment one look at the name does for all, and still
// nobody gets what the file was before he asked: it is replaced again and again,
// behind the back of the box, while they ask as fast as they can, and some ask
// twice at once.
func TestNobodyGetsWhatWasThereBeforeHeAsked(t *testing.T) {
	const phones, versions = 24, 200
	dir := t.TempDir()
	path, next := filepath.Join(dir, "Ringlist.xml"), filepath.Join(dir, "next")
	var now atomic.Int64
	place := func(n int64) {
		if err := os.WriteFile(next, fmt.Appendf(nil, "%08d", n), 0o644); err != nil {
			t.Error(err)
		}
		if err := os.Rename(next, path); err != nil {
			t.Error(err)
		}
		now.Store(n)
	}
	place(1)
	fl, err := flash.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer fl.Close()
	at := serve(t, New(fileserver.New(fileserver.Options{Flash: fl}))).String()
	var wg sync.WaitGroup
	for i := range phones {
		wg.Go(func() {
			const ask = "GET /Ringlist.xml HTTP/1.1\r\nHost: x\r\n\r\n"
			times := 1 + i%2
			var c net.Conn
			var r *bufio.Reader
			for n := 0; now.Load() < versions; n++ {
				if c == nil || n%7 == 0 && i%3 == 0 { // some come anew
					if c != nil {
						_ = c.Close()
					}
					var err error
					if c, err = net.Dial("tcp", at); err != nil {
						t.Error(err)
						return
					}
					r = bufio.NewReader(c)
				}
				was := now.Load()
				if _, err := io.WriteString(c, strings.Repeat(ask, times)); err != nil {
					t.Error(err)
					return
				}
				for range times {
					resp, err := http.ReadResponse(r, nil)
					if err != nil {
						t.Error(err)
						return
					}
					body, err := io.ReadAll(resp.Body)
					got, _ := strconv.ParseInt(string(body), 10, 64)
					if err != nil || resp.StatusCode != http.StatusOK || got < was {
						t.Errorf("version %d was there when it was asked for, the answer is %s %q, %v", was, resp.Status, body, err)
						return
					}
				}
			}
			_ = c.Close()
		})
	}
	for n := int64(2); n <= versions; n++ {
		place(n)
	}
	wg.Wait()
}
