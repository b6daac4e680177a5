package lab

import (
	"context"
	"testing"
	"time"

	"option150/platform/config"
	"option150/platform/running"
	"option150/telephony/simphone"
)

// TestPhonePoll: phones that came up are asked for their pages once phone-poll
// is on, and not before; the box knows what each runs, and where it is plugged
// in.
func TestPhonePoll(t *testing.T) {
	if alone(t) {
		return
	}
	o, _ := parse(nil)
	o.Root, o.SSH, o.Hold = t.TempDir(), "127.0.0.1:0", true
	o.Phones = simphone.Catalogue()[:2]
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, s := range o.Phones {
		if err := l.Boot(s); err != nil {
			t.Fatal(err)
		}
	}
	if !l.Settle(t.Context(), 60*time.Second) {
		t.Fatal("not all phones came up")
	}
	box := l.Box.Box()
	if e := box.Told.Entries(); len(e) != 0 {
		t.Fatalf("phones were asked although nobody wanted it: %+v", e)
	}
	_, err = box.Store.Change(context.Background(), running.Who{}, func(c *config.Config) error { c.PhonePoll.Minutes = 1; return nil })
	if err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(60 * time.Second); len(box.Told.Entries()) < len(o.Phones); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("only %+v", box.Told.Entries())
		}
	}
	for _, e := range box.Told.Entries() {
		if e.Load == "" || e.Serial == "" || e.Switch != "access-1" || e.Port == "" || e.Model == "" {
			t.Errorf("%+v", e)
		}
	}
}
