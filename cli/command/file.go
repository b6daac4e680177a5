package command

import (
	"crypto/md5"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"option150/cli/language"
	"option150/platform/columns"
	"option150/platform/flash"
	"option150/platform/plain"
)

// fileCommands are the commands on files and file systems.
// [facts/ios-cli.md 1.13]
func fileCommands(b *Box) []language.Declaration {
	const doc = "facts/ios-cli.md 1.13"
	file := `<file:FLASHNAME>("File to `
	return []language.Declaration{
		action(`dir("List files on a filesystem")
			[ /all$all("List all files") ]
			[ ( flash:$where("Directory or file name")
					| nvram:$where("Directory or file name")
					| system:$where("Directory or file name")
					| <where:FLASHNAME>("Directory or file name") ) ]`, 0, doc, b.dir),
		action(`more("Display the contents of a file") <file:FLASHNAME>("File to display")`, privileged, "facts/cme.md 7.2", b.more),
		action(`delete("Delete a file")
			[ { /force$force("Force delete")
					| /recursive$recursive("Recursive delete") } ] `+file+`delete")`, privileged, doc, b.deleteFile),
		action(`rename("Rename a file") <from:FLASHNAME>("File to rename") <to:FLASHNAME>("New name")`, privileged, doc, b.rename),
		action(`mkdir("Create new directory") `+file+`create")`, privileged, doc, b.mkdir),
		action(`rmdir("Remove existing directory") `+file+`remove")`, privileged, doc, b.rmdir),
		action(`verify("Verify a file")
			( /md5$sum("Compute the MD5 signature of a file")
				| /sha512$sum("Compute the SHA512 signature of a file") ) `+file+`verify") [ <want:WORD>("Signature to compare with") ]`, privileged, doc, b.verify),
		action(`pwd("Display current working directory")`, 0, doc, func(in *language.Invocation) error {
			_, err := fmt.Fprintln(in.Out, here(in))
			return err
		}),
		action(`cd("Change current directory") [ <dir:WORD>("Directory name") ]`, privileged, doc, b.cd),
		action(`erase("Erase a filesystem")
			( startup-config("Erase contents of configuration memory")
				| nvram:("Filesystem to be erased") )`, privileged, "facts/ios-cli.md 1.9", b.eraseStartup),
		table(`file("Show filesystem information") systems("List filesystems")`, privileged, doc, func(*language.Invocation) *columns.Page { return b.fileSystems() }, fileSystemsTable),
	}
}

// here is the directory of the operator: the root of flash: until he changes it.
func here(in *language.Invocation) location {
	if in.Op != nil {
		if l, err := parseLocation(in.Op.Directory(), true); err == nil {
			return l
		}
	}
	return location{fs: fsFlash}
}

// fileArg reads a file argument, which its type has accepted. A name without a
// file system begins in the operator's directory, or with a slash in the root of
// its file system.
func fileArg(in *language.Invocation, s string) location {
	if strings.Contains(s, ":") {
		l, _ := parseLocation(s, true)
		return l
	}
	at := here(in)
	if !strings.HasPrefix(s, "/") {
		s = at.path + "/" + s
	}
	l, err := parseLocation(at.fs+":"+path.Clean("/"+s), true)
	if err != nil {
		return location{fs: at.fs, path: s}
	}
	return l
}

// cd changes the operator's directory; without one it goes back to the root of
// flash:. A file is none.
func (b *Box) cd(in *language.Invocation) error {
	s := in.Args.String("dir")
	if s == "" {
		in.Op.SetDirectory("")
		return nil
	}
	l := fileArg(in, s)
	switch {
	case l.fs == fsFlash && (l.path == "" || b.flashDir(l.path)), (l.fs == fsNVRAM || l.fs == fsSystem) && l.path == "":
		in.Op.SetDirectory(l.String())
		return nil
	}
	return language.Answer(fmt.Sprintf("%%Error changing to %s (No such directory)", l))
}

// dir lists a directory or one file. [facts/ios-cli.md 1.13]
func (b *Box) dir(in *language.Invocation) error {
	l := here(in)
	if s := in.Args.String("where"); s != "" {
		l = fileArg(in, s)
	}
	var out []string
	switch l.fs {
	case fsFlash:
		switch e, err := b.Flash.Stat(l.path); {
		case err != nil:
			return language.Answer(flash.RenderAbsent(l.path))
		case e.Dir || l.path == "":
			out = flash.RenderDir(b.listing(l.path, false))
		default:
			out = flash.RenderDirFile(b.listing(l.path, false), e)
		}
	case fsNVRAM:
		var err error
		if out, err = b.dirNVRAM(l); err != nil {
			return err
		}
	case fsSystem:
		out = b.dirSystem()
	default:
		return openError(l, fs.ErrPermission)
	}
	_, err := io.WriteString(in.Out, lines2text(out))
	return err
}

// sizeNVRAM is what show version and dir say of nvram:, in bytes.
const sizeNVRAM = 256 << 10

// dirNVRAM lists nvram:. What is private to the box has no permissions. The
// bindings are not listed: they change with every phone, and who keeps the
// listing, as RANCID does, would be mailed a difference at every visit.
func (b *Box) dirNVRAM(l location) ([]string, error) {
	files, err := b.NVRAM.List()
	if err != nil {
		return nil, openError(l, err)
	}
	out := []string{"Directory of nvram:/" + l.path, ""}
	used, n := int64(0), 0
	for _, f := range files {
		if strings.HasPrefix(f.Name, "bindings") {
			continue
		}
		mode := "-rw-"
		switch {
		case privateNVRAM(f.Name):
			mode = "----"
		case secretNVRAM(f.Name):
			mode = "--w-"
			fallthrough
		default:
			used += f.Size
		}
		if l.path != "" && f.Name != l.path {
			continue
		}
		n++
		out = append(out, fmt.Sprintf("%5d  %s  %8d  %s  %s", n, mode, f.Size, f.ModTime.UTC().Format("Jan 02 2006 15:04:05 -07:00"), f.Name))
	}
	if n == 0 {
		if l.path != "" {
			return nil, openError(location{fs: fsNVRAM, path: "/" + l.path}, fs.ErrNotExist)
		}
		out = append(out, "No files in directory")
	}
	return append(out, "", fmt.Sprintf("%d bytes total (%d bytes free)", max(sizeNVRAM, used), max(sizeNVRAM-used, 0))), nil
}

func (b *Box) dirSystem() []string {
	out := []string{"Directory of system:/", "", fmt.Sprintf("    1  -rw-  %8d  %s  running-config", len(b.StartupText()), "             <no date>")}
	return append(out, "", "No space information available")
}

// maxMore bounds what more prints; firmware is nothing to read.
const maxMore = 4 << 20

// more prints a text: a file of flash: or nvram:, a generated file by its place
// (system:/its/...), the running configuration. An empty answer would mean
// nothing, so an absent file says why.
func (b *Box) more(in *language.Invocation) error {
	l := fileArg(in, in.Args.String("file"))
	if l == runningConfig {
		return b.showRunning(in, false)
	}
	r, size, err := b.open(l)
	if err != nil {
		return openError(l, err)
	}
	defer r.Close()
	if size > maxMore {
		return language.Answer("%Error opening " + l.String() + " (File too large to display)")
	}
	text, err := io.ReadAll(io.LimitReader(r, maxMore))
	if err != nil {
		return openError(l, err)
	}
	return printText(in.Out, text)
}

func printText(w io.Writer, text []byte) error {
	s := plain.Text(strings.ReplaceAll(string(text), "\r\n", "\n")) // what a file holds does not drive the terminal
	if !strings.HasSuffix(s, "\n") {
		s += "\n"
	}
	_, err := io.WriteString(w, s)
	return err
}

// deleteFile asks for the name, then for the deed.
func (b *Box) deleteFile(in *language.Invocation) error {
	l := fileArg(in, in.Args.String("file"))
	force := in.Args.Has("force")
	if !force {
		name, err := ask(in, "Delete filename", l.path)
		if err != nil {
			return nil
		}
		if err := l.put(name); err != nil {
			return err
		}
	}
	switch {
	case l == startupConfig:
		return b.eraseStartup(in)
	case l.fs != fsFlash:
		return language.Answer("%Error deleting " + l.String() + " (Permission denied)")
	}
	e, err := b.Flash.Stat(l.path)
	if err == nil && (l.path == "" || e.Dir && !in.Args.Has("recursive")) {
		err = unix.EISDIR
	}
	if err != nil {
		return deleteError(l, err)
	}
	if !force {
		if ok, err := sure(in, "Delete "+l.String()+"? "); err != nil || !ok {
			return err
		}
	}
	return b.remove(in, l, e.Dir, force, 0)
}

// maxNesting bounds how deep a directory is removed.
const maxNesting = 32

// remove deletes a file, or a directory with what is in it.
func (b *Box) remove(in *language.Invocation, l location, dir, force bool, deep int) error {
	if err := in.Ctx.Err(); err != nil {
		return err
	}
	if !dir {
		if err := b.Flash.Delete(l.path); err != nil {
			return deleteError(l, err)
		}
		return nil
	}
	if deep > maxNesting {
		return deleteError(l, errors.New("nested too deep"))
	}
	entries, err := b.Flash.List(l.path)
	if err != nil {
		return deleteError(l, err)
	}
	for _, e := range entries {
		if err := b.remove(in, location{fs: fsFlash, path: e.Path}, e.Dir, force, deep+1); err != nil {
			return err
		}
	}
	if err := b.Flash.Rmdir(l.path); err != nil {
		return deleteError(l, err)
	}
	return nil
}

func deleteError(l location, err error) error {
	return language.Answer(fmt.Sprintf("%%Error deleting %s (%s)", l, fileCause(err)))
}

func (b *Box) rename(in *language.Invocation) error {
	from, to := fileArg(in, in.Args.String("from")), fileArg(in, in.Args.String("to"))
	if b.flashDir(to.path) && to.fs == fsFlash && !b.flashDir(from.path) {
		to.path = strings.TrimPrefix(to.path+"/"+from.base(), "/")
	}
	name, err := ask(in, "Destination filename", to.path)
	if err != nil {
		return nil
	}
	if err := to.put(name); err != nil {
		return err
	}
	if from.fs != fsFlash || to.fs != fsFlash || from.path == "" {
		return language.Answer(fmt.Sprintf("%%Error renaming %s (Permission denied)", from))
	}
	if err := b.Flash.Rename(from.path, to.path); err != nil {
		return language.Answer(fmt.Sprintf("%%Error renaming %s (%s)", from, fileCause(err)))
	}
	return nil
}

func (b *Box) mkdir(in *language.Invocation) error {
	l := fileArg(in, in.Args.String("file"))
	name, err := ask(in, "Create directory filename", l.path)
	if err != nil {
		return nil
	}
	if err := l.put(name); err != nil {
		return err
	}
	err = fs.ErrPermission
	if l.fs == fsFlash {
		err = b.Flash.Mkdir(l.path)
	}
	if err != nil {
		return language.Answer(fmt.Sprintf("%%Error Creating dir %s (%s)", l, fileCause(err)))
	}
	_, err = fmt.Fprintf(in.Out, "Created dir %s\n", l.short())
	return err
}

func (b *Box) rmdir(in *language.Invocation) error {
	l := fileArg(in, in.Args.String("file"))
	name, err := ask(in, "Remove directory filename", l.path)
	if err != nil {
		return nil
	}
	if err := l.put(name); err != nil {
		return err
	}
	if ok, err := sure(in, "Delete "+l.short()+"? "); err != nil || !ok {
		return err
	}
	err = fs.ErrPermission
	if l.fs == fsFlash {
		err = b.Flash.Rmdir(l.path)
	}
	if err != nil {
		return language.Answer(fmt.Sprintf("%%Error Removing dir %s (%s)", l, fileCause(err)))
	}
	_, err = fmt.Fprintf(in.Out, "Removed dir %s\n", l.short())
	return err
}

// verify computes what a copy of a file is compared by.
func (b *Box) verify(in *language.Invocation) error {
	l := fileArg(in, in.Args.String("file"))
	kind := in.Args.String("sum")
	var h hash.Hash = md5.New()
	if kind == "/sha512" {
		h = sha512.New()
	}
	r, size, err := b.open(l)
	if err != nil {
		return openError(l, err)
	}
	defer r.Close()
	marks := &dots{out: in.Out, every: max(size/60, 64<<10)}
	if _, err := io.Copy(io.MultiWriter(h, marks), r); err != nil {
		return openError(l, err)
	}
	got := hex.EncodeToString(h.Sum(nil))
	fmt.Fprintln(in.Out, "..Done!")
	if want := in.Args.String("want"); want != "" {
		if strings.EqualFold(want, got) {
			_, err = fmt.Fprintf(in.Out, "Verified (%s) = %s\n", l.short(), got)
			return err
		}
		return language.Answer(fmt.Sprintf("%%Error verifying %s\nComputed signature  = %s\nSubmitted signature = %s", l.short(), got, want))
	}
	_, err = fmt.Fprintf(in.Out, "verify %s (%s) = %s\n", kind, l.short(), got)
	return err
}

// dots prints a dot for every so many bytes.
type dots struct {
	out      io.Writer
	every, n int64
}

func (d *dots) Write(p []byte) (int, error) {
	before := d.n / d.every
	d.n += int64(len(p))
	if k := d.n/d.every - before; k > 0 {
		if _, err := io.WriteString(d.out, strings.Repeat(".", int(k))); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// fileSystemsTable is that of fileSystems.
var fileSystemsTable = columns.Form("       Size(b)       Free(b)      Type  Flags  Prefixes\n", "%1s %12v  %12v  %8s  %5s   %s\n", "default size_b free_b type flags prefixes")

// fileSystems is show file systems. The asterisk marks the default.
func (b *Box) fileSystems() *columns.Page {
	total, free, _ := b.Flash.Usage()
	used := int64(0)
	if files, err := b.NVRAM.List(); err == nil {
		for _, f := range files {
			if !privateNVRAM(f.Name) {
				used += f.Size
			}
		}
	}
	w := &columns.Page{}
	w.WriteString("File Systems:\n\n")
	t := w.Table(fileSystemsTable)
	t.Row("", "-", "-", "opaque", "rw", "system:")
	t.Row("*", total, free, "disk", "rw", "flash: flash0: slot0: bootflash:")
	t.Row("", max(sizeNVRAM, used), max(sizeNVRAM-used, 0), "nvram", "rw", "nvram:")
	t.Row("", "-", "-", "opaque", "rw", "null:")
	t.Row("", "-", "-", "network", "rw", "tftp:")
	t.Row("", "-", "-", "network", "ro", "http:")
	return w
}

// eraseStartup is write erase, erase startup-config and erase nvram:. IOS asks
// in every case; `file prompt quiet` is about files alone.
func (b *Box) eraseStartup(in *language.Invocation) error {
	ok, err := confirmed(in, "Erasing the nvram filesystem will remove all configuration files! Continue? ")
	if err != nil || !ok {
		return err
	}
	if err := b.NVRAM.EraseStartup(); err != nil {
		return language.Answer("% nvram: could not be erased (" + cause(err) + ")")
	}
	b.Journal.Record(erased{time.Now()})
	_, err = fmt.Fprint(in.Out, "[OK]\nErase of nvram: complete\n")
	return err
}
