package rules

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// typedPackage is a package of ours with its types.
type typedPackage struct {
	types   *types.Package
	info    *types.Info
	fset    *token.FileSet
	files   []*ast.File
	written map[*ast.SelectorExpr]bool // what stands left of an assignment
	top     string
}

func (p *typedPackage) file(at token.Pos) string {
	rel, _ := filepath.Rel(p.top, p.fset.Position(at).Filename)
	return filepath.ToSlash(rel)
}

func (p *typedPackage) function(at token.Pos) string {
	for _, f := range p.files {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Pos() <= at && at < fn.End() {
				return fn.Name.Name
			}
		}
	}
	return ""
}

// withTypes checks every package of ours against what the compiler exports of the
// packages it imports.
func withTypes(t *testing.T) []*typedPackage {
	t.Helper()
	top := topDir(t)
	cmd := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Dir,GoFiles,Export,Standard", "./...")
	cmd.Dir = top
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	type listed struct {
		ImportPath, Dir, Export string
		GoFiles                 []string
	}
	exports := map[string]string{}
	var ours []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		exports[p.ImportPath] = p.Export
		if strings.HasPrefix(p.ImportPath, modulePath+"/") {
			ours = append(ours, p)
		}
	}
	fset := token.NewFileSet()
	imp := importer.ForCompiler(fset, "gc", func(p string) (io.ReadCloser, error) { return os.Open(exports[p]) })
	var all []*typedPackage
	for _, l := range ours {
		p := &typedPackage{fset: fset, top: top, written: map[*ast.SelectorExpr]bool{}, info: &types.Info{Selections: map[*ast.SelectorExpr]*types.Selection{}, Types: map[ast.Expr]types.TypeAndValue{}}}
		for _, name := range l.GoFiles {
			f, err := parser.ParseFile(fset, filepath.Join(l.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			p.files = append(p.files, f)
			ast.Inspect(f, func(n ast.Node) bool {
				if a, ok := n.(*ast.AssignStmt); ok {
					for _, x := range a.Lhs {
						if s, ok := x.(*ast.SelectorExpr); ok {
							p.written[s] = true
						}
					}
				}
				return true
			})
		}
		if p.types, err = (&types.Config{Importer: imp}).Check(l.ImportPath, fset, p.files, p.info); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

// literals are the fields that are named, or filled in order, in the struct
// literals of a package.
func (p *typedPackage) literals() map[ast.Node]string {
	out := map[ast.Node]string{}
	for _, f := range p.files {
		ast.Inspect(f, func(n ast.Node) bool {
			l, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			t := p.info.Types[l].Type
			st, ok := t.Underlying().(*types.Struct)
			if !ok {
				return true
			}
			for i, e := range l.Elts {
				if kv, ok := e.(*ast.KeyValueExpr); ok {
					for j := range st.NumFields() {
						if id, ok := kv.Key.(*ast.Ident); ok && id.Name == st.Field(j).Name() {
							i = j
						}
					}
				}
				out[e] = nameOf(t, st.Field(i))
			}
			return true
		})
	}
	return out
}

// fieldOf is the field a selection ends at, as package.Type.Field.
func fieldOf(s *types.Selection) string {
	if s.Kind() != types.FieldVal {
		return ""
	}
	t, name := s.Recv(), ""
	for _, i := range s.Index() {
		if p, ok := types.Unalias(t).(*types.Pointer); ok {
			t = p.Elem()
		}
		st, ok := t.Underlying().(*types.Struct)
		if !ok {
			return ""
		}
		name = nameOf(t, st.Field(i))
		t = st.Field(i).Type()
	}
	return name
}

func nameOf(t types.Type, f *types.Var) string {
	n, ok := types.Unalias(t).(*types.Named)
	if !ok || n.Obj().Pkg() == nil {
		return ""
	}
	return n.Obj().Pkg().Name() + "." + n.Obj().Name() + "." + f.Name()
}

// fieldsOf are the fields of a type of ours and of all it is made of.
func fieldsOf(t types.Type) []string {
	var out []string
	seen := map[string]bool{}
	var walk func(types.Type)
	walk = func(t types.Type) {
		switch u := types.Unalias(t).(type) {
		case *types.Slice:
			walk(u.Elem())
		case *types.Array:
			walk(u.Elem())
		case *types.Named:
			st, ok := u.Underlying().(*types.Struct)
			if !ok || u.Obj().Pkg() == nil || !strings.HasPrefix(u.Obj().Pkg().Path(), modulePath+"/") || seen[u.String()] {
				return
			}
			seen[u.String()] = true
			for i := range st.NumFields() {
				out = append(out, nameOf(u, st.Field(i)))
				walk(st.Field(i).Type())
			}
		}
	}
	walk(t)
	return out
}
