package firmware

import (
	"fmt"
	"strconv"
	"strings"
)

// Bounds of a list: the largest real ones have about 1,300 bytes and a dozen
// names.
const (
	MaxList       = 64 << 10
	MaxComponents = 256
	maxExtras     = 64
)

// Component is one file of a load.
type Component struct {
	Name     string
	Size     int64  // of the whole file, -1 = not told
	Digest   string // hex as in the list of a 792x; of what is unknown
	Optional bool   // only some phones fetch it; to be served all the same
	Platform string // "PLATFORM_1" of a G5 list: a phone fetches its own only
	Role     string // "rootfs" of a G5 list
}

// HardwareComp is a least level of hardware compatibility.
type HardwareComp struct{ Index, Level int }

// LoadSet is a parsed list of components.
type LoadSet struct {
	Name         string // of the file
	Header       Header
	Release      string // the release the comment of the list names
	Components   []Component
	Hardware     []HardwareComp
	Requirements []string // "HW_REV 0-4.*" of a 792x
	Attributes   []string // "LA_VERSION=PAS30831": not files; "loadversion=..."
}

// Renamed reports that the file carries another name than its own: a phone
// refuses it.
func (l *LoadSet) Renamed() bool { return l.Header.Name != "" && l.Header.Name != l.Name }

// Names are the names of all components, in the order phones fetch them.
func (l *LoadSet) Names() []string {
	var out []string
	for _, c := range l.Components {
		out = append(out, c.Name)
	}
	return out
}

// Size is the sum of the sizes that are told.
func (l *LoadSet) Size() (sum int64) {
	for _, c := range l.Components {
		sum += max(c.Size, 0)
	}
	return sum
}

// ParseList reads a list of components (.loads). name is the name the file is
// served under; a differing name inside is not an error, see Renamed.
func ParseList(name string, content []byte) (*LoadSet, error) {
	if len(content) > MaxList {
		return nil, fmt.Errorf("%s: %w: %d bytes", name, ErrTooLarge, len(content))
	}
	h, err := ParseHeader(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	l := &LoadSet{Name: name, Header: h}
	body := string(content[h.Length:])
	if strings.IndexByte(body, 0) >= 0 {
		return nil, fmt.Errorf("%s: %w: binary data in the list", name, ErrFormat)
	}
	if h.Form == G5 {
		if int64(len(body)) != h.Payload {
			return nil, fmt.Errorf("%s: %w: %d bytes of %d", name, ErrFormat, len(body), h.Payload)
		}
		err = l.ini(body)
	} else {
		err = l.lines(body)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(l.Components) == 0 {
		return nil, fmt.Errorf("%s: %w: no components", name, ErrFormat)
	}
	return l, nil
}

func (l *LoadSet) add(c Component) error {
	if !validName(c.Name) {
		return fmt.Errorf("%w: component %q", ErrFormat, c.Name)
	}
	if len(l.Components) >= MaxComponents {
		return fmt.Errorf("%w: more than %d components", ErrTooLarge, MaxComponents)
	}
	for _, o := range l.Components {
		if o.Name == c.Name && o.Platform == c.Platform {
			return nil // named twice
		}
	}
	l.Components = append(l.Components, c)
	return nil
}

// extra keeps a line that names no file.
func extra(list []string, s string) []string {
	if len(list) >= maxExtras || len(s) > 256 {
		return list
	}
	return append(list, strings.ToValidUTF8(s, "?"))
}

// lines reads the text form: CRLF or LF, comments, blank lines, trailing
// blanks, key=value lines, and on 792x name, size and digest. [facts/phones.md 3.1]
func (l *LoadSet) lines(body string) error {
	for _, line := range strings.Split(body, "\n") {
		line = strings.TrimSpace(line)
		c := Component{Size: -1}
		switch {
		case line == "":
			continue
		case strings.HasPrefix(line, "#?"):
			l.Requirements = extra(l.Requirements, strings.TrimSpace(line[2:]))
			continue
		case strings.HasPrefix(line, "#+"):
			c.Optional = true
			line = strings.TrimSpace(line[2:])
		case line[0] == '#':
			l.comment(strings.TrimSpace(line[1:]))
			continue
		}
		w := strings.Fields(line)
		if len(w) == 0 {
			continue
		}
		if strings.Contains(w[0], "=") {
			l.Attributes = extra(l.Attributes, line)
			continue
		}
		c.Name = w[0]
		if len(w) >= 2 {
			n, err := strconv.ParseInt(w[1], 10, 64)
			if err != nil || n < 0 {
				return fmt.Errorf("%w: size %q", ErrFormat, w[1])
			}
			c.Size = n
		}
		if len(w) >= 3 {
			if len(w[2]) > maxName || strings.Trim(strings.ToLower(w[2]), "0123456789abcdef") != "" {
				return fmt.Errorf("%w: digest of %s", ErrFormat, w[0])
			}
			c.Digest = w[2]
		}
		if err := l.add(c); err != nil {
			return err
		}
	}
	return nil
}

// comment understands `RELEASE load version X` and `HARDWARE_COMP_1 15`.
func (l *LoadSet) comment(s string) {
	w := strings.Fields(s)
	switch {
	case len(w) == 4 && w[0] == "RELEASE" && w[1] == "load" && w[2] == "version":
		l.Release = strings.ToValidUTF8(w[3], "?")
	case len(w) == 2 && strings.HasPrefix(w[0], "HARDWARE_COMP_"):
		i, err1 := strconv.Atoi(strings.TrimPrefix(w[0], "HARDWARE_COMP_"))
		n, err2 := strconv.Atoi(w[1])
		if err1 == nil && err2 == nil && len(l.Hardware) < maxExtras {
			l.Hardware = append(l.Hardware, HardwareComp{i, n})
		}
	}
}

// ini reads the G5 form: [CISCO-ID] with facts, [PLATFORM_n] with a line
// `role=file size=n` per component. [facts/phones.md 3.2]
func (l *LoadSet) ini(body string) error {
	section := ""
	for _, line := range strings.Split(body, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		if line[0] == '[' {
			if section = strings.Trim(line, "[] "); len(section) > maxName {
				return fmt.Errorf("%w: section of %d bytes", ErrFormat, len(section))
			}
			section = strings.ToValidUTF8(section, "?")
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if !ok || key == "" {
			return fmt.Errorf("%w: line %.40q", ErrFormat, line)
		}
		if !strings.HasPrefix(section, "PLATFORM") {
			if key == "loadversion" {
				l.Release = strings.ToValidUTF8(value, "?")
			}
			l.Attributes = extra(l.Attributes, key+"="+value)
			continue
		}
		w := strings.Fields(value)
		if len(w) == 0 {
			continue
		}
		c := Component{Name: w[0], Size: -1, Platform: section, Role: strings.ToValidUTF8(key, "?")}
		for _, f := range w[1:] {
			if s, ok := strings.CutPrefix(f, "size="); ok {
				n, err := strconv.ParseInt(s, 10, 64)
				if err != nil || n < 0 {
					return fmt.Errorf("%w: size %q", ErrFormat, s)
				}
				c.Size = n
			}
		}
		if len(w) == 1 && !strings.Contains(w[0], ".") {
			l.Attributes = extra(l.Attributes, section+"/"+key+"="+value) // a number, not a file
			continue
		}
		if err := l.add(c); err != nil {
			return err
		}
	}
	return nil
}
