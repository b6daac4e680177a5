package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"option150/telephony/firmware"
)

// TestPFSOffline: a log tells its records; loads give names to sizes; what is
// wrong says so with status 1 or 2.
func TestPFSOffline(t *testing.T) {
	dir := t.TempDir()
	files, err := firmware.Synthesise("SCCP41.9-4-2SR3-1S", firmware.FamilyOf("SCCP41.9-4-2SR3-1S"), firmware.Sizes{})
	if err != nil {
		t.Fatal(err)
	}
	for n, b := range files {
		if err := os.WriteFile(filepath.Join(dir, n), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	log := "../../pfs/testdata/console-en.txt"
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{log}, 0, "26 records"},
		{[]string{"--loads", dir, "--subnet", "10.1.0.0/24", log}, 0, "role root, XID 080027F8"},
		{[]string{log, "--loads", dir, "--subnet", "10.1.0.0/24,10.2.0.0/16"}, 0, "file /dnld/SCCP41.9-4-2SR2-2S.loads"},
		{[]string{log, "another"}, 2, ""},
		{[]string{}, 2, ""},
		{[]string{"--subnet", "x", log}, 2, ""},
		{[]string{filepath.Join(dir, "nothing")}, 1, ""},
		{[]string{"--loads", filepath.Join(dir, "nothing"), log}, 1, ""},
	} {
		var out bytes.Buffer
		if got := cmdPFS(c.args, &out); got != c.status || !strings.Contains(out.String(), c.want) {
			t.Errorf("%q: status %d\n%s", c.args, got, out.String())
		}
	}
}
