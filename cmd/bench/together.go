package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// together is the way to become several programs: a server with what it needs
// beside it, whose memory and processor time count as its own.
const together = "together"

// step is one program of several.
type step struct {
	Argv    []string
	Env     []string // beside ours
	Ready   string   // address at which it listens when it is ready; "" = it has to end, well, unless it is the last
	NotRoot bool     // it refuses to be root, and we seem to be
}

// togetherArgs writes the steps to a file and gives the command line.
func togetherArgs(dir string, steps []step) ([]string, error) {
	name := filepath.Join(dir, "steps.json")
	text, err := json.Marshal(steps)
	if err != nil {
		return nil, err
	}
	return []string{name}, os.WriteFile(name, text, 0o600)
}

// togetherMain runs the steps and ends when one ends that should not.
func togetherMain(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var steps []step
	if err := json.Unmarshal(text, &steps); err != nil {
		return err
	}
	ended := make(chan error, len(steps))
	for i, s := range steps {
		cmd := exec.Command("/proc/self/exe", append([]string{asShim, plain}, s.Argv...)...)
		cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
		cmd.Env = append(os.Environ(), s.Env...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		if s.NotRoot { // the same user under another number, in a namespace of users
			const somebody = 1000
			cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
			cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: somebody, HostID: os.Getuid(), Size: 1}}
			cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: somebody, HostID: os.Getgid(), Size: 1}}
		}
		if s.Ready == "" && i < len(steps)-1 {
			if err := cmd.Run(); err != nil {
				return fmt.Errorf("%v: %w", s.Argv, err)
			}
			continue
		}
		if err := cmd.Start(); err != nil {
			return fmt.Errorf("%v: %w", s.Argv, err)
		}
		go func() { ended <- fmt.Errorf("%s: %w", s.Argv[0], errors.Join(cmd.Wait(), errEnded)) }()
		if err := listens(s.Ready, ended); err != nil {
			return err
		}
	}
	return <-ended
}

var errEnded = errors.New("it ended")

// listens waits until somebody listens at an address, "" = nowhere.
func listens(at string, ended <-chan error) error {
	for end := time.Now().Add(patience); at != ""; {
		if c, err := net.DialTimeout("tcp", at, time.Second); err == nil {
			return c.Close()
		} else if time.Now().After(end) {
			return err
		}
		select {
		case err := <-ended:
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}
