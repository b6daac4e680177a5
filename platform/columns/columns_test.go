package columns

import (
	"net/netip"
	"testing"
)

func TestColumns(t *testing.T) {
	four, six := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("2001:db8:1:2:3:4:5:6")
	for name, c := range map[string]struct {
		rows [][]any
		want string
	}{
		"what fits stands where it stood":    {[][]any{{four, 1, "ok"}}, "Address           Asked  Result\n10.0.0.1              1  ok\n"},
		"one that does not moves the others": {[][]any{{four, 1, "ok"}, {six, 1234567, ""}}, "Address                 Asked  Result\n10.0.0.1                    1  ok\n2001:db8:1:2:3:4:5:6  1234567\n"},
		"no row":                             {nil, "Address           Asked  Result\n"},
		"fewer values than columns":          {[][]any{{four}}, "Address           Asked  Result\n10.0.0.1\n"},
	} {
		x := New("%-16s  %5s  %s", "Address", "Asked", "Result")
		for _, r := range c.rows {
			x.Row(r...)
		}
		if got := x.String(); got != c.want {
			t.Errorf("%s:\n%s", name, got)
		}
	}
}
