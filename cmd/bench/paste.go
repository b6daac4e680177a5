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

const (
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

// pasteText is what the operator types, ending with the question how many lines
// with a word the box now has.
type pasteText struct {
	name  string
	lines int
	count string // the word
	want  int    // how many lines have it
	body  string
}

func (p pasteText) text() string {
	return "configure terminal\n" + p.body + "end\nshow running-config | count " + p.count + "\nexit\n"
}

// pasteTexts are three branch offices and a router, each of about 10,000 lines: what is
// checked, built and compiled for a line differs.
func pasteTexts() []pasteText {
	const phones, dials, hosts = 250, 33, 1000
	var ephones, pools, manual, router strings.Builder
	pools.WriteString("voice register global\n mode cme\n source-address 10.150.0.1 port 5060\n max-dn 250\n max-pool 250\n create profile\n")
	for i := 1; i <= phones; i++ {
		fmt.Fprintf(&ephones, "ephone-dn  %d  dual-line\n number %d\n label extension %d\n", i, 1000+i, 1000+i)
		fmt.Fprintf(&ephones, "ephone  %d\n mac-address 001e.7a%02x.%04x\n type 7961\n button  1:%d\n", i, i>>8, i, i)
		fmt.Fprintf(&pools, "voice register dn  %d\n number %d\n name colleague %d\n", i, 1000+i, i)
		fmt.Fprintf(&pools, "voice register pool  %d\n id mac 001e.7a%02x.%04x\n type 7961\n number 1 dn %d\n", i, i>>8, i, i)
		for n := 1; n <= dials; n++ {
			speed := fmt.Sprintf(" speed-dial %d %d label \"colleague %d\"\n", n, 2000+n, n)
			ephones.WriteString(speed)
			if n <= dials-2 {
				pools.WriteString(speed)
			}
		}
	}
	for i := range hosts {
		fmt.Fprintf(&manual, "ip dhcp pool HOST%d\n host 10.150.%d.%d 255.255.0.0\n client-identifier 0100.1e7a.%02x%02x.01\n", i, 20+i/200, i%200+1, i>>8, i&255)
		fmt.Fprintf(&manual, " default-router 10.150.0.1\n option 150 ip 10.150.0.1\n dns-server 10.150.0.1\n domain-name branch.example\n lease 3\n client-name host%d\n next-server 10.150.0.1\n", i)
	}
	for i := range 100 {
		fmt.Fprintf(&router, "interface Serial0/%d/0\n ip address 10.%d.0.1 255.255.255.0\n bandwidth 2048\n", i, i)
		for n := range 97 {
			fmt.Fprintf(&router, " ip helper-address 10.200.%d.1\n", n)
		}
	}
	made := func(name, count string, want int, b *strings.Builder) pasteText {
		return pasteText{name: fmt.Sprintf("%s, %d lines in one piece", name, strings.Count(b.String(), "\n")), lines: strings.Count(b.String(), "\n"), count: count, want: want, body: b.String()}
	}
	return []pasteText{
		made(fmt.Sprintf("%d ephones with %d speed dials each", phones, dials), "speed-dial", phones*dials, &ephones),
		made(fmt.Sprintf("%d voice register pools with %d speed dials each", phones, dials-2), "speed-dial", phones*(dials-2), &pools),
		made(fmt.Sprintf("%d manual bindings", hosts), "client-identifier", hosts, &manual),
		made("100 sections that are kept, of 100 lines each", "helper-address", 9700, &router),
	}
}

// measurePaste has OpenSSH type long configurations into the box.
func measurePaste(ctx context.Context, b *bench) error {
	t := b.report.table("A configuration pasted over SSH", []string{option150.name}, nil)
	client, err := exec.LookPath("ssh")
	if err != nil {
		t.Absent = map[string]string{option150.name: "the client is not installed: apt-get install openssh-client"}
		return nil
	}
	for _, text := range pasteTexts() {
		var times, cpus []time.Duration
		var peaks []int64
		for range b.rounds {
			p, err := b.paste(ctx, client, text)
			if err != nil {
				return err
			}
			times, cpus, peaks = append(times, p.took), append(cpus, p.cpu), append(peaks, p.peak)
		}
		n := float64(text.lines)
		t.heading(text.name)
		t.aim("time a line", "ms", ms(median(times))/n, aimLine)
		t.row(figure{name: "processor time of the box a line", unit: "ms", digits: 2}).set(option150.name, ms(median(cpus))/n)
		t.row(figure{name: "memory at most", unit: "MB", digits: 1}).set(option150.name, float64(median(peaks))/1e6)
		t.note(fmt.Sprintf("%s: slowest of %d %.2f ms a line; all were there afterwards", text.name, len(times), ms(slices.Max(times))/n))
	}
	return ctx.Err()
}

// pasted is what one paste cost.
type pasted struct {
	took time.Duration // from the login to the end of the session
	cpu  time.Duration // of the box, meanwhile
	peak int64         // its largest memory meanwhile, bytes
}

// paste starts a box and pastes.
func (b *bench) paste(ctx context.Context, client string, text pasteText) (pasted, error) {
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
	out, err := st.ssh(ctx, client, dir, text.text())
	cost := pasted{took: time.Since(begun), peak: peak(), cpu: p.cpu() - cpu}
	if err != nil {
		return none, errors.Join(err, p.alive())
	}
	if want := fmt.Sprintf("Number of lines which match regexp = %d", text.want); !strings.Contains(out, want) {
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
		{startup, " max-ephones 10\n", " max-ephones 250\n max-dn 250\n"},
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
