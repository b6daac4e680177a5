package pair

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"

	"option150/platform/fileserver"
	"option150/platform/flash"
	"option150/telephony/phone"
)

// Kind is under which a leader publishes its list.
const Kind = "flash"

// Bounds of a list.
const (
	MaxValue = 1 << 20 // bytes, packed; etcd takes requests of 1.5 MB
	MaxFiles = 8192
	MaxSize  = 1 << 30 // of a file; the largest load of a phone has about 200 MB
	maxText  = 4 << 20
	maxAt    = 16
	sumSize  = 32
)

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
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err = w.Write(text)
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	if err == nil && (b.Len() > MaxValue || len(text) > maxText) {
		err = ErrTooLarge
	}
	return b.String(), err
}

// Decode unpacks what some box has published. Entries that may not be fetched are
// left out and counted in refused.
func Decode(value string) (l List, refused int, err error) {
	if len(value) > MaxValue {
		return l, 0, ErrTooLarge
	}
	r, err := gzip.NewReader(strings.NewReader(value))
	if err != nil {
		return l, 0, ErrRubbish
	}
	text, err := io.ReadAll(io.LimitReader(r, maxText+1))
	switch {
	case len(text) > maxText:
		return l, 0, ErrTooLarge
	case err != nil || json.Unmarshal(text, &l) != nil:
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
