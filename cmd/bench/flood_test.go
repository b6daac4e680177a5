package main

import (
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"option150/platform/netns"
)

// TestFlood: every frame that is counted has left, in batches that no call cuts.
func TestFlood(t *testing.T) {
	netns.Need(t)
	lan, err := netns.NewLAN()
	if err != nil {
		t.Fatal(err)
	}
	defer lan.Close()
	h, err := netns.NewHost("flood")
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if _, err := lan.Plug(h, netns.Cable{Addr: netip.MustParsePrefix("10.150.0.9/24")}); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"", "mirror"} {
		err := h.Do(func() error {
			before := left(t)
			r, err := job{Kind: "flood", File: file, Count: 50_000, For: 100 * time.Millisecond}.flood()
			if err != nil {
				return err
			}
			if n := left(t) - before; r.Done == 0 || r.Failed != 0 || n < r.Done {
				t.Errorf("%q: %d sent, %d failed (%s), %d left", file, r.Done, r.Failed, r.Problem, n)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// left is how many packets eth0 has sent.
func left(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/thread-self/net/dev")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(text), "\n") {
		if name, rest, ok := strings.Cut(strings.TrimSpace(line), ":"); ok && name == "eth0" {
			n, _ := strconv.Atoi(strings.Fields(rest)[9])
			return n
		}
	}
	t.Fatal("no eth0")
	return 0
}
