package phone

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"

	"option150/platform/ether"
)

// SIPFile is the kind of file a SIP phone reads.
type SIPFile string

// The kinds of configuration file of SIP phones. [sources/004 table 11-3]
const (
	SEPXML SIPFile = "sep-xml" // SEP<MAC>.cnf.xml
	SIPCNF SIPFile = "sip-cnf" // SIPDefault.cnf and SIP<MAC>.cnf (7940, 7960)
	LD     SIPFile = "ld"      // ld<mac> (7905)
	GK     SIPFile = "gk"      // gk<mac> (7912)
	ATA    SIPFile = "ata"     // ata<mac> (ATA 186, 188)
)

// Model is one row of the model table.
type Model struct {
	Keyword         string   `toml:"keyword"` // of `type`, "7961"
	Aliases         []string `toml:"aliases"`
	LoadKey         string   `toml:"load_key"`   // of `load`, "7960-7940"
	ID              int      `toml:"id"`         // device id, 0 = not published
	Name            string   `toml:"name"`       // "Cisco IP Phone 7961", as in XMLDefault
	Generation      string   `toml:"generation"` // G1 ... G5, wifi, conf, add-on ...
	SCCP            bool     `toml:"sccp"`
	SIP             bool     `toml:"sip"`
	Addon           bool     `toml:"addon"`      // an expansion module, not a phone
	Listed          bool     `toml:"listed"`     // always has an element in XMLDefault
	Telecaster      bool     `toml:"telecaster"` // printed "Telecaster 7960" by `show ephone`
	DefaultFileOnly bool     `toml:"default_file_only"`
	SIPFile         SIPFile  `toml:"sip_file"`
	Lines           int      `toml:"lines"`        // buttons
	Images          string   `toml:"images"`       // family of firmware images, "41"
	DefaultLoad     string   `toml:"default_load"` // asked for after a factory reset
	Class           []string `toml:"class"`        // option 60
	Params          []int    `toml:"params"`       // option 55
	HTTP            string   `toml:"http"`         // asks 6970 first: yes, no, 9.3, "" unknown
	PFS             string   `toml:"pfs"`          // shares firmware with its peers: yes, no, "" unknown
	SCCPLoad        string   `toml:"sccp_load"`    // an example
	SIPLoad         string   `toml:"sip_load"`     // an example
	Jar             string   `toml:"jar"`          // locale file <jar>-sccp.jar, <jar>-sip.jar
	Tones           string   `toml:"tones"`        // "" = g3-tones.xml for those with a jar
	Prefix          string   `toml:"prefix"`       // of its device name, if not SEP
	Source          string   `toml:"source"`       // where the facts come from
}

//go:embed models.toml
var modelsTOML string

// table is read once from the embedded file and never written afterwards. A
// broken table is a programming error that the tests of this package find.
var table = sync.OnceValue(func() []Model {
	m, err := parseModels(modelsTOML)
	if err != nil {
		panic("telephony/phone: models.toml: " + err.Error())
	}
	return m
})

func parseModels(text string) ([]Model, error) {
	var file struct {
		Model []Model `toml:"model"`
	}
	meta, err := toml.Decode(text, &file)
	if err != nil {
		return nil, fmt.Errorf("model table: %w", err)
	}
	if un := meta.Undecoded(); len(un) > 0 {
		return nil, fmt.Errorf("model table: unknown key %q", un[0].String())
	}
	for i := range file.Model {
		m := &file.Model[i]
		if m.LoadKey == "" {
			m.LoadKey = m.Keyword
		}
		if m.Tones == "" && m.Jar != "" {
			m.Tones = "g3-tones.xml"
		}
	}
	return file.Model, nil
}

// Models returns the whole table in the order of XMLDefault. The caller may
// keep and sort the slice; the lists inside the rows are not to be changed.
func Models() []Model { return slices.Clone(table()) }

// maxKeyword bounds the words that are compared; the longest is 17 bytes.
const maxKeyword = 64

// Lookup finds the model of a type keyword; case does not matter, and the
// words CP- and G of ordering names are accepted ("CP-7961G-GE"). A keyword of
// `load` that is for several models ("7960-7940") finds the one it begins with.
func Lookup(keyword string) (Model, bool) {
	k := strings.TrimSpace(keyword)
	if k == "" || len(k) > maxKeyword {
		return Model{}, false
	}
	x := index()
	k = strings.ToLower(k)
	for _, try := range [...]string{k, strings.TrimPrefix(k, "cp-"), ungraded(k)} {
		if i, ok := x.keywords[try]; ok {
			return table()[i], true
		}
	}
	if i, ok := x.loadKeys[k]; ok {
		return table()[i], true
	}
	return Model{}, false
}

// indexes find the row of a word in lower case; of two rows the first counts.
type indexes struct{ keywords, loadKeys map[string]int }

var index = sync.OnceValue(func() indexes {
	x := indexes{make(map[string]int), make(map[string]int)}
	put := func(m map[string]int, word string, row int) {
		if _, had := m[strings.ToLower(word)]; !had {
			m[strings.ToLower(word)] = row
		}
	}
	for i, m := range table() {
		put(x.keywords, m.Keyword, i)
		for _, a := range m.Aliases {
			put(x.keywords, a, i)
		}
		if m.LoadKey != m.Keyword && strings.HasPrefix(m.LoadKey, m.Keyword) {
			put(x.loadKeys, m.LoadKey, i)
		}
	}
	return x
})

// ungraded turns cp-7961g into 7961 and 7961g-ge into 7961ge.
func ungraded(k string) string {
	k = strings.TrimPrefix(k, "cp-")
	if base, ok := strings.CutSuffix(k, "g-ge"); ok {
		return base + "ge"
	}
	return strings.TrimSuffix(k, "g")
}

// ByID finds the model with a device id of SCCP or XMLDefault.
func ByID(id int) (Model, bool) {
	for _, m := range table() {
		if m.ID == id && id != 0 {
			return m, true
		}
	}
	return Model{}, false
}

// ByLoadKey returns the models a `load KEY FILE` line is for: `load 7960-7940`
// is for two. The keyword of one model is accepted as well.
func ByLoadKey(key string) []Model {
	var out []Model
	for _, m := range table() {
		if strings.EqualFold(m.LoadKey, key) || strings.EqualFold(m.Keyword, key) {
			out = append(out, m)
		}
	}
	if len(out) == 0 {
		if m, ok := Lookup(key); ok {
			out = append(out, m)
		}
	}
	return out
}

// LoadKeys returns the keywords of `load` for one protocol, in table order.
func LoadKeys(sip bool) []string {
	var out []string
	for _, m := range table() {
		if (sip && m.SIP || !sip && m.SCCP) && !slices.Contains(out, m.LoadKey) {
			out = append(out, m.LoadKey)
		}
	}
	return out
}

// Types returns the keywords of `type` for one protocol, in table order,
// without expansion modules.
func Types(sip bool) []string {
	var out []string
	for _, m := range table() {
		if (sip && m.SIP || !sip && m.SCCP) && !m.Addon {
			out = append(out, m.Keyword)
		}
	}
	return out
}

// DeviceFile is the configuration file of a device of that model that is not
// called SEP<MAC>.cnf.xml; "" = it is. [source 004: the file corresponds to the
// device name]
func (m Model) DeviceFile(mac ether.MAC) string {
	if m.Prefix == "" || mac.IsZero() {
		return ""
	}
	return m.Prefix + mac.Hex() + ".cnf.xml"
}

// ByDefaultLoad finds the models that ask for a name after a factory reset,
// "term61.default.loads".
func ByDefaultLoad(name string) []Model {
	var out []Model
	for _, m := range table() {
		if m.DefaultLoad != "" && strings.EqualFold(m.DefaultLoad, name) {
			out = append(out, m)
		}
	}
	return out
}

// Named is a model in a sentence: "a 7961", "an 8841".
func Named(keyword string) string {
	if strings.HasPrefix(keyword, "8") || strings.HasPrefix(strings.ToLower(keyword), "ata") {
		return "an " + keyword
	}
	return "a " + keyword
}
