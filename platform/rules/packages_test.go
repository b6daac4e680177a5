package rules

import (
	"go/token"
	"path"
	"regexp"
	"strings"
	"testing"
)

const (
	// minDoc is the shortest package doc that can say what part of the product
	// a package is and how it fails.
	minDoc = 150
	// maxLines is the most lines of a file that is not a test. Around 100 is
	// the aim; beyond this a file has more than one idea.
	maxLines = 500
)

func TestPackageDocs(t *testing.T) {
	docs := map[string][]string{}
	length := map[string]int{}
	for _, s := range sources(t) {
		if _, ok := docs[s.dir]; !ok {
			docs[s.dir] = nil
		}
		if s.test || s.file.Doc == nil || strings.HasPrefix(s.file.Doc.Text(), "Code generated ") {
			continue
		}
		docs[s.dir] = append(docs[s.dir], s.name)
		length[s.dir] += len(s.file.Doc.Text())
	}
	for dir, in := range docs {
		switch {
		case len(in) == 0:
			t.Errorf("%s has no package doc: say what part of the product it is, which documents it follows, what it promises about concurrency, how it fails and how to test it", dir)
		case len(in) > 1:
			t.Errorf("%s has more than one package doc: %s; keep one", dir, strings.Join(in, ", "))
		case length[dir] < minDoc:
			t.Errorf("the package doc of %s is %d characters; at least %d are needed to say what it is and how it fails", dir, length[dir], minDoc)
		}
	}
}

func TestFileNames(t *testing.T) {
	good := regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*\.go$`)
	vague := regexp.MustCompile(`^(util|utils|common|misc|helpers|types)\.go$`)
	for _, s := range sources(t) {
		base := path.Base(s.name)
		if !good.MatchString(base) {
			t.Errorf("%s: file names are lower-case words without hyphens, joined by _ where a suffix needs it", s.name)
		}
		if vague.MatchString(base) && s.name != "cli/command/types.go" && s.name != "cli/grammar/types.go" {
			t.Errorf("%s says nothing about what is in it: name a file after its main idea", s.name)
		}
	}
}

func TestFileSizes(t *testing.T) {
	for _, s := range sources(t) {
		if !s.test && s.lines > maxLines {
			t.Errorf("%s has %d lines, at most %d: split it by idea, not by kind", s.name, s.lines, maxLines)
		}
	}
}

// Marks of unfinished work. They are put together here so that this file does
// not contain them.
var unfinished = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|X` + `XX)\b|not ` + `implemented`)

func TestNothingUnfinished(t *testing.T) {
	for _, s := range sources(t) {
		for _, group := range s.file.Comments {
			if m := unfinished.FindString(group.Text()); m != "" {
				t.Errorf("%s: %q: finish it, or write down in docs what is not there and why", s.at(group.Pos()), m)
			}
		}
		for _, lit := range literals(s, token.STRING) {
			if m := unfinished.FindString(lit.text); m != "" {
				t.Errorf("%s: %q in a text: finish it, or say what the operator can do instead", s.at(lit.pos), m)
			}
		}
	}
}

func TestUnfinishedIsSeen(t *testing.T) {
	for text, want := range map[string]bool{
		"TO" + "DO: later": true, "(FIX" + "ME)": true, "X" + "XX": true,
		"SEP" + strings.Repeat("X", 12): false, "autodo": false,
	} {
		if got := unfinished.MatchString(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
