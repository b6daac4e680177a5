package cnf

import (
	"slices"
	"strings"

	"option150/telephony/phone"
)

// On and Off are what a line says of a setting that has a default of its own;
// "" is that nothing is said.
const (
	On  = "on"
	Off = "off"
)

// Features is what a pool and its template may both say; what the pool says
// counts.
type Features struct {
	BusyTrigger    int    // `busy-trigger-per-button`, calls; 0 = not said
	VAD            string // silence suppression: "", On, Off
	KeepConference string // a conference goes on without who began it: "", Off, or On and the words of the line
	SSHUser        string // `ssh userid U password P`
	SSHPassword    string
	BLFs           []BLFDial       // `blf-speed-dial`, sorted by position
	FastDials      []SpeedDial     // `fastdial`, sorted by position
	Buttons        []FeatureButton // `feature-button`, sorted by position
}

// over are the features of a pool with those of its template where the pool
// says nothing.
func (f Features) over(t Features) Features {
	if f.BusyTrigger == 0 {
		f.BusyTrigger = t.BusyTrigger
	}
	if f.VAD == "" {
		f.VAD = t.VAD
	}
	if f.KeepConference == "" {
		f.KeepConference = t.KeepConference
	}
	if f.SSHUser == "" {
		f.SSHUser, f.SSHPassword = t.SSHUser, t.SSHPassword
	}
	if len(f.BLFs) == 0 {
		f.BLFs = t.BLFs
	}
	if len(f.FastDials) == 0 {
		f.FastDials = t.FastDials
	}
	if len(f.Buttons) == 0 {
		f.Buttons = t.Buttons
	}
	return f
}

// BLFDial is one `blf-speed-dial N NUMBER label TEXT [device]` line.
type BLFDial struct {
	SpeedDial
	Device bool // the device is watched and not the line: for who tells the phone
}

// FeatureButton is one `feature-button N FEATURE [label TEXT]` line.
type FeatureButton struct {
	Position int
	Feature  string // a key of featureIDs, or a word of IOS that has none
	Label    string
}

// Template is one `ephone-template TAG` or `voice register template TAG`
// section: what phones that name it have in common.
type Template struct {
	Tag           int
	ServicePhone  []ServicePhone // sorted by name
	UserLocale    int            // tag of a `user-locale` line, 0 = that of all phones
	NetworkLocale int
	Type          string // ephone-template: of phones without a type of their own
	Addons        []string
	Features

	// voice register template
	Softkeys         []Softkeys // sorted by state
	Layout           []Layout   // sorted by first button
	URLButtons       []URLButton
	URLs             []URL // sorted by kind
	Voicemail        string
	VoicemailTimeout int // seconds; for who forwards calls
	Transport        string
	AnonymousBlock   bool
	CallerIDBlock    bool
	NoForwardLocal   bool
	NoDND            bool
	NoConference     bool
	NoTransferAttend bool
	NoTransferBlind  bool
}

// Softkeys is one `softkeys STATE KEY ...` line; Keys are words of IOS.
type Softkeys struct {
	State string
	Keys  string // one blank between two
}

// Layout is one `button-layout FIRST[-LAST] KIND` line.
type Layout struct {
	First, Last int
	Kind        string // line, speed-dial, blf-speed-dial, feature-button, service-uri
}

// URLButton is one `url-button N URL [LABEL]` line.
type URLButton struct {
	Position   int
	URL, Label string
}

// restricted reports that a template changes which softkeys there are.
func (t *Template) restricted() bool {
	return len(t.Softkeys) > 0 || t.NoConference || t.NoDND || t.NoTransferAttend && t.NoTransferBlind || t.NoForwardLocal
}

// PhoneType is one `ephone-type NAME` or `voice register pool-type NAME`
// section: a model that is in no table.
type PhoneType struct {
	Name         string
	Addon        bool // a module, `ephone-type NAME addon`
	DeviceID     int
	DeviceName   string
	DeviceType   string // of ephone-type: the model it is like
	Buttons      int    // `num-buttons`, `num-lines`
	NoUTF8       bool   // `no utf8`: texts are Latin-1
	NoLoad       bool   // `no phoneload`: no firmware is named
	Reference    string // of pool-type: the model it is like
	Transport    string
	Description  string
	MaxNumCalls  int // of `xml-config`
	BusyTrigger  int
	Presentation int // `max-presentation`
}

// types finds models: those of the table, and those the owner defined.
type types struct{ SCCP, SIP []PhoneType }

func typesOf(c *Config) types { return types{c.EphoneTypes, c.PoolTypes} }

// own is a type the owner defined.
func own(list []PhoneType, name string) *PhoneType {
	for i := range list {
		if strings.EqualFold(list[i].Name, name) {
			return &list[i]
		}
	}
	return nil
}

// lookup finds a model by its keyword.
func (t types) lookup(keyword string, sip bool) (phone.Model, bool) {
	list := t.SCCP
	if sip {
		list = t.SIP
	}
	if p := own(list, keyword); p != nil {
		return p.model(), true
	}
	if m, ok := phone.Lookup(keyword); ok {
		return m, true
	}
	if p := own(slices.Concat(t.SCCP, t.SIP), keyword); p != nil { // a module of the other section
		return p.model(), true
	}
	return phone.Model{Keyword: keyword, LoadKey: keyword, SCCP: true, SIP: true, SIPFile: phone.SEPXML, Lines: 1}, false
}

// model is lookup where a type nobody knows is taken as it is.
func (t types) model(keyword string, sip bool) phone.Model {
	m, _ := t.lookup(keyword, sip)
	return m
}

// model is what a type says over the model it is like.
func (p *PhoneType) model() phone.Model {
	m := phone.Model{Keyword: p.Name, LoadKey: p.Name, SCCP: true, SIP: true, SIPFile: phone.SEPXML, Lines: 1}
	for _, like := range []string{p.Reference, p.DeviceType, p.Name} {
		if l, ok := phone.Lookup(like); ok {
			m = l
			if !strings.EqualFold(like, p.Name) {
				m.Keyword, m.LoadKey = p.Name, p.Name
				m.Aliases, m.DefaultFileOnly = nil, false
			}
			break
		}
	}
	if p.DeviceID != 0 {
		m.ID = p.DeviceID
	}
	if p.DeviceName != "" {
		m.Name = p.DeviceName
	}
	if p.Buttons != 0 {
		m.Lines = p.Buttons
	}
	m.Addon = p.Addon
	return m
}
