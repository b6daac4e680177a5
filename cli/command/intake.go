package command

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"option150/cli/language"
	"option150/platform/flash"
	httpclient "option150/platform/httpd/client"
	tftpclient "option150/platform/tftp/client"
	"option150/telephony/cnf"
	"option150/telephony/firmware/intake"
	"option150/telephony/phone"
)

// intakeCommands take firmware in as it is shipped. [Cisco, CME administrator
// guide, "Install and upgrade": archive tar /xtract; import is of this box]
func intakeCommands(b *Box) []language.Declaration {
	const doc = "facts/files.md 5.4"
	archive := `archive("manage archive files") `
	return []language.Declaration{
		action(archive+`tar("manage tar files") /xtract("Extract files from an archive") <from:FILEURL>("Source of the archive") <to:FLASHNAME>("Directory to unpack into")`, privileged, doc, b.extract),
		action(archive+`tar("manage tar files") /table("List the contents of an archive") <from:FILEURL>("Source of the archive")`, privileged, doc, b.tableOfContents),
		action(archive+`import("Unpack firmware or languages for phones to fetch") <from:FILEURL>(".tar, .zip, .cop.sgn, .cop.sha512, or a directory of flash:")`, privileged, doc, b.importPackage),
	}
}

// pack is a package at hand.
type pack struct {
	intake.Contents
	from  location
	close func()
}

// openPackage fetches a package, if it is elsewhere, and reads it through.
func (b *Box) openPackage(in *language.Invocation, dirs bool) (*pack, error) {
	from := fileArg(in, in.Args.String("from"))
	if err := askSource(in, &from); err != nil {
		return nil, quietly(err)
	}
	p := &pack{from: from, close: func() {}}
	if from.fs == fsFlash && dirs && b.flashDir(from.path) && from.path != "" {
		d, err := intake.OpenDir(b.Flash, from.path)
		if err != nil {
			return nil, refusedPackage(from, err)
		}
		p.Contents = d
		return p, nil
	}
	r, size, err := b.packageFile(in, p)
	if err != nil {
		return nil, err
	}
	c, err := intake.Open(r, size)
	if err != nil {
		p.close()
		return nil, refusedPackage(from, err)
	}
	if c.Signer != "" {
		fmt.Fprintf(in.Out, "Signature header of %q taken off: the signature itself is the phones' to check\n", c.Signer)
	}
	p.Contents = c
	return p, nil
}

// packageFile opens the package in flash:, or fetches it to a hidden place.
func (b *Box) packageFile(in *language.Invocation, p *pack) (io.ReaderAt, int64, error) {
	switch p.from.fs {
	case fsFlash:
		f, err := b.Flash.Open(p.from.path)
		if err != nil {
			return nil, 0, openError(p.from, err)
		}
		p.close = func() { f.Close() }
		return f, f.Size, nil
	case fsTFTP, fsHTTP:
		return b.fetchPackage(in, p)
	}
	return nil, 0, openError(p.from, fs.ErrPermission)
}

func (b *Box) fetchPackage(in *language.Invocation, p *pack) (io.ReaderAt, int64, error) {
	stage, err := b.Flash.Stage()
	if err != nil {
		return nil, 0, openError(p.from, err)
	}
	p.close = stage.Abort
	fail := func(err error) (io.ReaderAt, int64, error) {
		stage.Abort()
		return nil, 0, openError(p.from, err)
	}
	w, err := stage.Create("package")
	if err != nil {
		return fail(err)
	}
	bar := &progress{out: in.Out}
	var n int64
	room := b.room(location{fs: fsFlash})
	if p.from.fs == fsTFTP {
		bar.head = fmt.Sprintf("Loading %s from %s%s: ", p.from.path, p.from.host, b.via(p.from.host))
		n, err = tftpclient.Get(in.Ctx, p.from.host, p.from.path, io.MultiWriter(w, bar), room)
	} else {
		bar.head = fmt.Sprintf("Loading %s ", p.from)
		n, err = httpclient.Get(in.Ctx, p.from.String(), io.MultiWriter(w, bar), room)
	}
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		bar.end("")
		return fail(err)
	}
	bar.end(fmt.Sprintf("!\n[OK - %d bytes]\n\n", n))
	f, err := stage.Open("package")
	if err != nil {
		return fail(err)
	}
	p.close = func() { f.Close(); stage.Abort() }
	return f, n, nil
}

// refusedPackage says why nothing was unpacked.
func refusedPackage(from location, err error) error {
	var a language.Answer
	if errors.As(err, &a) {
		return err
	}
	var full intake.ErrFull
	var conflict intake.Conflict
	var bad *intake.Error
	var there intake.There
	why := ""
	switch {
	case errors.As(err, &full):
		return language.Answer(fmt.Sprintf("%% %s is not unpacked: not enough space in flash:, %v", from, full))
	case errors.As(err, &conflict):
		return language.Answer(fmt.Sprintf("%% %s is not unpacked: %v; phones would get neither. Remove that one, if it is not wanted: `delete /force %s`", from, conflict, conflict.Have))
	case errors.As(err, &there):
		return language.Answer(fmt.Sprintf("%% %s is not unpacked: %v. To replace it remove it first: `delete /force /recursive flash:/%s`", from, there, there.Dir))
	case errors.Is(err, intake.ErrLanguage):
		return language.Answer(fmt.Sprintf("%% %s is not unpacked: %v. Name it as it came, CME-locale-de_DE-German-8.8.tar, or say which language it is: `user-locale U1 XX load %s` in telephony-service", from, err, from.base()))
	case errors.Is(err, intake.ErrFormat):
		why = intake.ErrFormat.Error() + ": tar, zip, .cop.sgn and .cop.sha512 are"
	case errors.As(err, &bad):
		why = bad.Error()
	default:
		why = fileCause(err)
	}
	return language.Answer(fmt.Sprintf("%% %s is not unpacked: %s. flash: is as before", from, why))
}

// unpacking prints a line for each file: marks, and how far the whole is.
type unpacking struct {
	out         io.Writer
	total, done int64
	size, left  int64
	open        bool
}

func (u *unpacking) next(e intake.Entry) io.Writer {
	u.end()
	fmt.Fprintf(u.out, "extracting %s (%d bytes)", e.Name, e.Size)
	u.open, u.size, u.left = true, e.Size, markEvery
	return u
}

// Write prints a mark for a piece, of a large file for a fortieth.
func (u *unpacking) Write(b []byte) (int, error) {
	u.done += int64(len(b))
	for u.left -= int64(len(b)); u.left <= 0; u.left += max(markEvery, u.size/40) {
		if _, err := io.WriteString(u.out, "!"); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

func (u *unpacking) end() {
	if u.open {
		fmt.Fprintf(u.out, " [%d%%]\n", u.done*100/max(u.total, 1))
	}
	u.open = false
}

func (p *pack) unpacking(out io.Writer) *unpacking {
	u := &unpacking{out: out}
	for _, e := range p.Entries() {
		u.total += e.Size
	}
	return u
}

func (b *Box) extract(in *language.Invocation) error {
	to, err := flash.CleanPath(in.Args.String("to"))
	if err != nil {
		return language.Answer("%Error opening " + in.Args.String("to") + " (Invalid file name)")
	}
	p, err := b.openPackage(in, false)
	if p == nil {
		return err
	}
	defer p.close()
	u := p.unpacking(in.Out)
	err = intake.Extract(in.Ctx, p, b.Flash, to, u.next)
	u.end()
	if err != nil {
		return refusedPackage(p.from, err)
	}
	_, err = fmt.Fprintf(in.Out, "[OK - %d files, %d bytes in flash:/%s]\n", len(p.Entries()), u.total, to)
	return err
}

func (b *Box) tableOfContents(in *language.Invocation) error {
	p, err := b.openPackage(in, false)
	if p == nil {
		return err
	}
	defer p.close()
	for _, e := range p.Entries() {
		if _, err := fmt.Fprintf(in.Out, "%s (%d bytes)\n", e.Name, e.Size); err != nil {
			return err
		}
	}
	return nil
}

func (b *Box) importPackage(in *language.Invocation) error {
	p, err := b.openPackage(in, true)
	if p == nil {
		return err
	}
	defer p.close()
	if p.Contents, err = intake.Unpacked(p.Contents); err != nil {
		return refusedPackage(p.from, err)
	}
	u := p.unpacking(in.Out)
	var rep intake.Report
	if name := intake.PackageName(p.from.base()); intake.IsLanguage(p) {
		rep, err = intake.ImportLanguage(in.Ctx, p, b.Flash, b.homePath(), name, b.languageOf(p.from.base()), u.next)
	} else {
		rep, err = intake.Import(in.Ctx, p, b.Flash, b.homePath(), name, u.next)
	}
	u.end()
	if err != nil {
		return refusedPackage(p.from, err)
	}
	_, err = io.WriteString(in.Out, imported(rep))
	return err
}

// languageOf is the language of a package without directories: the one that lines
// load it for, else the one its name says.
func (b *Box) languageOf(file string) phone.Locale {
	t := &b.Store.Current().Telephony
	loaded := func(list ...cnf.Locale) (phone.Locale, bool) {
		for _, l := range list {
			if at, err := parseLocation(l.Load, true); err == nil && strings.EqualFold(at.base(), file) {
				return phone.LocaleByCode(cmp.Or(l.User, l.Code))
			}
		}
		return phone.Locale{}, false
	}
	l, _ := intake.LanguageOf(file)
	texts, user := loaded(slices.Concat(t.Service.UserLocales, t.Global.UserLocales)...)
	tones, network := loaded(slices.Concat(t.Service.NetworkLocales, t.Global.NetworkLocales)...)
	switch {
	case user:
		l = texts
	case network:
		l = tones
	}
	if network {
		l.Country = tones.Country
	}
	return l
}

// imported tells what came of a package and what to type next.
func imported(rep intake.Report) string {
	var w strings.Builder
	fmt.Fprintf(&w, "%d files in flash:/%s, %d bytes written", rep.Files, rep.Dir, rep.Bytes)
	if rep.Replaced > 0 {
		fmt.Fprintf(&w, ", %d replaced", rep.Replaced)
	}
	if rep.Linked > 0 {
		fmt.Fprintf(&w, ", %d were in flash: already", rep.Linked)
	}
	w.WriteString("\n")
	if n := len(rep.LeftOut); n > 0 {
		fmt.Fprintf(&w, "left out, no phone asks for them: %s\n", strings.Join(rep.LeftOut[:min(n, 8)], " "))
	}
	for _, d := range rep.Directories() {
		fmt.Fprintf(&w, "%s: %s%s\n", d, count(rep.Languages[d], "file"), namedBy(d))
	}
	for _, s := range rep.Loads {
		fmt.Fprintln(&w, s.String())
	}
	for _, d := range rep.Defaults {
		fmt.Fprintf(&w, "%s is kept for phones after a factory reset\n", d)
	}
	return w.String()
}

// namedBy says which line tells phones of a directory of a language.
func namedBy(dir string) string {
	var lines []string
	for _, l := range phone.Locales() {
		switch {
		case strings.HasPrefix(l.Code, "U") && len(l.Code) == 2 && l.Code[1] < 'A':
			if strings.EqualFold(dir, l.Name) {
				return ""
			}
		case strings.EqualFold(dir, l.Name):
			lines = append(lines, "`user-locale "+l.Code+"`")
		case strings.EqualFold(dir, l.Country):
			lines = append(lines, "`network-locale "+l.Code+"`")
		}
	}
	if slices.Sort(lines); len(lines) == 0 {
		return ", which no line names: phones are not told of them"
	}
	return ", for " + strings.Join(slices.Compact(lines), " ")
}

// packages are the files of flash: that look like packages nobody unpacked.
func (b *Box) packages() (out []string) {
	for _, e := range b.Flash.Files("") {
		if !intake.IsPackage(e.Path) || strings.HasSuffix(strings.ToLower(e.Path), ".exe") {
			continue
		}
		if _, err := b.Flash.Stat(b.importedTo(e.Path)); err != nil {
			out = append(out, "flash:/"+e.Path)
		}
	}
	return out
}

func (b *Box) importedTo(path string) string {
	return strings.TrimPrefix(b.homePath()+"/"+intake.Directory+"/"+intake.PackageName(path), "/")
}
