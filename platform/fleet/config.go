package fleet

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"option150/platform/equal"
)

// Config is the section `fleet`.
type Config struct {
	Name     string   // of this box
	Domain   string   // of the boxes that belong together
	Servers  []string // of the engine: "https://A:2379"
	User     string   // at the engine, "" = nobody, or who the certificate says
	Password string

	// Files in nvram:, PEM. Without a name those of DefaultCA are taken, if they are there;
	// without a CA those of the machine are believed.
	CA, Certificate, Key string

	Publish Publish
	ViewAll bool // the boxes of all domains are followed, not only those of its own

	Share    bool // bindings are shared with the boxes of the domain
	OwnShare bool // isolated, new clients get addresses of this box's share
	Lead     int  // seconds, how much longer than on record a client may have its address; 0 = DefaultLead
}

// Publish is what a box tells the others of itself. Each word holds what those
// before it do.
type Publish string

// The words, with what a box without the line does first.
const (
	PublishPhones        = Publish("")              // services, phones with their verdicts, which configuration it has
	PublishNothing       = Publish("none")          // that it is there
	PublishConfiguration = Publish("configuration") // also the text of the configuration, without secrets
)

// Bounds of a section.
const (
	MaxServers  = 9
	MaxName     = 32
	DefaultLead = 3600 // seconds
	MinLead     = 60
	MaxLead     = 86400
)

// Clone is a deep copy.
func (c Config) Clone() Config {
	c.Servers = slices.Clone(c.Servers)
	return c
}

// IsDefault reports a section without a line.
func (c Config) IsDefault() bool {
	if len(c.Servers) == 0 {
		c.Servers = nil
	}
	return equal.Of(&c, &Config{})
}

// LeadTime is how much longer than on record a client may have its address, seconds.
func (c Config) LeadTime() int {
	if c.Lead == 0 {
		return DefaultLead
	}
	return c.Lead
}

// ID is this box.
func (c Config) ID() ID { return ID{c.Domain, c.Name} }

// Missing is what the section lacks to do anything, such as "line name" or "lines domain
// and server"; "" = nothing.
func (c Config) Missing() string {
	var no []string
	for _, l := range []struct {
		line string
		is   bool
	}{{"name", c.Name != ""}, {"domain", c.Domain != ""}, {"server", len(c.Servers) > 0}} {
		if !l.is {
			no = append(no, l.line)
		}
	}
	switch n := len(no); n {
	case 0:
		return ""
	case 1:
		return "line " + no[0]
	default:
		return "lines " + strings.Join(no[:n-1], ", ") + " and " + no[n-1]
	}
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
