package fleet

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Config is the section `fleet`.
type Config struct {
	Name     string   // of this box
	Domain   string   // of the boxes that belong together
	Servers  []string // of the engine: "https://A:2379"
	User     string   // at the engine, "" = nobody
	Password string
}

// Bounds of a section.
const (
	MaxServers = 9
	MaxName    = 32
)

// Clone is a deep copy.
func (c Config) Clone() Config {
	c.Servers = slices.Clone(c.Servers)
	return c
}

// IsDefault reports a section without a line.
func (c Config) IsDefault() bool {
	return c.Name == "" && c.Domain == "" && len(c.Servers) == 0 && c.User == ""
}

// Missing is the line without which the section does nothing, "" = none.
func (c Config) Missing() string {
	switch {
	case c.Name == "":
		return "name"
	case c.Domain == "":
		return "domain"
	case len(c.Servers) == 0:
		return "server"
	}
	return ""
}

// ValidName reports whether a box or a domain may be called that.
func ValidName(s string) bool {
	return s != "" && len(s) <= MaxName && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}

// CheckServer says what is wrong with the URL of a server.
func CheckServer(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return fmt.Errorf("a server is https://HOST:PORT or http://HOST:PORT")
	case u.Port() == "":
		return fmt.Errorf("a server has a port; etcd's is 2379")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "":
		return fmt.Errorf("a server is a host and a port and nothing else")
	}
	return nil
}
