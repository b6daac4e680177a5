package sshd

import (
	"time"

	"option150/platform/listen"
)

// Defaults of the `ip ssh` lines and of `line vty 0 4`.
// [reference/ios-cli.md 1.14]
const (
	DefaultLoginGrace  = 120 * time.Second
	DefaultRetries     = 3
	DefaultMaxSessions = 5
)

// Bounds that are not configured. [reference/go-libs.md 2]
const (
	MaxUnauthenticated = 10               // connections that have not logged in
	hostBurst          = 10               // connections of one host before it must wait
	hostRefill         = 6 * time.Second  // one more connection per
	maxHosts           = 1000             // hosts remembered
	maxPerConnection   = 16               // channels of one connection
	maxCommand         = 4096             // bytes of an exec request kept
	defaultKeepAlive   = 60 * time.Second // between our keep-alive requests
	defaultStall       = 10 * time.Minute // a peer that reads nothing
	closeTime          = 5 * time.Second  // a peer that does not confirm a close
)

// Spec is what the service runs by. Enabled false is the same as no Spec.
type Spec struct {
	Endpoint    listen.Endpoint
	Enabled     bool
	LoginGrace  time.Duration // `ip ssh time-out`; 0 = default
	Retries     int           // `ip ssh authentication-retries`; 0 = default
	MaxSessions int           // vty lines; 0 = default
}

func (s Spec) withDefaults() Spec {
	if s.LoginGrace <= 0 {
		s.LoginGrace = DefaultLoginGrace
	}
	if s.Retries <= 0 {
		s.Retries = DefaultRetries
	}
	if s.MaxSessions <= 0 {
		s.MaxSessions = DefaultMaxSessions
	}
	if s.Endpoint.Proto == "" {
		s.Endpoint.Proto = listen.TCP
	}
	if s.Endpoint.Owner == "" {
		s.Endpoint.Owner = "SSH-Server"
	}
	return s
}
