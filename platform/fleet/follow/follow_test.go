package follow

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"option150/platform/fleet/leader"
	"option150/platform/fleet/packed"
	"option150/platform/service"
	"option150/platform/testkit"
)

// engine is one whose keys and answers the test sets.
type engine struct {
	mu       sync.Mutex
	answered time.Time
	come     chan string // values of the leader
}

func (e *engine) Given(ctx context.Context, box, kind string, f func(string, bool)) {
	f("", false)
	for {
		select {
		case <-ctx.Done():
			return
		case v := <-e.come:
			f(v, true)
		}
	}
}

func (e *engine) Answered() time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.answered
}

func (e *engine) answers() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.answered = time.Now()
}

// box takes sections as the test lets it.
type box struct {
	mu        sync.Mutex
	has       string
	before    string // comes back
	version   int
	fail      error
	takes     int
	confirmed int
}

func (b *box) Take(_ context.Context, leader string, s Sections) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.takes++
	if b.fail != nil {
		return false, b.fail
	}
	if b.has == s.Text {
		return false, nil
	}
	b.before, b.has, b.version = b.has, s.Text, b.version+1
	return true, nil
}
func (b *box) Confirm()              { b.mu.Lock(); b.confirmed++; b.mu.Unlock() }
func (b *box) Holds(s Sections) bool { b.mu.Lock(); defer b.mu.Unlock(); return b.has == s.Text }
func (b *box) Version() int          { b.mu.Lock(); defer b.mu.Unlock(); return b.version }

func (b *box) set(f func()) { b.mu.Lock(); f(); b.mu.Unlock() }

func value(t *testing.T, n int, text string) string {
	t.Helper()
	v, err := Sections{Software: "1.0", Number: n, Text: text}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestFollower(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, b, h := &engine{come: make(chan string)}, &box{has: "own", version: 1}, &testkit.Heard{}
		f := New(Options{Engine: e, Box: b, Recorder: h})
		defer f.Close()
		set := func(to service.Spec) {
			c, err := f.Prepare(t.Context(), nil, to)
			if err != nil {
				t.Fatal(err)
			}
			c.Commit()
		}
		pass := func(d time.Duration) { time.Sleep(d); synctest.Wait() }
		set(leader.Spec{Leader: "HQ-1"})
		pass(5 * time.Second)
		if s := f.Status(); s.State != service.Waiting || b.takes != 0 {
			t.Errorf("nothing is published: %+v, %d", s, b.takes)
		}

		// It is taken, and confirmed when the engine answers after it. What the leader says
		// meanwhile is taken then.
		e.come <- value(t, 6, "six")
		pass(5 * time.Second)
		if s := f.State(); !s.Pending || s.Number != 6 || b.confirmed != 0 || !strings.Contains(h.Take(), "Taken{HQ-1 6}") {
			t.Errorf("%+v, confirmed %d", s, b.confirmed)
		}
		e.come <- value(t, 7, "seven")
		pass(10 * time.Second)
		if s := f.State(); !s.Pending || s.Number != 6 || b.takes != 1 {
			t.Errorf("%+v, confirmed %d", s, b.confirmed)
		}
		e.answers()
		pass(5 * time.Second)
		if s := f.State(); !s.Pending || s.Number != 7 || b.confirmed != 1 {
			t.Errorf("%+v, confirmed %d", s, b.confirmed)
		}
		e.answers()
		pass(2 * time.Second)
		if s := f.State(); s.Pending || b.confirmed != 2 || f.Status().State != service.Running {
			t.Errorf("%+v, confirmed %d", s, b.confirmed)
		}

		// Rubbish, and what is too large, change nothing and say why.
		for v, why := range map[string]string{"rubbish": ErrRubbish.Error(), strings.Repeat("x", MaxValue+1): ErrTooLarge.Error()} {
			e.come <- v
			pass(2 * time.Second)
			if s := f.Status(); b.has != "seven" || b.takes != 2 || s.State != service.Degraded || !strings.Contains(s.Why, why) || !strings.Contains(h.Take(), why) {
				t.Errorf("%s: %+v", why, s)
			}
		}

		// What the box refuses is tried again when its own configuration changes.
		b.set(func() { b.fail = errors.New("port 6970 is taken") })
		e.come <- value(t, 8, "eight")
		pass(30 * time.Second)
		if s := f.State(); b.takes != 3 || s.Why != "port 6970 is taken" || s.Number != 7 || s.Offered.Number != 8 {
			t.Errorf("%d, %+v", b.takes, s)
		}
		b.set(func() { b.fail = nil; b.version++ })
		pass(2 * time.Second)
		if s := f.State(); s.Why != "" || s.Number != 8 || b.has != "eight" {
			t.Errorf("%+v", s)
		}
		e.answers()

		// While an operator's change waits to be confirmed nothing is taken.
		pass(20 * time.Second)
		e.answers()
		pass(2 * time.Second)
		b.set(func() { b.fail = ErrLater })
		e.come <- value(t, 9, "nine")
		pass(10 * time.Second)
		if s := f.State(); s.Why != ErrLater.Error() || b.has != "eight" {
			t.Errorf("%+v", s)
		}
		b.set(func() { b.fail = nil })
		pass(2 * time.Second)

		// The engine does not answer after it: it goes back, which is said, and it is
		// taken again once the engine answers, but not for ever.
		h.Take()
		for n := range maxTries {
			b.set(func() { b.has = b.before; b.version++ })
			pass(2 * time.Second)
			if s := f.State(); s.Why == "" || s.Pending || !strings.Contains(h.Take(), "they were taken back") {
				t.Errorf("%d: %+v", n, s)
			}
			e.answers()
			pass(2 * time.Second)
		}
		if b.has != "eight" {
			t.Errorf("it was taken more than %d times", maxTries)
		}

		// Who follows nobody any more is told nothing and keeps what is there.
		set(nil)
		pass(2 * time.Second)
		if s := f.Status(); s.State != service.Disabled || f.State().Leader != "" || b.has != "eight" {
			t.Errorf("%+v", s)
		}
	})
}

func TestSections(t *testing.T) {
	want := Sections{Software: "1.0", Number: 3, Carried: 2, Text: "ephone 1\n type 7961\n"}
	v, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Decode(v); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := (Sections{Text: strings.Repeat("x", MaxText+1)}).Encode(); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
	pack := func(text string) string {
		v, _ := packed.Bounds{Packed: 1 << 30, Text: 1 << 30}.Pack(text)
		return v
	}
	for name, c := range map[string]struct {
		value string
		want  error
	}{
		"nothing":          {"", ErrRubbish},
		"no text":          {pack(`{"number":1}`), ErrRubbish},
		"no JSON":          {pack("ephone 1"), ErrRubbish},
		"cut short":        {v[:len(v)-9], ErrRubbish},
		"unpacks for ever": {pack(strings.Repeat(" ", 3*MaxText)), ErrTooLarge},
		"no text of ours":  {pack("{\"text\":\"\xff\xfe\"}"), nil},
	} {
		s, err := Decode(c.value)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && strings.Contains(s.Text, "\xff") {
			t.Errorf("%s: %q", name, s.Text)
		}
	}
	if s, err := Decode(pack(`{"software":"\u001b[2J","number":-5,"carried":-1,"text":"x"}`)); err != nil || strings.Contains(s.Software, "\x1b") || s.Number != 0 || s.Carried != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

func FuzzDecode(f *testing.F) {
	v, _ := Sections{Software: "1.0", Number: 1, Text: "end\n"}.Encode()
	f.Add(v)
	f.Add("")
	f.Fuzz(func(t *testing.T, v string) {
		s, err := Decode(v)
		if err == nil && (s.Text == "" || len(s.Text) > MaxText || len(s.Software) > 4*maxWord) {
			t.Errorf("%+v", s)
		}
	})
}
