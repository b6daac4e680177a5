package lab

import (
	"bytes"
	"flag"
	"net/netip"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"option150/platform/capture"
	"option150/platform/netns"
	"option150/platform/testkit"
	"option150/platform/testkit/wiretap"
	"option150/telephony/simphone"
	"option150/telephony/simphone/peers"
)

// aside is how many tests run beside each other: labs wait most of the time.
const aside = "7"

func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		_ = flag.Set("test.parallel", aside)
	}
	os.Exit(netns.Run(m))
}

// envAlone says that this process runs one test for another.
const envAlone = "OPTION150_TEST_ALONE"

// alone runs a test in a process with namespaces of its own, beside others, and
// reports that it has: a lab has the addresses and ports of its namespace to
// itself.
func alone(t *testing.T) bool {
	t.Helper()
	netns.Need(t)
	if os.Getenv(envAlone) != "" {
		return false
	}
	t.Parallel()
	var name []string
	for _, s := range strings.Split(t.Name(), "/") {
		name = append(name, "^"+regexp.QuoteMeta(s)+"$")
	}
	args := []string{"-test.run=" + strings.Join(name, "/"), "-test.v=" + strconv.FormatBool(testing.Verbose()), "-test.short=" + strconv.FormatBool(testing.Short())}
	if d, ok := t.Deadline(); ok {
		args = append(args, "-test.timeout="+time.Until(d).String())
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "OPTION150_NETNS") }), envAlone+"=1")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	switch {
	case err != nil:
		t.Errorf("%v\n%s", err, out)
	case testing.Verbose():
		t.Logf("%s", out)
	}
	return true
}

func TestArguments(t *testing.T) {
	for _, bad := range [][]string{{"extra"}, {"-mirror"}, {"-nothing"}} {
		if _, ok := parse(bad); ok {
			t.Errorf("%q is accepted", bad)
		}
	}
	o, ok := parse([]string{"--pfs", "--mirror"})
	if !ok || len(o.Phones) != 15 || len(o.Far) != 3 || o.Sharing == nil || !o.Mirror {
		t.Error(ok, o)
	}
	if o, ok := parse(nil); !ok || len(o.Phones) != len(simphone.Catalogue()) || o.Sharing != nil {
		t.Error(ok, o)
	}
}

// TestSharingLab: fifteen phones of two families in one subnet and three in
// another upgrade: a root each for every file, and what the phones say they
// sent each other is what the mirror port shows.
func TestSharingLab(t *testing.T) {
	if alone(t) {
		return
	}
	o, _ := parse([]string{"--pfs", "--mirror"})
	o.Root, o.SSH, o.Hold = t.TempDir(), "127.0.0.1:0", true
	testkit.Neighbours(t, len(o.Phones)+len(o.Far))
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var file bytes.Buffer
	rec, err := wiretap.Start("eth2", capture.Filter{TCP: []uint16{peers.Port}, UDP: []uint16{peers.Port}}, &file)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range append(o.Phones, o.Far...) {
		if err := l.Boot(s); err != nil {
			t.Fatal(err)
		}
	}
	if !l.Settle(t.Context(), 90*time.Second) {
		t.Fatal("not all phones came up")
	}
	st, err := rec.Stop()
	if err != nil {
		t.Fatal(err)
	}
	lost := l.Mirror.Lost() + st.Dropped
	if lost > 0 {
		t.Logf("the machine was too busy for %d frames: bytes are not compared", lost)
	}
	roots := map[string]int{}
	said := map[[2]netip.Addr]int64{}
	files := map[string]bool{}
	for _, s := range l.Truth() {
		files[s.File] = true
		net := netip.PrefixFrom(s.Addr, 24).Masked().String()
		switch s.Role {
		case peers.Root:
			roots[net+" "+s.Group+" "+s.File]++
		case peers.Child:
			said[[2]netip.Addr{s.Parent, s.Addr}] += s.Bytes + 4
		default:
			t.Errorf("%s is %s: %s", s.Device, s.Role, s.Why)
		}
	}
	if len(roots) != 18 || len(files) != 12 { // six files each of two families in one subnet, of one in the other
		t.Errorf("%d roots of %d files: %v", len(roots), len(files), roots)
	}
	for k, n := range roots {
		if n != 1 {
			t.Errorf("%d roots of %s", n, k)
		}
	}
	ps, err := wiretap.ReadAll(&file, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[[2]netip.Addr]int64{}
	broadcasts := 0
	for _, p := range ps {
		switch {
		case p.TCP():
			seen[[2]netip.Addr{p.Src.Addr(), p.Dst.Addr()}] += int64(len(p.Payload))
		case p.UDP() && p.Dst.Addr() == peers.Broadcast(netip.MustParsePrefix("10.150.0.1/24")):
			broadcasts++
		}
	}
	far := netip.MustParsePrefix("10.150.1.0/24")
	for edge, n := range said {
		if far.Contains(edge[0]) {
			if seen[edge] != 0 {
				t.Errorf("the mirror port shows another subnet: %v", edge)
			}
			continue
		}
		if seen[edge] < n && lost == 0 {
			t.Errorf("%v sent %d bytes, the mirror port shows %d", edge, n, seen[edge])
		}
	}
	if broadcasts != 15*5 && lost == 0 {
		t.Errorf("%d broadcasts", broadcasts)
	}
}

// TestWelcome: who opens a lab reads what its passwords are, and they are these.
func TestWelcome(t *testing.T) {
	text := welcome(14)
	if !strings.Contains(text, "The password of enable is "+password+",") || strings.Contains(text, "%!") {
		t.Error(text)
	}
	c := Config(nil)
	for _, l := range []string{"\nenable secret " + password + "\n", "\nusername lab privilege 15 secret " + password + "\n"} {
		if !strings.Contains(c, l) {
			t.Errorf("no %q in\n%s", l, c)
		}
	}
}
