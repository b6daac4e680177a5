package command

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"option150/cli/language"
	"option150/platform/config"
	"option150/platform/running"
	"option150/platform/sorted"
	"option150/telephony/bulk"
)

// bulkCommands are `phone import` and `phone export`.
func bulkCommands(b *Box) []language.Declaration {
	const doc = "docs/bulk.md"
	const head = `phone("Phones of the configuration") `
	return []language.Declaration{
		action(head+`import("Take phones from a table") <file:FILEURL>("Comma separated values") [ dry-run$dry("Say what would be done, and do nothing") ]`, privileged, doc, b.phoneImport),
		action(head+`export("Write phones down") ( csv$form("As a table") | ios$form("As lines of the configuration") ) [ <file:FILEURL>("File; on the terminal without one") ]`, privileged, doc, b.phoneExport),
	}
}

// errRefused ends a transaction whose rows are named already.
var errRefused = errors.New("rows are refused")

// phoneImport takes a table as a whole or not at all.
func (b *Box) phoneImport(in *language.Invocation) error {
	l := fileArg(in, in.Args.String("file"))
	text, err := b.read(in.Ctx, l)
	if err != nil {
		return err
	}
	t, err := bulk.Read([]byte(text))
	if err != nil {
		if endsWithEnd(text) {
			return language.Answer("% " + l.String() + " is a configuration: copy it to running-config")
		}
		return language.Answer("% " + l.String() + " is no table of phones: " + err.Error())
	}
	if len(t.Ignored) > 0 {
		fmt.Fprintf(in.Out, "Columns nothing is made of: %s\n", strings.Join(t.Ignored, ", "))
	}
	var done []bulk.Done
	refused := t.Refused
	apply := func(c *config.Config) error {
		var no []bulk.Refusal
		done, no = bulk.Apply(&c.Telephony, t.Rows)
		if refused = append(slices.Clone(t.Refused), no...); len(refused) > 0 {
			return errRefused
		}
		return nil
	}
	changed := false
	if in.Args.Has("dry") {
		c := in.Config.Clone()
		if err = apply(c); err == nil {
			err = config.Refusal(c.Validate(b.Store.Facts()))
		}
		if err == nil {
			err = b.dryRun(in, c)
		}
	} else {
		changed, err = b.Store.Change(in.Ctx, in.Op.Who(), apply)
	}
	if len(refused) > 0 {
		sorted.Stable(refused, func(x, y bulk.Refusal) int { return x.Line - y.Line })
		return refusedRows(l, refused)
	}
	if err != nil {
		return explained(err)
	}
	if changed {
		b.Journal.Record(running.Configured{Who: in.Op.Who()})
	}
	n := map[string]int{}
	for _, d := range done {
		if n[d.What]++; d.What != bulk.Same {
			fmt.Fprintf(in.Out, "line %d: %s %s, %s, %s\n", d.Row.Line, d.Row.MAC.Device(), d.Section, d.Row.Model.Keyword, d.What)
		}
	}
	would := ""
	if in.Args.Has("dry") {
		would = "; nothing was done"
	}
	_, err = fmt.Fprintf(in.Out, "%s: %d added, %d changed, %d as they are%s\n", count(len(done), "phone"), n[bulk.Added], n[bulk.Changed], n[bulk.Same], would)
	return err
}

// dryRun prints the lines that would be typed.
func (b *Box) dryRun(in *language.Invocation, c *config.Config) error {
	diff := language.Compare(b.Language.Render(in.Config, false), b.Language.Render(c, false), false)
	if len(diff) == 0 {
		return nil
	}
	return b.printCommands(in.Out, in.Config, diff)
}

// refusedRows names what is no phone.
func refusedRows(l location, refused []bulk.Refusal) error {
	var w strings.Builder
	for i, r := range refused {
		if i == maxComplaints {
			fmt.Fprintf(&w, "%% and %d more lines\n", len(refused)-i)
			break
		}
		fmt.Fprintf(&w, "%% %s %v\n", l.short(), r)
	}
	fmt.Fprintf(&w, "%% %s refused: nothing was imported", count(len(refused), "line"))
	return language.Answer(w.String())
}

// phoneExport writes phones down: as a table that phone import takes, or as the
// lines of their sections.
func (b *Box) phoneExport(in *language.Invocation) error {
	text := string(bulk.CSV(&in.Config.Telephony))
	if in.Args.String("form") == "ios" {
		text = b.sections("ephone-dn  ") + b.sections("ephone  ") + b.sections("voice register dn  ") + b.sections("voice register pool  ") + "end\n"
	}
	if !in.Args.Has("file") {
		_, err := io.WriteString(in.Out, text)
		return err
	}
	l := fileArg(in, in.Args.String("file"))
	if l.fs == fsFlash {
		if ok, err := b.overWrite(in, l); err != nil || !ok {
			return err
		}
	}
	w, err := b.Create(in.Ctx, l.String(), false)
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := io.WriteString(w, text); err != nil {
		return err
	}
	if err := w.Commit(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(in.Out, "%d bytes written to %s\n", len(text), l)
	return err
}
