package main

import (
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path"
	"strings"

	"option150/pfs/observe"
	"option150/telephony/firmware"
)

// subnets is a flag that may be given several times, or with commas.
type subnets []netip.Prefix

func (s *subnets) String() string { return fmt.Sprint(*s) }

func (s *subnets) Set(v string) error {
	for w := range strings.SplitSeq(v, ",") {
		p, err := netip.ParsePrefix(w)
		if err != nil {
			return fmt.Errorf("%q is not of the form 10.1.0.0/24", w)
		}
		*s = append(*s, p.Masked())
	}
	return nil
}

// cmdPFS reads a capture or a console log that was taken elsewhere.
func cmdPFS(args []string, out io.Writer) int {
	var dir string
	var nets subnets
	set := func(f *flag.FlagSet) {
		f.StringVar(&dir, "loads", "", "directory with the loads phones fetched: tells files by their size")
		f.Var(&nets, "subnet", "subnet of phones whose lease is not in the file, such as 10.1.0.0/24")
	}
	f, ok := flags("pfs", args, set)
	if !ok {
		return 2
	}
	file, more := f.Arg(0), f.NArg() > 1
	if more { // the flags may follow the file
		if f, ok = flags("pfs", f.Args()[1:], set); !ok {
			return 2
		}
	}
	if file == "" || more && f.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "usage: option150 pfs FILE [--loads DIR] [--subnet PREFIX]")
		return 2
	}
	in, err := os.Open(file)
	if err != nil {
		return fail(err)
	}
	defer in.Close()
	r, err := observe.Read(in)
	if err != nil {
		return fail(fmt.Errorf("%s: %w", file, err))
	}
	var find firmware.Lookup
	var names []string
	if dir != "" {
		tree := os.DirFS(dir)
		if find, err = firmware.FromFS(tree); err != nil {
			return fail(err)
		}
		if names, err = lists(tree); err != nil {
			return fail(err)
		}
	}
	if err := r.Report(out, observe.Loads(find, names), nets); err != nil {
		return fail(err)
	}
	return 0
}

// lists are the names of the load lists in a directory and below it.
func lists(tree fs.FS) (names []string, err error) {
	err = fs.WalkDir(tree, ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.EqualFold(path.Ext(p), ".loads") {
			names = append(names, path.Base(p))
		}
		return err
	})
	return names, err
}
