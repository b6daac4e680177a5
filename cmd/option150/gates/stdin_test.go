package gates

import (
	"regexp"
	"strings"
	"testing"

	"option150/cmd/option150/testbox"
	"option150/platform/testkit"
)

// openSSH is a client of OpenSSH, ssh or scp, with the environment and the
// options by which it types the password by itself and keeps no host keys.
func (w *world) openSSH(program string) (env []string, name string, options []string) {
	w.T.Helper()
	client := testkit.NeedProgram(w.T, program, "openssh-client")
	ask := w.File("askpass", []byte("#!/bin/sh\necho lab\n"), 0o755)
	return []string{"SSH_ASKPASS=" + ask, "SSH_ASKPASS_REQUIRE=force", "DISPLAY=:0"}, client,
		[]string{"-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
			"-o", "PreferredAuthentications=password", "-o", "User=lab"}
}

// ssh runs OpenSSH with a text as its standard input.
func (w *world) ssh(stdin string, args ...string) (string, error) {
	w.T.Helper()
	env, name, options := w.openSSH("ssh")
	out, err := w.output(testbox.PasteTime, env, strings.NewReader(stdin), name, append(options, args...)...)
	return testbox.Plain(out), err
}

// TestSSHPrintsTheConfiguration and nothing else: the usual backup script.
func TestSSHPrintsTheConfiguration(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	out, err := w.ssh("", address, "show running-config")
	if err != nil || !regexp.MustCompile(`^\n?Building configuration\.\.\.\n\nCurrent configuration : \d+ bytes\n!\n`).MatchString(out) || !strings.HasSuffix(out, "\nend\n\n") && !strings.HasSuffix(out, "\nend\n") {
		t.Errorf("%v\n%s", err, out)
	}
	if strings.Contains(out, "Branch#") || strings.Contains(out, "--More--") {
		t.Errorf("more than the answer:\n%s", out)
	}
}

// TestScriptsOfFiveThousandLines on standard input of ssh, with a terminal and
// without: nothing is lost, the end of the script ends the session.
func TestScriptsOfFiveThousandLines(t *testing.T) {
	t.Parallel()
	for _, option := range []string{"-T", "-tt"} {
		t.Run(option, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{})
			script := longConfiguration(5000) + "show privilege\nexit\n"
			out, err := w.ssh(script, option, address)
			if err != nil {
				t.Errorf("%v\n%s", err, out[max(0, len(out)-2000):])
			}
			if strings.Contains(out, "\n% ") {
				t.Errorf("complaints:\n%s", complaints(out))
			}
			if !strings.Contains(out, "Current privilege level is 15\n") {
				t.Errorf("the last command is not answered:\n%s", out[max(0, len(out)-2000):])
			}
			w.checkLong(5000)
		})
	}
}
