package appliance_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"option150/cli/session"
	"option150/cmd/option150/appliance"
	"option150/platform/settings"
)

// TestSerialConsoleIsAService: a serial console that cannot be used is a row of
// `show services`.
func TestSerialConsoleIsAService(t *testing.T) {
	s := settings.Default()
	s.Root, s.SSH.Listen = t.TempDir(), ""
	s.Console.Device = "/dev/ttyABSENT9"
	box, err := appliance.Open(appliance.Options{Settings: s, Version: "1.0.0", Commit: "0000000"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = box.Run(ctx) }()
	defer func() { stop(); <-ended }()
	var out bytes.Buffer
	for end := time.Now().Add(20 * time.Second); !strings.Contains(out.String(), "console      failed"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(out.String())
		}
		out.Reset()
		b := box.Box()
		session.New(session.Options{Language: b.Language, Store: b.Store, Recorder: b.Journal, Out: &out, Line: "con0", From: "console", Privilege: 15}).Line(ctx, "show services")
	}
	if !strings.Contains(out.String(), "ttyABSENT9: no such file or directory") {
		t.Error(out.String())
	}
}
