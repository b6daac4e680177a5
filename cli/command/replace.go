package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"option150/cli/language"
	"option150/platform/config"
	"option150/platform/message"
	"option150/platform/running"
	"option150/platform/service"
)

// replaceCommands are `configure replace` and the confirmed change.
// [facts/ios-cli.md 1.9]
func replaceCommands(b *Box) []language.Declaration {
	const doc = "facts/ios-cli.md 1.9"
	minutes := `<minutes:1-120>("Time in minutes")`
	return []language.Declaration{
		action(`configure replace("Replace the running-config with a new config file") <file:FILEURL>("Configuration file") {`+
			` list$list("List the commands that will be applied") | force$force("Forcefully replace without prompting for user input")`+
			` | ignorecase$ignorecase("Ignore the case of the configuration") | nolock$nolock("Do not acquire the configuration lock")`+
			` | revert$revert("Parameters for reverting back to original configuration")
				[ trigger("Triggers for reverting")
					[ error$error("Revert upon error") ] ]`+
			` | time$time("Time in which to confirm the replacement") `+minutes+` | timer$timer("Time in which to confirm the replacement") <confirm:1-120>("Time in minutes") }`, privileged, doc, b.replace),
		action(`configure terminal revert("Parameters for reverting the configuration") timer("Time in which to confirm the changes") `+minutes, privileged, doc, b.configureRevert),
		action(`configure confirm("Confirm replacement of running-config with a new config file")`, privileged, doc, func(in *language.Invocation) error {
			return pendingError(b.Confirm.Confirm(in.Op.Who()))
		}),
		action(`configure revert("Parameters for reverting the configuration")
			( now$now("Revert now")
				| timer("Reset the timer") `+minutes+` )`, privileged, doc, func(in *language.Invocation) error {
			if in.Args.Has("minutes") {
				return pendingError(b.Confirm.Reset(in.Op.Who(), time.Duration(in.Args.Int("minutes"))*time.Minute))
			}
			p, _ := b.Confirm.Pending()
			if err := b.Confirm.Revert(in.Ctx, in.Op.Who()); err != nil {
				return pendingError(err)
			}
			_, err := fmt.Fprintf(in.Out, "Rollback Confirmed Change: rolling to:%s\n\nTotal number of passes: 1\nRollback Done\n\n", p.Backup)
			return err
		}),
	}
}

func pendingError(err error) error {
	switch {
	case errors.Is(err, running.ErrNoPending):
		return language.Answer(message.NoRollback)
	case errors.Is(err, running.ErrPending):
		return language.Answer("%A Rollback Confirmed Change is pending already: confirm or revert it first")
	case err != nil:
		return explained(err)
	}
	return nil
}

// backup keeps the configuration before a confirmed change and names it. With
// the archive off the box remembers it all the same.
func (b *Box) backup(out io.Writer) string {
	name := "memory"
	if b.Archive.Enabled() {
		if c, err := b.Archive.Save(); err == nil {
			name = c.File()
		}
	}
	fmt.Fprintf(out, "Rollback Confirmed Change: Backing up current running config to %s\n\n", name)
	return name
}

// configureRevert is configure terminal revert timer.
func (b *Box) configureRevert(in *language.Invocation) error {
	if _, ok := b.Confirm.Pending(); ok {
		return pendingError(running.ErrPending)
	}
	before := b.Store.Current()
	if err := b.Confirm.Arm(in.Op.Who(), before, time.Duration(in.Args.Int("minutes"))*time.Minute, b.backup(in.Out)); err != nil {
		return pendingError(err)
	}
	fmt.Fprintln(in.Out, "Enter configuration commands, one per line.  End with CNTL/Z.")
	in.Op.Configure()
	return nil
}

const replaceQuestion = `This will apply all necessary additions and deletions
to replace the current running configuration with the
contents of the specified configuration file, which is
assumed to be a complete configuration, not a partial
configuration. Enter Y if you are sure you want to proceed. ? [no]: `

// replace puts a file in force as the whole configuration: one transaction,
// all of it or nothing. A file that has lines this box refuses, or no `end`,
// which is what a file cut short looks like, replaces nothing.
func (b *Box) replace(in *language.Invocation) error {
	l := fileArg(in, in.Args.String("file"))
	after := time.Duration(in.Args.Int("minutes")+in.Args.Int("confirm")) * time.Minute
	if _, pending := b.Confirm.Pending(); pending && after > 0 {
		return pendingError(running.ErrPending)
	}
	rep, err := b.whole(in.Ctx, in.Out, l)
	if err != nil {
		return err
	}
	if !in.Args.Has("force") {
		a, err := in.Op.Ask(replaceQuestion)
		if errors.Is(err, io.EOF) {
			return language.Answer("% The command asks a question: enter it on a terminal or with the word force")
		}
		if a = strings.ToLower(strings.TrimSpace(a)); err != nil || a == "" || !strings.HasPrefix("yes", a) {
			return nil
		}
		fmt.Fprintln(in.Out)
	}
	if len(rep.Rejected) > 0 {
		return b.aborted(in, l, rep.Rejected, nil)
	}
	if err := b.unproven(in.Ctx, in.Out, "nothing was replaced", rep.Config); err != nil {
		return b.aborted(in, l, nil, err)
	}
	before := b.Store.Current()
	diff := language.Compare(b.Language.Render(before, false), b.Language.Render(rep.Config, false), in.Args.Has("ignorecase"))
	if in.Args.Has("list") && len(diff) > 0 {
		fmt.Fprintln(in.Out, "!Pass 1")
		if err := b.printCommands(in.Out, before, diff); err != nil {
			return err
		}
		fmt.Fprintln(in.Out)
	}
	backup := ""
	if after > 0 {
		backup = b.backup(in.Out)
	}
	if err := b.Store.Replace(in.Ctx, in.Op.Who(), rep.Config, service.Interactive); err != nil {
		return b.aborted(in, l, nil, err)
	}
	if after > 0 {
		if err := b.Confirm.Arm(in.Op.Who(), before, after, backup); err != nil {
			return pendingError(err)
		}
	}
	b.Journal.Record(running.Replaced{Who: in.Op.Who()})
	_, err = fmt.Fprintf(in.Out, "Total number of passes: %d\nRollback Done\n\n", min(len(diff), 1))
	return err
}

// whole reads a file that is to be the whole configuration.
func (b *Box) whole(ctx context.Context, out io.Writer, l location) (*language.Report, error) {
	text, err := b.read(ctx, l)
	if err != nil {
		return nil, err
	}
	if !configText(text) {
		return nil, errNoConfig
	}
	if !endsWithEnd(text) {
		fmt.Fprintln(out, "% The file has no line \"end\" behind its last command: it may have been cut short")
		return nil, errNoConfig
	}
	facts := b.Store.Facts()
	return b.Language.Candidate(text, config.Default(facts), func(c *config.Config) error { return config.Refusal(c.Validate(facts)) })
}

// endsWithEnd reports that the last line that says something is `end`.
func endsWithEnd(text string) bool {
	last := ""
	for line := range strings.Lines(text) {
		if t := strings.TrimSpace(line); t != "" && t[0] != '!' {
			last = t
		}
	}
	return last == "end"
}

// aborted says why nothing was replaced. The words are those that tools take
// for a failure. [NAPALM, facts/ios-cli.md 1.9]
func (b *Box) aborted(in *language.Invocation, l location, bad []language.LineError, why error) error {
	var w strings.Builder
	complain(&w, l, bad)
	if why != nil {
		w.WriteString(explained(why).Error() + "\n")
	}
	if in.Args.Has("revert") {
		for i, e := range bad {
			if i == maxComplaints {
				break
			}
			fmt.Fprintf(&w, "Failed to apply command %s\n", strings.TrimSpace(e.Line))
		}
		w.WriteString("Aborting Rollback.\nRollback failed. The original configuration is in force: nothing was changed.")
		return language.Answer(w.String())
	}
	w.WriteString("\nRollback aborted after 1 pass\nThe following commands are failed to apply.\n********\n")
	for i, e := range bad {
		if i == maxComplaints {
			break
		}
		w.WriteString(strings.TrimSpace(e.Line) + "\n")
	}
	w.WriteString("********\nThe original configuration is in force: nothing was changed.")
	return language.Answer(w.String())
}
