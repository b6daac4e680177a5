package appliance_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"option150/cli/transcript"
	"option150/platform/netns"
	"option150/platform/testkit/golden"
)

func TestMain(m *testing.M) {
	if what := os.Getenv(envHold); what != "" {
		os.Exit(holdPort(what))
	}
	os.Exit(netns.Run(m))
}

// Every file of testdata/transcripts is typed at a real box: with its own LAN,
// on the real ports, from its startup-config on.
func TestTranscripts(t *testing.T) {
	netns.Need(t)
	files, err := filepath.Glob("../../../testdata/transcripts/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			if err := transcript.Run(file, newWorld(t), golden.Update()); err != nil {
				t.Error(err)
			}
		})
	}
}
