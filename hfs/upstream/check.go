package upstream

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// Whether a kept file has changed at its server is asked in the background,
// never while somebody waits for it, and what cannot be asked stays.

// check asks about the one entry that was not looked at for longest, if its time
// has come.
func (c *cache) check() {
	st := c.s.now.Load()
	if st == nil {
		return
	}
	c.mu.Lock()
	var e *Entry
	for _, x := range c.byName {
		if time.Since(x.Checked) > c.s.tune.Check && (e == nil || x.Checked.Before(e.Checked)) {
			e = x
		}
	}
	var was Entry
	if e != nil {
		was = *e
		e.Checked = time.Now()
	}
	c.mu.Unlock()
	if e != nil {
		c.revalidate(st, e, was)
	}
}

// headBytes is how much of a file is compared: the container of firmware, in
// which the signature of the whole stands.
const headBytes = 1024

// revalidate compares an entry with what the alternates have now. They are asked
// for the beginning alone: servers that know GET and nothing else answer too, and
// a mark that is another at every answer does not bring the file over the line.
func (c *cache) revalidate(st *settings, e *Entry, was Entry) {
	ctx, cancel := context.WithTimeout(c.s.ctx, 3*c.s.tune.Search)
	defer cancel()
	gone, asked := 0, 0
	for _, p := range st.peers {
		if p.isDown() {
			continue
		}
		own := p.alt.String() == was.From
		more := http.Header{"Range": {fmt.Sprintf("bytes=0-%d", headBytes-1)}}
		switch {
		case own && was.ETag != "":
			more.Set("If-None-Match", was.ETag)
		case own && was.Modified != "":
			more.Set("If-Modified-Since", was.Modified)
		}
		resp, said, _ := p.ask(ctx, was.Name, more)
		if said == absent {
			asked++
			gone++
		}
		if said != has {
			continue
		}
		asked++
		if resp.StatusCode == http.StatusNotModified {
			resp.Body.Close()
			continue
		}
		size, same := c.compare(&was, p, resp)
		switch {
		case same && own:
			c.mu.Lock()
			e.ETag, e.Modified = strong(resp), resp.Header.Get("Last-Modified")
			c.mu.Unlock()
		case same, size < 0:
		case own: // it has changed: fetched anew, the old one serves until then
			if f, said, _ := c.s.fetch(ctx, p, was.Name, nil); said == has {
				f.release()
			}
		default:
			c.mu.Lock()
			c.differ(e, p.alt.String(), size)
			c.mu.Unlock()
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byName[was.Name] != e {
		return
	}
	if asked == len(st.peers) && gone == asked { // every server was asked, and none has it any more
		c.remove(e)
		return
	}
	if b, err := json.Marshal(e); err == nil {
		_ = write(c.path(e)+metaEnd, b)
	}
}

// compare reads the beginning of an answer: whether it is that of the entry, and
// the size of the file; size < 0 = the answer does not tell.
func (c *cache) compare(e *Entry, p *peer, resp *http.Response) (size int64, same bool) {
	defer resp.Body.Close()
	size = resp.ContentLength
	if resp.StatusCode == http.StatusPartialContent {
		var from, to int64
		if _, err := fmt.Sscanf(resp.Header.Get("Content-Range"), "bytes %d-%d/%d", &from, &to, &size); err != nil || from != 0 {
			return -1, false
		}
	}
	want := min(size, headBytes)
	if size <= 0 || p.look(e.Name, resp) != "" {
		return -1, false
	}
	theirs, err := io.ReadAll(io.LimitReader(resp.Body, want))
	p.bytes(int64(len(theirs)))
	if err != nil || int64(len(theirs)) != want {
		return -1, false
	}
	f, err := os.Open(c.path(e))
	if err != nil {
		return -1, false
	}
	defer f.Close()
	ours := make([]byte, want)
	_, err = io.ReadFull(f, ours)
	return size, err == nil && size == e.Size && bytes.Equal(ours, theirs)
}
