package httpd

import (
	"option150/platform/acl"
	"option150/platform/listen"
)

// Config is the `ip http` part of the configuration.
// Source: facts/cme.md 5.3.
type Config struct {
	Server bool   // `ip http server`, off by default
	Port   uint16 // `ip http port`, default 80

	AccessClass  string // `ip http access-class`: name of a standard access list
	AccessClass6 string // `ip http access-class ipv6`
}

// DefaultPort is the port of the IP HTTP server.
const DefaultPort = 80

// Default is the factory configuration.
func Default() Config { return Config{Port: DefaultPort} }

// Spec is what the service runs by: the listeners and, for each, the session
// modules that answer on it, in the order they are asked. It holds names, not
// handlers: the handlers are given to New.
type Spec struct {
	Listeners []Listener
}

// Listener is one endpoint and who answers there.
type Listener struct {
	Endpoint listen.Endpoint
	Modules  []string // "HOME_PAGE", "HFS"; the first that knows the path answers

	Access acl.Gate // who is answered; others get 403
}
