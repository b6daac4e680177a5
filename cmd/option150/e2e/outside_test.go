package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// job is a run of the binary outside the namespace of the tests, by an
// ordinary user: the one who runs the tests, or nobody if that is root.
type job struct {
	Args  []string
	Stdin string
}

// result is what became of it, and what it left behind.
type result struct {
	Stdout, Stderr string
	Status         int
	Took           time.Duration
	User           int
	Before, After  []string // interfaces of the machine
	Left           []string // files in its temporary directory
	Err            string
}

const (
	nobody  = 65534
	jobTime = 60 * time.Second
)

// listenOutside serves jobs until stop is called.
func listenOutside(socket string) (stop func(), err error) {
	l, err := net.Listen("unix", socket)
	if err != nil {
		return nil, err
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				var j job
				if json.NewDecoder(c).Decode(&j) != nil {
					return
				}
				_ = json.NewEncoder(c).Encode(j.run())
			})
		}
	})
	return func() { l.Close(); wg.Wait() }, nil
}

func (j job) run() (r result) {
	tmp, err := os.MkdirTemp("", "option150-e2e-tmp-")
	if err != nil {
		return result{Err: err.Error()}
	}
	defer os.RemoveAll(tmp)
	if err := os.Chmod(tmp, 0o777); err != nil {
		return result{Err: err.Error()}
	}
	ctx, cancel := context.WithTimeout(context.Background(), jobTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary(), j.Args...)
	cmd.Dir = tmp
	cmd.Env = []string{"TMPDIR=" + tmp, "PATH=/usr/bin:/bin", "HOME=" + tmp}
	cmd.Stdin = strings.NewReader(j.Stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	r.User = os.Geteuid()
	if r.User == 0 {
		r.User = nobody
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	r.Before = interfaceNames()
	started := time.Now()
	err = cmd.Run()
	r.Took = time.Since(started)
	r.After = interfaceNames()
	r.Stdout, r.Stderr = out.String(), errs.String()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		r.Status = exit.ExitCode()
	case err != nil:
		r.Err = err.Error()
	}
	left, _ := filepath.Glob(filepath.Join(tmp, "*"))
	for _, l := range left {
		r.Left = append(r.Left, filepath.Base(l))
	}
	return r
}

func interfaceNames() []string {
	ifs, _ := net.Interfaces()
	var out []string
	for _, i := range ifs {
		if !strings.HasPrefix(i.Name, "veth") { // containers of others come and go
			out = append(out, i.Name)
		}
	}
	slices.Sort(out)
	return out
}

// outside has the binary run outside.
func outside(t *testing.T, j job) result {
	t.Helper()
	c, err := net.Dial("unix", os.Getenv(envOutside))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var r result
	if err := json.NewEncoder(c).Encode(j); err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(c).Decode(&r); err != nil {
		t.Fatal(err)
	}
	if r.Err != "" {
		t.Fatal(r.Err)
	}
	return r
}
