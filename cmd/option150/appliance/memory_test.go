package appliance

import (
	"runtime/debug"
	"testing"
)

// The pace of collecting garbage is ours, unless the environment sets one.
func TestPace(t *testing.T) {
	const others = 170
	was := debug.SetGCPercent(others)
	defer debug.SetGCPercent(was)
	t.Setenv("GOGC", "170")
	pace()
	if got := debug.SetGCPercent(others); got != others {
		t.Errorf("GOGC=170 was overruled by %d", got)
	}
	t.Setenv("GOGC", "")
	pace()
	if got := debug.SetGCPercent(others); got != gcPercent {
		t.Errorf("%d, want %d", got, gcPercent)
	}
}
