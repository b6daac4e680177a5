package upgrade

import (
	"strings"
	"testing"
	"time"
)

// TestSource001: the table of source 001.
func TestSource001(t *testing.T) {
	text := Examples().String()
	for _, want := range []string{"553.7 s", "615.2 s", "1045.9 s"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

// TestTransferTimes: the models against figures worked out by hand, and their
// limits.
func TestTransferTimes(t *testing.T) {
	const load = 8_126_582 // a 7961
	lan := Line{RTT: 5 * time.Millisecond, Timeout: 4 * time.Second, Rate: 100e6}
	if d := TFTP(load, lan).Seconds(); d < 79 || d > 81 {
		t.Errorf("TFTP without loss: %g s", d)
	}
	lossy := Line{RTT: 5 * time.Millisecond, Loss: 0.01, Timeout: 4 * time.Second}
	f, e := Formula(6_300_000, lossy), TFTP(6_300_000, lossy)
	if e < f*3/2 { // both ways can be lost
		t.Errorf("%s by the formula, %s by packets", f, e)
	}
	if h := HTTP(6_300_000, lossy); h > 5*time.Second {
		t.Errorf("HTTP: %s", h)
	}
	far := Line{RTT: 600 * time.Millisecond, Loss: 0.005, Timeout: 4 * time.Second, Rate: 20e6}
	if TFTP(load, far) < 100*time.Minute || HTTP(load, far) > 10*time.Minute {
		t.Error(TFTP(load, far), HTTP(load, far))
	}
	for _, l := range []Line{{}, {Loss: 1}, {RTT: time.Hour, Loss: 0.99, Timeout: time.Hour}, {Rate: 1}} {
		for _, d := range []time.Duration{Formula(1<<40, l), TFTP(1<<40, l), HTTP(1<<40, l)} {
			if d < 0 {
				t.Errorf("%+v: %s", l, d)
			}
		}
	}
}
