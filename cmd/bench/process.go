package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is a server that runs, with its children.
type process struct {
	cmd  *exec.Cmd
	log  *tail
	done chan struct{} // closed when it has ended
	err  error         // how, valid after done
}

// start starts a command on the server's side of the stand.
func start(s *stand, cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, log: &tail{}, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.log, p.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := s.onServer(cmd); err != nil {
		return nil, err
	}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// alive is an error when the process has ended.
func (p *process) alive() error {
	select {
	case <-p.done:
		return fmt.Errorf("%s ended (%v): %s", filepath.Base(p.cmd.Path), p.err, p.log)
	default:
		return nil
	}
}

// stop ends the process and its children.
func (p *process) stop() {
	pgid := p.cmd.Process.Pid
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		_ = syscall.Kill(-pgid, sig) // an error: it is gone already
		select {
		case <-p.done:
			_ = syscall.Kill(-pgid, syscall.SIGKILL) // children that stayed
			return
		case <-time.After(4 * time.Second):
		}
	}
}

// tail keeps the end of what a process printed, for when it fails.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailBytes = 2000

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if over := len(t.text) - tailBytes; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.text))
}

// family is the process with its living descendants.
func family(pid int) []int {
	all := []int{pid}
	for i := 0; i < len(all); i++ {
		tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", all[i]))
		for _, t := range tasks {
			text, _ := os.ReadFile(t) // gone meanwhile: no children
			for f := range strings.FieldsSeq(string(text)) {
				if n, err := strconv.Atoi(f); err == nil {
					all = append(all, n)
				}
			}
		}
	}
	return all
}

// tick is the unit of times in /proc/PID/stat: USER_HZ, 100 on every Linux.
const tick = 10 * time.Millisecond

// cpu is the processor time of the process and its children, the ended ones
// included.
func (p *process) cpu() time.Duration {
	var sum time.Duration
	for _, pid := range family(p.cmd.Process.Pid) {
		own, ended := procTimes(pid)
		sum += max(own, schedTime(pid)) + ended
	}
	return sum
}

// procTimes are the times of /proc/PID/stat: of the process, and of its
// children that ended. [proc(5): fields 14 to 17]
func procTimes(pid int) (own, ended time.Duration) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0
	}
	i := bytes.LastIndexByte(text, ')') // the name may have blanks
	f := strings.Fields(string(text[i+1:]))
	if len(f) < 15 {
		return 0, 0
	}
	var v [4]int64
	for i := range v {
		v[i], _ = strconv.ParseInt(f[11+i], 10, 64)
	}
	return time.Duration(v[0]+v[1]) * tick, time.Duration(v[2]+v[3]) * tick
}

// schedTime is the time of the living threads in nanoseconds; 0 where the
// kernel does not tell.
func schedTime(pid int) time.Duration {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	var sum time.Duration
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		first, _, _ := strings.Cut(string(text), " ")
		n, _ := strconv.ParseInt(first, 10, 64)
		sum += time.Duration(n)
	}
	return sum
}

// memory is the resident set of the process and what its children have beyond
// what they share, in bytes. Those found to have ended are put into ended and
// not looked at again.
func (p *process) memory(ended map[int]bool) int64 {
	var sum int64
	for i, pid := range family(p.cmd.Process.Pid) {
		if ended[pid] {
			continue
		}
		resident, shared := statm(pid)
		if i > 0 {
			resident -= shared
		}
		if resident <= 0 {
			ended[pid] = true
		}
		sum += resident
	}
	return sum
}

// statm reads resident and shared bytes of a process. [proc(5)]
func statm(pid int) (resident, shared int64) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, 0
	}
	f := strings.Fields(string(text))
	if len(f) < 3 {
		return 0, 0
	}
	r, _ := strconv.ParseInt(f[1], 10, 64)
	s, _ := strconv.ParseInt(f[2], 10, 64)
	page := int64(os.Getpagesize())
	return r * page, s * page
}

// peak watches the memory until the returned function is called, which gives
// the largest value seen.
func (p *process) peak() (stop func() int64) {
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan int64, 1)
	go func() {
		most, ended := int64(0), map[int]bool{}
		for pause := time.Duration(0); ; {
			select {
			case <-time.After(pause):
				begun := time.Now()
				most = max(most, p.memory(ended))
				// Looking at a thousand processes takes time from them.
				pause = max(25*time.Millisecond, 20*time.Since(begun))
			case <-ctx.Done():
				result <- max(most, p.memory(ended))
				return
			}
		}
	}()
	return func() int64 { cancel(); return <-result }
}

// settled waits until the process has done with what it was asked: its
// processor time no longer grows.
func (p *process) settled(ctx context.Context) error {
	last, still := p.cpu(), 0
	for range 100 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.done:
			return p.alive()
		case <-time.After(20 * time.Millisecond):
		}
		now := p.cpu()
		if now-last < time.Millisecond {
			if still++; still == 3 {
				return nil
			}
		} else {
			still = 0
		}
		last = now
	}
	return nil // it always does something: measure it as it is
}
