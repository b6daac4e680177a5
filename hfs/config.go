package hfs

// Config is the `hfs` part of telephony-service. Source: sources/000 and
// reference/cme.md 5.1.
type Config struct {
	Enabled  bool   // `hfs enable`
	Port     uint16 // `hfs enable port N`; 0 = the port of `ip http port`
	HomePath string // `hfs home-path`, "" = flash:/
}

// The range of `hfs enable port`. [CME command reference, chapter H]
const (
	MinPort = 1024
	MaxPort = 65535
)

// PhonePort is the port Cisco phones are hard-wired to. [sources/000]
const PhonePort = 6970
