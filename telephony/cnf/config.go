package cnf

import (
	"net/netip"

	"option150/platform/ether"
	"option150/telephony/phone"
)

// Config is the telephony part of the configuration: everything phone files
// are built from. Source: facts/cme.md 2 to 4.
type Config struct {
	Service   TelephonyService
	EphoneDNs []EphoneDN // sorted by tag
	Ephones   []Ephone   // sorted by tag
	Global    RegisterGlobal
	DNs       []RegisterDN   // sorted by tag
	Pools     []RegisterPool // sorted by tag
	Unknown   string         // `upgrade unknown`: UnknownKeep, UnknownDirect or UnknownStepping

	EphoneTemplates   []Template  // sorted by tag
	RegisterTemplates []Template  // sorted by tag
	EphoneTypes       []PhoneType // sorted by name
	PoolTypes         []PhoneType // sorted by name
	Dialplans         []Dialplan  // sorted by tag
	Users             []Profile   // `voice user-profile`, sorted by tag
	Logouts           []Profile   // `voice logout-profile`, sorted by tag
	Gateways          []Gateway   // `voice-gateway system`, sorted by tag
}

// TelephonyService is the section `telephony-service` (SCCP phones).
type TelephonyService struct {
	Present        bool        // the operator entered the section
	Loads          []LoadEntry // sorted by type
	SourceAddress  SourceAddress
	MaxEphones     int
	MaxDN          int
	DNPreference   int    // of `max-dn`
	DNNoReg        string // of `max-dn`: "", "primary" or "both"
	NoAutoReg      bool   // `no auto-reg-ephone`
	AutoAssign     []AutoAssign
	CnfLocation    string         // `cnf-file location`, "" = system:/its/
	CnfPer         string         // `cnf-file`, "", "perphone" or "perphonetype"
	BuildCNF       string         // `build-cnf-files`, one of phone.BuildAll, BuildNone and BuildSelective (default)
	NoCreate       bool           // `no create cnf-files`: serve none
	TimeZone       int            // 1-56, default 5
	DateFormat     string         // dd-mm-yy, mm-dd-yy (default), yy-dd-mm, yy-mm-dd
	TimeFormat     int            // 12 (default) or 24
	UserLocales    []Locale       // sorted by tag
	NetworkLocales []Locale       // sorted by tag
	URLs           []URL          // sorted by kind
	ServicePhone   []ServicePhone // `service phone`, sorted by name; written into <vendorConfig>
	SystemMessage  string
	Keepalive      int // seconds, default 30
	OlsonZone      string
	OlsonVersion   string
	QoS            QoS
	Files          []CfgFile // `load-cfg-file`, sorted by alias
}

// CfgFile is one `load-cfg-file URL alias NAME [sign] [create]` line: a file of
// flash: that is served under a name.
type CfgFile struct {
	URL, Alias   string
	Sign, Create bool
}

// QoS is `ip qos dscp VALUE {media|service|signal|video}`: code points, and one
// each; 0 = not said.
type QoS struct{ Media, Service, Signal, Video int }

// LoadEntry is one `load TYPE FILE [force]` line. Force names the load in files
// even if its own files are not all there.
type LoadEntry struct {
	Type, File string
	Force      bool
}

// SourceAddress is where phones register: a value in the files, never a
// listener of this box.
type SourceAddress struct {
	Addr        netip.Addr // invalid = not set
	Port        uint16     // 2000-9999; 0 = default (2000 SCCP, 5060 SIP)
	Secondary   netip.Addr
	Rehome      int // seconds before a phone goes back from Secondary, and one; 0 = not given
	StrictMatch bool
}

// AutoAssign is one `auto assign FIRST to LAST [type TYPE] [cfw NUMBER timeout
// SECONDS]` line.
type AutoAssign struct {
	First, Last int
	Type        string
	Forward     string // the number calls are forwarded to, "" = none
	Timeout     int    // seconds before they are
}

// Locale is one `user-locale` or `network-locale` line.
type Locale struct {
	Tag  int    // 0 is that of all phones; a template names the others, 1-4
	User string // "U1" to "U5" for one the owner made; Code is then what it is for
	Code string // country code
	Load string // archive it is installed from
}

// Everybody is the code of the locale of all phones, "" = US.
func Everybody(list []Locale) string {
	for _, l := range list {
		switch {
		case l.Tag != 0:
		case l.User != "":
			return l.User
		default:
			return l.Code
		}
	}
	return ""
}

// URL is one `url KIND URL` line.
type URL struct{ Kind, URL string }

// ServicePhone is one `service phone NAME VALUE` line; Name is case-sensitive.
type ServicePhone struct{ Name, Value string }

// EphoneDN is one `ephone-dn TAG` section.
type EphoneDN struct {
	Tag         int
	Line        string // "", "dual-line" or "octo-line"
	Number      string
	Secondary   string
	NoReg       string // "", "both" or "primary"
	Label       string
	Name        string
	Description string
}

// Ephone is one `ephone TAG` section.
type Ephone struct {
	Tag            int
	MAC            ether.MAC
	Type           string
	Addons         []string // modules in order
	Buttons        []Button
	Description    string
	Username       string
	Password       string
	SpeedDials     []SpeedDial // sorted by position
	DeviceSecurity string      // "" or none, authenticated, encrypted
	Template       int         // `ephone-template`, 0 = none
	ServicePhone   []ServicePhone
}

// Button is one word of `button`: 1:1, 2o3,4.
type Button struct {
	Position  int
	Separator byte // : b f m o c x s w
	DNs       []int
}

// SpeedDial is one `speed-dial N NUMBER [label TEXT]` line.
type SpeedDial struct {
	Position int
	Number   string
	Label    string
}

// RegisterGlobal is the section `voice register global` (SIP phones).
type RegisterGlobal struct {
	Present        bool
	Mode           string // "", "cme" or "esrst"
	Loads          []LoadEntry
	SourceAddress  SourceAddress
	MaxPool        int
	MaxDN          int
	TFTPPath       string // "" = system:/cme/sipphone/
	FileText       bool
	NoCreate       bool   // `no create profile`: serve none
	Timezone       int    // 1-56, default 5
	DateFormat     string // D/M/Y, M/D/Y (default), Y-D-M, Y/D/M, Y/M/D, YY-M-D
	TimeFormat     int    // 12 (default) or 24
	NTPServer      netip.Addr
	NTPMode        string
	UserLocales    []Locale
	NetworkLocales []Locale
	URLs           []URL
	TelnetLevel    int
	Upgrade        bool // `upgrade`: OS79XX.TXT names the image of the 7940 and 7960
	AutoRegister   AutoRegister
	DST            Daylight
	Voicemail      string // the number of the messages button
	OutboundProxy  string // "" = none, "system", "ipv4:ADDRESS[:PORT]" or "dns:NAME[:PORT]"
	Logo           string // URL; 7940 and 7960
	QoS            QoS
	Keepalive      int // seconds, 0 = 120
	MaxRedirect    int // 0 = that of the phones
	Interdigit     int // `timeouts interdigit`, seconds; 0 = not said
	AuthRegister   bool
	AuthAll        bool
	Stutter        bool // `mwi stutter`
	OlsonZone      string
	OlsonVersion   string
}

// AutoRegister is the section `auto-register` of voice register global: phones
// nobody configured get a pool and a number of a range.
type AutoRegister struct {
	Present     bool
	Off         bool   // `no service-enable`
	First, Last uint32 // `auto-assign FIRST to LAST`, extensions
	Password    string // of all such phones
	Template    int
}

// Daylight is `dst`: the summer time of the 7940 and 7960, which know no zones.
type Daylight struct {
	NoAdjust    bool // `no dst auto-adjust`
	Start, Stop Turn
}

// Turn is when summer time begins or ends. The zero value is the default:
// April week 1 and October week 8, Sunday 02:00. Week 8 is the last.
type Turn struct {
	Month   int // 1-12, 0 = not said
	Day     int // of the month; 0 = Weekday of Week
	Week    int
	Weekday int // 1 = Sunday
	Minute  int // of the day
}

// RegisterDN is one `voice register dn TAG` section.
type RegisterDN struct {
	Tag    int
	Number string
	Name   string
	Label  string

	AutoAnswer bool
	Shared     bool // `shared-line`
	MaxCalls   int  // of `shared-line max-calls`, 0 = not said
	Huntstop   int  // of `huntstop channel`, 0 = not said
}

// RegisterPool is one `voice register pool TAG` section.
type RegisterPool struct {
	Tag         int
	MAC         ether.MAC // `id mac`
	DeviceName  string    // `id device-id-name`
	Type        string
	Addons      []string
	Numbers     []PoolNumber // sorted by position
	Username    string
	Password    string
	Template    int
	Dialplan    int
	Codec       string
	DTMFRelay   []string
	Description string
	Transport   string // "", "tcp" or "udp"
	SpeedDials  []SpeedDial

	ServicePhone []ServicePhone // sorted by name
	Features
	Logout int // `logout-profile`, 0 = none
}

// PoolNumber is one `number POSITION dn TAG` line.
type PoolNumber struct{ Position, DN int }

// Default is the factory configuration.
func Default() Config {
	return Config{
		Service: TelephonyService{BuildCNF: phone.BuildSelective, TimeZone: 5, DateFormat: "mm-dd-yy", TimeFormat: 12, Keepalive: 30},
		Global:  RegisterGlobal{Timezone: 5, DateFormat: "M/D/Y", TimeFormat: 12},
	}
}
