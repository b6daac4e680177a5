package rules

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A citation is `facts/PAGE.md N`, `facts/PAGE.md N, M and K` or `DESIGN N`: a
// section of a page below docs/. Sources are the documents of docs/sources.md.
var (
	citedPage    = regexp.MustCompile(`facts/([a-z0-9-]+)\.md((?:(?: |, | and | to |-)\d+(?:\.\d+)*)*)`)
	citedDesign  = regexp.MustCompile(`\bDESIGN((?:(?: |, | and | to |-)\d+)+)`)
	citedSource  = regexp.MustCompile(`\bsources/(\d+)\b`)
	citedNumber  = regexp.MustCompile(`\d+(?:\.\d+)*`)
	outside      = regexp.MustCompile(`\breference/[a-z-]+\.md|(?:^|[^\w/.-])((?:ios-cli|cme|dhcp|files|phones|diagnosis|go-libs|exemplars)\.md\b)`)
	sectionTitle = regexp.MustCompile(`(?m)^#+ (\d+(?:\.\d+)*)\.? `)
	nextLine     = regexp.MustCompile(`\n[ \t]*(?://|#)?[ \t]*`)
)

// sections are the numbers of the headings of a page.
func sections(text string) []string {
	var out []string
	for _, m := range sectionTitle.FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

// astray are the citations of a text that lead nowhere. pages are the pages of
// facts and "architecture" with their sections; documents the sources known.
func astray(text string, pages map[string][]string, documents []string) []string {
	text = nextLine.ReplaceAllString(text, " ")
	var out []string
	for _, m := range outside.FindAllString(text, -1) {
		out = append(out, fmt.Sprintf("%q is not part of the repository: cite facts/PAGE.md N, DESIGN N or the public document", strings.TrimSpace(m)))
	}
	check := func(page, numbers string) {
		have, ok := pages[page]
		if !ok {
			out = append(out, fmt.Sprintf("there is no page %s", page))
		}
		for _, n := range citedNumber.FindAllString(numbers, -1) {
			if ok && !slices.Contains(have, n) {
				out = append(out, fmt.Sprintf("%s has no section %s", page, n))
			}
		}
	}
	for _, m := range citedPage.FindAllStringSubmatch(text, -1) {
		check(m[1], m[2])
	}
	for _, m := range citedDesign.FindAllStringSubmatch(text, -1) {
		check("architecture", m[1])
	}
	for _, m := range citedSource.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(documents, m[1]) {
			out = append(out, fmt.Sprintf("docs/sources.md does not name sources/%s", m[1]))
		}
	}
	return out
}

// TestCitations: what a comment cites can be read.
func TestCitations(t *testing.T) {
	top := filepath.Join("..", "..", "docs")
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(top, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	pages := map[string][]string{"architecture": sections(read("architecture.md"))}
	found, err := filepath.Glob(filepath.Join(top, "facts", "*.md"))
	if err != nil || len(found) == 0 {
		t.Fatal("no pages of facts", err)
	}
	for _, f := range found {
		pages[strings.TrimSuffix(filepath.Base(f), ".md")] = sections(read(filepath.Join("facts", filepath.Base(f))))
	}
	documents := []string{"000", "001", "002", "003", "004"}
	if s := read("sources.md"); !strings.Contains(s, "| sources/000 |") || !strings.Contains(s, "| sources/004 |") {
		t.Error("docs/sources.md no longer lists the source documents")
	}
	for _, name := range tracked(t) {
		switch filepath.Ext(name) {
		case ".go", ".toml", ".sh", ".md", ".txt", "":
		default:
			continue
		}
		if name == "platform/rules/citations_test.go" || name == "CHANGELOG.md" {
			continue
		}
		b, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			continue // a link, or removed and not yet committed
		}
		for _, a := range astray(string(b), pages, documents) {
			if filepath.Ext(name) == ".md" && strings.Contains(a, "not part of the repository") {
				continue // pages link to each other by file name; cmd/docs checks links
			}
			t.Errorf("%s: %s", name, a)
		}
	}
}

func TestCitationIsSeen(t *testing.T) {
	pages := map[string][]string{"cme": {"1", "5", "5.2"}, "architecture": {"4"}}
	for text, want := range map[string]int{
		"[facts/cme.md 5.2]":                0,
		"facts/cme.md 1 to 5, sources/000":  0,
		"see facts/cme.md 1,\n// 5.2 and 5": 0,
		"facts/cme.md 5.3":                  1,
		"facts/cme.md 5 and\n\t// 7":        1,
		"facts/none.md 1":                   1,
		"DESIGN 4":                          0,
		"DESIGN 4 and 12":                   1,
		"sources/009":                       1,
		"reference/" + "cme.md 5.2":         1,
		"[" + "cme.md 5.2]":                 1,
		"docs/security.md and README.md":    0,
	} {
		if got := astray(text, pages, []string{"000"}); len(got) != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
