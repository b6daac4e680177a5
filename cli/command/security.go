package command

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/aaa"
	"option150/platform/columns"
	"option150/platform/sshd"
)

// sshGlobal are the `ip ssh` lines and `ip scp server enable`.
// [facts/ios-cli.md 1.14]
func sshGlobal() []language.Declaration {
	const doc = "facts/ios-cli.md 1.14"
	def := sshd.Default()
	ds := []language.Declaration{
		value(language.Global, `ip ssh("Configure ssh options")
			time-out("Specify SSH time-out interval")
			![ <seconds:1-120>("SSH time-out interval (secs)") ]`, "seconds", "ip ssh", doc, def.TimeOut,
			func(c *language.Context) *int { return &c.Config.SSH.TimeOut }),
		value(language.Global, `ip ssh authentication-retries("Specify number of authentication retries") ![ <n:0-5>("Number of authentication retries") ]`, "n", "ip ssh", doc, def.Retries,
			func(c *language.Context) *int { return &c.Config.SSH.Retries }),
		{
			Mode: language.Global, Group: "ip ssh", Doc: doc,
			Syntax: `ip ssh version("Specify protocol version to be supported") ![ <v:1-2>("Protocol version") ]`,
			Set: func(c *language.Context) error {
				if c.Args.Int("v") == 1 {
					return language.Answer("% SSH version 1 is broken and is not served by this box")
				}
				c.Config.SSH.Version2 = true
				return nil
			},
			Unset: func(c *language.Context) error { c.Config.SSH.Version2 = false; return nil },
			Get:   func(v *language.View) []grammar.Args { return one(v.Config.SSH.Version2 || v.All, "v", 2) },
		},
	}
	ds = append(append(ds, sshPort()), algorithms()...)
	ds = append(ds, pubkeyChain()...)
	ds = append(ds, flag(language.Global, `ip scp("Scp commands") server("SCP server enable") enable("SCP server enable")`, "ip scp", doc, false,
		func(c *language.Context) *bool { return &c.Config.SSH.SCP }))
	return append(ds, carryAll(language.Global, doc,
		`ip ssh source-interface("Specify interface for source address in SSH connections") <rest:LINE>("Interface")`,
		`ip ssh rsa("Configure RSA keypair name for SSH") keypair-name("Specify RSA keypair name for SSH") <name:WORD>("Name")`,
		`ip ssh logging("Configure logging for SSH") events("Log SSH events")`,
		`ip ssh maxstartups("Maximum concurrent sessions allowed") <n:WORD>("Sessions")`,
	)...)
}

// sshPort is `ip ssh port N rotary A B`. [Cisco IOS security command reference,
// ip ssh port]
func sshPort() language.Declaration {
	at := func(c *language.Context) (list *[]sshd.Port, i int, there bool) {
		list = &c.Config.SSH.Ports
		i, there = slices.BinarySearchFunc(*list, uint16(c.Args.Int("port")), func(p sshd.Port, n uint16) int { return cmp.Compare(p.Number, n) })
		return list, i, there
	}
	return language.Declaration{
		Mode: language.Global, Group: "ip ssh", Doc: "facts/ios-cli.md 1.14",
		Syntax: `ip ssh port("Starting (or only) Port number to listen on") <port:2000-10000>("Port number")
			![ rotary("Rotary group") <first:1-127>("Rotary group number") [ <last:1-127>("Last rotary group") ] ]`,
		Set: func(c *language.Context) error {
			list, i, there := at(c)
			p := sshd.Port{Number: uint16(c.Args.Int("port")), First: c.Args.Int("first"), Last: c.Args.Int("first")}
			if c.Args.Has("last") {
				p.Last = c.Args.Int("last")
			}
			switch {
			case p.Last < p.First:
				return language.Answer("% Last rotary group must not be less than the first")
			case there:
				(*list)[i] = p
			case len(*list) >= maxSSHPorts:
				return language.Answer(fmt.Sprintf("%% There are %d further ports of SSH already", maxSSHPorts))
			default:
				*list = slices.Insert(*list, i, p)
			}
			return nil
		},
		Unset: func(c *language.Context) error {
			if list, i, there := at(c); there {
				*list = slices.Delete(*list, i, i+1)
			}
			return nil
		},
		Get: func(v *language.View) []grammar.Args {
			var out []grammar.Args
			for _, p := range v.Config.SSH.Ports {
				a := args("port", int(p.Number), "first", p.First)
				if p.Last != p.First {
					a["last"] = p.Last
				}
				out = append(out, a)
			}
			return out
		},
	}
}

// maxSSHPorts bounds the ports beside that of the settings.
const maxSSHPorts = 8

// algorithms are `ip ssh dh min size` and `ip ssh server algorithm`. [Cisco IOS XE
// security command reference, ip ssh server algorithm]
func algorithms() []language.Declaration {
	const doc = "facts/ios-cli.md 1.14"
	ds := []language.Declaration{{
		Mode: language.Global, Group: "ip ssh", Doc: doc, Single: true,
		Syntax: `ip ssh dh("Diffie-Hellman") min("Minimum key size") size("Minimum key size") ![ ( 2048$bits("2048 bits") | 4096$bits("4096 bits") ) ]`,
		Set: func(c *language.Context) error {
			c.Config.SSH.Algorithms.DHMin = 0
			if c.Args.String("bits") == "4096" {
				c.Config.SSH.Algorithms.DHMin = 4096
			}
			return nil
		},
		Unset: func(c *language.Context) error { c.Config.SSH.Algorithms.DHMin = 0; return nil },
		Get: func(v *language.View) []grammar.Args {
			n := cmp.Or(v.Config.SSH.Algorithms.DHMin, sshd.DefaultDHMin)
			return one(v.All || n != sshd.DefaultDHMin, "bits", itoa(n))
		},
	}}
	help := map[sshd.AlgorithmKind]string{sshd.KEX: "DH Key Exchange Algorithms", sshd.HostKeyAlg: "Hostkey Algorithms", sshd.Encryption: "Encryption Algorithms", sshd.MAC: "MAC Algorithms"}
	at := map[sshd.AlgorithmKind]func(*language.Context) *[]string{
		sshd.KEX:        func(c *language.Context) *[]string { return &c.Config.SSH.Algorithms.KEX },
		sshd.HostKeyAlg: func(c *language.Context) *[]string { return &c.Config.SSH.Algorithms.HostKey },
		sshd.Encryption: func(c *language.Context) *[]string { return &c.Config.SSH.Algorithms.Encryption },
		sshd.MAC:        func(c *language.Context) *[]string { return &c.Config.SSH.Algorithms.MAC },
	}
	for _, k := range sshd.Kinds() {
		missing := func(_, args grammar.Args) string {
			if m := sshd.Missing(k, grammar.List[string](args, "names")); len(m) > 0 {
				return strings.Join(m, " ") + ": unknown to this box, and not offered"
			}
			return ""
		}
		d := partly(values(language.Global, fmt.Sprintf(`ip ssh server("SSH server options") algorithm("Algorithms of the SSH server") %s(%q) ![ <names:WORD>(%q)+16 ]`,
			k, help[k], "Name of an algorithm, the preferred one first"), "names", "ip ssh", doc,
			at[k]), missing)
		d.After = func(in *language.Invocation) error {
			if why := missing(nil, in.Args); why != "" {
				_, err := fmt.Fprintln(in.Out, "% "+why)
				return err
			}
			return nil
		}
		ds = append(ds, d)
	}
	return ds
}

// loginGlobal are `login block-for` and `login quiet-mode`.
// [facts/diagnosis.md 19]
func loginGlobal() []language.Declaration {
	const doc = "facts/diagnosis.md 19"
	ds := []language.Declaration{
		{
			Mode: language.Global, Group: "login", Doc: doc,
			Syntax: `login("Enable secure login checking")
				block-for("Set quiet-mode active time period")
				![ <for:1-65535>("Time period in seconds")
					attempts("Set max number of fail attempts")
					<n:1-65535>("Fail attempts max value")
					within("Watch period for fail attempts")
					<within:1-65535>("Time period in seconds") ]`,
			Set: func(c *language.Context) error {
				c.Config.AAA.Block = aaa.Block{For: c.Args.Int("for"), Attempts: c.Args.Int("n"), Within: c.Args.Int("within")}
				return nil
			},
			Unset: func(c *language.Context) error { c.Config.AAA.Block = aaa.Block{}; return nil },
			Get: func(v *language.View) []grammar.Args {
				b := v.Config.AAA.Block
				return one(b.On(), "for", b.For, "n", b.Attempts, "within", b.Within)
			},
		},
		{
			Mode: language.Global, Group: "login", Doc: doc,
			Syntax: `login quiet-mode("Set quiet-mode options") access-class("Set access class of hosts that may log in") ![ ` + accessClass + ` ]`,
			Set: func(c *language.Context) error {
				name, _, err := classOf(c.Args)
				if err == nil {
					c.Config.AAA.QuietACL = name
				}
				return err
			},
			Unset: func(c *language.Context) error { c.Config.AAA.QuietACL = ""; return nil },
			Get:   func(v *language.View) []grammar.Args { return classArgs(v.Config.AAA.QuietACL) },
		},
	}
	return append(ds, carryAll(language.Global, doc,
		`login delay("Set delay between successive fail login") <seconds:WORD>("Time period in seconds")`,
		`login on-failure("Set options for failed login attempt") <rest:LINE>("Options")`,
		`login on-success("Set options for successful login attempt") <rest:LINE>("Options")`,
	)...)
}

// enableLevels are `enable secret level N` and `enable password level N`, which
// stand behind `enable secret` in secrets().
func levelSecret(c *language.Context, password bool) *aaa.Secret {
	level := c.Args.Int("level")
	a := &c.Config.AAA
	switch {
	case level == 0 || level == privileged:
		if password {
			return &a.EnablePassword
		}
		return &a.EnableSecret
	case a.Level(level) == nil:
		at := 0
		for at < len(a.Levels) && a.Levels[at].Level < level {
			at++
		}
		a.Levels = append(a.Levels, aaa.LevelSecret{})
		copy(a.Levels[at+1:], a.Levels[at:])
		a.Levels[at] = aaa.LevelSecret{Level: level}
	}
	l := a.Level(level)
	if password {
		return &l.Password
	}
	return &l.Secret
}

// dropLevels forgets levels without a secret.
func dropLevels(c *language.Context) {
	a := &c.Config.AAA
	var keep []aaa.LevelSecret
	for _, l := range a.Levels {
		if !l.Secret.IsZero() || !l.Password.IsZero() {
			keep = append(keep, l)
		}
	}
	a.Levels = keep
}

// levelSecretArgs are the lines of all levels, 15 last: it has no `level`.
func levelSecretArgs(v *language.View, password bool) []grammar.Args {
	var out []grammar.Args
	for _, l := range v.Config.AAA.Levels {
		s := l.Secret
		if password {
			s = l.Password
		}
		for _, a := range secretArgs(s) {
			a["level"] = l.Level
			out = append(out, a)
		}
	}
	if password {
		return append(out, secretArgs(v.Config.AAA.EnablePassword)...)
	}
	return append(out, secretArgs(v.Config.AAA.EnableSecret)...)
}

// refusedTypes refuses what would otherwise be taken for clear text, and types
// that do not go with the word before them.
func refusedTypes(typed, value string, plain bool) error {
	switch {
	case typed == "4":
		return language.Answer("% Type 4 secrets are refused: the hash has no salt. Set the secret anew")
	case typed == "" && len(value) > 2 && value[0] >= '0' && value[0] <= '9' && value[1] == ' ':
		return language.Answer("% Invalid encryption type " + value[:1])
	case plain && typed != "" && typed != "0" && typed != "7":
		return language.Answer("% Only types 0 and 7 can follow password")
	case !plain && typed == "7":
		return language.Answer("% Type 7 can follow password only: it can be read back")
	}
	return nil
}

// showSecurity are the show commands about who may come in.
func showSecurity(b *Box) []language.Declaration {
	const doc = "facts/ios-cli.md 1.14"
	ds := []language.Declaration{
		text(`ip ssh("Information on SSH")`, 0, doc, b.showIPSSH),
		table(`ssh("Status of SSH server connections")`, 0, doc, func(*language.Invocation) *columns.Page { return SSHText(b.SSHD.Sessions()) }, sshTable),
		text(`login("Display Secure Login Configurations and State")`, privileged, "facts/diagnosis.md 19", func(in *language.Invocation) string {
			return LoginText(in.Config.Hostname, in.Config.AAA.QuietACL, b.Guard.Status())
		}),
	}
	return append(append(ds, showAccessLists()...), showKeys(b)...)
}

// showIPSSH is show ip ssh. What keeps SSH closed stands behind the state.
func (b *Box) showIPSSH(in *language.Invocation) string {
	var w strings.Builder
	keys := b.HostKeys.Public()
	why := in.Config.SSHClosed()
	if len(keys) == 0 {
		why = "Please create RSA keys to enable SSH"
	}
	if why == "" {
		w.WriteString("SSH Enabled - version 2.0\n")
	} else {
		fmt.Fprintf(&w, "SSH Disabled - version 2.0\n%%%s\n", upperFirst(why))
	}
	fmt.Fprintf(&w, "Authentication timeout: %d secs; Authentication retries: %d\n", in.Config.SSH.TimeOut, in.Config.SSH.Retries)
	a := in.Config.SSH.Algorithms
	fmt.Fprintf(&w, "Encryption Algorithms:%s\nMAC Algorithms:%s\nKEX Algorithms:%s\nHostkey Algorithms:%s\nMinimum expected Diffie Hellman key size : %d bits\n",
		strings.Join(a.Use(sshd.Encryption), ","), strings.Join(a.Use(sshd.MAC), ","), strings.Join(a.Use(sshd.KEX), ","), strings.Join(a.Use(sshd.HostKeyAlg), ","), cmp.Or(a.DHMin, sshd.DefaultDHMin))
	for _, k := range keys {
		fmt.Fprintf(&w, "Host key in SECSH format (%s, base64 encoded): %s\n%s\n", k.Type, b.keyName(in), k.Authorized)
	}
	return w.String()
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// sshTable is that of SSHText.
var sshTable = columns.Form("Connection Version Mode Encryption  Hmac         State                 Username\n", "%-10d %-7s %-4s %-11s %-12s %-21s %s\n", "connection version mode encryption hmac state username")

// SSHText is show ssh.
func SSHText(sessions []sshd.Info) *columns.Page {
	w := &columns.Page{}
	if len(sessions) == 0 {
		return columns.Empty("%No SSHv2 server connections running.\n%No SSHv1 server connections running.\n")
	}
	t := w.Table(sshTable)
	for _, s := range sessions {
		for _, mode := range []string{"IN", "OUT"} {
			mac := s.MAC
			if mac == "" {
				mac = "implicit" // part of the cipher
			}
			t.Row(s.Line, "2.0", mode, s.Cipher, mac, "Session started", s.User)
		}
	}
	w.WriteString("%No SSHv1 server connections running.\n")
	return w
}

// LoginText is show login.
func LoginText(host, quietACL string, s aaa.GuardStatus) string {
	var w strings.Builder
	w.WriteString("     No login delay has been applied.\n")
	if quietACL == "" {
		w.WriteString("     No Quiet-Mode access list has been configured.\n")
	} else {
		fmt.Fprintf(&w, "     Quiet-Mode access list %s is applied.\n", quietACL)
	}
	if !s.Block.On() {
		w.WriteString("\n     Router NOT enabled to watch for login Attacks\n")
		return strings.ReplaceAll(w.String(), "Router", host)
	}
	fmt.Fprintf(&w, "\n     %s enabled to watch for login Attacks.\n     If more than %d login failures occur in %d seconds or less,\n     logins will be disabled for %d seconds.\n\n",
		host, s.Block.Attempts-1, s.Block.Within, s.Block.For)
	if s.Quiet > 0 {
		fmt.Fprintf(&w, "     %s presently in Quiet-Mode.\n     Will remain in Quiet-Mode for %d seconds.\n", host, int((s.Quiet+time.Second-1)/time.Second))
		if quietACL == "" {
			w.WriteString("     Denying logins from all sources.\n")
		} else {
			fmt.Fprintf(&w, "     Restricted logins filtered by applied ACL %s.\n", quietACL)
		}
		return w.String()
	}
	fmt.Fprintf(&w, "     %s presently in Normal-Mode.\n     Current Watch Window\n         Time remaining: %d seconds.\n         Login failures for current window: %d.\n",
		host, int(s.Window/time.Second), s.Fails)
	return w.String()
}
