package rules

import (
	"bufio"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// dependenciesPage has one row for each module we import:
// | module | version | licence | used by | why |
const dependenciesPage = "docs/dependencies.md"

type dependency struct{ version, licence, why string }

func documented(t *testing.T) map[string]dependency {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(topDir(t), dependenciesPage))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]dependency{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 5 {
			continue
		}
		for i := range cells {
			cells[i] = strings.Trim(strings.TrimSpace(cells[i]), "`")
		}
		if strings.Contains(cells[0], ".") && strings.Contains(cells[0], "/") {
			rows[cells[0]] = dependency{version: cells[1], licence: cells[2], why: cells[4]}
		}
	}
	return rows
}

// required are the modules of go.mod with their versions; direct tells which
// are not marked as indirect.
func required(t *testing.T) (versions map[string]string, direct []string) {
	t.Helper()
	f, err := os.Open(filepath.Join(topDir(t), "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	row := regexp.MustCompile(`^\s*(?:require\s+)?([a-zA-Z0-9.-]+\.[a-z]+/\S+)\s+(v\S+)(\s*// indirect)?$`)
	versions = map[string]string{}
	for in := bufio.NewScanner(f); in.Scan(); {
		if m := row.FindStringSubmatch(in.Text()); m != nil {
			versions[m[1]] = m[2]
			if m[3] == "" {
				direct = append(direct, m[1])
			}
		}
	}
	return versions, direct
}

// imported are the modules our packages and tests really import.
func imported(t *testing.T, versions map[string]string) map[string]string {
	t.Helper()
	by := map[string]string{}
	for _, p := range packages(t) {
		for _, i := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			best := ""
			for m := range versions {
				if within(m, i) && len(m) > len(best) {
					best = m
				}
			}
			if best != "" && by[best] == "" {
				by[best] = p.short()
			}
		}
	}
	return by
}

func TestModulesAreDocumented(t *testing.T) {
	rows := documented(t)
	versions, direct := required(t)
	needed := imported(t, versions)
	for _, m := range direct {
		if needed[m] == "" {
			needed[m] = "go.mod"
		}
	}
	for m, by := range needed {
		d, ok := rows[m]
		switch {
		case !ok:
			t.Errorf("module %s (used by %s) has no row in %s: a dependency is a decision, write one line why", m, by, dependenciesPage)
		case d.version != versions[m]:
			t.Errorf("%s says %s of %s, go.mod says %s", dependenciesPage, d.version, m, versions[m])
		case len(d.why) < 20 || d.licence == "":
			t.Errorf("%s: the row of %s lacks its licence or does not say why it is used", dependenciesPage, m)
		}
	}
	for m := range rows {
		if _, ok := versions[m]; !ok {
			t.Errorf("%s has a row for %s, which is not in go.mod: remove the row", dependenciesPage, m)
		}
	}
}
