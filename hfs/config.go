package hfs

// Config is the `hfs` part of telephony-service. Source: sources/000 and
// facts/cme.md 5.1.
type Config struct {
	Enabled  bool   // `hfs enable`
	Port     uint16 // `hfs enable port N`; 0 = the port of `ip http port`
	HomePath string // `hfs home-path`, "" = flash:/
}

// PhonePort is the port Cisco phones are hard-wired to. [sources/000]
const PhonePort = 6970

// Name is the name of the service in plans.
const Name = "hfs"

// Owner is how the endpoint of HFS is called towards the operator.
const Owner = "HFS"

// Spec is what the service runs by. HTTPPort is where HFS is found when it has
// no port of its own.
type Spec struct {
	Config
	HTTPPort uint16
}

// EffectivePort is the TCP port phones would have to ask.
func (s Spec) EffectivePort() uint16 {
	if s.Port != 0 {
		return s.Port
	}
	return s.HTTPPort
}

// Shared reports that HFS is a site on the IP HTTP server and has no port of
// its own.
func (s Spec) Shared() bool { return s.Port == 0 }
