package gates

import (
	"regexp"
	"strings"
	"testing"

	"option150/cmd/option150/testbox"
	"option150/platform/testkit"
)

// unknownToJudge are algorithms younger than the ssh-audit of Debian 12: the key
// exchange after quantum computers and the strict one.
var unknownToJudge = regexp.MustCompile(`mlkem768x25519-sha256|kex-strict-s-v00@openssh\.com|unknown algorithm`)

// TestSSHAudit: ssh-audit fails nothing and warns of nothing but what its version
// does not know; what is configured beyond that is found by it.
func TestSSHAudit(t *testing.T) {
	t.Parallel()
	program := testkit.NeedProgram(t, "ssh-audit", "ssh-audit")
	w := newWorld(t, setup{})
	s := w.Login()
	s.Until(testbox.PasteTime, "show ip ssh", func(out string) bool { return strings.Contains(out, "(ssh-rsa,") }) // made in the background
	var out string
	audit := func() (bad []string) {
		// Its status says that something was found.
		out, _ = w.output(testbox.PasteTime, nil, nil, program, "-n", "--timeout", "20", address)
		if !strings.Contains(out, "(kex) curve25519-sha256") || !strings.Contains(out, "(key) ssh-ed25519") || !strings.Contains(out, "rsa-sha2-512 (3072-bit)") {
			t.Fatalf("ssh-audit: %s", out)
		}
		algorithm := ""
		for _, line := range strings.Split(out, "\n") {
			if i := strings.Index(line, "--"); i > 0 {
				algorithm = line[:i]
			}
			if (strings.Contains(line, "[fail]") || strings.Contains(line, "[warn]")) && !unknownToJudge.MatchString(algorithm+line) {
				bad = append(bad, line)
			}
		}
		return bad
	}
	if bad := audit(); len(bad) > 0 {
		t.Errorf("ssh-audit has something against:\n%s", strings.Join(bad, "\n"))
	}
	s.Configure("ip ssh server algorithm mac hmac-sha1 hmac-sha2-256-etm@openssh.com", "ip ssh server algorithm kex curve25519-sha256 diffie-hellman-group14-sha256")
	if bad := strings.Join(audit(), "\n"); !strings.Contains(bad, "hmac-sha1") || !strings.Contains(out, "(kex) diffie-hellman-group14-sha256") {
		t.Errorf("what is configured is not offered:\n%s", out)
	}
	s.Configure("ip ssh dh min size 4096")
	if audit(); strings.Contains(out, "(kex) diffie-hellman-group14-sha256") {
		t.Errorf("a group below the smallest size is offered:\n%s", out)
	}
	s.Do("configure terminal")
	if out := s.Do("ip ssh server algorithm kex diffie-hellman-group14-sha256"); !strings.Contains(out, "SSH would have no kex algorithm to offer") {
		t.Errorf("a list of nothing is taken: %s", out)
	}
	if out := s.Do("ip ssh server algorithm encryption aes192-cbc aes256-ctr"); !strings.Contains(out, "aes192-cbc: unknown to this box, and not offered") {
		t.Errorf("a cipher that is not here is taken in silence: %s", out)
	}
}
