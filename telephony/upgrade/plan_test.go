package upgrade

import (
	"fmt"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"
)

var voice = netip.MustParsePrefix("10.0.0.0/24")

func examplePlan() *Plan {
	p := &Plan{Type: "7961", Load: target, Sizes: []int64{572, 1630052, 556833, 3157527, 562693, 2219477}, StoneSize: 7_000_000, StoneHere: true,
		Line: Line{RTT: 5 * time.Millisecond, Timeout: Wait(5 * time.Millisecond)}, Of: "as given", LAN: time.Millisecond, Serving: 200}
	for _, x := range []Planned{{Runs: "SCCP41.8-3-2S"}, {Runs: "SCCP41.8-3-2S"}, {Runs: old}, {Runs: target}, {}, {Class: Stepping}, {Class: Direct}, {Class: Stone}} {
		x.Model, x.Subnet = "7961", voice
		p.Phones = append(p.Phones, x)
	}
	return p
}

// TestPlan: who goes which way, and what it carries.
func TestPlan(t *testing.T) {
	p := examplePlan()
	text := p.Text().String()
	for _, want := range []string{
		"2  7961      SCCP41.8-3-2S                10.0.0.0/24              30254308  8.3(2) -> 8.5(2) -> 9.4(2)SR3\n",
		"1  7961      SCCP41.8-5-2S                10.0.0.0/24               8127154  8.5(2) -> 9.4(2)SR3\n",
		"0  none, it runs it",
		"0  none, it keeps its image",
		"1  7961      -                            10.0.0.0/24              15127154  ? -> 8.5(2) -> 9.4(2)SR3\n",
		"2  7961      -                            10.0.0.0/24              16254308  ? -> 9.4(2)SR3\n",
		"6 of 8 phones change their load, 9 upgrades",
		"553.7 s", "615.2 s", "1045.9 s",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	p.Unknown = "direct"
	if !strings.Contains(p.Text().String(), "7 of 8 phones") {
		t.Errorf("upgrade unknown direct:\n%s", p.Text().String())
	}
	p.Unknown, p.StoneHere = "", false
	if !strings.Contains(p.Text().String(), "8.5(2) first, and that is not here") {
		t.Errorf("without the stone:\n%s", p.Text().String())
	}
	p.Count, p.Line.Rate = 1000, 10e6
	text = p.Text().String()
	// 1000 phones over 10 Mbit/s carry 8.1 GB: 2 hours of the line, headers and all.
	if !strings.Contains(text, "1000 phones") || strings.Count(text, "118.1 min") != 2 {
		t.Errorf("a thousand phones:\n%s", text)
	}
}

// TestTree: against figures worked out by hand; the root's transfer is nearly
// all of it.
func TestTree(t *testing.T) {
	sizes := []int64{1630052, 556833, 3157527, 562693, 2219477}
	root := func(s int64) time.Duration { return TFTP(s, Line{RTT: 5 * time.Millisecond, Timeout: time.Second}) }
	for phones, want := range map[int]struct {
		depth   int
		seconds float64
	}{1: {0, 79.4}, 3: {1, 80.9}, 15: {3, 83.8}, 63: {5, 86.8}, 255: {7, 89.8}, 1000: {9, 92.7}} {
		d, depth := Tree(sizes, phones, root)
		if depth != want.depth || math.Abs(d.Seconds()-want.seconds) > 0.6 {
			t.Errorf("%d phones: depth %d, %s; want %+v", phones, depth, d, want)
		}
	}
}

// TestLoss: what was sent again tells the loss of a packet each way.
func TestLoss(t *testing.T) {
	for _, p := range []float64{0, 0.001, 0.01, 0.1} {
		q := 1 - (1-p)*(1-p)
		if got := LossOf(1_000_000, uint64(q*1_000_000)); math.Abs(got-p) > p/100+1e-6 {
			t.Errorf("loss %g: %g", p, got)
		}
	}
	if LossOf(0, 5) != 0 || LossOf(5, 50) >= 1 {
		t.Error("figures that make no sense")
	}
}

func BenchmarkPlan10000(b *testing.B) {
	p := examplePlan()
	p.Phones = nil
	for i := range 10_000 {
		p.Phones = append(p.Phones, Planned{Model: "7961", Runs: fmt.Sprintf("SCCP41.8-%d-%dS", i%6, i%4),
			Subnet: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i % 40), 0, 0}), 24)})
	}
	for b.Loop() {
		if len(p.Text().String()) < 1000 {
			b.Fatal("no plan")
		}
	}
}
