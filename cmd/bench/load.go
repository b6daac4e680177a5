package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

// job is what the load generator is asked for: JSON on its standard input.
type job struct {
	Kind    string // "http", "cold", "tftp", "window", "dhcp", "perfdhcp", "perfdhcp6", "gap", "poll", "flood"
	Target  netip.AddrPort
	File    string           // name to ask for
	Size    int64            // of the file
	Sum     uint32           // CRC-32 of the file
	Clients int              // at the same time; of dhcp: exchanges at the same time
	For     time.Duration    // how long
	Count   int              // requests of each client; of dhcp: at most so many exchanges; 0 = no limit
	RTT     time.Duration    // a client answers so much later, as if it were far away
	Block   int              // of window: blksize
	Window  int              // of window: windowsize
	Others  []netip.AddrPort // of gap: the other servers
	Rebind  bool             // of gap: known phones are at T2
}

// result is what came of it: JSON on standard output.
type result struct {
	Done    int // requests, transfers or exchanges completed
	Failed  int // not completed
	Offered int // exchanges begun, of perfdhcp
	Resent  int // requests and acknowledgements sent again because no answer came
	Bytes   int64
	Packets int // sent and received
	Elapsed time.Duration
	P50     time.Duration // of one request, transfer or exchange
	P99     time.Duration
	At      time.Time     // of poll: when the first answer came
	Longest time.Duration // of gap: without an ACK
	Waited  time.Duration // of gap: the phone that waited longest
	Problem string        // the first failure, "" = none
}

// phone is the address of client i; tests have all of them on the loopback.
func (j job) phone(i int) netip.Addr {
	if j.Target.Addr().IsLoopback() {
		return j.Target.Addr()
	}
	return phoneAddr(i)
}

// rate is completed requests a second.
func (r result) rate() float64 {
	if r.Elapsed <= 0 {
		return 0
	}
	return float64(r.Done) / r.Elapsed.Seconds()
}

// tally puts the results of many clients together.
type tally struct {
	result
	times []time.Duration
}

func (t *tally) fail(err error) {
	t.Failed++
	if t.Problem == "" {
		t.Problem = err.Error()
	}
}

func (t *tally) add(o *tally) {
	t.Done += o.Done
	t.Failed += o.Failed
	t.Resent += o.Resent
	t.Bytes += o.Bytes
	t.Packets += o.Packets
	t.times = append(t.times, o.times...)
	if t.Problem == "" {
		t.Problem = o.Problem
	}
}

func (t *tally) finish(elapsed time.Duration) result {
	t.Elapsed = elapsed
	t.P50, t.P99 = percentile(t.times, 50), percentile(t.times, 99)
	return t.result
}

// percentile is the smallest value that so many percent do not exceed.
func percentile(values []time.Duration, percent int) time.Duration {
	if len(values) == 0 {
		return 0
	}
	v := slices.Clone(values)
	slices.Sort(v)
	return v[max(0, (len(v)*percent+99)/100-1)]
}

// inParallel runs the clients at the same time, all beginning together, and
// puts what they did together.
func inParallel(n int, client func(i int, t *tally)) result {
	var (
		all    tally
		begin  = make(chan struct{})
		ready  = make(chan struct{}, n)
		finish = make(chan *tally, n)
	)
	for i := range n {
		go func() {
			t := &tally{}
			defer func() { finish <- t }()
			ready <- struct{}{}
			<-begin
			client(i, t)
		}()
	}
	for range n {
		<-ready
	}
	start := time.Now()
	close(begin)
	for range n {
		all.add(<-finish)
	}
	return all.finish(time.Since(start))
}

// loadMain is the load generator's main: one job in, one result out.
func loadMain() int {
	var files syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files) == nil {
		files.Cur = files.Max
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &files) // a failure shows as connections that fail
	}
	var j job
	if err := json.NewDecoder(io.LimitReader(os.Stdin, 1<<16)).Decode(&j); err != nil {
		fmt.Fprintln(os.Stderr, "bench: load:", err)
		return 1
	}
	r, err := j.do(os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench: load:", err)
		return 1
	}
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		fmt.Fprintln(os.Stderr, "bench: load:", err)
		return 1
	}
	return 0
}

// do makes the load. ready gets a line as soon as a poll is about to begin.
func (j job) do(ready io.Writer) (result, error) {
	switch j.Kind {
	case "http":
		return j.keepAlive(), nil
	case "cold":
		return j.cold(), nil
	case "tftp":
		return j.tftp()
	case "window":
		return j.windowed()
	case "dhcp":
		return j.dhcp()
	case "perfdhcp", "perfdhcp6":
		return j.perf()
	case "flood":
		return j.flood()
	case "gap":
		return j.gap(func() { fmt.Fprintln(ready, "ready") })
	case "poll":
		return j.poll(ready)
	}
	return result{}, fmt.Errorf("no load of kind %q", j.Kind)
}

// load runs a job in the namespace of the stand's clients. started, if not
// nil, is called when the generator says that it is about to begin.
func (s *stand) load(ctx context.Context, j job, started func() error) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, j.For+90*time.Second)
	defer cancel()
	in, err := json.Marshal(j)
	if err != nil {
		return result{}, err
	}
	cmd := exec.CommandContext(ctx, "/proc/self/exe", asLoad)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var out, complaints bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &complaints
	var ready *os.File
	if started != nil {
		r, w, err := os.Pipe()
		if err != nil {
			return result{}, err
		}
		defer r.Close()
		cmd.Stderr, ready = w, r
		defer w.Close()
	}
	if err := s.client.Start(cmd); err != nil {
		return result{}, err
	}
	if started != nil {
		_, err := ready.Read(make([]byte, 64))
		if err == nil {
			err = started()
		}
		if err != nil {
			cancel()
			return result{}, errors.Join(err, cmd.Wait())
		}
	}
	if err := cmd.Wait(); err != nil {
		return result{}, fmt.Errorf("load %s: %w: %s", j.Kind, err, bytes.TrimSpace(complaints.Bytes()))
	}
	var r result
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		return result{}, fmt.Errorf("load %s: %w", j.Kind, err)
	}
	return r, nil
}
