package metrics

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"option150/platform/testkit"
	"option150/telephony/inventory"
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

// TestExamplesNameLabelsThereAre: a selector, a group or an annotation that names
// a label or a value that the box does not export is silent for ever.
func TestExamplesNameLabelsThereAre(t *testing.T) {
	var phones []inventory.Phone
	for _, s := range []inventory.State{inventory.Seen, inventory.Addressed, inventory.Configured, inventory.Loading, inventory.Provisioned, inventory.Stuck} {
		phones = append(phones, inventory.Phone{State: s, Verdict: inventory.Verdict{Code: inventory.OK}})
	}
	s := New(Sources{Counts: NewCounts(), Phones: func(time.Time) []inventory.Phone { return phones }, Pools: func() []Pool { return []Pool{{Name: "VOICE", Total: 9}} }})
	t.Cleanup(s.Close)
	_, scrape := ask(t, "GET", open(t, s)+"/metrics")
	all := families(t)
	for _, file := range []string{"alerts.yml", "grafana-dashboard.json"} {
		b, err := os.ReadFile(examples + file)
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range foreignLabels(strings.ReplaceAll(string(b), `\"`, `"`), all, scrape) {
			t.Errorf("%s: %s", file, fault)
		}
	}
	for wrong, want := range map[string]string{
		`option150_phones{state="stuk"} > 0`:                                  `option150_phones has no state="stuk"`,
		`option150_phones{status="stuck"}`:                                    "option150_phones has no label status",
		`sum by (instance, host) (option150_flash_bytes)`:                     "by (instance, host): no label host",
		`expr: option150_flash_bytes > 0` + "\n" + `"{{ $labels.server }}" x`: "$labels.server: no such label",
		`option150_dhcp_leases{state="stuck"}`:                                `option150_dhcp_leases has no state="stuck"`,
	} {
		if got := foreignLabels(wrong, all, scrape); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %q, want %q", wrong, got, want)
		}
	}
}

// foreignLabels is what is wrong with the labels of expressions, one a line.
func foreignLabels(text string, all map[string]*family, scrape string) (faults []string) {
	selector := regexp.MustCompile(`((?:option150|process)_[a-z0-9_]+)(?:\{([^}]*)\})?`)
	matcher := regexp.MustCompile(`(\w+)(=~|!~|!=|=)"([^"]*)"`)
	group := regexp.MustCompile(`\b(?:by|on) ?\(([^)]*)\)`)
	shown := regexp.MustCompile(`\$labels\.(\w+)`)
	here := map[string]bool{}
	for line := range strings.Lines(text) {
		found := selector.FindAllStringSubmatch(line, -1)
		if len(found) > 0 {
			here = map[string]bool{"instance": true, "job": true}
		}
		for _, m := range found {
			f := all[m[1]]
			if f == nil {
				base := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(m[1], "")
				if f = all[base]; f == nil {
					continue // TestExamplesAskForWhatThereIs says so
				}
				here["le"] = true
			}
			for _, l := range f.labels {
				here[l] = true
			}
			for _, x := range matcher.FindAllStringSubmatch(m[2], -1) {
				switch {
				case x[1] == "instance" || x[1] == "job":
				case !slices.Contains(f.labels, x[1]):
					faults = append(faults, f.name+" has no label "+x[1])
				case x[2] == "=" || x[2] == "!=":
					if !regexp.MustCompile(`(?m)^` + f.name + `\{[^}]*\b` + x[1] + `="` + x[3] + `"`).MatchString(scrape) {
						faults = append(faults, fmt.Sprintf("%s has no %s=%q", f.name, x[1], x[3]))
					}
				}
			}
		}
		for _, g := range group.FindAllStringSubmatch(line, -1) {
			for l := range strings.SplitSeq(g[1], ",") {
				if l = strings.TrimSpace(l); !here[l] {
					faults = append(faults, g[0]+": no label "+l)
				}
			}
		}
		for _, l := range shown.FindAllStringSubmatch(line, -1) {
			if !here[l[1]] {
				faults = append(faults, l[0]+": no such label")
			}
		}
	}
	return faults
}
