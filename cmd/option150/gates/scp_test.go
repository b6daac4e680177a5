package gates

import (
	"bytes"
	"crypto/md5"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"option150/cmd/option150/testbox"
	"option150/platform/testkit"
)

// TestSCPInAndOut: a load is copied into flash:, the box has all of it, a phone
// gets it, and it is copied out again: by the old protocol of scp and by that
// of sftp.
func TestSCPInAndOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{config: strings.Replace(branch, "ip http server\n", "ip http server\nip scp server enable\n", 1)})
	env, scp, options := w.OpenSSH("scp", "lab")
	load := bytes.Repeat([]byte("a load of a phone\x00\r\n"), 100_000)
	local := w.File("load.bin", load, 0o644)
	s := w.Login()
	for _, protocol := range []string{"-O", "-s"} {
		name := "load" + protocol + ".bin"
		copied := func(from, to string) {
			t.Helper()
			if out, err := w.output(testbox.PasteTime, env, nil, scp, append(options, protocol, from, to)...); err != nil {
				t.Fatalf("scp %s %s %s: %v\n%s", protocol, from, to, err, out)
			}
		}
		copied(local, address+":flash:/"+name)
		if a, sum := s.Do("verify /md5 flash:/"+name), fmt.Sprintf("%x", md5.Sum(load)); !strings.Contains(a, "= "+sum) {
			t.Errorf("scp %s: not %s:\n%s", protocol, sum, a)
		}
		got, err := w.output(testbox.AnswerTime, nil, nil, testkit.NeedProgram(t, "curl", "curl"), "-sf", "http://"+address+":6970/"+name)
		if err != nil || got != string(load) {
			t.Errorf("scp %s: a phone gets %d bytes, %v", protocol, len(got), err)
		}
		back := filepath.Join(w.Dir, "back"+protocol)
		copied(address+":flash:/"+name, back)
		if got, err := os.ReadFile(back); err != nil || !bytes.Equal(got, load) {
			t.Errorf("scp %s: %d bytes came back, %v", protocol, len(got), err)
		}
		if out, err := w.output(testbox.AnswerTime, env, nil, scp, append(options, protocol, address+":flash:/absent", back)...); err == nil {
			t.Errorf("scp %s of nothing:\n%s", protocol, out)
		}
	}
	s.Configure("no ip scp server enable")
	if out, err := w.output(testbox.AnswerTime, env, nil, scp, append(options, local, address+":flash:/late")...); err == nil {
		t.Errorf("scp although it is disabled:\n%s", out)
	}
}
