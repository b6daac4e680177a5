package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The aim for a configuration that is pasted over SSH.
const aimLine = 1 // ms

// A branch office of so many phones with so many lines each.
const (
	pastedPhones  = 250
	pastedDials   = 33
	pastedLines   = pastedPhones * (pastedDials + 7)
	pasteTries    = 200 // logins until the door is open, 50 ms apart
	pasteMost     = 5 * time.Minute
	pasteOperator = `username bench privilege 15 secret bench
!
line vty 0 15
 login local
 transport input ssh
!
end
`
)

// pasteText is what the operator pastes, and how many speed dials the box then
// tells of.
func pasteText() string {
	var b strings.Builder
	b.WriteString("configure terminal\n")
	for i := 1; i <= pastedPhones; i++ {
		fmt.Fprintf(&b, "ephone-dn  %d  dual-line\n number %d\n label extension %d\n", i, 1000+i, 1000+i)
		fmt.Fprintf(&b, "ephone  %d\n mac-address 001e.7a%02x.%04x\n type 7961\n button  1:%d\n", i, i>>8, i, i)
		for n := 1; n <= pastedDials; n++ {
			fmt.Fprintf(&b, " speed-dial %d %d label \"colleague %d\"\n", n, 2000+n, n)
		}
	}
	b.WriteString("end\nshow running-config | count speed-dial\nexit\n")
	return b.String()
}

// measurePaste has OpenSSH type a long configuration into the box.
func measurePaste(ctx context.Context, b *bench) error {
	t := b.report.table("A configuration pasted over SSH", []string{option150.name}, nil)
	client, err := exec.LookPath("ssh")
	if err != nil {
		t.Absent = map[string]string{option150.name: "the client is not installed: apt-get install openssh-client"}
		return nil
	}
	var times, cpus []time.Duration
	var peaks []int64
	for range b.rounds {
		p, err := b.paste(ctx, client)
		if err != nil {
			return err
		}
		times, cpus, peaks = append(times, p.took), append(cpus, p.cpu), append(peaks, p.peak)
	}
	t.heading(fmt.Sprintf("%d phones with %d speed dials each, %d lines in one piece", pastedPhones, pastedDials, pastedLines))
	t.aim("time a line", "ms", ms(median(times))/pastedLines, aimLine)
	t.row(figure{name: "processor time of the box a line", unit: "ms", digits: 2}).set(option150.name, ms(median(cpus))/pastedLines)
	t.row(figure{name: "memory at most", unit: "MB", digits: 1}).set(option150.name, float64(median(peaks))/1e6)
	t.note(fmt.Sprintf("slowest of %d: %.2f ms a line; all lines were there afterwards", len(times), ms(slices.Max(times))/pastedLines))
	return ctx.Err()
}

// pasted is what one paste cost.
type pasted struct {
	took time.Duration // from the login to the end of the session
	cpu  time.Duration // of the box, meanwhile
	peak int64         // its largest memory meanwhile, bytes
}

// paste starts a box and pastes.
func (b *bench) paste(ctx context.Context, client string) (pasted, error) {
	none := pasted{}
	ctx, cancel := context.WithTimeout(ctx, pasteMost)
	defer cancel()
	st, err := newStand("option150")
	if err != nil {
		return none, err
	}
	defer st.close()
	dir, settings, err := b.operatorDirectory()
	if err != nil {
		return none, err
	}
	p, err := start(st, exec.Command(b.binary, "run", "--config", settings))
	if err != nil {
		return none, err
	}
	defer p.stop()
	for try := 0; ; try++ { // until the door is open
		if _, err = st.ssh(ctx, client, dir, "show clock\nexit\n"); err == nil {
			break
		}
		if e := p.alive(); e != nil {
			return none, e
		}
		if try == pasteTries || ctx.Err() != nil {
			return none, err
		}
		time.Sleep(50 * time.Millisecond)
	}
	peak, cpu := p.peak(), p.cpu()
	begun := time.Now()
	out, err := st.ssh(ctx, client, dir, pasteText())
	cost := pasted{took: time.Since(begun), peak: peak(), cpu: p.cpu() - cpu}
	if err != nil {
		return none, errors.Join(err, p.alive())
	}
	if want := fmt.Sprintf("Number of lines which match regexp = %d", pastedPhones*pastedDials); !strings.Contains(out, want) {
		return none, fmt.Errorf("lines were lost: no %q in the last answer %q", want, out[max(0, len(out)-300):])
	}
	return cost, nil
}

// operatorDirectory is a directory of the box that lets an operator in.
func (b *bench) operatorDirectory() (dir, settings string, err error) {
	if dir, err = b.newDir("paste"); err != nil {
		return "", "", err
	}
	if settings, err = boxDirectory(b, dir); err != nil {
		return "", "", err
	}
	startup := filepath.Join(dir, "nvram", "startup-config")
	for _, edit := range []struct{ file, old, text string }{
		{settings, "[ssh]\nlisten = \"\"\n", "[ssh]\nlisten = \"0.0.0.0:22\"\n"},
		{startup, " max-ephones 10\n", fmt.Sprintf(" max-ephones %d\n max-dn %d\n", pastedPhones, pastedPhones)},
		{startup, "end\n", pasteOperator},
	} {
		text, err := os.ReadFile(edit.file)
		if err != nil {
			return "", "", err
		}
		if !bytes.Contains(text, []byte(edit.old)) {
			return "", "", fmt.Errorf("no %q in %s", edit.old, edit.file)
		}
		if err := os.WriteFile(edit.file, bytes.Replace(text, []byte(edit.old), []byte(edit.text), 1), 0o644); err != nil {
			return "", "", err
		}
	}
	return dir, settings, os.WriteFile(filepath.Join(dir, "askpass"), []byte("#!/bin/sh\necho bench\n"), 0o755)
}

// ssh runs OpenSSH on the client's side with a text as its input.
func (s *stand) ssh(ctx context.Context, client, dir, text string) (string, error) {
	cmd := exec.CommandContext(ctx, client, "-F", "none", "-T", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
		"-o", "LogLevel=ERROR", "-o", "PreferredAuthentications=password", "-o", "NumberOfPasswordPrompts=1", "-l", "bench", serverAddr.String())
	cmd.Env = append(os.Environ(), "SSH_ASKPASS="+filepath.Join(dir, "askpass"), "SSH_ASKPASS_REQUIRE=force", "DISPLAY=:0")
	cmd.Stdin = strings.NewReader(text)
	cmd.WaitDelay = 2 * time.Second
	out, err := s.client.Output(cmd)
	if err != nil {
		return "", fmt.Errorf("ssh: %w: %s", err, out[max(0, len(out)-300):])
	}
	return string(out), nil
}
