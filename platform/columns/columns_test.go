package columns

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

func TestColumns(t *testing.T) {
	four, six := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("2001:db8:1:2:3:4:5:6")
	layout := New("%-16s  %5s  %s", "Address", "Asked", "Result")
	for name, c := range map[string]struct {
		rows [][]any
		want string
	}{
		"what fits stands where it stood":    {[][]any{{four, 1, "ok"}}, "Address           Asked  Result\n10.0.0.1              1  ok\n"},
		"one that does not moves the others": {[][]any{{four, 1, "ok"}, {six, 1234567, ""}}, "Address                 Asked  Result\n10.0.0.1                    1  ok\n2001:db8:1:2:3:4:5:6  1234567\n"},
		"no row":                             {nil, "Address           Asked  Result\n"},
		"fewer values than columns":          {[][]any{{four}}, "Address           Asked  Result\n10.0.0.1\n"},
	} {
		p := &Page{}
		x := p.Table(layout)
		for _, r := range c.rows {
			x.Row(r...)
		}
		if got := p.String(); got != c.want {
			t.Errorf("%s:\n%s", name, got)
		}
	}
}

// objects reads JSON back.
func objects(t *testing.T, pages ...*Page) (out []map[string]string) {
	t.Helper()
	text := JSON(pages...)
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return out
}

// TestForm: a table of IOS stands as its format says, and its objects have whole
// values whatever the text cuts, wraps or leaves out.
func TestForm(t *testing.T) {
	form := Form("Port  Name   Speed\n", "%-5s %-6.6s %5d", "port name speed")
	p := Text("before\n")
	x := p.Table(form)
	x.Row("Gi0/0", "a long name", 100)
	x.Note("  a note\n")
	x.Object([]any{"Gi0/0", "b", 1}, "", "b", 1)
	x.Line("of its own\n", "Gi0/1", "c", "-")
	x.Object(nil, "", "more", 0)
	p.WriteString("behind\n")
	want := "before\nPort  Name   Speed\nGi0/0 a long   100\n  a note\n      b          1\nof its own\n      more       0\nbehind\n"
	if got := p.String(); got != want {
		t.Errorf("%q\n%q", got, want)
	}
	got := objects(t, p)
	if want := []map[string]string{{"port": "Gi0/0", "name": "a long name", "speed": "100"}, {"port": "Gi0/0", "name": "b", "speed": "1"}, {"port": "Gi0/1", "name": "c", "speed": "-"}}; !reflect.DeepEqual(got, want) {
		t.Error(got)
	}
	if n, k := form.Columns(); n != 3 || k != 3 {
		t.Error(n, k)
	}
}

// TestGiven: what stands above a table is in each of its objects, first.
func TestGiven(t *testing.T) {
	l := New("%-5s %s", "Phone", "%").With("subnet load")
	p := &Page{}
	for _, s := range []string{"10.0.0.0/24", "10.0.1.0/24"} {
		p.WriteString("Subnet: " + s + "\n")
		p.Table(l).Given(s, "x\"y").Row("SEP1", "\x1b<")
	}
	if got := JSON(p); !strings.Contains(got, `  {"subnet": "10.0.1.0/24", "load": "x\"y", "phone": "SEP1", "percent": "\u001b\u003c"}`) {
		t.Error(got)
	}
	if n, k := l.Columns(); n != 2 || k != 2 {
		t.Error(n, k)
	}
	if got := objects(t, &Page{}, Text("nothing yet\n")); len(got) != 0 {
		t.Error(got)
	}
}

// TestPrint: a writer that takes pages gets them whole, others the text.
func TestPrint(t *testing.T) {
	p, all := Text("a\n"), &Page{}
	p.Table(New("%s", "B")).Row("c")
	all.Add(p)
	all.Add(Text("d\n"))
	all.WriteString("e\n")
	var b strings.Builder
	if err := Print(&b, all); err != nil || b.String() != "a\nB\nc\nd\ne\n" {
		t.Error(err, b.String())
	}
	k := &taker{}
	if err := Print(k, all); err != nil || len(k.pages) != 1 || len(k.pages[0].Tables()) != 1 {
		t.Error(err, k.pages)
	}
}

type taker struct {
	strings.Builder
	pages []*Page
}

func (k *taker) Take(p *Page) error { k.pages = append(k.pages, p); return nil }

func TestSnake(t *testing.T) {
	for head, want := range map[string]string{"IP-Address": "ip_address", "%": "percent", "OK?": "ok", "KB/s": "kb_s", "Client-ID/ Hardware address/ User name": "client_id_hardware_address_user_name"} {
		if got := Snake(head); got != want {
			t.Errorf("%s: %s", head, got)
		}
	}
}
