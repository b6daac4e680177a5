package command

import (
	"fmt"
	"strings"
	"testing"

	"option150/platform/config"
	"option150/platform/sshd"
)

// TestSSHAlgorithms: what is typed is offered, what this box does not have is
// left out, and of nothing there is no list.
func TestSSHAlgorithms(t *testing.T) {
	x := newAuditRig(t)
	for _, c := range []struct {
		lines, refused string
		kind           sshd.AlgorithmKind
		use            string
	}{
		{"", "", sshd.KEX, "mlkem768x25519-sha256 curve25519-sha256 diffie-hellman-group16-sha512"},
		{"", "", sshd.MAC, "hmac-sha2-512-etm@openssh.com hmac-sha2-256-etm@openssh.com"},
		{"ip ssh server algorithm encryption aes192-cbc aes256-gcm 3des-cbc\n", "", sshd.Encryption, "aes256-gcm@openssh.com 3des-cbc"},
		{"ip ssh server algorithm kex curve25519-sha256@libssh.org diffie-hellman-group14-sha256\nip ssh dh min size 4096\n", "", sshd.KEX, "curve25519-sha256"},
		{"ip ssh server algorithm hostkey ssh-rsa\n", "", sshd.HostKeyAlg, "ssh-rsa"},
		{"ip ssh server algorithm mac hmac-md5\n", "SSH would have no mac algorithm to offer", sshd.MAC, "hmac-sha2-512-etm@openssh.com hmac-sha2-256-etm@openssh.com"},
		{"ip ssh dh min size 4096\nip ssh server algorithm kex diffie-hellman-group14-sha256\n", "SSH would have no kex algorithm to offer", sshd.KEX, "mlkem768x25519-sha256 curve25519-sha256 diffie-hellman-group16-sha512"},
	} {
		cfg, rep := x.read(c.lines, config.Default(x.f))
		if got := strings.Join(cfg.SSH.Algorithms.Use(c.kind), " "); got != c.use {
			t.Errorf("%q offers %q, want %q", c.lines, got, c.use)
		}
		if said := fmt.Sprint(rep.Rejected); (len(rep.Rejected) > 0) != (c.refused != "") || !strings.Contains(said, c.refused) {
			t.Errorf("%q: rejected %v", c.lines, rep.Rejected)
		}
	}
}
