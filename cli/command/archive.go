package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/archive"
	"option150/platform/columns"
	"option150/platform/config"
	"option150/platform/message"
	"option150/platform/reload"
)

const (
	modeArchive    = "config-archive"
	modeArchiveLog = "config-archive-log-cfg"
)

// archiveSection is `archive` with `log config` below it.
// [facts/ios-cli.md 1.9, facts/diagnosis.md 12]
func archiveSection() []language.Declaration {
	const doc = "facts/ios-cli.md 1.9"
	at := func(f func(*archive.Config) *bool) func(*language.Context) *bool {
		return func(c *language.Context) *bool { return f(&c.Config.Archive) }
	}
	num := func(f func(*archive.Config) *int) func(*language.Context) *int {
		return func(c *language.Context) *int { return f(&c.Config.Archive) }
	}
	logging := func(c *config.Config) bool {
		return c.Archive.Log != archive.Default().Log || c.Carries("log config")
	}
	path := value(modeArchive, `path("path for backups") ![ <path:FILEURL>("file on flash:, $h is the hostname, $t the time") ]`, "path", "", doc, "",
		func(c *language.Context) *string { return &c.Config.Archive.Path })
	set := path.Set
	path.Set = func(c *language.Context) error {
		p := c.Args.String("path")
		if l, err := parseLocation(p, false); err != nil || !l.remote() && (l.fs != fsFlash || archive.CheckPath(p) != nil) {
			return language.Answer("% The archive is kept in flash: on this box")
		}
		return set(c)
	}
	elsewhere := func(_, a grammar.Args) string {
		if l, err := parseLocation(a.String("path"), false); err == nil && l.remote() {
			return "the archive is kept in flash: on this box, and there is none while its path is elsewhere"
		}
		return ""
	}
	path.Partly, path.After = elsewhere, func(in *language.Invocation) error {
		if why := elsewhere(nil, in.Args); why != "" {
			fmt.Fprintln(in.Out, "%Warning: "+why)
		}
		return nil
	}
	return []language.Declaration{
		{
			Mode: language.Global, Syntax: `archive("Archive the configuration")`, Enters: modeArchive, Doc: doc,
			Set: func(*language.Context) error { return nil },
			Unset: func(c *language.Context) error {
				c.Config.Archive = archive.Default()
				c.Config.DropSection("archive")
				c.Config.DropSection("log config")
				return nil
			},
			Get: func(v *language.View) []grammar.Args {
				return one(v.Config.Archive != archive.Default() || v.Config.Carries("archive") || logging(v.Config))
			},
		},
		{
			Mode: modeArchive, Syntax: `log("Logging commands") config("Logging config commands")`, Enters: modeArchiveLog, Doc: doc,
			Set: func(*language.Context) error { return nil },
			Unset: func(c *language.Context) error {
				c.Config.Archive.Log = archive.Default().Log
				c.Config.DropSection("log config")
				return nil
			},
			Get: func(v *language.View) []grammar.Args { return one(logging(v.Config)) },
		},
		path,
		value(modeArchive, `maximum("maximum number of backup copies") ![ <n:1-14>("The number of copies") ]`, "n", "", doc, archive.DefaultMaximum, num(func(a *archive.Config) *int { return &a.Maximum })),
		flag(modeArchive, `write-memory("Enable automatic backup generation during write memory")`, "", doc, false, at(func(a *archive.Config) *bool { return &a.WriteMemory })),
		value(modeArchive, `time-period("Minutes between automatic copies of the running-config") ![ <n:1-525600>("Number of minutes to wait between archive creation") ]`, "n", "", doc, 0, num(func(a *archive.Config) *int { return &a.Period })),
		flag(modeArchiveLog, `logging("Modify config logging parameters") enable("Enable the config logger")`, "", doc, false, at(func(a *archive.Config) *bool { return &a.Log.Enabled })),
		value(modeArchiveLog, `logging size("Maximum number of commands kept") ![ <n:1-1000>("Number of commands") ]`, "n", "", doc, archive.DefaultLogSize, num(func(a *archive.Config) *int { return &a.Log.Size })),
		flag(modeArchiveLog, `notify("Modify notification parameters")
			syslog("Enable config log messages to be sent to syslog")
			[ contenttype("Content type")
				plaintext("Plain text") ]`, "", doc, false, at(func(a *archive.Config) *bool { return &a.Log.Notify })),
		flag(modeArchiveLog, `hidekeys("suppress logging of password information")`, "", doc, false, at(func(a *archive.Config) *bool { return &a.Log.HideKeys })),
	}
}

// archiveCommands are the exec commands of the archive.
func archiveCommands(b *Box) []language.Declaration {
	const doc = "facts/ios-cli.md 1.9"
	ignore := ` [ ignorecase$ignorecase("Ignore the case of the configuration") ]`
	return []language.Declaration{
		action(`archive("manage archive files") config("save the current configuration in an archive")`, privileged, doc, func(in *language.Invocation) error {
			c, err := b.Archive.Save()
			switch {
			case errors.Is(err, archive.ErrOff):
				return language.Answer("% Archive path not set: configure it with `archive`, `path flash:...`")
			case err != nil:
				return language.Answer("% The configuration could not be archived (" + fileCause(err) + ")")
			}
			_, err = fmt.Fprintf(in.Out, "Archived as %s\n", c.File())
			return err
		}),
		table(`archive("Archive functions")`, privileged, doc, func(*language.Invocation) *columns.Page { return b.archiveText() }, archiveTable),
		action(showHead+`archive config("Archive config functions")
			differences("show archive config differences")
			[ <a:FILEURL>("first config file")
				[ <b:FILEURL>("second config file") ] ]`+ignore, privileged, doc, b.differences),
		action(showHead+`archive config incremental-diffs("show archive config incremental-diffs") <a:FILEURL>("file with the lines to add")`+ignore, privileged, doc, b.incremental),
		text(`archive config rollback("Rollback information") timer("Rollback timer")`, privileged, doc, func(*language.Invocation) string { return b.timerText() }),
		table(`archive log("Archive logs")
			config("Config log")
			all("All logged commands")
			[ provisioning$plain("Commands alone, to be pasted") ]`, privileged, doc, func(in *language.Invocation) *columns.Page {
			return commandLog(b.Archive.Log().All(), in.Args.Has("plain"))
		}, commandLogTable),
	}
}

// The tables of the archive.
var (
	archiveTable    = columns.Form(" Archive #  Name\n", "  %2d        %s", "archive name")
	commandLogTable = columns.Form(" idx   sess           user@line      Logged command\n", "%5d %5d %20s  |%s\n", "idx sess user_line logged_command")
)

// archiveText is show archive. [facts/ios-cli.md 1.9]
func (b *Box) archiveText() *columns.Page {
	l, err := b.Archive.List()
	if err != nil {
		return columns.Empty(" Archive feature not enabled\n")
	}
	w := &columns.Page{}
	fmt.Fprintf(w, "The maximum archive configurations allowed is %d.\nThere are currently %d archive configurations saved.\nThe next archive file will be named %s\n",
		l.Maximum, len(l.Copies), l.Next)
	t := w.Table(archiveTable)
	for i := range max(l.Maximum, len(l.Copies)) {
		name := ""
		if i < len(l.Copies) {
			name = l.Copies[i].File()
			if i == len(l.Copies)-1 {
				name += " <- Most Recent"
			}
		}
		t.Row(i+1, name)
	}
	return w
}

// commandLog is show archive log config all.
func commandLog(all []archive.Command, plain bool) *columns.Page {
	w := &columns.Page{}
	if plain {
		for _, c := range all {
			w.WriteString(strings.Repeat(" ", c.Depth) + c.Text + "\n")
		}
		return w
	}
	t := w.Table(commandLogTable)
	for _, c := range all {
		t.Row(c.Index, c.Session, c.User+"@"+c.Line, strings.Repeat(" ", c.Depth)+c.Text)
	}
	return w
}

// Typed notes a configuration command for the archive's log.
func (b *Box) Typed(t language.Typed) {
	line := t.Line
	if strings.HasPrefix(line, "con") {
		line = "console"
	}
	b.Archive.Log().Add(archive.Command{Stay: t.Session, User: t.Who.User, Line: line, Depth: t.Depth, Text: t.Command})
}

// timerText is show archive config rollback timer. The user stands there by
// name alone: NAPALM confirms and takes back only what its own user began.
func (b *Box) timerText() string {
	p, ok := b.Confirm.Pending()
	if !ok {
		return message.NoRollback + "\n"
	}
	user := p.Who.User
	if user == "" {
		user = p.Who.Line
	}
	return fmt.Sprintf("Time configured(or reconfigured): %s\nTimer type: absolute timer\nTimer value: %d min\nUser: %s\n",
		reload.Stamp(p.Set), int(p.After/time.Minute), user)
}

// rendered is a configuration as lines: what runs, or a file read as a whole
// configuration of this box, so that two spellings of a line are no difference.
func (b *Box) rendered(in *language.Invocation, l location) ([]string, error) {
	if l == runningConfig {
		return b.Language.Render(b.Store.Current(), false), nil
	}
	rep, err := b.candidate(in.Ctx, l)
	if err != nil {
		return nil, err
	}
	for _, e := range rep.Rejected {
		fmt.Fprintf(in.Out, "!%s %v\n", l.short(), e)
	}
	return b.Language.Render(rep.Config, false), nil
}

// candidate reads a file as a whole configuration.
func (b *Box) candidate(ctx context.Context, l location) (*language.Report, error) {
	text, err := b.read(ctx, l)
	if err != nil {
		return nil, err
	}
	if !configText(text) {
		return nil, errNoConfig
	}
	facts := b.Store.Facts()
	return b.Language.Candidate(text, config.Default(facts), func(c *config.Config) error { return config.Refusal(c.Validate(facts)) })
}

// differences compares two configurations: by default what was saved with what
// runs; one file is compared with what runs.
func (b *Box) differences(in *language.Invocation) error {
	first, second := startupConfig, runningConfig
	if s := in.Args.String("a"); s != "" {
		first = fileArg(in, s)
	}
	if s := in.Args.String("b"); s != "" {
		second = fileArg(in, s)
	}
	a, err := b.rendered(in, first)
	if err != nil {
		return err
	}
	z, err := b.rendered(in, second)
	if err != nil {
		return err
	}
	return printDiff(in.Out, language.Compare(a, z, in.Args.Has("ignorecase")))
}

// printDiff prints a difference as IOS does: the sign stands before the first
// letter of a line, behind its indentation.
func printDiff(out io.Writer, diff []language.Difference) error {
	var w strings.Builder
	w.WriteString("!Contextual Config Diffs:\n")
	if len(diff) == 0 {
		w.WriteString("!No changes were found\n")
	}
	for _, d := range diff {
		t := strings.TrimLeft(d.Line, " ")
		w.WriteString(d.Line[:len(d.Line)-len(t)])
		if d.Sign != ' ' {
			w.WriteByte(d.Sign)
		}
		w.WriteString(t + "\n")
	}
	_, err := io.WriteString(out, w.String())
	return err
}

// incremental lists what a file would add to what runs: its lines that are
// not there yet. A value that another takes the place of is no line of it. An
// empty file, which is what NAPALM leaves of a change it drops, adds nothing.
func (b *Box) incremental(in *language.Invocation) error {
	l := fileArg(in, in.Args.String("a"))
	text, err := b.read(in.Ctx, l)
	if err != nil {
		return err
	}
	if !configText(text) && text != "" {
		return errNoConfig
	}
	cur := b.Store.Current()
	rep, err := b.Language.Load(text, cur, nil)
	if err != nil {
		return err
	}
	for _, e := range rep.Rejected {
		fmt.Fprintf(in.Out, "!%s %v\n", l.short(), e)
	}
	fold, wanted := in.Args.Has("ignorecase"), b.Language.Render(rep.Config, false)
	diff := language.Compare(b.Language.Render(cur, false), wanted, fold)
	coming := strings.Join(b.Language.Commands(cur, language.Coming(diff)), "\n")
	if half, err := b.Language.Load(coming, cur, nil); err == nil {
		diff = language.Needed(diff, language.Compare(b.Language.Render(half.Config, false), wanted, fold))
	}
	return b.printCommands(in.Out, cur, diff)
}

// printCommands lists the commands of a difference as IOS does.
func (b *Box) printCommands(out io.Writer, from *config.Config, diff []language.Difference) error {
	if len(diff) == 0 {
		_, err := io.WriteString(out, "!List of Commands:\n!No changes were found\n")
		return err
	}
	_, err := fmt.Fprintf(out, "!List of Commands:\n%s\nend\n", strings.Join(b.Language.Commands(from, diff), "\n"))
	return err
}

// erased is the fact that the startup configuration was removed.
type erased struct{ at time.Time }

// EventName implements journal.Event.
func (erased) EventName() string { return "nvram.Erased" }

// LogMessage implements journal.Logged.
func (erased) LogMessage() (message.Message, bool) { return message.NVRAMErased.With(), true }
