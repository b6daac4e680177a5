package lab

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"option150/telephony/simphone"
)

// TestUpgradeInWaves: the lab's phones upgrade wave by wave over their stepping
// stones, as typed at the console; the report lies in flash:.
func TestUpgradeInWaves(t *testing.T) {
	if alone(t) {
		return
	}
	var d diary
	const before = "SCCP41.9-3-1SR2-1S"
	o := Options{Root: t.TempDir(), SSH: "127.0.0.1:0", OnStep: d.note, Pace: 0.001, Hold: true, Phones: []simphone.Spec{
		g3(1, "7961", before), g3(2, "7961", "SCCP41.8-3-2S"), g3(3, "7961", before)}}
	o.Config = strings.Replace(ConfigOf(o), " load 7961 "+load41+"\n", "", 1)
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = l.Run(ctx) }()
	defer func() { stop(); <-ended; l.Close() }()
	out := l.typed(t, "configure terminal", "upgrade spring", "load 7961 "+load41, "wave 1 phones 2", "gate percent 100 within 30", "end", "upgrade spring start", "show upgrade")
	if !strings.Contains(out, "upgrade spring: 3 phones in 2 waves") || !strings.Contains(out, "0 of 3 done, wave 1 of 2") {
		t.Fatal(out)
	}
	up := func(n int) {
		t.Helper()
		if err := l.Boot(o.Phones[n]); err != nil {
			t.Fatal(err)
		}
		wait(t, 40*time.Second, "phone to come up", func() string {
			if l.provisioned(o.Phones[n].MAC) {
				return ""
			}
			return l.typed(t, "show phones", "show upgrade spring")
		})
	}
	up(2) // of the second wave: it keeps what it runs
	if got := d.installed("SEP001E7A000203"); len(got) > 0 {
		t.Errorf("a phone of a later wave installed %v", got)
	}
	up(0)
	up(1)
	wait(t, 20*time.Second, "the second wave", func() string {
		if out := l.typed(t, "show upgrade"); !strings.Contains(out, "2 of 3 done, wave 2 of 2") {
			return out + l.typed(t, "show upgrade spring", "show firmware phones")
		}
		return ""
	})
	if got := strings.Join(d.installed("SEP001E7A000202"), " "); got != stone41+" "+load41 {
		t.Errorf("over the stone: %q", got)
	}
	if err := l.Replug(o.Phones[2]); err != nil {
		t.Fatal(err)
	}
	wait(t, 40*time.Second, "the end", func() string {
		if out := l.typed(t, "show upgrade"); !strings.Contains(out, "done ") || !strings.Contains(out, "3 of 3 done") || !strings.Contains(out, "spring           done") {
			return out + l.typed(t, "show upgrade spring")
		}
		return ""
	})
	for _, end := range []string{".txt", ".json"} {
		text, err := os.ReadFile(filepath.Join(o.Root, "flash", "upgrade-spring"+end))
		if err != nil || strings.Count(string(text), "SEP001E7A00020") != 3 {
			t.Errorf("%v: %s", err, text)
		}
	}
	if out := l.typed(t, "configure terminal", "no upgrade spring", "end", "show upgrade", "upgrade spring start"); !strings.Contains(out, "No upgrade is configured") || !strings.Contains(out, "% Upgrade spring is not configured") {
		t.Error(out)
	}
}
