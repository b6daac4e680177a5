package metrics

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"option150/platform/aaa"
	"option150/platform/journal"
	"option150/platform/listen"
	"option150/platform/message"
	"option150/platform/plain"
)

// Access says who may look. The zero value lets a host that is not this machine
// have the figures and no page.
type Access struct {
	User   string     // who has to log in, by HTTP Basic [RFC 7617]; "" = nobody
	Secret aaa.Secret // of User
	Anyone bool       // without User: the page is for everybody, too
	TLS    string     // file with a certificate, those it is signed by, and its key (PEM); "" = http://
}

// Bounds of wrong passwords: each costs a computation that is meant to be slow.
const (
	maxWrong  = 5 // of a host within wrongTime
	wrongTime = time.Minute
	maxHosts  = 256 // that are remembered; the one that began first is forgotten for another
)

// LoginFailed is a wrong user or password at the page.
type LoginFailed struct {
	User          string // as it is shown
	Remote, Local netip.AddrPort
}

// EventName implements journal.Event.
func (LoginFailed) EventName() string { return "metrics.LoginFailed" }

// LogMessage implements journal.Logged.
func (e LoginFailed) LogMessage() (message.Message, bool) {
	return message.LoginFailed.With(e.User, e.Remote.Addr().Unmap(), e.Local.Port()), true
}

// guard stands before every answer.
type guard struct {
	Access
	next http.Handler
	rec  journal.Recorder
	key  [32]byte // of good, so that no password is kept

	checking sync.Mutex // one password at a time: SSH has to have its share
	mu       sync.Mutex
	good     []byte // the sum of what was right last
	wrong    map[netip.Addr]*tries
}

type tries struct {
	n     int
	since time.Time
}

func newGuard(a Access, next http.Handler, rec journal.Recorder) *guard {
	g := &guard{Access: a, next: next, rec: journal.Or(rec), wrong: map[netip.Addr]*tries{}}
	_, _ = rand.Read(g.key[:]) // never fails [crypto/rand]
	return g
}

// ServeHTTP implements http.Handler.
func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	remote, _ := netip.ParseAddrPort(r.RemoteAddr)
	from := listen.Host(remote.Addr())
	if g.User == "" {
		if r.URL.Path == "/metrics" || remote.Addr().Unmap().IsLoopback() || g.Anyone {
			g.next.ServeHTTP(w, r)
			return
		}
		http.Error(w, "without a login the page is for this machine alone: user and password of [metrics] in the settings file open it, or anyone = true", http.StatusForbidden)
		return
	}
	user, password, typed := r.BasicAuth()
	switch {
	case typed && g.known(user, password):
	case g.full(from, time.Now()):
		w.Header().Set("Retry-After", "60")
		http.Error(w, "too many wrong passwords", http.StatusTooManyRequests)
		return
	case typed && g.right(r, user, password):
	default:
		if typed {
			g.failed(from, time.Now())
			local, _ := r.Context().Value(http.LocalAddrContextKey).(interface{ String() string })
			e := LoginFailed{User: plain.Shown(user, 64), Remote: remote}
			if local != nil {
				e.Local, _ = netip.ParseAddrPort(local.String())
			}
			g.rec.Record(e)
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="Option 150", charset="UTF-8"`)
		http.Error(w, "user and password are needed", http.StatusUnauthorized)
		return
	}
	g.next.ServeHTTP(w, r)
}

// sum stands for a user with a password as long as the process lives.
func (g *guard) sum(user, password string) []byte {
	h := hmac.New(sha256.New, g.key[:])
	fmt.Fprintf(h, "%d %s%s", len(user), user, password)
	return h.Sum(nil)
}

// known reports what was right a moment ago: the slow sum is made once, not for
// every picture of a page.
func (g *guard) known(user, password string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.good != nil && hmac.Equal(g.good, g.sum(user, password))
}

func (g *guard) right(r *http.Request, user, password string) bool {
	g.checking.Lock()
	defer g.checking.Unlock()
	if g.known(user, password) { // somebody was faster
		return true
	}
	if r.Context().Err() != nil {
		return false
	}
	ok := aaa.Check(g.Secret, password) && hmac.Equal(g.sum(user, ""), g.sum(g.User, ""))
	if ok {
		g.mu.Lock()
		g.good = g.sum(user, password)
		g.mu.Unlock()
	}
	return ok
}

// full reports that a host has tried too often.
func (g *guard) full(from netip.Addr, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.wrong[from]
	if t == nil {
		return false
	}
	if now.Sub(t.since) >= wrongTime {
		delete(g.wrong, from)
		return false
	}
	return t.n >= maxWrong
}

func (g *guard) failed(from netip.Addr, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if t := g.wrong[from]; t != nil {
		t.n++
		return
	}
	if len(g.wrong) >= maxHosts {
		var first netip.Addr
		for a, t := range g.wrong {
			if !first.IsValid() || t.since.Before(g.wrong[first].since) {
				first = a
			}
		}
		delete(g.wrong, first)
	}
	g.wrong[from] = &tries{1, now}
}
