package language

import (
	"fmt"
	"strings"
	"testing"
)

func text(diff []Difference) string {
	var w strings.Builder
	for _, d := range diff {
		fmt.Fprintf(&w, "%c%s\n", d.Sign, d.Line)
	}
	return w.String()
}

// A value that another takes the place of is not needed; a line that has to go
// is, and so is the header it stands below.
func TestNeeded(t *testing.T) {
	a := strings.Split("hostname A\ninterface X\n description old\n ip address 1\nline con 0\n length 3", "\n")
	half := strings.Split("hostname B\ninterface X\n description new\n ip address 1\nline con 0\n length 3", "\n")
	z := strings.Split("hostname B\ninterface X\n description new\nline con 0\n length 3", "\n")
	diff := Compare(a, z, false)
	if got := text(Coming(diff)); got != "+hostname B\n interface X\n+ description new\n" {
		t.Errorf("coming:\n%s", got)
	}
	if got := text(Needed(diff, Compare(half, z, false))); got != "+hostname B\n interface X\n- ip address 1\n+ description new\n" && got != "+hostname B\n interface X\n+ description new\n- ip address 1\n" {
		t.Errorf("needed:\n%s", got)
	}
	gone := Compare(a, append(a[:4:4], "line con 0"), false)
	if got := text(Needed(gone, nil)); got != "" {
		t.Errorf("a header without anything below it:\n%s", got)
	}
}
