package dhcp

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// DatabaseAgent is how an agent of `ip dhcp database` stands.
type DatabaseAgent struct {
	URL                 string
	Read, Written       time.Time // zero = Never
	Status              string
	Delay, Timeout      time.Duration // Timeout 0 = none
	Failures, Successes int
}

// ShowDatabase is `show ip dhcp database`. Passwords are not shown.
func ShowDatabase(as []DatabaseAgent, now time.Time) string {
	var b strings.Builder
	stamp := func(t time.Time) string {
		if t.IsZero() {
			return "Never"
		}
		return t.In(now.Location()).Format(stampMinutes)
	}
	for i, a := range as {
		if i > 0 {
			b.WriteByte('\n')
		}
		row := func(label string, v any) { fmt.Fprintf(&b, "%-10s:    %v\n", label, v) }
		row("URL", PublicURL(a.URL))
		row("Read", stamp(a.Read))
		row("Written", stamp(a.Written))
		row("Status", a.Status)
		row("Delay", fmt.Sprintf("%d seconds", int(a.Delay.Seconds())))
		row("Timeout", fmt.Sprintf("%d seconds", int(a.Timeout.Seconds())))
		row("Failures", a.Failures)
		row("Successes", a.Successes)
	}
	return b.String()
}

// Agent is where an agent of `ip dhcp database` has its file.
type Agent struct {
	Scheme               string // "flash", "tftp", "scp"
	Host, User, Password string
	Path                 string // of flash: with its file system
}

// ErrAgent says that a URL names no place an agent can use.
var ErrAgent = errors.New("an agent needs a URL of flash:, tftp: or scp: and a file")

// ParseAgent reads the URL of an agent.
func ParseAgent(url string) (Agent, error) {
	scheme, rest, _ := strings.Cut(url, ":")
	a := Agent{Scheme: strings.ToLower(scheme)}
	switch a.Scheme {
	case "flash", "flash0", "slot0", "bootflash":
		a.Scheme, a.Path = "flash", "flash:"+rest
		if strings.Trim(rest, "/") == "" {
			return a, errNoFile
		}
		return a, nil
	case "tftp", "scp":
	default:
		return a, ErrAgent
	}
	host, path, _ := strings.Cut(strings.TrimPrefix(rest, "//"), "/")
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		a.User, a.Password, _ = strings.Cut(host[:at], ":")
		host = host[at+1:]
	}
	a.Host, a.Path = host, path
	switch {
	case !strings.HasPrefix(rest, "//"), host == "", path == "":
		return a, errNoFile
	case strings.ContainsFunc(host, func(r rune) bool { return !strings.ContainsRune(hostRunes, r) }):
		return a, errNoFile
	case a.Scheme == "scp" && a.User == "":
		return a, errNoUser
	}
	return a, nil
}

var (
	errNoFile = errors.New("the URL names no file of a server")
	errNoUser = errors.New("scp needs scp://user:password@host/file")
)

const hostRunes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]"

// PublicURL is a URL without the password in it.
func PublicURL(url string) string {
	scheme, rest, ok := strings.Cut(url, "://")
	host, path, _ := strings.Cut(rest, "/")
	at := strings.LastIndexByte(host, '@')
	if !ok || at < 0 {
		return url
	}
	user, _, secret := strings.Cut(host[:at], ":")
	if !secret {
		return url
	}
	return scheme + "://" + user + ":*@" + host[at+1:] + "/" + path
}
