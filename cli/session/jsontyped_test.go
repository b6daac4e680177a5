package session_test

import (
	"strings"
	"testing"
)

// TestJSONTyped: as an operator types it.
func TestJSONTyped(t *testing.T) {
	b := newBox(t)
	o := b.login(15)
	got := o.types(t, "show clock | j", "show clock | json x", "show version | json")
	if strings.Count(got, "% Invalid") != 1 || !strings.Contains(got, "| j\n[]\n") {
		t.Error(got)
	}
}
