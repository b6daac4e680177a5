package mobility

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"option150/platform/aaa"
	"option150/platform/ether"
	"option150/platform/journal"
	"option150/platform/sorted"
	"option150/telephony/cnf"
)

// Options are what a desk works with. Fields that are nil are never needed
// where what they serve does not happen.
type Options struct {
	Config  func() *cnf.Config // what is in force
	Rebuild func()             // has the phone files built again, where they changed
	Save    func([]byte) error // keeps the text of Marshal
	Now     func() time.Time   // nil = the clock
	Record  journal.Recorder   // nil = nobody is told
}

// Limits of attempts. [D]
const (
	triesPhone = 5
	triesUser  = 10
	tryWindow  = 5 * time.Minute
)

// Errors of Login and Logout.
var (
	ErrNotHere = errors.New("nobody can log in at this phone")
	ErrWrong   = errors.New("the name or the PIN is wrong")
	ErrNobody  = errors.New("nobody is logged in")
)

// ErrWait is that too many attempts failed.
type ErrWait struct{ For time.Duration }

func (e ErrWait) Error() string { return "too many attempts" }

// ErrHold is that the file of the phone cannot hold the name or the password.
type ErrHold struct{ Why string }

func (e ErrHold) Error() string { return e.Why }

// Seat is a person at a phone.
type Seat struct {
	MAC   ether.MAC
	Tag   int    // of the voice user-profile
	User  string // its name when he logged in: with another name it is another person
	Since time.Time
	Used  time.Time // when the services were asked for last
}

// Desk keeps who is logged in where. Use New. Safe for concurrent use.
type Desk struct {
	o Options

	checking sync.Mutex // one PIN at a time: a hash is dear, and who guesses waits

	mu     sync.Mutex
	seats  map[ether.MAC]Seat
	phones map[ether.MAC]*tries // of phones that are configured
	users  map[int]*tries       // of profiles that are configured
	dirty  bool                 // not saved
}

// tries are failed attempts.
type tries struct {
	n     int
	since time.Time
}

// New returns a desk with the seats of a saved text; one that cannot be read
// gives none.
func New(o Options, saved []byte) *Desk {
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Record = journal.Or(o.Record)
	d := &Desk{o: o, seats: map[ether.MAC]Seat{}, phones: map[ether.MAC]*tries{}, users: map[int]*tries{}}
	for _, s := range Unmarshal(saved) {
		d.seats[s.MAC] = s
	}
	return d
}

// pool is the phone people log in at, nil if it is none.
func pool(c *cnf.Config, mac ether.MAC) *cnf.RegisterPool {
	for i := range c.Pools {
		if p := &c.Pools[i]; p.MAC == mac && !mac.IsZero() {
			return p
		}
	}
	return nil
}

// user finds a profile by the name of its user.
func user(c *cnf.Config, name string) *cnf.Profile {
	for i := range c.Users {
		if u := &c.Users[i]; u.User != "" && u.User == name {
			return u
		}
	}
	return nil
}

// holds reports that a seat is still right: its phone and its person are
// configured.
func (s Seat) holds(c *cnf.Config) bool {
	p := pool(c, s.MAC)
	return p != nil && p.Logout != 0 && slices.ContainsFunc(c.Users, func(u cnf.Profile) bool { return u.Tag == s.Tag && u.User == s.User })
}

// Logins are who is logged in, for the builder of phone files.
func (d *Desk) Logins() []cnf.Login {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.seats) == 0 {
		return nil
	}
	out := make([]cnf.Login, 0, len(d.seats))
	for _, s := range d.seats {
		out = append(out, cnf.Login{MAC: s.MAC, User: s.Tag})
	}
	cnf.SortLogins(out)
	return out
}

// Seats are who is logged in, by phone.
func (d *Desk) Seats() []Seat {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := make([]Seat, 0, len(d.seats))
	for _, s := range d.seats {
		out = append(out, s)
	}
	sorted.By(out, func(a, b Seat) int { return strings.Compare(a.MAC.Hex(), b.MAC.Hex()) })
	return out
}

// At is who is logged in at a phone.
func (d *Desk) At(mac ether.MAC) (Seat, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, ok := d.seats[mac]
	return s, ok
}

// use notes that the services of a phone were asked for.
func (d *Desk) use(mac ether.MAC) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s, ok := d.seats[mac]; ok {
		s.Used = d.o.Now()
		d.seats[mac] = s
	}
}

// wait is how long attempts for a key are refused yet; d.mu is held.
func (t *tries) wait(now time.Time, most int) time.Duration {
	if t == nil || t.n < most {
		return 0
	}
	return max(0, t.since.Add(tryWindow).Sub(now))
}

// fail counts an attempt; the window begins with the first of it and, once the
// limit is reached, with the last.
func fail[K comparable](m map[K]*tries, k K, now time.Time, most int) (blocked bool) {
	t := m[k]
	if t == nil || now.Sub(t.since) >= tryWindow {
		t = &tries{since: now}
		m[k] = t
	}
	if t.n++; t.n >= most {
		t.since = now
	}
	return t.n == most
}

// Login puts a person at a phone. The file of the phone is built again before it
// returns.
func (d *Desk) Login(mac ether.MAC, name, pin string) error {
	c := d.o.Config()
	p := pool(c, mac)
	if p == nil || p.Logout == 0 {
		return ErrNotHere
	}
	d.checking.Lock()
	defer d.checking.Unlock()
	u := user(c, name)
	now := d.o.Now()
	d.mu.Lock()
	left := d.phones[mac].wait(now, triesPhone)
	if u != nil {
		left = max(left, d.users[u.Tag].wait(now, triesUser))
	}
	d.mu.Unlock()
	if left > 0 {
		return ErrWait{left}
	}
	if !right(u, pin) {
		d.mu.Lock()
		d.forget(c)
		blocked := fail(d.phones, mac, now, triesPhone)
		if u != nil {
			blocked = fail(d.users, u.Tag, now, triesUser) || blocked
		}
		d.mu.Unlock()
		if blocked {
			d.o.Record.Record(Blocked{MAC: mac, User: name, For: tryWindow})
		}
		return ErrWrong
	}
	if why := c.Holds(p, u); why != "" {
		return ErrHold{why}
	}
	d.mu.Lock()
	delete(d.phones, mac)
	delete(d.users, u.Tag)
	var left2 []Seat
	for k, s := range d.seats { // a person is at one phone
		if s.Tag == u.Tag && k != mac {
			delete(d.seats, k)
			left2 = append(left2, s)
		}
	}
	d.seats[mac] = Seat{MAC: mac, Tag: u.Tag, User: u.User, Since: now, Used: now}
	d.mu.Unlock()
	d.changed()
	for _, s := range left2 {
		d.o.Record.Record(Left{MAC: s.MAC, User: s.User, Why: "logged in at " + mac.Device()})
	}
	d.o.Record.Record(Came{MAC: mac, User: u.User})
	return nil
}

// right reports that a PIN is that of a profile: its pin, or where it has none
// its password. For a name nobody has a hash is made as well, so that the answer
// takes as long.
func right(u *cnf.Profile, pin string) bool {
	switch {
	case u == nil:
		aaa.Check(aaa.Secret{Type: 9, Value: nobody}, pin)
		return false
	case u.PIN != "":
		return aaa.Check(aaa.Secret{Type: 9, Value: u.PIN}, pin)
	}
	return u.Password != "" && aaa.Check(aaa.Secret{Type: 0, Value: u.Password, Plain: true}, pin)
}

// nobody is the form of a hash that no PIN has.
const nobody = "$9$..............$..........................................."

// forget drops the counts of what is not configured any more; d.mu is held.
func (d *Desk) forget(c *cnf.Config) {
	for mac := range d.phones {
		if p := pool(c, mac); p == nil || p.Logout == 0 {
			delete(d.phones, mac)
		}
	}
	for tag := range d.users {
		if !slices.ContainsFunc(c.Users, func(u cnf.Profile) bool { return u.Tag == tag }) {
			delete(d.users, tag)
		}
	}
}

// Logout takes whoever is at a phone away from it.
func (d *Desk) Logout(mac ether.MAC, why string) error {
	d.mu.Lock()
	s, ok := d.seats[mac]
	delete(d.seats, mac)
	d.mu.Unlock()
	if !ok {
		return ErrNobody
	}
	d.changed()
	d.o.Record.Record(Left{MAC: mac, User: s.User, Why: why})
	return nil
}

// changed saves and has the files built.
func (d *Desk) changed() {
	d.mu.Lock()
	d.dirty = true
	d.mu.Unlock()
	d.save()
	if d.o.Rebuild != nil {
		d.o.Rebuild()
	}
}

func (d *Desk) save() {
	d.mu.Lock()
	if !d.dirty || d.o.Save == nil {
		d.mu.Unlock()
		return
	}
	d.dirty = false
	d.mu.Unlock()
	if d.o.Save(Marshal(d.Seats())) != nil {
		d.mu.Lock()
		d.dirty = true
		d.mu.Unlock()
	}
}

// Tick logs out who has not used the services for longer than his profile
// allows, and who is not configured any more; and saves what could not be saved.
func (d *Desk) Tick() {
	c, now := d.o.Config(), d.o.Now()
	for _, s := range d.Seats() {
		switch {
		case !s.holds(c):
			_ = d.Logout(s.MAC, "not configured any more")
		case idle(c, s, now):
			_ = d.Logout(s.MAC, "max-idle-time")
		}
	}
	d.save()
}

func idle(c *cnf.Config, s Seat, now time.Time) bool {
	for _, u := range c.Users {
		if u.Tag == s.Tag {
			return u.MaxIdle > 0 && now.Sub(s.Used) >= time.Duration(u.MaxIdle)*time.Minute
		}
	}
	return false
}
