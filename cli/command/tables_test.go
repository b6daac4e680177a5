package command

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"option150/cli/language"
	"option150/platform/columns"
	"option150/platform/testkit"
	"option150/platform/testkit/golden"
)

var snake = regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)*$`)

// TestLayouts: a layout has a name for each column of its text, in snake case and
// each once, and the tables of one command are told apart by their names.
func TestLayouts(t *testing.T) {
	b, _ := testBox(t)
	n := 0
	for _, d := range b.Language.Declarations(language.Exec) {
		var all []string
		for _, l := range d.Tables {
			n++
			keys := l.Keys()
			if all = append(all, strings.Join(keys, " ")); len(keys) < 2 {
				t.Errorf("%s: %q is no table", d.Usage(), keys)
			}
			for i, k := range keys {
				if !snake.MatchString(k) || slices.Contains(keys[:i], k) {
					t.Errorf("%s: %q is no name of a column, or there are two of it", d.Usage(), k)
				}
			}
			if text, named := l.Columns(); text > named {
				t.Errorf("%s: %d columns and %d names: %q", d.Usage(), text, named, keys)
			}
		}
		slices.Sort(all)
		if u := slices.Compact(slices.Clone(all)); len(u) != len(all) {
			t.Errorf("%s: two tables of one kind: %q", d.Usage(), all)
		}
	}
	if n < 60 {
		t.Errorf("only %d tables", n)
	}
}

// TestColumnsStay: scripts go by the names of columns. What testdata/json.txt has
// is there, in that order; -update adds what is new and takes nothing away.
func TestColumnsStay(t *testing.T) {
	const file = "testdata/json.txt"
	b, _ := testBox(t)
	now := map[string][]*columns.Layout{}
	var lines []string
	for _, d := range b.Language.Declarations(language.Exec) {
		if len(d.Tables) > 0 {
			now[d.Usage()] = d.Tables
		}
		for _, l := range d.Tables {
			lines = append(lines, d.Usage()+": "+strings.Join(l.Keys(), " "))
		}
	}
	slices.Sort(lines)
	was, err := os.ReadFile(file)
	if err != nil && !golden.Update() {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(was)) {
		at := strings.LastIndex(line, ": ")
		command, keys := line[:at], strings.TrimSpace(line[at+2:])
		if !slices.ContainsFunc(now[command], func(l *columns.Layout) bool { return holds(l.Keys(), strings.Fields(keys)) }) {
			t.Fatalf("%s: there was a table of the columns %s, and scripts go by them", command, keys)
		}
	}
	golden.Check(t, file, strings.Join(lines, "\n")+"\n")
}

// holds reports that all keys of old are in now, in their order.
func holds(now, old []string) bool {
	for _, k := range now {
		if len(old) > 0 && old[0] == k {
			old = old[1:]
		}
	}
	return len(old) == 0
}

// TestTablesOfTranscripts: where a transcript shows a table below a command, the
// command declares one with those heads.
func TestTablesOfTranscripts(t *testing.T) {
	b, _ := testBox(t)
	files, err := filepath.Glob("../../testdata/transcripts/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no transcripts")
	}
	seen := 0
	look := func(file, typed, text string) {
		typed, filter, _ := strings.Cut(typed, "|")
		if !strings.HasPrefix(typed, "sh") || filter != "" {
			return
		}
		d, ok := b.Language.Graph(language.Exec).Match(typed, privileged).Action.(*language.Declaration)
		if !ok {
			return
		}
		for _, x := range testkit.Tables(text) {
			if notTables.MatchString(d.Usage()) {
				continue
			}
			seen++
			if !slices.ContainsFunc(d.Tables, func(l *columns.Layout) bool { return heads(l, x.Heads) }) {
				t.Errorf("%s: %s prints a table with heads %q, which is not declared", filepath.Base(file), d.Usage(), x.Heads)
			}
		}
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		typed, out := "", ""
		for line := range strings.Lines(string(text)) {
			if m := typedAt.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil || strings.HasPrefix(line, "#") {
				look(file, typed, out)
				if typed, out = "", ""; m != nil {
					typed = m[3]
				}
				continue
			}
			out += line
		}
		look(file, typed, out)
	}
	if seen < 50 {
		t.Errorf("only %d tables in the transcripts", seen)
	}
}

// notTables are shows in whose text the test sees a table where there is none, or
// one without a heading.
var notTables = regexp.MustCompile(`^show (running-config|startup-config|configuration|tech-support|voice register (all|dn|global|template)|telephony-service|archive config|history|phone |aliases|provisioning proof)`)

// heads reports that a heading of the text is that of a layout: each word of it is
// in the layout's names, which may have more than the eye of the test tells apart.
func heads(l *columns.Layout, found []string) bool {
	all := strings.ReplaceAll(strings.Join(l.Keys(), "_"), "_", "")
	for _, h := range found {
		if !strings.Contains(all, strings.ReplaceAll(columns.Snake(h), "_", "")) {
			return false
		}
	}
	return true
}
