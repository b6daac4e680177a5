package e2e

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"option150/cmd/option150/testbox"
	"option150/platform/netns"
)

// What the process outside tells the one inside.
const (
	envBinary  = "OPTION150_E2E_BINARY"  // the binary under test; set it to test one that is built already
	envOutside = "OPTION150_E2E_OUTSIDE" // socket of the process outside
)

func TestMain(m *testing.M) {
	flag.Parse()
	if name := os.Getenv(envHelper); name != "" {
		os.Exit(help(name, os.Args[1:]))
	}
	os.Exit(start(m))
}

// start builds the binary and then runs the tests in a private namespace.
// What has to happen outside, as the user who runs the tests, is done by this
// process when a test asks for it.
func start(m *testing.M) int {
	if os.Getenv(envOutside) != "" {
		return netns.Run(m)
	}
	dir, err := os.MkdirTemp("", "option150-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	path := binary()
	if path == "" {
		if path, err = testbox.Build(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	// Another user runs it too.
	if err := os.Chmod(dir, 0o755); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	socket := filepath.Join(dir, "outside")
	stop, err := listenOutside(socket)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer stop()
	for k, v := range map[string]string{envBinary: path, envOutside: socket} {
		if err := os.Setenv(k, v); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return netns.Run(m)
}

// binary is the path of the binary under test.
func binary() string { return os.Getenv(envBinary) }
