// Package settings reads the TOML file of the box: what must be known before
// the first IOS line is read. Everything else is IOS configuration.
//
// Strict: an unknown key is an error with its line. Follows DESIGN 1 and
// facts/libraries.md 5. Failure: one line that names file, line and key.
// Testing: texts in, errors out.
package settings

import (
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"

	"github.com/BurntSushi/toml"

	"option150/platform/aaa"
	"option150/platform/netif"
	"option150/platform/plain"
	"option150/platform/rootfile"
)

// Settings is the content of the file with defaults filled in.
type Settings struct {
	Root       string      `toml:"root"` // flash/ and nvram/ live below it
	Interfaces []Interface `toml:"interfaces"`
	Console    Console     `toml:"console"`
	SSH        SSH         `toml:"ssh"`
	Metrics    Metrics     `toml:"metrics"`
}

// Interface ties an IOS name to a Linux device.
type Interface struct {
	Name    string `toml:"name"`
	Device  string `toml:"device"`
	Managed bool   `toml:"managed"`
}

// Console says where the console is: "stdio", a tty such as /dev/ttyS0, "none".
type Console struct {
	Device string `toml:"device"`
	Speed  int    `toml:"speed"`
}

// SSH says where SSH listens; empty = no SSH.
type SSH struct {
	Listen string `toml:"listen"`
}

// Metrics says where Prometheus finds the box; empty = off.
type Metrics struct {
	Listen   string `toml:"listen"`
	User     string `toml:"user"`     // who has to log in; empty = nobody
	Password string `toml:"password"` // its hash, as the running-config shows it: $9$...
	Anyone   bool   `toml:"anyone"`   // without a user: the page is not for this machine alone
	TLS      string `toml:"tls"`      // file with certificate and key, PEM; empty = http://
}

// Secret is the hash of the password; zero without one. [facts/ios-cli.md 1.11]
func (m *Metrics) Secret() (aaa.Secret, error) {
	for prefix, typ := range map[string]int{"$9$": 9, "$8$": 8, "$1$": 5} {
		if strings.HasPrefix(m.Password, prefix) {
			return aaa.ParseSecret(typ, m.Password)
		}
	}
	return aaa.Secret{}, aaa.ErrForm
}

func (m *Metrics) check() error {
	switch {
	case m.User == "" && m.Password == "":
		return nil
	case m.User == "" || m.Password == "":
		return errors.New("metrics: user and password go together")
	case m.Anyone:
		return errors.New("metrics: a user has to log in, or anyone may look: not both")
	case len(m.User) > 64 || strings.Contains(m.User, ":") || plain.Typed(m.User) >= 0:
		return errors.New("metrics.user: up to 64 characters, and no colon")
	}
	if _, err := m.Secret(); err != nil {
		return errors.New("metrics.password: a hash is needed, as `show running-config | include username` shows it behind `secret 9` after `username noc secret WORD`")
	}
	return nil
}

// DefaultRoot is where the box keeps its files.
const DefaultRoot = "/var/lib/option150"

// maxFile bounds the settings file.
const maxFile = 1 << 20

// Default is what holds without a file.
func Default() Settings {
	return Settings{Root: DefaultRoot, Console: Console{Device: "stdio", Speed: 9600}, SSH: SSH{Listen: "[::]:22"}}
}

// Load reads a file; an empty name gives the defaults.
func Load(name string) (Settings, error) {
	if name == "" {
		return Default(), nil
	}
	text, err := Read(name)
	if err != nil {
		return Settings{}, err
	}
	s, err := Parse(string(text))
	if err != nil {
		return Settings{}, fmt.Errorf("%s: %w", name, err)
	}
	return s, nil
}

// Read reads the text of a settings file, of which there is no more than maxFile
// and a byte: Parse refuses that.
func Read(name string) ([]byte, error) { return rootfile.ReadNamed(name, maxFile) }

// Parse reads the text of a settings file.
func Parse(text string) (Settings, error) {
	s := Default()
	if len(text) > maxFile {
		return s, fmt.Errorf("larger than %d bytes", maxFile)
	}
	meta, err := toml.Decode(text, &s)
	var pe toml.ParseError
	if errors.As(err, &pe) {
		return s, fmt.Errorf("line %d: %s", pe.Position.Line, pe.Message)
	}
	if err != nil {
		return s, errors.New(strings.TrimPrefix(err.Error(), "toml: "))
	}
	if un := meta.Undecoded(); len(un) > 0 {
		key := un[0]
		return s, fmt.Errorf("line %d: unknown key %q", lineOf(text, key), key.String())
	}
	return s, s.check()
}

func (s *Settings) check() error {
	names, devices := map[string]bool{}, map[string]bool{}
	for i, v := range s.Interfaces {
		canonical, ok := netif.ParseName(v.Name)
		if !ok {
			return fmt.Errorf("interface %d: %q is not the name of an interface, such as GigabitEthernet0/0", i+1, v.Name)
		}
		if v.Device == "" {
			return fmt.Errorf("interface %s: device is missing", canonical)
		}
		if names[canonical] || devices[v.Device] {
			return fmt.Errorf("interface %s: name or device is used twice", canonical)
		}
		names[canonical], devices[v.Device] = true, true
		s.Interfaces[i].Name = canonical
	}
	if s.Root == "" {
		return errors.New("root is empty")
	}
	if s.Console.Device == "" {
		return errors.New(`console.device is empty: use "stdio", a tty or "none"`)
	}
	if d := s.Console.Device; d != "stdio" && d != "none" && !filepath.IsAbs(d) {
		return fmt.Errorf(`console.device %q is no tty: write it with its directory, as "/dev/%s"`, d, filepath.Base(d))
	}
	if s.Console.Speed < 50 || s.Console.Speed > 4_000_000 {
		return fmt.Errorf("console.speed %d is not a serial speed", s.Console.Speed)
	}
	for _, l := range []struct{ key, value string }{{"ssh.listen", s.SSH.Listen}, {"metrics.listen", s.Metrics.Listen}} {
		a, err := AddrPort(l.value)
		if l.value != "" && err != nil {
			return fmt.Errorf("%s: %q is not address:port", l.key, l.value)
		}
		if a.Addr().IsMulticast() || a.Addr() == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
			return fmt.Errorf("%s: nobody can listen on %s", l.key, a.Addr())
		}
	}
	return s.Metrics.check()
}

// AddrPort reads an address to listen on; ":22" is every address of both
// families, as "[::]:22" is.
func AddrPort(s string) (netip.AddrPort, error) {
	if s == "" {
		return netip.AddrPort{}, nil
	}
	if strings.HasPrefix(s, ":") {
		s = "[::]" + s
	}
	return netip.ParseAddrPort(s)
}

// lineOf finds an undecoded key in the text: the library does not say where it
// stands. Tables are followed; for the rest the last part of the key is
// looked for.
func lineOf(text string, key toml.Key) int {
	table, last := "", key[len(key)-1]
	want := strings.Join(key[:len(key)-1], ".")
	fallback := 0
	for i, raw := range strings.Split(text, "\n") {
		line := strings.TrimSpace(raw)
		if strings.HasPrefix(line, "[") {
			table = strings.Trim(strings.SplitN(line, "#", 2)[0], "[] \t")
			if table == key.String() {
				return i + 1
			}
			continue
		}
		name, _, ok := strings.Cut(line, "=")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		name = strings.Trim(strings.TrimSpace(name), `"'`)
		if name == last && table == want {
			return i + 1
		}
		if fallback == 0 && strings.Contains(line, last) {
			fallback = i + 1
		}
	}
	return max(fallback, 1)
}
