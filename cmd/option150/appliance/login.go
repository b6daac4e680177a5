package appliance

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"option150/cli/terminal"
	"option150/platform/aaa"
	"option150/platform/acl"
	"option150/platform/config"
	"option150/platform/message"
	"option150/platform/sshd"
)

// loginPatience is how long a login prompt waits, loginTries how many wrong
// answers it takes before it starts over.
const (
	loginPatience = 60 * time.Second
	loginTries    = 3
)

// errNobody says that the prompt of the console was left without a login: it
// starts over with "Press RETURN".
var errNobody = errors.New("nobody logged in")

// consoleUser lets somebody in on the console as `line con 0` says: a user and
// his secret, the password of the line, or whoever is there. A login that is
// configured without anything to check against would shut the console for
// ever: it is open then. [facts/ios-cli.md 1.2]
func (a *Appliance) consoleUser(t *terminal.Terminal, c *config.Config) (u aaa.User, err error) {
	l := c.Line("con", 0)
	if l == nil || !(l.Login == config.LoginLocal && c.AAA.CanLogin() || l.ChecksPassword()) {
		return aaa.User{}, nil
	}
	banner(t.Writer(), c.Banner("login"))
	fmt.Fprint(t.Writer(), "\nUser Access Verification\n\n")
	t.Idle(loginPatience)
	defer t.Idle(0)
	ask := "Username"
	for range loginTries {
		name := ""
		if l.Login == config.LoginLocal {
			ask = "Username"
			for name == "" && err == nil {
				name, err = t.ReadAnswer("Username: ")
				name = strings.TrimSpace(name)
			}
		}
		password := ""
		if err == nil {
			ask = "Password"
			password, err = t.ReadPassword("Password: ")
		}
		if err != nil {
			break
		}
		ok := false
		if l.Login == config.LoginLocal {
			u, ok = a.authenticate(name, password)
		} else {
			ok = aaa.Check(l.Password, password)
		}
		a.box.Journal.Record(consoleLogin{name, ok})
		if ok {
			return u, nil
		}
		if l.Login == config.LoginLocal {
			fmt.Fprint(t.Writer(), "% Login invalid\n\n")
		}
	}
	switch {
	case err == nil:
		if l.Login == config.LoginLine {
			fmt.Fprint(t.Writer(), "% Bad passwords\n")
		}
		return aaa.User{}, errNobody
	case errors.Is(err, terminal.ErrIdle):
		fmt.Fprintf(t.Writer(), "\n%% %s:  timeout expired!\n", ask)
		return aaa.User{}, errNobody
	case errors.Is(err, terminal.ErrInterrupt):
		return aaa.User{}, errNobody
	}
	return aaa.User{}, err
}

// consoleLogin is a login on the console, granted or refused.
type consoleLogin struct {
	user string
	ok   bool
}

func (consoleLogin) EventName() string { return "session.ConsoleLogin" }

func (c consoleLogin) LogMessage() (message.Message, bool) {
	m := message.LoginFailed
	if c.ok {
		m = message.LoginSuccess
	}
	return m.With(c.user, "0.0.0.0", 0), true
}

// consoleLogout is the end of a session on the console.
type consoleLogout struct{ user string }

func (consoleLogout) EventName() string { return "session.ConsoleLogout" }

// LogMessage implements journal.Logged: nobody logged out who had not logged in.
func (c consoleLogout) LogMessage() (message.Message, bool) {
	return message.Logout.With(c.user, "0()"), c.user != ""
}

func (a *Appliance) authenticate(user, password string) (aaa.User, bool) {
	return aaa.Authenticate(a.box.Store.Current().AAA, user, password)
}

// authorized lets a user in with a key below `ip ssh pubkey-chain`. His
// privilege is that of his `username` line: without one he is nobody.
func (a *Appliance) authorized(user string, k sshd.Key) (aaa.User, bool) {
	c := a.box.Store.Current()
	u := c.AAA.User(user)
	if u == nil || !c.SSH.Authorizes(user, k) {
		return aaa.User{}, false
	}
	return *u, true
}

// loginFailed counts a wrong password from the network (`login block-for`).
func (a *Appliance) loginFailed(user string, remote, local netip.AddrPort) {
	if began, left := a.box.Guard.Failed(); began {
		list := a.box.Store.Current().AAA.QuietACL
		if list == "" {
			list = "sl_def_acl"
		}
		a.box.Journal.Record(quietMode{on: true, user: user, remote: remote.Addr().Unmap(), port: local.Port(), left: left, list: list})
	}
}

// quiet reports that logins are refused now: too many failed, and the address
// is none of those that may come in all the same.
func (a *Appliance) quiet(remote netip.Addr) bool {
	if !a.box.Guard.Quiet() {
		return false
	}
	c := a.box.Store.Current()
	list := acl.Find(c.AccessLists, c.AAA.QuietACL)
	return list == nil || !list.Permits(remote)
}

// quietMode is the begin or the end of a time in which logins are refused.
type quietMode struct {
	on     bool
	user   string
	remote netip.Addr
	port   uint16
	left   int
	list   string
}

func (quietMode) EventName() string { return "session.QuietMode" }

func (q quietMode) LogMessage() (message.Message, bool) {
	if q.on {
		return message.QuietModeOn.With(q.left, q.user, q.remote, q.port, q.list), true
	}
	return message.QuietModeOff.With("block period timed out"), true
}
