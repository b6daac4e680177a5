package e2e

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestForeignProcessOn6970AtBoot: the box comes up, HTTP on 80 works, HFS says
// why it does not, and is up within seconds after the other process ends.
func TestForeignProcessOn6970AtBoot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{off: true})
	holder := occupy(t, w.Box, 6970)
	w.start()
	s := w.Login()
	if status, _ := w.get("http://10.150.0.1/"); status != 200 {
		t.Errorf("port 80 answers %d", status)
	}
	services := s.Do("show services")
	for _, want := range []string{`(?m)^hfs +failed .*6970: address already in use`, `(?m)^httpd +degraded +tcp 80 .*6970: address already in use`} {
		if !regexp.MustCompile(want).MatchString(services) {
			t.Errorf("no line %s in\n%s", want, services)
		}
	}
	if hfs := s.Do("show voice register hfs"); !strings.Contains(hfs, "down: ") || !strings.Contains(hfs, "in use") {
		t.Errorf("show voice register hfs says\n%s", hfs)
	}
	if log := s.Do("show logging"); !strings.Contains(log, "6970") {
		t.Errorf("no line in the log:\n%s", log)
	}
	if run := w.runningConfig(); !strings.Contains(run, " hfs enable port 6970\n") {
		t.Errorf("the configuration lost it:\n%s", run)
	}
	holder.Close()
	w.Within(10*time.Second, "6970 does not answer", func() bool {
		status, _ := w.get("http://10.150.0.1:6970/SEP001E7A000001.cnf.xml")
		return status == 200
	})
	s.Until(5*time.Second, "show services", func(a string) bool { return !strings.Contains(a, " failed ") && !strings.Contains(a, " degraded ") })
}
