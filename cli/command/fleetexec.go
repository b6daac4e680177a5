package command

import (
	"fmt"
	"io"
	"strings"
	"time"

	"option150/cli/language"
	"option150/platform/archive"
	"option150/platform/config"
	"option150/platform/fleet"
)

// fleetActions are what an operator does with the fleet.
func fleetActions(b *Box) []language.Declaration {
	const box = `fleet box("Another box of the domain") <box:WORD>("Its name") `
	return []language.Declaration{
		action(`fleet("This box among others") init("Make the user of this box at the servers, and its share")`, privileged, docFleet, b.fleetInit),
		action(`fleet watcher("Make a user that may look at all, for option150 watch") <user:WORD>("Name of the user")`, privileged, docFleet, b.fleetWatcher),
		action(box+`down("It is switched off: said by whoever knows it")`, privileged, docFleet, func(in *language.Invocation) error {
			return b.fleetDown(in, true)
		}),
		action(box+`up("It is not down any more")`, privileged, docFleet, func(in *language.Invocation) error { return b.fleetDown(in, false) }),
		action(box+`shut-out("It was stolen: it may do nothing at the servers any more")`, privileged, docFleet, b.fleetShutOut),
	}
}

func (b *Box) fleetDown(in *language.Invocation, down bool) error {
	name := in.Args.String("box")
	switch {
	case in.Config.Member().Missing() != "":
		return fleetAnswer(fleet.ErrNone)
	case !fleet.ValidName(name):
		return language.Answer("% " + name + " is no name of a box of this domain")
	}
	if down {
		fmt.Fprintf(in.Out, "A box that still runs, cut off from the servers, might go on giving out its addresses.\n")
		if ok, err := in.Op.Confirm("Is " + name + " switched off? "); err != nil || !ok {
			return err
		}
	}
	return fleetAnswer(b.Fleet.SetDown(in.Ctx, name, down))
}

func fleetAnswer(err error) error {
	if err == nil {
		return nil
	}
	t := err.Error()
	return language.Answer("% " + strings.ToUpper(t[:1]) + t[1:])
}

// fleetInit asks for the password of root: it is never kept.
func (b *Box) fleetInit(in *language.Invocation) error {
	c := in.Config.Member()
	if c.Missing() != "" {
		return fleetAnswer(fleet.ErrNone)
	}
	guarded, err := b.Fleet.Guarded(in.Ctx, c)
	if err != nil {
		return fleetAnswer(err)
	}
	question := "Password of the user root of the servers: "
	if !guarded {
		fmt.Fprintln(in.Out, "The servers ask nobody who he is. They will from now on, and root gets the password you give.")
		question = "Password for the user root of the servers: "
	}
	password, err := in.Op.Password(question)
	if err != nil {
		return err
	}
	if !guarded {
		again, err := in.Op.Password("Again: ")
		if err != nil {
			return err
		}
		if again != password {
			return language.Answer("% The passwords are not the same: nothing was done")
		}
	}
	done, err := b.Fleet.Init(in.Ctx, c, password)
	printDone(in.Out, done)
	return fleetAnswer(err)
}

func (b *Box) fleetWatcher(in *language.Invocation) error {
	if in.Config.Member().Missing() != "" {
		return fleetAnswer(fleet.ErrNone)
	}
	user := in.Args.String("user")
	if !fleet.ValidName(user) || user == "root" {
		return language.Answer("% A name has up to " + itoa(fleet.MaxName) + " letters, digits, - and _, and is not root")
	}
	root, err := in.Op.Password("Password of the user root of the servers: ")
	if err != nil {
		return err
	}
	password, err := in.Op.Password("Password for " + user + ": ")
	if err != nil {
		return err
	}
	if password == "" {
		return language.Answer("% A user has a password: nothing was done")
	}
	return fleetAnswer(b.Fleet.Watcher(in.Ctx, in.Config.Member(), user, password, root))
}

func printDone(w io.Writer, done []string) {
	for _, d := range done {
		fmt.Fprintf(w, "  %s\n", d)
	}
}

func (b *Box) fleetShutOut(in *language.Invocation) error {
	v := b.Fleet.View()
	id, ok := v.Named(in.Args.String("box"))
	switch {
	case in.Config.Member().Missing() != "":
		return fleetAnswer(fleet.ErrNone)
	case !ok:
		return language.Answer("% " + in.Args.String("box") + " is no name of a box")
	case id == in.Config.Member().ID():
		return language.Answer("% That is this box")
	}
	password, err := in.Op.Password("Password of the user root of the servers: ")
	if err != nil {
		return err
	}
	done, err := b.Fleet.ShutOut(in.Ctx, in.Config.Member(), id, password)
	printDone(in.Out, done)
	if err != nil {
		return fleetAnswer(err)
	}
	fmt.Fprintf(in.Out, "What it follows already it sees until its connection ends: block its address, or start the servers anew one after the other.\n"+
		"If it shared bindings, `fleet box %s down` gives its share to another box.\n", id.Name)
	return nil
}

// fleetConfiguration is `show fleet configuration BOX [diff]`.
func (b *Box) fleetConfiguration(in *language.Invocation) error {
	v := b.Fleet.View()
	x, ok := v.Find(in.Args.String("box"))
	switch {
	case !v.On:
		_, err := io.WriteString(in.Out, fleet.None)
		return err
	case !ok:
		return language.Answer("% No box of that name is known here")
	}
	text, err := b.Fleet.Configuration(in.Ctx, x.ID)
	switch {
	case err != nil:
		return fleetAnswer(err)
	case text == "":
		fmt.Fprintf(in.Out, "%s does not publish its configuration: its section fleet has no line publish configuration\n", x.Name)
		return nil
	}
	text = fleet.ShowConfiguration(text)
	if !v.Answers {
		fmt.Fprintln(in.Out, "! The engine does not answer: this may be old")
	}
	if !in.Args.Has("diff") {
		fmt.Fprintf(in.Out, "! %s, %s, without secrets, as of %s\n", x.ID, x.About.Hash, time.Now().UTC().Format("2006-01-02 15:04:05 UTC"))
		_, err = io.WriteString(in.Out, text)
		return err
	}
	fmt.Fprintf(in.Out, "! + is of %s, - of this box\n", x.ID)
	return printDiff(in.Out, language.Compare(configLines(b.PublishedText(in.Config)), configLines(text), false))
}

// PublishedText is a configuration as other boxes may read it: without secrets.
func (b *Box) PublishedText(c *config.Config) string {
	lines := strings.Split(b.Language.RenderText(c), "\n")
	for i, l := range lines {
		lines[i] = archive.HideKeys(l)
	}
	return strings.Join(lines, "\n")
}

// configLines are the lines of a text that are commands.
func configLines(text string) (out []string) {
	for l := range strings.Lines(text) {
		if l = strings.TrimRight(l, "\n"); l != "" && l != "!" && l != "end" {
			out = append(out, l)
		}
	}
	return out
}
