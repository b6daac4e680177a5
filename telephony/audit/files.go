package audit

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"option150/platform/config"
	"option150/platform/ether"
	"option150/telephony/advice"
	"option150/telephony/cnf"
	"option150/telephony/custom"
	"option150/telephony/phone"
)

// Bounds of what is read of flash:.
const (
	maxText  = 64 << 10
	maxTexts = 2000
)

// files compares the files in force with those the configuration makes, and
// both with flash:.
func (a *around) files() {
	for _, p := range a.set.LeftOut() {
		a.add(config.Warning, "A17", p.Where, "%s", p.Text)
	}
	for _, f := range a.set.Files() {
		if err := wellFormed(f.Name, f.Content); err != nil {
			a.add(config.Warning, "A17", "", "%s is no XML that phones read: %v", f.Name, err)
		} else if why := misplaced(f.Name, f.Content); why != "" {
			a.add(config.Warning, "A17", "", "%s: %s", f.Name, why)
		}
	}
	a.current()
	if a.w.Flash == nil {
		return
	}
	var twice []string
	spelt := map[string]string{}
	for _, f := range a.w.Flash.Files {
		k := strings.ToLower(f.Path)
		if had, ok := spelt[k]; ok {
			twice = append(twice, had+" and "+f.Path)
		}
		spelt[k] = f.Path
		if f.Size == 0 && phoneFile(f.Path) {
			a.add(config.Warning, "A17", "", "flash:%s is empty, which phones take for absent", f.Path)
		}
		in, ok := a.below(f.Path)
		if !ok {
			continue
		}
		for _, name := range slices.Compact([]string{in, path.Base(in)}) {
			if g, ok := a.set.Lookup(name); ok && !g.Fallback {
				a.add(config.Warning, "A22", "", "flash:%s is never served: the file of that name made from the configuration comes first", f.Path).
					fix(advice.Do(fmt.Sprintf("rename flash:%s flash:%s.old", f.Path, f.Path)))
				break
			}
		}
	}
	if len(twice) > 0 {
		a.add(config.Warning, "A24", "", "names on flash: differ in case alone: %s; which one a phone gets depends on how it spells it", enumerate(twice))
	}
}

// current finds files in force that are not those of the configuration.
func (a *around) current() {
	if a.w.Set == nil || a.set == nil {
		return
	}
	var odd []string
	for _, f := range a.set.Files() {
		if g, ok := a.w.Set.Lookup(f.Name); !ok || g.ETag != f.ETag {
			odd = append(odd, f.Name)
		}
	}
	for _, f := range a.w.Set.Files() {
		if _, ok := a.set.Lookup(f.Name); !ok {
			odd = append(odd, f.Name)
		}
	}
	if len(odd) > 0 {
		a.add(config.Warning, "A18", "", "the files in force are not those of the configuration: %s", enumerate(odd)).
			fix(advice.In("telephony-service", "create cnf-files"))
	}
}

// wellFormed reads an XML file to its end; other files are what they are.
func wellFormed(name string, content []byte) error {
	if !strings.EqualFold(path.Ext(name), ".xml") {
		return nil
	}
	d := xml.NewDecoder(bytes.NewReader(content))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for {
		switch _, err := d.Token(); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// references looks for the files that lines name for phones: dial plans, and the
// texts and tones of a locale that phones do not have built in. A phone is not
// told of one that nobody serves.
func (a *around) references() {
	names := map[string][]string{} // by who names them
	var order []string
	note := func(where, name string) {
		if name == "" || slices.Contains(names[name], where) {
			return
		}
		if names[name] == nil {
			order = append(order, name)
		}
		names[name] = append(names[name], where)
	}
	t := &a.c.Telephony
	if t.Global.Present {
		for _, p := range t.Pools {
			defined := p.Dialplan == 0
			for _, d := range t.Dialplans {
				if d.Tag == p.Dialplan {
					defined = true
					note(fmt.Sprintf("voice register dialplan %d", d.Tag), d.Filename)
				}
			}
			if !defined {
				note(fmt.Sprintf("voice register pool %d", p.Tag), fmt.Sprintf("dialplan%d.xml", p.Dialplan))
			}
			a.locale(note, "voice register global", p.Type, cnf.Everybody(t.Global.UserLocales), cnf.Everybody(t.Global.NetworkLocales), true)
		}
	}
	if t.Service.Present {
		for _, e := range t.Ephones {
			a.locale(note, "telephony-service", e.Type, cnf.Everybody(t.Service.UserLocales), cnf.Everybody(t.Service.NetworkLocales), false)
		}
	}
	a.logo()
	for _, name := range order {
		where := names[name]
		_, made := a.set.Lookup(name)
		switch {
		case made:
		case a.w.Flash == nil && a.c.Upstream.Abroad():
		case a.w.Flash == nil:
			a.add(config.Note, "A21", where[0], "%s is meant for phones, and this box does not make it: without it on flash: no phone is told of it", name)
		default:
			if f, ok := a.w.Flash.Find(name); ok && f.Size > 0 {
				continue
			}
			if a.c.Upstream.Abroad() {
				a.add(config.Note, "A21", where[0], "%s is meant for phones and is not here; phones are told of it, for an alternate file server may have it", name).seen("named by %s", enumerate(where)).
					fix(advice.Tell("Look whether it has; if not, put " + name + " on flash:" + byPackage(name) + "."))
			} else {
				a.add(config.Warning, "A21", where[0], "%s is meant for phones, and nobody serves it: no phone is told of it", name).seen("named by %s", enumerate(where)).
					fix(advice.Tell("Put " + name + " on flash:" + byPackage(name) + ", or take the line that names it out."))
			}
		}
	}
}

// byPackage is how the files of a language come to flash:, each in its directory.
func byPackage(name string) string {
	if !strings.Contains(name, "/") {
		return ""
	}
	return ", as `archive import` does with a package of the language"
}

// logo is the picture that the 7940 and 7960 are told of, where it is a file of
// this box.
func (a *around) logo() {
	u, err := url.Parse(a.c.Telephony.Global.Logo)
	if err != nil || !a.c.Telephony.Global.Present || a.w.Flash == nil || a.w.Flash.Open == nil {
		return
	}
	host, err := netip.ParseAddr(u.Hostname())
	if name := strings.TrimPrefix(u.Path, "/"); err == nil && slices.Contains(a.own, host) && name != "" {
		f, ok := a.w.Flash.Find(name)
		if (!ok || f.Size == 0) && a.c.Upstream.Abroad() {
			a.add(config.Note, "A21", "voice register global", "logo names %s of this box, and it is not in flash:; an alternate file server may have it", name).
				fix(advice.Tell("Look whether it has; if not, put " + name + " on flash:."))
			return
		}
		if !ok || f.Size == 0 {
			a.add(config.Warning, "A21", "voice register global", "logo names %s of this box, and it is not there: the 7940 and 7960 show none", name).
				fix(advice.Tell("Put " + name + " on flash:, or take the line that names it out."))
			return
		}
		if f.Open == nil {
			return
		}
		r, err := f.Open()
		if err != nil {
			return
		}
		defer r.Close()
		switch less, wrong := custom.Logo(r, f.Size); {
		case wrong != nil:
			a.add(config.Warning, "A21", "voice register global", "logo names %s, which the 7940 and 7960 cannot show: %v", name, wrong).
				fix(advice.Tell("Save it as a Windows bitmap of 256 colours, 90 x 56 pixels."))
		case less != "":
			a.add(config.Note, "A21", "voice register global", "logo names %s: %s", name, less)
		}
	}
}

// locale are the files of another locale than the one phones have built in.
func (a *around) locale(note func(where, name string), where, typ, user, network string, sip bool) {
	m, ok := phone.Lookup(typ)
	if !ok || m.Jar == "" {
		return
	}
	texts, tones := m.LocaleFiles(sip)
	if u, ok := phone.LocaleByCode(user); ok && !strings.EqualFold(u.Code, phone.DefaultLocale) {
		note(where, u.Name+"/"+texts)
	}
	if n, ok := phone.LocaleByCode(network); ok && !strings.EqualFold(n.Code, phone.DefaultLocale) && m.Tones != "" {
		note(where, n.Country+"/"+tones)
	}
}

// textFiles reads the small text files of flash: for what editors leave in
// them. A list of components is read by phones with all of it.
func (a *around) textFiles() {
	if a.w.Flash == nil || a.w.Flash.Open == nil {
		return
	}
	n := 0
	for _, f := range a.w.Flash.Files {
		ext := strings.ToLower(path.Ext(f.Path))
		if f.Size == 0 || f.Size > maxText || n >= maxTexts || ext != ".txt" && ext != ".cnf" && ext != ".xml" {
			continue
		}
		n++
		text := a.read(f.Path)
		if text == nil {
			continue
		}
		what := flaw(f.Path, text)
		if what != "" {
			a.add(config.Warning, "A23", "", "flash:%s %s", f.Path, what).
				fix(advice.Tell("Write the file again without it, with an editor that saves plain text."))
		}
		if what == "" || ext == ".xml" {
			if err := wellFormed(f.Path, bytes.TrimLeft(bytes.TrimPrefix(text, bom), " \t\r\n")); err != nil {
				a.add(config.Warning, "A17", "", "flash:%s is no XML that phones read: %v", f.Path, err)
			} else if why := misplaced(f.Path, text); why != "" {
				a.add(config.Note, "A17", "", "flash:%s: %s", f.Path, why).
					fix(advice.Tell("Write the elements in the order the files of this box have, which show telephony-service tftp-bindings lists."))
			}
		}
	}
}

func (a *around) read(p string) []byte {
	r, err := a.w.Flash.Open(p)
	if err != nil {
		return nil
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, maxText+1))
	if err != nil {
		return nil
	}
	return b
}

var bom = []byte("\xef\xbb\xbf")

// flaw is what is wrong with a text file, "" if nothing. OS79XX.TXT is one name
// and nothing else: a blank or a carriage return behind it becomes part of the
// name the phone asks for (CSCdv19260).
func flaw(name string, text []byte) string {
	switch image := strings.EqualFold(path.Base(name), "OS79XX.TXT"); {
	case bytes.HasPrefix(text, bom):
		return "begins with a byte order mark, which phones do not skip"
	case bytes.HasPrefix(text, []byte("\xff\xfe")), bytes.HasPrefix(text, []byte("\xfe\xff")):
		return "is UTF-16, which phones do not read"
	case image && bytes.ContainsRune(text, '\r'):
		return "has a carriage return behind the name of the image: the phone asks for a name nobody has"
	case image && len(bytes.TrimRight(text, "\n")) != len(bytes.TrimRight(text, " \t\n")):
		return "has a blank behind the name of the image: the phone asks for a name nobody has"
	case strings.EqualFold(path.Ext(name), ".xml") && bytes.Contains(text, []byte("<?xml")) && !bytes.HasPrefix(text, []byte("<?xml")):
		return "has something before <?xml, which must come first"
	}
	return ""
}

// passwordElement is a password in a phone file that is not empty, in XML and in
// the text files of the 7940 and 7960.
var passwordElement = regexp.MustCompile(`(?i)<(?:auth|phone|ssh|admin|user)Password>[^<]+</|(?m)^\s*(?:line\d+_|phone_)password\s*:\s*"?[^"\s]`)

// passwords are the phones whose files carry one.
func (a *around) passwords() (n int) {
	seen := map[ether.MAC]bool{}
	for _, f := range a.set.Files() {
		if mac, ok := phone.MACOfFile(f.Name); ok && !seen[mac] && passwordElement.Match(f.Content) {
			seen[mac] = true
			n++
		}
	}
	return n
}
