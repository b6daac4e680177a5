package upstream

import (
	"context"
	"encoding/json"
	"net/http"
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

// revalidate compares an entry with what the alternates have now.
func (c *cache) revalidate(st *settings, e *Entry, was Entry) {
	ctx, cancel := context.WithTimeout(c.s.ctx, 3*c.s.tune.Search)
	defer cancel()
	gone, asked := 0, 0
	for _, p := range st.peers {
		if p.isDown() {
			continue
		}
		own := p.alt.String() == was.From
		method, more := http.MethodHead, http.Header{}
		if own && (was.ETag != "" || was.Modified != "") {
			method = http.MethodGet
			if was.ETag != "" {
				more.Set("If-None-Match", was.ETag)
			} else {
				more.Set("If-Modified-Since", was.Modified)
			}
		}
		body, end := context.WithCancel(c.s.ctx)
		stop := context.AfterFunc(ctx, end)
		resp, said, _ := p.ask(body, method, was.Name, more)
		stop()
		switch {
		case said == absent:
			asked++
			gone++
		case said != has:
		case resp.StatusCode == http.StatusNotModified:
			asked++
		case method == http.MethodGet: // it has changed, or its mark has: fetched anew, the old one serves until then
			asked++
			if f, err := c.s.depart(st, p, was.Name, resp, end); err == nil {
				f.release()
			}
			continue // the flight ends it
		default:
			asked++
			if resp.ContentLength > 0 && resp.ContentLength != was.Size {
				c.mu.Lock()
				c.differ(e, p.alt.String(), resp.ContentLength)
				c.mu.Unlock()
			}
		}
		if resp != nil {
			resp.Body.Close()
		}
		end()
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
