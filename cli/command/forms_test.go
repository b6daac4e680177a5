package command

import (
	"os"
	"strings"
	"testing"

	"option150/platform/config"
)

// elsewhere are lines of a section that IOS takes for global ones when they are
// not indented, as every router does: the words of both are the same.
var elsewhere = map[string]bool{}

// TestFormsOfIOS reads forms that running-configs have, one by one: none is
// rejected, each is printed back as the list says, and lands in its section
// with a blank before it and without one.
func TestFormsOfIOS(t *testing.T) {
	raw, err := os.ReadFile("testdata/ios-forms.txt")
	if err != nil {
		t.Fatal(err)
	}
	b, f := testBox(t)
	header, n := "", 0
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '[' {
			header = strings.Trim(line, "[]")
			continue
		}
		form, want, ok := strings.Cut(line, " => ")
		if !ok {
			want = form
		}
		if form[0] == '-' {
			form, want = form[1:], "-"
		}
		text, indent := form, ""
		if header != "" {
			text, indent = header+"\n "+form, " "
		}
		n++
		rep, err := b.Language.Load(text+"\n", config.Default(f), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rep.Rejected {
			t.Errorf("[%s] %v", header, r)
		}
		if want == "-" || len(rep.Rejected) > 0 {
			continue
		}
		if printed := "\n" + b.Language.RenderText(rep.Config); !strings.Contains(printed, "\n"+indent+strings.TrimRight(want, " ")+"\n") && !strings.Contains(printed, "\n"+indent+want+" ") {
			t.Errorf("[%s] %s: is not printed back; there is%s", header, form, only(printed))
		}
		if header == "" {
			continue
		}
		flat, err := b.Language.Load(header+"\n"+form+"\n", config.Default(f), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := b.Language.RenderText(flat.Config), b.Language.RenderText(rep.Config); got != want && !elsewhere[form] {
			t.Errorf("[%s] %s: without a blank before it there is%s", header, form, only(got))
		}
	}
	if n < 1000 {
		t.Errorf("only %d forms", n)
	}
}

// only is what a factory box does not print.
func only(text string) string {
	var out []string
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(l); l != "" && l != "!" && l != "end" && !strings.HasPrefix(l, "interface ") && !strings.HasPrefix(l, "no ip address") && !strings.HasPrefix(l, "service timestamps") && !strings.HasPrefix(l, "line ") && l != "hostname Router" {
			out = append(out, l)
		}
	}
	return " " + strings.Join(out, " / ")
}

// TestSurplusWord: a whole command with a word behind it that it does not have
// is a bad line of that command, whether other words could stand there or not.
func TestSurplusWord(t *testing.T) {
	b, f := testBox(t)
	for _, line := range []string{"telephony-service\n max-dn 3 #x", "telephony-service\n max-ephones 3 #x", "telephony-service\n hfs enable prot 6970", "ip http server now", "hostname X y",
		"username bob password", "ip dhcp excluded-address 10.1.1.1 10.1.1.9 x", "ntp server 10.1.1.1 perfer"} {
		rep, err := b.Language.Load(line+"\n", config.Default(f), nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(rep.Rejected) != 1 || rep.Carried != 0 {
			t.Errorf("%q: rejected %v, carried %v", line, rep.Rejected, rep.CarriedText)
		}
	}
}

// TestFormsTogether: lines that stand side by side on IOS although they begin
// with the same word.
func TestFormsTogether(t *testing.T) {
	b, f := testBox(t)
	for _, text := range []string{
		"ephone-dn  1  octo-line\n number 1001\n no huntstop\n huntstop channel 6\n",
		"voice register dn  1\n number 2001\n no huntstop\n huntstop channel 2\n",
	} {
		rep, err := b.Language.Load(text, config.Default(f), nil)
		if err != nil || len(rep.Rejected) > 0 {
			t.Fatalf("%v %v", err, rep.Rejected)
		}
		for line := range strings.Lines(text) {
			if !strings.Contains(b.Language.RenderText(rep.Config), "\n"+line) {
				t.Errorf("%q is not there", line)
			}
		}
	}
}
