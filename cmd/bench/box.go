package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// The aims of the project for the box itself.
const (
	aimStart = 100 // ms
	aimIdle  = 30  // MB
	aimLab   = 60  // MB
	aimSize  = 20  // MB
)

// measureBox measures what has an aim and no peer.
func measureBox(ctx context.Context, b *bench) error {
	t := b.report.table("The box itself", []string{option150.name}, nil)
	if starts, err := b.starts(ctx); err != nil {
		return err
	} else {
		t.aim("start to the first file served over HTTP", "ms", ms(median(starts)), aimStart)
		t.note(fmt.Sprintf("slowest of the %d starts: %.0f ms; the first makes the directory's content", len(starts), ms(slices.Max(starts))))
	}
	box := option150
	box.probe = b.job(job{Kind: "cold", Target: at(6970), Clients: 1}, "bench3k.bin")
	s, err := box.start(ctx, b)
	if err != nil {
		return err
	}
	idle, err := s.resting(ctx)
	s.stop()
	if err != nil {
		return err
	}
	t.aim("memory, idle, all services on", "MB", idle/1e6, aimIdle)
	if phones, used, err := b.lab(ctx); err != nil {
		t.note("memory of `option150 lab`: " + err.Error())
	} else {
		t.aim(fmt.Sprintf("memory of the lab: the box and its %d simulated phones", phones), "MB", used/1e6, aimLab)
	}
	info, err := os.Stat(b.binary)
	if err != nil {
		return err
	}
	t.aim("size of the binary", "MB", float64(info.Size())/1e6, aimSize)
	return ctx.Err()
}

// starts starts the box several times and gives the time from the start of the
// process to the first file that arrived in the namespace of the phones.
func (b *bench) starts(ctx context.Context) ([]time.Duration, error) {
	st, err := newStand("option150")
	if err != nil {
		return nil, err
	}
	defer st.close()
	dir, err := b.newDir("start")
	if err != nil {
		return nil, err
	}
	config, err := boxDirectory(b, dir)
	if err != nil {
		return nil, err
	}
	poll := b.job(job{Kind: "poll", Target: at(6970), Clients: 1, For: patience}, "bench3k.bin")
	var took []time.Duration
	for range max(5, b.rounds) {
		var p *process
		var begun time.Time
		r, err := st.load(ctx, poll, func() error {
			begun = time.Now()
			var err error
			p, err = start(st, exec.Command(b.binary, "run", "--config", config))
			return err
		})
		if p != nil {
			if e := p.alive(); e != nil {
				err = errors.Join(err, e)
			}
			p.stop()
		}
		if err != nil {
			return nil, err
		}
		took = append(took, r.At.Sub(begun.Round(0)))
	}
	return took, nil
}

// resting is the memory of a server that nobody has asked anything for two
// seconds.
func (s *server) resting(ctx context.Context) (float64, error) {
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(2 * time.Second):
	}
	return float64(s.p.memory(map[int]bool{})), s.p.alive()
}

// labPatience bounds the wait for the lab's phones.
const labPatience = 60 * time.Second

// lab runs `option150 lab` without a terminal, waits until it answers a command
// (by then its phones are up) and gives how many phones are provisioned and
// the memory of the process that is box and phones.
func (b *bench) lab(ctx context.Context) (phones int, memory float64, err error) {
	ctx, cancel := context.WithTimeout(ctx, labPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, b.binary, "lab")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	complaints := &tail{}
	cmd.Stderr = complaints
	in, err := cmd.StdinPipe()
	if err != nil {
		return 0, 0, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	defer func() {
		_ = in.Close() // the end of its input ends the lab, which tidies up
		timer := time.AfterFunc(10*time.Second, cancel)
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait() // how it ended does not matter any more
		timer.Stop()
	}()
	const mark = "configuration register" // the end of `show version`
	if _, err := io.WriteString(in, "terminal length 0\nshow phones\nshow version\n"); err != nil {
		return 0, 0, err
	}
	lines := bufio.NewScanner(out)
	done := false
	for !done && lines.Scan() {
		line := strings.ToLower(lines.Text())
		if strings.HasPrefix(line, "sep") && strings.Contains(line, "provisioned") {
			phones++
		}
		done = strings.Contains(line, mark)
	}
	if !done || phones == 0 {
		return 0, 0, fmt.Errorf("no phone came up: %s", strings.TrimSpace(complaints.String()))
	}
	for _, pid := range family(cmd.Process.Pid) {
		resident, _ := statm(pid)
		memory = max(memory, float64(resident)) // the other one only waits
	}
	return phones, memory, nil
}
