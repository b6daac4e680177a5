package lab

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"option150/telephony/inventory"
	"option150/telephony/recording"
	"option150/telephony/simphone"
)

// TestRecording: phones over real sockets, one of them stuck: what is recorded of
// each says, replayed, what the box says of it.
func TestRecording(t *testing.T) {
	if alone(t) {
		return
	}
	o, _ := parse(nil)
	o.Root, o.SSH, o.Hold = t.TempDir(), "127.0.0.1:0", true
	o.Phones = simphone.Catalogue()[:3]
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	box := l.Box.Box()
	// One component is gone: who asks for it is stuck.
	for _, e := range box.Flash.Files("") {
		if strings.HasPrefix(e.Name(), "cnu") {
			if err := box.Flash.Delete(e.Path); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, s := range o.Phones {
		if err := l.Boot(s); err != nil {
			t.Fatal(err)
		}
	}
	l.Settle(t.Context(), 20*time.Second)
	for _, s := range o.Phones {
		var text bytes.Buffer
		if err := box.RecordPhone(s.MAC.Device(), true, &text); err != nil {
			t.Fatal(err)
		}
		r, err := recording.Read(bytes.NewReader(text.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Replay(3)
		if err != nil {
			t.Fatal(err)
		}
		p, _ := box.Inventory.Phone(s.MAC, r.Now)
		if last := p.Boots[len(p.Boots)-1].Lines; len(last) > 0 && last[len(last)-1].At.After(r.Now) {
			continue // it went on meanwhile
		}
		if want := inventory.ShowBoots(p, r.Now, r.Label, 3); got != want {
			t.Errorf("the box says\n%s\nthe recording\n%s", want, got)
		}
		if !strings.Contains(strings.Join(r.Config, "\n"), s.MAC.CME()) {
			t.Errorf("its section is not in it: %q", r.Config)
		}
	}
}
