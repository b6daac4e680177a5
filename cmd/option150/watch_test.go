package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"option150/platform/fleet"
	"option150/platform/testkit"
)

func free(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// A machine that is no box shows the boxes: once, as page, and as figures.
func TestWatch(t *testing.T) {
	url, peer := "http://"+free(t), "http://"+free(t)
	cmd := exec.Command(testkit.NeedProgram(t, "etcd", "etcd-server"), "--name", "m", "--data-dir", t.TempDir(), "--listen-client-urls", url, "--advertise-client-urls", url,
		"--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", "m="+peer, "--log-level", "error")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	box := fleet.New(fleet.Options{Version: "1.0", Phones: func() ([]fleet.Phone, int) {
		return []fleet.Phone{{Device: "SEP001E7A000001", State: "stuck", Code: "R05", Text: "its file is not here", Basis: "observed", Model: "7962"}}, 1
	}})
	t.Cleanup(box.Close)
	c, err := box.Prepare(context.Background(), nil, fleet.Config{Name: "B1", Domain: "WEST", Servers: []string{url}})
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()

	secret := filepath.Join(t.TempDir(), "pw")
	if err := os.WriteFile(secret, []byte("x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	shows := func(part string, args ...string) {
		t.Helper()
		var out bytes.Buffer
		for range 600 {
			out.Reset()
			if cmdWatch(append([]string{"--server", url}, args...), &out) == 0 && strings.Contains(out.String(), part) {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Errorf("%q:\n%s\nlacks %q", args, out.String(), part)
	}
	shows("SEP001E7A000001  WEST/B1", "phones", "stuck")
	shows("WEST/B1       there")
	shows("WEST/B1       there         1", "phones", "summary")
	shows("at box B1, which is there", "--domain", "WEST", "phone", "001e.7a00.0001")
	var out bytes.Buffer
	for _, bad := range [][]string{nil, {"--server", "10.0.0.1"}, {"--server", url, "--domain", "a/b"}, {"--server", url, "--password-file", secret + "none"}, {"--server", url, "weather"}, {"--server", "http://" + free(t), "--wait", "1ms"}} {
		if cmdWatch(bad, &out) == 0 {
			t.Errorf("%q is taken", bad)
		}
	}

	w := fleet.New(fleet.Options{})
	t.Cleanup(w.Close)
	if err := w.Watch(fleet.Config{Servers: []string{url}, ViewAll: true}); err != nil {
		t.Fatal(err)
	}
	at := free(t)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, w, at) }()
	for path, parts := range map[string][]string{
		"/metrics":         {`option150_fleet_servers_up 1`, `option150_fleet_box_up{box="B1",domain="WEST"} 1`, `option150_fleet_phones{box="B1",domain="WEST",state="stuck"} 1`, `option150_phones{model="7962",state="stuck"} 1`},
		"/api/v1/overview": {`"box WEST/B1"`, `1 phones, 1 stuck`},
		"/api/v1/phones":   {`SEP001E7A000001`, `WEST/B1`, `R05`},
		"/":                {"<html"},
	} {
		body, ok := "", false
		for range 600 {
			if r, err := http.Get("http://" + at + path); err == nil {
				b, _ := io.ReadAll(r.Body)
				_ = r.Body.Close()
				body, ok = string(b), true
				for _, p := range parts {
					ok = ok && strings.Contains(body, p)
				}
			}
			if ok {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		if !ok {
			t.Errorf("%s lacks one of %q:\n%s", path, parts, body[:min(len(body), 2000)])
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := serve(context.Background(), w, "here"); err == nil {
		t.Error("an address that is none")
	}
}
