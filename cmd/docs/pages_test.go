package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const (
	top     = "../.."
	docsDir = top + "/docs"
)

// The committed pages are what the box says today.
func TestPagesAreFresh(t *testing.T) {
	for _, p := range pages() {
		want, err := p.text()
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(docsDir, p.name))
		if err != nil || string(got) != want {
			t.Errorf("docs/%s is not what the box says (%v): run `make docs`", p.name, err)
		}
	}
}

func TestWriteReplacesWhole(t *testing.T) {
	dir := t.TempDir()
	if err := write(dir); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != len(pages()) {
		t.Fatalf("%d files, want %d: %v", len(files), len(pages()), err)
	}
	if err := write(filepath.Join(dir, "absent")); err == nil {
		t.Error("a directory that is not there is no error")
	}
}

// manual is the README and every page of docs.
func manual(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	names := []string{"README.md", "CHANGELOG.md", "SECURITY.md"}
	for _, glob := range []string{"docs/*.md", "docs/adr/*.md", "docs/facts/*.md"} {
		found, err := filepath.Glob(filepath.Join(top, glob))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			rel, _ := filepath.Rel(top, f)
			names = append(names, filepath.ToSlash(rel))
		}
	}
	for _, n := range names {
		text, err := os.ReadFile(filepath.Join(top, n))
		if err != nil {
			t.Fatal(err)
		}
		out[n] = string(text)
	}
	return out
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	notSlug = regexp.MustCompile("[^a-z0-9 _-]")
)

// slug is the anchor of a heading as Git hosts make it.
func slug(h string) string {
	return strings.ReplaceAll(notSlug.ReplaceAllString(strings.ToLower(h), ""), " ", "-")
}

// Every link of the manual leads somewhere.
func TestLinks(t *testing.T) {
	pages := manual(t)
	for name, text := range pages {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			file, anchor, _ := strings.Cut(m[1], "#")
			target := name
			if file != "" {
				target = filepath.ToSlash(filepath.Join(filepath.Dir(name), file))
			}
			if _, err := os.Stat(filepath.Join(top, target)); err != nil {
				t.Errorf("%s: the link %s leads nowhere", name, m[1])
				continue
			}
			if anchor == "" {
				continue
			}
			found := false
			for _, h := range heading.FindAllStringSubmatch(pages[target], -1) {
				found = found || slug(h[1]) == anchor
			}
			if !found {
				t.Errorf("%s: %s has no heading for #%s", name, target, anchor)
			}
		}
	}
}

// Every reference of a declaration is one that docs/sources.md explains, and
// its page is there.
func TestCitationsAreExplained(t *testing.T) {
	pages := manual(t)
	b, err := box()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range b.Language.Modes() {
		for _, d := range b.Language.Declarations(m.Name) {
			for _, c := range citations(d.Doc) {
				_, page, ok := strings.Cut(strings.TrimSuffix(c, ".md)"), "](facts/")
				switch {
				case !ok:
				case pages["docs/facts/"+page+".md"] == "":
					t.Errorf("%s: %s: there is no page %q", m.Name, d.Usage(), page)
				case !strings.Contains(pages["docs/sources.md"], "\n## "+page+"\n"):
					t.Errorf("%s: %s: docs/sources.md has no heading %q", m.Name, d.Usage(), page)
				}
			}
			if d.Syntax != "" && d.Doc == "" {
				t.Errorf("%s: %s: names no document", m.Name, d.Usage())
			}
		}
	}
}

// Every package has its place in docs/architecture.md.
func TestArchitectureNamesEveryPackage(t *testing.T) {
	text := manual(t)["docs/architecture.md"]
	seen := map[string]bool{}
	for _, glob := range []string{"*/*.go", "*/*/*.go", "*/*/*/*.go"} {
		files, err := filepath.Glob(filepath.Join(top, glob))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			dir, _ := filepath.Rel(top, filepath.Dir(f))
			if dir = filepath.ToSlash(dir); seen[dir] || strings.Contains(dir, "testdata") || strings.HasSuffix(f, "_test.go") {
				continue
			}
			seen[dir] = true
			if !regexp.MustCompile("[`/{, ]" + regexp.QuoteMeta(filepath.Base(dir)) + "[`,}/ ]").MatchString(text) {
				t.Errorf("docs/architecture.md does not say what package %s is for", dir)
			}
		}
	}
	if len(seen) < 30 {
		t.Errorf("only %d packages seen", len(seen))
	}
}
