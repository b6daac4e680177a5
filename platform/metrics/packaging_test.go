package metrics

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unsafe"

	"option150/platform/testkit"
)

const examples = "../../packaging/prometheus/"

// families are all there are, by name.
func families(t *testing.T) map[string]*family {
	t.Helper()
	out := map[string]*family{}
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		for i := range v.NumField() {
			switch f := v.Field(i); {
			case f.Type() == reflect.TypeFor[*family]():
				x := (*family)(unsafe.Pointer(f.Pointer()))
				if x == nil || x.help == "" || x.kind == "" || out[x.name] != nil {
					t.Fatalf("%s: not made, without help or type, or twice", v.Type().Field(i).Name)
				}
				out[x.name] = x
			case f.Type() == reflect.TypeFor[processFamilies]():
				walk(f)
			}
		}
	}
	walk(reflect.ValueOf(newCollector(&Sources{})).Elem())
	return out
}

// TestEveryMetricIsDocumented: each has the prefix of the box or of processes,
// and a row of the page.
func TestEveryMetricIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for name, f := range families(t) {
		if !strings.HasPrefix(name, "option150_") && !strings.HasPrefix(name, "process_") {
			t.Errorf("%s has no prefix", name)
		}
		labels := strings.Join(f.labels, ", ")
		if row := fmt.Sprintf("| `%s` | %s | %s | %s |\n", name, f.kind, labels, f.help); !strings.Contains(string(page), row) {
			t.Errorf("docs/metrics.md has not\n%s", row)
		}
		rows++
	}
	if n := strings.Count(string(page), "\n| `"); n != rows {
		t.Errorf("docs/metrics.md has %d rows, there are %d metrics", n, rows)
	}
}

// TestExamplesAskForWhatThereIs: every metric and label value a dashboard or an
// alert names is one of ours, and promtool takes each expression.
func TestExamplesAskForWhatThereIs(t *testing.T) {
	rules, err := os.ReadFile(examples + "alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(examples + "grafana-dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &board); err != nil || len(board.Panels) < 10 {
		t.Fatalf("%d panels, %v", len(board.Panels), err)
	}
	all := families(t)
	for _, m := range regexp.MustCompile(`\b(option150|process)_[a-z0-9_]+`).FindAllString(string(rules)+string(text), -1) {
		name := m
		for _, end := range []string{"_bucket", "_sum", "_count"} {
			if cut, ok := strings.CutSuffix(m, end); ok && all[cut] != nil && all[cut].kind == histogramType {
				name = cut
			}
		}
		if all[name] == nil {
			t.Errorf("there is no metric %s", m)
		}
	}
	promtool := testkit.NeedProgram(t, "promtool", "prometheus")
	made := "groups:\n- name: dashboard\n  rules:\n"
	for _, p := range board.Panels {
		for i, x := range p.Targets {
			b, _ := json.Marshal(strings.ReplaceAll(x.Expr, "$instance", ".*"))
			made += fmt.Sprintf("  - record: panel:%d_%d\n    expr: %s\n", strings.Count(made, "record"), i, b)
		}
	}
	file := t.TempDir() + "/dashboard.yml"
	if err := os.WriteFile(file, []byte(made), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{examples + "alerts.yml", file} {
		if out, err := exec.Command(promtool, "check", "rules", f).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", f, err, out)
		}
	}
	s, _ := box(t)
	_, scrape := ask(t, "GET", open(t, s)+"/metrics")
	cmd := exec.Command(promtool, "check", "metrics")
	cmd.Stdin = strings.NewReader(scrape)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	for _, want := range []string{"process_cpu_seconds_total ", "process_resident_memory_bytes ", "process_open_fds ", "process_max_fds ", "process_start_time_seconds ", `option150_login_failures_total{door="ssh"} 0`, `option150_dhcp_lease_seconds_count 0`} {
		if !strings.Contains(scrape, want) {
			t.Errorf("no %s in\n%s", want, scrape)
		}
	}
}
