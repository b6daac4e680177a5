package e2e

import (
	"bytes"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"option150/cmd/option150/testbox"
	"option150/platform/netns"
	"option150/telephony/simphone"
)

// TestLabAsOrdinaryUser: no root, no hardware, nothing touched on the host.
// Without a terminal the lab runs the lines of standard input and exits 0, with
// every phone provisioned.
func TestLabAsOrdinaryUser(t *testing.T) {
	t.Parallel()
	netns.Need(t)
	r := outside(t, job{Args: []string{"lab"}, Stdin: "show phones\nconfigure terminal\nhostname Elsewhere\nend\nshow running-config | include hostname\nshow clock\nexit\nshow version\n"})
	if r.Status != 0 || r.User == 0 {
		t.Fatalf("status %d as user %d\n%s%s", r.Status, r.User, r.Stdout, r.Stderr)
	}
	if r.Took > 30*time.Second {
		t.Errorf("it took %s", r.Took)
	}
	phones := regexp.MustCompile(`(?m)^SEP[0-9A-F]{12}  10\.150\.0\.\d+ .* provisioned +ok$`).FindAllString(r.Stdout, -1)
	if want := len(simphone.Catalogue()); len(phones) != want {
		t.Errorf("%d phones are provisioned, want %d:\n%s", len(phones), want, r.Stdout)
	}
	if !strings.Contains(r.Stdout, "hostname Elsewhere\n") || !strings.Contains(r.Stdout, " UTC ") {
		t.Errorf("the commands did not run:\n%s", r.Stdout)
	}
	if strings.Contains(r.Stdout, "uptime") {
		t.Errorf("a command after exit ran:\n%s", r.Stdout)
	}
	if strings.Join(r.Before, " ") != strings.Join(r.After, " ") || len(r.Left) > 0 {
		t.Errorf("the host changed: interfaces %v then %v, files %v", r.Before, r.After, r.Left)
	}
}

// TestLabReachesItsPrompt: the console prompt is there in under 10 s and all
// phones are provisioned in under 30 s, asked for by an operator who types.
func TestLabReachesItsPrompt(t *testing.T) {
	t.Parallel()
	netns.Need(t)
	w := &world{&testbox.World{T: t}}
	var err error
	if w.Box, err = netns.NewHost("lab"); err != nil {
		t.Fatal(err)
	}
	defer w.Box.Close()
	started := time.Now()
	s, p := w.terminal(exec.Command(binary(), "lab"))
	s.Answer()
	if took := time.Since(started); took > 10*time.Second {
		t.Errorf("the prompt came after %s", took)
	}
	if s.Prompt != "Branch#" {
		t.Errorf("the prompt is %q", s.Prompt)
	}
	s.Do("terminal length 0")
	s.Until(30*time.Second, "show phones", func(a string) bool {
		return strings.Count(a, " provisioned ") == len(simphone.Catalogue())
	})
	if took := time.Since(started); took > 30*time.Second {
		t.Errorf("the phones were there after %s", took)
	}
	if _, err := s.In.Write([]byte("exit\r")); err != nil {
		t.Fatal(err)
	}
	if status := p.Wait(t, 10*time.Second); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// TestLabWhereNamespacesAreForbidden: one line that names the remedy.
func TestLabWhereNamespacesAreForbidden(t *testing.T) {
	t.Parallel()
	netns.Need(t)
	cmd := helperCommand(t, "no-namespaces", "lab")
	// An ordinary user in a user namespace of his own, left with the one
	// capability that the helper needs to switch namespaces off.
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 1000, HostID: 0, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 1000, HostID: 0, Size: 1}},
		AmbientCaps: []uintptr{unix.CAP_SYS_RESOURCE},
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 1 || out.Len() > 0 {
		t.Fatalf("%v\n%s%s", err, out.String(), errs.String())
	}
	if text := errs.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "; remedy: sysctl -w user.max_user_namespaces=") {
		t.Errorf("it says\n%s", text)
	}
}
