package lab

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"testing"
	"time"

	"option150/telephony/inventory"
	"option150/telephony/recording"
	"option150/telephony/simphone"
)

// TestFramesAndRecording: `copy phone:` of a phone that booted, as frames where
// the ring was on and as events; the recording says, replayed, what `show phone`
// says, and what `show phone NAME export` prints is the same.
func TestFramesAndRecording(t *testing.T) {
	if alone(t) {
		return
	}
	o, _ := parse(nil)
	o.Root, o.SSH, o.Hold = t.TempDir(), "127.0.0.1:0", true
	o.Phones = simphone.Catalogue()[:1]
	o.Lines = " service phone phonePassword Kestrel-4711-x\n"
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	device := o.Phones[0].MAC.Device()
	boot := func() {
		inv, mac := l.Box.Box().Inventory, o.Phones[0].MAC
		was, _ := inv.Phone(mac, time.Now())
		if err := l.Replug(o.Phones[0]); err != nil {
			t.Fatal(err)
		}
		wait(t, 30*time.Second, "the phone", func() string {
			if p, ok := inv.Phone(mac, time.Now()); !ok || !p.Up() || !p.Quiet || p.Boot == was.Boot {
				return inventory.ShowBoots(p, time.Now(), "", 1)
			}
			return ""
		})
	}
	l.typed(t, "configure terminal", "file prompt quiet", "end")
	boot()
	if out := l.typed(t, "copy phone:"+device+" flash:x.pcapng"); !strings.Contains(out, "monitor capture phones start") {
		t.Errorf("the ring was never on: %s", out)
	}
	if out := l.typed(t, "monitor capture phones start"); out != "" {
		t.Fatal(out)
	}
	boot()
	out := l.typed(t, "monitor capture phones stop", "show monitor capture", "copy phone:"+device+" flash:x.pcapng", "copy phone:"+device+" flash:x.jsonl", "show phone "+device, "show phone "+device+" export")
	if !strings.Contains(out, "stopped; it began at") || strings.Count(out, "bytes copied in") != 2 {
		t.Fatal(out)
	}
	read := func(name string) []byte {
		f, err := l.Box.Box().Flash.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		b, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	frames := read("x.pcapng")
	n := 0
	for b := frames; len(b) >= 12; n++ { // blocks of pcapng, by their lengths
		size := int(binary.LittleEndian.Uint32(b[4:]))
		if size < 12 || size > len(b) || n == 0 && binary.LittleEndian.Uint32(b) != 0x0a0d0d0a {
			t.Fatalf("block %d is none", n)
		}
		b = b[size:]
	}
	if n < 10 || !bytes.Contains(frames, []byte("GET /"+device+".cnf.xml")) || !bytes.Contains(frames, []byte("IP Phone CP-7961G")) {
		t.Errorf("%d frames; the request or the DISCOVER is not there", n)
	}
	if bytes.Contains(frames, []byte("Kestrel-4711-x")) || bytes.Contains(frames, []byte("processNodeName")) {
		t.Error("the frames carry the body of the phone's file")
	}
	text := read("x.jsonl")
	if bytes.Contains(text, []byte("Kestrel-4711-x")) {
		t.Error("the recording carries a password")
	}
	rec, err := recording.Read(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	said, err := rec.Replay(1)
	if err != nil {
		t.Fatal(err)
	}
	// The age of the boot is that of the moment it was asked for.
	_, body, _ := strings.Cut(said, "\n")
	if !strings.Contains(out, body) {
		t.Errorf("the replay says\n%s\nthe box\n%s", said, out)
	}
	if !strings.Contains(out, `{"Form":"`+recording.Form+`"`) {
		t.Errorf("export printed no recording")
	}
}
