package testbox

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"option150/platform/netns"
)

// Process is a program that runs.
type Process struct {
	Cmd *exec.Cmd
	Out *Buffer // its standard error, and its output unless that goes elsewhere

	done chan struct{}
}

// Run starts a command on a machine. It is killed at the end of the test.
func Run(t *testing.T, h *netns.Host, cmd *exec.Cmd) *Process {
	t.Helper()
	p := &Process{Cmd: cmd, Out: NewBuffer(), done: make(chan struct{})}
	if cmd.Stdout == nil {
		cmd.Stdout = p.Out
	}
	cmd.Stderr = p.Out
	if err := h.Start(cmd); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		_ = cmd.Wait()
		p.Out.Close()
	}()
	t.Cleanup(func() {
		p.Kill()
		if strings.Contains(p.Out.String(), "WARNING: DATA RACE") {
			t.Error("the race detector found a race")
		}
		if t.Failed() && p.Out.String() != "" {
			t.Logf("%s wrote:\n%s", filepath.Base(cmd.Path), p.Out)
		}
	})
	return p
}

// Kill is kill -9.
func (p *Process) Kill() {
	_ = p.Cmd.Process.Kill()
	<-p.done
}

// Stop sends a signal and says how long the process took to end.
func (p *Process) Stop(sig syscall.Signal, most time.Duration) (time.Duration, error) {
	since := time.Now()
	if err := p.Cmd.Process.Signal(sig); err != nil {
		return 0, err
	}
	select {
	case <-p.done:
		return time.Since(since), nil
	case <-time.After(most):
		return 0, errors.New("still running after " + most.String())
	}
}

// Ended reports whether it is over.
func (p *Process) Ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Wait waits for the end and returns the exit status.
func (p *Process) Wait(t *testing.T, most time.Duration) int {
	t.Helper()
	select {
	case <-p.done:
		return p.Status()
	case <-time.After(most):
		t.Fatalf("still running after %s:\n%s", most, p.Out)
	}
	return -1
}

// Status is the exit status of a process that has ended.
func (p *Process) Status() int { return p.Cmd.ProcessState.ExitCode() }
