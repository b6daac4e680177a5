package command

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"option150/cli/language"
	"option150/platform/aaa"
	"option150/platform/message"
)

// privileged is the level of what only `enable` opens.
const privileged = 15

// action declares an exec command.
func action(syntax string, level int, doc string, run func(*language.Invocation) error) language.Declaration {
	return language.Declaration{Mode: language.Exec, Syntax: syntax, Level: max(level, user), Doc: doc, Run: run}
}

// user is the level of who has logged in and is not privileged. Level 0 has
// five commands. [facts/ios-cli.md 1.2]
const user = 1

// anybody makes a command one of level 0.
func anybody(d language.Declaration) language.Declaration {
	d.Level = 0
	return d
}

// execCommands are the commands of exec mode that are not show and debug.
func execCommands(b *Box) []language.Declaration {
	leave := func(in *language.Invocation) error { in.Op.Close(); return nil }
	ds := []language.Declaration{
		anybody(action(`enable("Turn on privileged commands") [ <level:0-15>("Enable level") ]`, 0, "facts/ios-cli.md 1.2", enable)),
		anybody(action(`disable("Turn off privileged commands") [ <level:0-15>("Privilege level to go to") ]`, 0, "facts/ios-cli.md 1.2", func(in *language.Invocation) error {
			level := 1
			if in.Args.Has("level") {
				level = in.Args.Int("level")
			}
			in.Op.SetPrivilege(min(level, in.Op.Privilege()))
			return nil
		})),
		action(`setup("Run the SETUP command facility")`, privileged, "facts/ios-cli.md 1.2", func(in *language.Invocation) error { return b.Setup(in) }),
		pingCommand(b),
		tracerouteCommand(b),
		anybody(action(`exit("Exit from the EXEC")`, 0, "facts/ios-cli.md 1.2", leave)),
		anybody(action(`logout("Exit from the EXEC")`, 0, "facts/ios-cli.md 1.2", leave)),
		action(`quit("Exit from the EXEC")`, 0, "facts/ios-cli.md 1.2", leave),
		anybody(action(`help("Description of the interactive help system")`, 0, "facts/ios-cli.md 1.4", help)),
		action(`configure("Enter configuration mode")
			[ ( terminal$from("Configure from the terminal")
					| memory$from("Configure from NV memory")
					| network$from("Configure from a TFTP network host") ) ]`, privileged, "facts/ios-cli.md 1.9", b.configure),
		action(`write("Write running configuration to memory, network, or terminal")
			[ ( memory("Write to NV memory")
					| terminal$terminal("Write to terminal")
					| erase$erase("Erase NV memory") ) ]`, privileged, "facts/ios-cli.md 1.9", func(in *language.Invocation) error {
			switch {
			case in.Args.Has("terminal"):
				return b.showRunning(in, false)
			case in.Args.Has("erase"):
				return b.eraseStartup(in)
			}
			return b.save(in)
		}),
		action(`clear("Reset functions") logging("Clear logging buffer")`, privileged, "facts/ios-cli.md 1.12", func(in *language.Invocation) error {
			if ok, err := in.Op.Confirm("Clear logging buffer "); err != nil || !ok {
				return nil
			}
			fmt.Fprintln(in.Out)
			b.Logging.Clear()
			return nil
		}),
	}
	ds = append(ds, terminalCommands()...)
	ds = append(append(ds, recordCommands(b)...), captureCommands(b)...)
	for _, g := range [][]language.Declaration{copyCommands(b), fileCommands(b), archiveCommands(b), intakeCommands(b), replaceCommands(b), reloadCommands(b), clearLineCommands(b), bulkCommands(b), []language.Declaration{clearCounters(b)}, connections(b), upstreamExec(b), fileListing(b), recoverPhones(b)} {
		ds = append(ds, g...)
	}
	return append(append(append(ds, clearDHCP(b)...), importDHCP(b), phoneAdd(b)), clearDHCPv6(b)...)
}

// configure asks where from if that was not said. [facts/ios-cli.md 1.9]
func (b *Box) configure(in *language.Invocation) error {
	from := in.Args.String("from")
	if from == "" {
		a, err := in.Op.Ask("Configuring from terminal, memory, or network [terminal]? ")
		if err != nil {
			return nil
		}
		a = strings.TrimSpace(strings.ToLower(a))
		for _, f := range []string{"network", "memory", "terminal"} {
			if strings.HasPrefix(f, a) {
				from = f // an empty answer ends as the last one
			}
		}
	}
	switch from {
	case "terminal":
		fmt.Fprintln(in.Out, "Enter configuration commands, one per line.  End with CNTL/Z.")
		in.Op.Configure()
		return nil
	case "memory":
		return b.transfer(in, startupConfig, runningConfig)
	case "network":
		return language.Answer("% Use: copy tftp: running-config")
	}
	return language.Answer("?Must be \"terminal\", \"memory\" or \"network\"")
}

// enable asks for the enable secret unless the session has the level already.
// [facts/ios-cli.md 1.2]
func enable(in *language.Invocation) error {
	level := privileged
	if in.Args.Has("level") {
		level = in.Args.Int("level")
	}
	if in.Op.Privilege() >= level {
		if in.Args.Has("level") {
			in.Op.SetPrivilege(level) // down needs no secret
		}
		return nil
	}
	secret := in.Config.AAA.Enable(level)
	if secret.IsZero() {
		if strings.HasPrefix(in.Op.LineName(), "con") {
			in.Op.SetPrivilege(level) // who holds the console holds the box
			return nil
		}
		return language.Answer("% No password set")
	}
	for range 3 {
		p, err := in.Op.Password("Password: ")
		if err != nil {
			return nil
		}
		if aaa.Check(secret, p) {
			in.Op.SetPrivilege(level)
			return nil
		}
	}
	return language.Answer(message.BadSecrets + "\n")
}

func help(in *language.Invocation) error {
	_, err := io.WriteString(in.Out, `Help may be requested at any point in a command by entering
a question mark '?'.  If nothing matches, the help list will
be empty and you must backup until entering a '?' shows the
available options.
Two styles of help are provided:
1. Full help is available when you are ready to enter a
   command argument (e.g. 'show ?') and describes each possible
   argument.
2. Partial help is provided when an abbreviated argument is entered
   and you want to know what arguments match the input
   (e.g. 'show pr?'.)

`)
	return err
}

// terminalCommands set this session's terminal; all are silent on success, at
// user level too: clients send them before `enable`. [facts/ios-cli.md 3]
func terminalCommands() []language.Declaration {
	const doc = "facts/ios-cli.md 1.7"
	set := func(syntax string, f func(language.Terminal, int), def int) language.Declaration {
		d := action(syntax, 0, doc, func(in *language.Invocation) error { f(in.Op.Terminal(), in.Args.Int("n")); return nil })
		d.Undo = func(in *language.Invocation) error { f(in.Op.Terminal(), def); return nil }
		return d
	}
	mon := action(`terminal("Set terminal line parameters") monitor("Copy debug output to the current terminal line")`, 0, doc, func(in *language.Invocation) error { in.Op.Terminal().SetMonitor(true); return nil })
	mon.Undo = func(in *language.Invocation) error { in.Op.Terminal().SetMonitor(false); return nil }
	off := func(in *language.Invocation) error { in.Op.Terminal().SetMonitor(false); return nil }
	history := set(`terminal history("Enable and control the command history function")
		size("Set history buffer size")
		![ <n:0-256>("Size of history buffer") ]`, language.Terminal.SetHistorySize, 10)
	return []language.Declaration{
		mon,
		set(`terminal length("Set number of lines on a screen") ![ <n:0-512>("Number of lines on screen (0 for no pausing)") ]`, language.Terminal.SetLength, 24),
		set(`terminal width("Set width of the display terminal") ![ <n:0-512>("Number of characters on a screen line") ]`, language.Terminal.SetWidth, 80),
		history,
		action(`terminal no("Negate a command or set its defaults") monitor("Copy debug output to the current terminal line")`, 0, doc, off),
		action(`terminal history("Enable and control the command history function")`, 0, doc, func(in *language.Invocation) error {
			if t := in.Op.Terminal(); t.HistorySize() == 0 {
				t.SetHistorySize(10)
			}
			return nil
		}),
		action(`terminal no history("Enable and control the command history function") [ size("Set history buffer size") ]`, 0, doc, func(in *language.Invocation) error {
			n := 0
			if strings.Contains(in.Line, "siz") {
				n = 10
			}
			in.Op.Terminal().SetHistorySize(n)
			return nil
		}),
		action(`terminal default("Set a command to its defaults")
			( length$what("Set number of lines on a screen")
				| width$what("Set width of the display terminal")
				| history$what("Enable and control the command history function")
				| monitor$what("Copy debug output to the current terminal line") )`, 0, doc, terminalDefault),
		action(`terminal editing("Enable command line editing")`, 0, doc, func(*language.Invocation) error { return nil }),
		action(`terminal no editing("Enable command line editing")`, 0, doc, func(*language.Invocation) error {
			return language.Answer("% Lines are always edited on this box")
		}),
		action(`terminal [ no$no("Negate a command or set its defaults") ] exec("EXEC display") prompt("EXEC prompt") timestamp("Print time stamps of EXEC commands")`, 0, doc, func(in *language.Invocation) error {
			in.Op.Terminal().SetTimestamp(!in.Args.Has("no"))
			return nil
		}),
		action(`terminal no length("Set number of lines on a screen")`, 0, doc, func(in *language.Invocation) error { in.Op.Terminal().SetLength(24); return nil }),
		action(`terminal no width("Set width of the display terminal")`, 0, doc, func(in *language.Invocation) error { in.Op.Terminal().SetWidth(80); return nil }),
	}
}

// terminalDefault is `terminal default ...`.
func terminalDefault(in *language.Invocation) error {
	t := in.Op.Terminal()
	switch in.Args.String("what") {
	case "length":
		t.SetLength(24)
	case "width":
		t.SetWidth(80)
	case "history":
		t.SetHistorySize(10)
	case "monitor":
		t.SetMonitor(strings.HasPrefix(in.Op.LineName(), "con"))
	}
	return nil
}

// save is `write memory`.
func (b *Box) save(in *language.Invocation) error {
	if err := b.unproven(in.Ctx, in.Out, "startup-config is as it was", in.Config); err != nil {
		return err
	}
	fmt.Fprintln(in.Out, message.BuildingConf)
	if err := b.SaveStartup(in.Op.Who()); err != nil {
		return language.Answer("% startup-config file write failed (" + cause(err) + ")")
	}
	fmt.Fprintln(in.Out, message.OK)
	return nil
}

// cause is the last word on an error, without the names of host files.
func cause(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			s := err.Error()
			return strings.ToUpper(s[:1]) + s[1:]
		}
		err = next
	}
}

// everyMode are the commands of every configuration mode.
func everyMode() []language.Declaration {
	var out []language.Declaration
	for _, m := range append(Modes(), keptModes()...) {
		if m.Name == language.Exec || m.Like != "" {
			continue
		}
		exitHelp := "Exit from this configuration mode"
		if m.Name == language.Global {
			exitHelp = "Exit from configure mode"
		}
		out = append(out,
			language.Declaration{Mode: m.Name, Free: true, Syntax: `exit("` + exitHelp + `")`, Doc: "facts/ios-cli.md 1.3", Run: func(in *language.Invocation) error { in.Op.Up(); return nil }},
			language.Declaration{Mode: m.Name, Free: true, Syntax: `end("Exit from configure mode")`, Doc: "facts/ios-cli.md 1.3", Run: func(in *language.Invocation) error { in.Op.End(); return nil }},
			language.Declaration{Mode: m.Name, Free: true, Syntax: `do("To run exec commands in config mode") <command:LINE>("Exec Command")`, Doc: "facts/ios-cli.md 1.3", Run: func(*language.Invocation) error { return nil }},
			language.Declaration{Mode: m.Name, Free: true, Syntax: `help("Description of the interactive help system")`, Doc: "facts/ios-cli.md 1.4", Run: help},
		)
	}
	return out
}

// banners prints `banner KIND` with its text. Typing them is no grammar: the
// session and the loader read their text.
func banners() []language.Declaration {
	return []language.Declaration{{Mode: language.Global, Text: func(v *language.View) []string {
		var out []string
		for _, b := range v.Config.Banners {
			out = append(out, language.RenderBanner(b.Kind, b.Text)...)
		}
		return out
	}}, {
		Mode: language.Global, Doc: "facts/ios-cli.md 1.2",
		Syntax: `banner("Define a login banner")
			( exec$kind("Set EXEC process creation banner")
				| incoming$kind("Set incoming terminal line banner")
				| login$kind("Set login banner")
				| motd$kind("Set Message of the Day banner") )
			![ <text:LINE>("c banner-text c, where 'c' is a delimiting character") ]`,
		Set:   func(*language.Context) error { return nil },
		Unset: func(c *language.Context) error { c.Config.SetBanner(c.Args.String("kind"), ""); return nil },
	}}
}
