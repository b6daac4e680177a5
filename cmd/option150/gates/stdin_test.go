package gates

import (
	"regexp"
	"strings"
	"testing"

	"option150/cmd/option150/testbox"
)

// ssh runs OpenSSH with a text as its standard input.
func (w *world) ssh(stdin string, args ...string) (string, error) {
	w.T.Helper()
	env, name, options := w.OpenSSH("ssh", "lab")
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
