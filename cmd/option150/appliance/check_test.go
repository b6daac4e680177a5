package appliance

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// updating: -update writes what the test got as what it expects.
func updating() bool { f := flag.Lookup("update"); return f != nil && f.Value.String() == "true" }

// TestCheck: what `option150 check` prints of whole router configurations, and
// its exit status.
func TestCheck(t *testing.T) {
	files, _ := filepath.Glob("../../../testdata/configs/*.txt")
	if len(files) < 4 {
		t.Fatalf("only %d configurations", len(files))
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			clean, err := Check(string(text), &out)
			if err != nil {
				t.Fatal(err)
			}
			if wrong := strings.Contains(filepath.Base(f), "mistakes"); clean == wrong {
				t.Errorf("clean: %v", clean)
			}
			golden := strings.TrimSuffix(f, ".txt") + ".check"
			if updating() {
				if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), out.String()); d != "" {
				t.Error(d)
			}
			for _, phrase := range []string{" not found", "ERROR:", "connection timed out", "% Error", "nvalid input"} {
				if strings.Contains(out.String(), phrase) {
					t.Errorf("it says %q", phrase)
				}
			}
		})
	}
}

// TestCheckLastLine is what scripts read.
func TestCheckLastLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "lines 0 implemented 0 carried 0 rejected 0 findings 0\n",
		"hostname X\n":          "lines 1 implemented 1 carried 0 rejected 0 findings 0\n",
		"hostname X\nfoo bar\n": "lines 2 implemented 1 carried 1 rejected 0 findings 0\n",
		"ip http port 0\n":      "lines 1 implemented 0 carried 0 rejected 1 findings 0\n",
		"ip http server\nip http port 6970\ntelephony-service\n hfs enable port 6970\n max-ephones 5\n": "lines 5 implemented 4 carried 0 rejected 1",
	} {
		var out bytes.Buffer
		clean, err := Check(text, &out)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.SplitAfter(out.String(), "\n")
		last := lines[len(lines)-2]
		if !strings.HasPrefix(last, want) || clean != strings.Contains(want, "rejected 0") {
			t.Errorf("%q: %q, clean %v; want %q", text, last, clean, want)
		}
	}
	if _, err := Check(strings.Repeat("\n", 1<<20), &bytes.Buffer{}); err == nil {
		t.Error("a file beyond the bounds is read")
	}
}

// TestCheckInterfaces: several interfaces with addresses and a pool are a
// router like any other, whatever the interfaces are called. Nobody serves the
// files its option 150 promises.
func TestCheckInterfaces(t *testing.T) {
	text := "interface GigabitEthernet0/0\n ip address 10.0.0.1 255.255.255.0\ninterface gi0/1\n ip address 10.1.0.1 255.255.255.0\ninterface FastEthernet0/0.20\n ip address 10.2.0.1 255.255.255.0\ninterface Embedded-Service-Engine0/0\n no ip address\n" +
		"ip dhcp pool P\n network 10.0.0.0 255.255.255.0\n default-router 10.0.0.1\n option 150 ip 10.0.0.1\nip dhcp excluded-address 10.0.0.1\n"
	var out bytes.Buffer
	if clean, err := Check(text, &out); err != nil || !clean || !strings.Contains(out.String(), "implemented 11 carried 2 rejected 0 findings 1") {
		t.Errorf("%v %v\n%s", clean, err, &out)
	}
}

// mostWithoutEffect bounds the lines of all configurations of testdata that have
// no effect here, in whole or in part; before dial plans, softkeys, templates and
// types of the owner's acted, the same files had 1048 of them.
const mostWithoutEffect = 991

// TestLinesWithoutEffect: what a pasted router keeps and phones lose does not grow.
// A change that makes lines act lowers the bound.
func TestLinesWithoutEffect(t *testing.T) {
	files, _ := filepath.Glob("../../../testdata/configs/*.txt")
	n := 0
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if _, err := Check(string(text), &out); err != nil {
			t.Fatal(err)
		}
		n += withoutEffect(out.String())
	}
	if n > mostWithoutEffect {
		t.Errorf("%d lines without effect, %d at most before: which commands act no more?", n, mostWithoutEffect)
	}
	t.Logf("%d lines of %d configurations without effect", n, len(files))
}

// withoutEffect counts the lines of `option150 check` that say so.
func withoutEffect(check string) (n int) {
	for line := range strings.Lines(check) {
		if w := strings.Fields(line); len(w) > 0 && (w[0] == "carried" || w[0] == "partly") {
			n++
			if m := andMore.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
				more, _ := strconv.Atoi(m[1])
				n += more
			}
		}
	}
	return n
}

var andMore = regexp.MustCompile(` and (\d+) more(:|$)`)

// TestCheckShowsNothingThatDrives: what a file holds drives neither the terminal
// of who checks it nor his eyes.
func TestCheckShowsNothingThatDrives(t *testing.T) {
	var out strings.Builder
	clean, err := Check("hostname a\x1b[2Jb\nsnmp-server location \u202eb\nip dhcp pool \u009bx\n network 10.0.0.0\nquux \x07\nbanner motd #\x1b[2J#\nip http port \u20669\n", &out)
	if err != nil || clean {
		t.Errorf("clean %v, %v", clean, err)
	}
	if got := out.String(); strings.ContainsAny(got, "\x1b\u202e\u009b\x07\u2066") || !strings.Contains(got, `a\u202e`) && !strings.Contains(got, `\u202eb`) {
		t.Errorf("%q", got)
	}
}
