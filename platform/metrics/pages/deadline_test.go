package pages

import (
	"net/http/httptest"
	"testing"
	"time"
)

// The deadlines of the listener are for answers: a stream outlives them, and
// says that it is there while nothing happens.
func TestStreamOutlivesTheDeadlines(t *testing.T) {
	p, err := New(Sources{})
	if err != nil {
		t.Fatal(err)
	}
	const deadline = 100 * time.Millisecond
	p.tick, p.beat = 10*time.Millisecond, 20*time.Millisecond
	w := httptest.NewUnstartedServer(p)
	w.Config.ReadTimeout, w.Config.WriteTimeout = deadline, deadline
	w.Start()
	t.Cleanup(w.Close)
	next, _ := events(t, w.URL+"/api/v1/events")
	for from := time.Now(); time.Since(from) < 5*deadline; {
		next()
	}
	if name, _ := next(); name != "beat" {
		t.Errorf("%s", name)
	}
}
