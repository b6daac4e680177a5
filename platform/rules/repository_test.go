package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// modulePath is what import paths of ours begin with.
const modulePath = "option150"

// listed is what `go list -json` tells of a package.
type listed struct {
	ImportPath   string
	Dir          string
	Imports      []string
	Deps         []string
	TestImports  []string
	XTestImports []string
	Standard     bool
	Module       *struct{ Path, Version string }
}

// short is the import path as the tables write it: "platform/tftp".
func (p *listed) short() string { return shorten(p.ImportPath) }

func shorten(path string) string { return strings.TrimPrefix(path, modulePath+"/") }

// source is one Go file of the repository, parsed.
type source struct {
	name  string // from the top, "platform/tftp/packet.go"
	dir   string // "platform/tftp"
	test  bool
	lines int
	text  []byte
	file  *ast.File
	set   *token.FileSet
}

func (s *source) at(pos token.Pos) string {
	return fmt.Sprintf("%s:%d", s.name, s.set.Position(pos).Line)
}

// top is the directory of go.mod.
var top = sync.OnceValues(func() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, e := os.Stat(filepath.Join(dir, "go.mod")); e == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("no go.mod above this package")
		}
		dir = filepath.Dir(dir)
	}
	return "", err
})

func topDir(t *testing.T) string {
	t.Helper()
	dir, err := top()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// listAll runs go list once for all rules. -e: a package that does not compile
// is still judged by what can be seen of it.
var listAll = sync.OnceValues(func() ([]*listed, error) {
	dir, err := top()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Dir,Imports,Deps,TestImports,XTestImports,Standard,Module", "./...")
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, stderr.String())
	}
	var all []*listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		p := &listed{}
		if err := dec.Decode(p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		all = append(all, p)
	}
})

func packages(t *testing.T) []*listed {
	t.Helper()
	all, err := listAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("go list names %d packages: the rules do not see the repository", len(all))
	}
	return all
}

// parseAll parses every Go file below the top once.
var parseAll = sync.OnceValues(func() ([]*source, error) {
	dir, err := top()
	if err != nil {
		return nil, err
	}
	var all []*source
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if n := d.Name(); path != dir && (n == "testdata" || n == "vendor" || strings.HasPrefix(n, ".")) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		s, err := parse(filepath.ToSlash(name), text)
		if err != nil {
			return err
		}
		all = append(all, s)
		return nil
	})
	return all, err
})

func parse(name string, text []byte) (*source, error) {
	s := &source{name: name, dir: filepath.ToSlash(filepath.Dir(name)), test: strings.HasSuffix(name, "_test.go"),
		lines: bytes.Count(text, []byte("\n")), text: text, set: token.NewFileSet()}
	var err error
	s.file, err = parser.ParseFile(s.set, name, text, parser.ParseComments|parser.SkipObjectResolution)
	return s, err
}

func sources(t *testing.T) []*source {
	t.Helper()
	all, err := parseAll()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// tracked are the names of the files git knows or would add, from the top.
// Without git (a source archive) it is every file.
func tracked(t *testing.T) []string {
	t.Helper()
	dir := topDir(t)
	cmd := exec.Command("git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = dir
	if out, err := cmd.Output(); err == nil {
		var names []string
		for n := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
			if info, err := os.Lstat(filepath.Join(dir, n)); err == nil && info.Mode().IsRegular() {
				names = append(names, n)
			}
		}
		return names
	}
	var names []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if err == nil && slices.Contains([]string{".git", "bin", "dist"}, d.Name()) {
				return fs.SkipDir
			}
			return err
		}
		name, err := filepath.Rel(dir, path)
		names = append(names, filepath.ToSlash(name))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// matches reports whether a package is meant by a pattern: "cli/..." means cli
// and everything below it, "platform/{a,b}" both of them.
func matches(pattern, pkg string) bool {
	if before, rest, ok := strings.Cut(pattern, "{"); ok {
		list, after, _ := strings.Cut(rest, "}")
		for alt := range strings.SplitSeq(list, ",") {
			if matches(before+alt+after, pkg) {
				return true
			}
		}
		return false
	}
	if prefix, ok := strings.CutSuffix(pattern, "/..."); ok {
		return pkg == prefix || strings.HasPrefix(pkg, prefix+"/")
	}
	return pkg == pattern
}

func matchesAny(patterns []string, pkg string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, pkg) })
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, pkg string
		want         bool
	}{
		{"dhcp", "dhcp", true}, {"dhcp", "dhcp/v6", false}, {"dhcp/...", "dhcp/v6", true}, {"dhcp/...", "dhcpx", false},
		{"platform/{tftp,httpd}", "platform/httpd", true}, {"platform/{tftp,httpd}", "platform/flash", false},
		{"platform/{tftp,httpd}/...", "platform/tftp/x", true},
	} {
		if got := matches(c.pattern, c.pkg); got != c.want {
			t.Errorf("matches(%q, %q) = %v", c.pattern, c.pkg, got)
		}
	}
}
