package pair

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"option150/platform/fileserver"
	"option150/platform/flash"
	"option150/platform/fleet/packed"
	"option150/telephony/phone"
)

// Kind is under which a leader publishes its list.
const Kind = "flash"

// Bounds of a list.
const (
	MaxValue = 1 << 20 // bytes, packed
	MaxFiles = 8192
	MaxSize  = 1 << 30 // of a file; the largest load of a phone has about 200 MB
	maxText  = 4 << 20
	maxAt    = 16
	sumSize  = 32
)

var bounds = packed.Bounds{Packed: MaxValue, Text: maxText}

// File is one file that a leader has.
type File struct {
	Path string `json:"path"`          // in flash:
	Ask  string `json:"ask,omitempty"` // by what name its HFS has it, "" = Path below its home path
	Size int64  `json:"size"`
	Sum  []byte `json:"sum"` // SHA-256
}

// List is what a leader publishes.
type List struct {
	At    []netip.AddrPort `json:"at"`   // of its HFS
	Home  string           `json:"home"` // its home path
	Files []File           `json:"files"`
	More  int              `json:"more,omitempty"` // files that had no room in the list
}

// The reasons a value is none.
var (
	ErrTooLarge = fmt.Errorf("the list of files is larger than %d KB or has more than %d files", MaxValue>>10, MaxFiles)
	ErrRubbish  = errors.New("what it publishes is no list of files")
)

// Encode packs a list. Files beyond the bound are counted alone.
func (l List) Encode() (string, error) {
	if n := len(l.Files) - MaxFiles; n > 0 {
		l.Files, l.More = l.Files[:MaxFiles], n
	}
	text, err := json.Marshal(l)
	if err != nil {
		return "", err
	}
	out, err := bounds.Pack(string(text))
	if err != nil {
		return "", ErrTooLarge
	}
	return out, nil
}

// Decode unpacks what some box has published. Entries that may not be fetched are
// left out and counted in refused.
func Decode(value string) (l List, refused int, err error) {
	text, err := bounds.Unpack(value)
	switch {
	case err == packed.ErrTooLarge:
		return l, 0, ErrTooLarge
	case err != nil || json.Unmarshal([]byte(text), &l) != nil:
		return List{}, 0, ErrRubbish
	case len(l.Files) > MaxFiles:
		return List{}, 0, ErrTooLarge
	}
	l.At = l.At[:min(len(l.At), maxAt)]
	n := len(l.Files)
	seen := map[string]bool{}
	l.Files = slices.DeleteFunc(l.Files, func(f File) bool {
		bad := !f.valid() || seen[f.Path]
		seen[f.Path] = true
		return bad
	})
	return l, n - len(l.Files), nil
}

// usable: a leader may not send this box to itself or to everybody.
func usable(a netip.AddrPort) bool {
	ip := a.Addr()
	return a.IsValid() && a.Port() != 0 && !ip.IsLoopback() && !ip.IsMulticast() && !ip.IsUnspecified() && ip.Zone() == ""
}

func (f File) valid() bool {
	clean, err := flash.CleanName(f.Path)
	if err != nil || clean != f.Path || !Shared(f.Path) || f.Size <= 0 || f.Size > MaxSize || len(f.Sum) != sumSize {
		return false
	}
	if f.Ask == "" {
		return true
	}
	ask, err := flash.CleanName(f.Ask)
	return err == nil && ask == f.Ask
}

// What phones of every box are given: firmware, locales, ring tones, pictures.
var (
	sharedEnds = []string{".loads", ".sbn", ".sb2", ".sbin", ".sebn", ".zup", ".sgn", ".bin", ".raw", ".rwb", ".pcm", ".png", ".jpg", ".jar", ".dat"}
	// of the XML files
	sharedXML = []string{"-tones.xml", "-dictionary.xml", "-dictionary-ext.xml", "-dictionary.utf-8.xml", "-dictionary-ext.utf-8.xml", "-kate.xml", "-kate.utf-8.xml", "-font.xml", "-glyphs.xml",
		"ringlist.xml", "ringlist-wb.xml", "/list.xml"}
)

// Shared reports that a file of that name is one that boxes have in common.
func Shared(path string) bool {
	name := strings.ToLower(path)
	base := name[strings.LastIndexByte(name, '/')+1:]
	if _, of := phone.MACOfFile(base); of || phone.TrustFile(base) || phone.AsksSigned(base) || fileserver.Protected(path) ||
		strings.HasPrefix(name, ".") || strings.Contains(name, "/.") {
		return false
	}
	ends := func(list []string) bool {
		return slices.ContainsFunc(list, func(e string) bool { return strings.HasSuffix("/"+name, e) })
	}
	return ends(sharedEnds) || ends(sharedXML)
}
