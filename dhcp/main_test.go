package dhcp

import (
	"os"
	"strings"
	"testing"

	"option150/platform/netns"
)

func TestMain(m *testing.M) {
	if os.Getenv(killEnv) != "" {
		os.Exit(killChild())
	}
	for _, a := range os.Args[1:] {
		// A fuzz worker talks to its parent over descriptors of its own.
		if strings.HasPrefix(a, "-test.fuzzworker") || strings.HasPrefix(a, "-test.fuzz=") {
			os.Exit(m.Run())
		}
	}
	os.Exit(netns.Run(m))
}
