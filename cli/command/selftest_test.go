package command

import (
	"errors"
	"io"
	"strings"
	"testing"
)

// TestFetchSelf: a transport that gives nothing, or other bytes than are there,
// is named; one that is off is not asked.
func TestFetchSelf(t *testing.T) {
	say := func(s string, err error) func(io.Writer) error {
		return func(w io.Writer) error { _, _ = io.WriteString(w, s); return err }
	}
	for _, c := range []struct {
		get  map[string]func(io.Writer) error
		want string
	}{
		{map[string]func(io.Writer) error{"HTTP": say("abc", nil), "TFTP": say("abc", nil)}, "|"},
		{map[string]func(io.Writer) error{"TFTP": say("ab", nil)}, "it was given 2 bytes, which are not the 3 of the file"},
		{map[string]func(io.Writer) error{"HTTP": say("", errors.New("no answer")), "TFTP": say("abc", nil)}, "it was not given: no answer|"},
	} {
		var got []string
		for _, x := range fetchSelf("f.xml", []byte("abc"), c.get) {
			got = append(got, x.Fault)
		}
		if s := strings.Join(got, "|"); s != c.want {
			t.Errorf("%q, want %q", s, c.want)
		}
	}
}
