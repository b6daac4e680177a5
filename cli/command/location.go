package command

import (
	"errors"
	"fmt"
	"strings"

	"option150/platform/flash"
	"option150/platform/plain"
)

// location is a file as commands name it: flash:archive/x, nvram:startup-config,
// system:running-config, null:, tftp://host/x, http://host/x. Parts that may be
// asked for are empty.
type location struct {
	fs   string // one of the constants below
	host string // host or host:port of tftp and http
	path string // clean; for http with its leading slash
}

// The file systems.
const (
	fsFlash  = "flash"
	fsNVRAM  = "nvram"
	fsSystem = "system"
	fsNull   = "null"
	fsTFTP   = "tftp"
	fsHTTP   = "http"
	fsPhone  = "phone"        // recordings of phones, read only
	fsFrames = "phone frames" // of the capture ring, for a file that ends in .pcapng
)

// The configurations as files.
var (
	runningConfig = location{fs: fsSystem, path: "running-config"}
	startupConfig = location{fs: fsNVRAM, path: "startup-config"}
)

// maxLocation bounds what is typed for a file, in bytes.
const maxLocation = 512

var errLocation = errors.New("not a file")

// parseLocation reads a file with its file system. A text without one is a
// file of flash: if bare is set.
func parseLocation(s string, bare bool) (location, error) {
	if s == "" || len(s) > maxLocation || strings.ContainsAny(s, " \t") || plain.Typed(s) >= 0 {
		return location{}, errLocation
	}
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok {
		if !bare {
			return location{}, errLocation
		}
		scheme, rest = fsFlash, s
	}
	switch strings.ToLower(scheme) {
	case fsFlash, "flash0", "slot0", "bootflash":
		p, err := flash.CleanPath("flash:" + rest)
		return location{fs: fsFlash, path: p}, err
	case fsNVRAM, fsSystem:
		rest = strings.Trim(rest, "/")
		if rest == "" {
			return location{fs: strings.ToLower(scheme)}, nil
		}
		p, err := flash.CleanName(rest)
		if err == nil && strings.ToLower(scheme) == fsNVRAM && strings.Contains(p, "/") {
			err = errLocation
		}
		return location{fs: strings.ToLower(scheme), path: p}, err
	case fsPhone:
		p, err := flash.CleanName(rest)
		if err == nil && strings.Contains(p, "/") {
			err = errLocation
		}
		return location{fs: fsPhone, path: p}, err
	case fsNull:
		if strings.Trim(rest, "/") != "" {
			return location{}, errLocation
		}
		return location{fs: fsNull}, nil
	case fsTFTP:
		return remote(fsTFTP, rest)
	case fsHTTP:
		l, err := remote(fsHTTP, rest)
		if l.path != "" {
			l.path = "/" + l.path
		}
		return l, err
	}
	return location{}, errLocation
}

// remote reads [//host[:port]][/path].
func remote(fs, rest string) (location, error) {
	l := location{fs: fs}
	if after, ok := strings.CutPrefix(rest, "//"); ok {
		l.host, rest, _ = strings.Cut(after, "/")
		if l.host == "" || !hostText(l.host) {
			return location{}, errLocation
		}
	}
	l.path = strings.TrimLeft(rest, "/")
	if !printableText(l.path) {
		return location{}, errLocation
	}
	return l, nil
}

// hostText: letters, digits and what addresses and ports are made of.
func hostText(s string) bool {
	return len(s) <= 255 && !strings.ContainsFunc(s, func(r rune) bool {
		return !letter(r) && (r < '0' || r > '9') && !strings.ContainsRune(".-_:[]", r)
	})
}

func printableText(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

func (l location) String() string {
	switch l.fs {
	case fsTFTP, fsHTTP:
		if l.host == "" {
			return l.fs + ":" + l.path
		}
		return l.fs + "://" + l.host + "/" + strings.TrimPrefix(l.path, "/")
	case fsFlash:
		return "flash:/" + l.path
	}
	return l.fs + ":" + l.path
}

// short is the form in dialogues: flash:x without the slash.
func (l location) short() string { return strings.Replace(l.String(), "flash:/", "flash:", 1) }

func (l location) remote() bool { return l.fs == fsTFTP || l.fs == fsHTTP }

// base is the last part of the path.
func (l location) base() string { return l.path[strings.LastIndexByte(l.path, '/')+1:] }

// fileType is a file with its file system, or, if bare, a file of flash:.
type fileType struct{ bare bool }

func (fileType) Label() string { return "WORD" }
func (fileType) Rank() int     { return 4 }
func (t fileType) Parse(s string) (any, error) {
	_, err := parseLocation(s, t.bare)
	return s, err
}
func (fileType) Format(v any) string { return fmt.Sprint(v) }

// delayType is the time until a reload, in minutes or hours and minutes. The
// value is minutes.
type delayType struct{}

func (delayType) Label() string { return "mmm or hhh:mm" }
func (delayType) Rank() int     { return 4 }
func (delayType) Parse(s string) (any, error) {
	h, m, ok := strings.Cut(s, ":")
	if !ok {
		h, m = "0", s
	}
	hours, err1 := digits(h, 999)
	minutes, err2 := digits(m, 35000)
	if err1 != nil || err2 != nil || ok && (minutes > 59 || len(m) != 2) || hours*60+minutes == 0 {
		return nil, fmt.Errorf("no delay: %q", s)
	}
	return hours*60 + minutes, nil
}
func (delayType) Format(v any) string { return fmt.Sprintf("%d", v) }

// hourType is a time of day. The value is minutes after midnight.
type hourType struct{}

func (hourType) Label() string { return "hh:mm" }
func (hourType) Rank() int     { return 4 }
func (hourType) Parse(s string) (any, error) {
	h, m, ok := strings.Cut(s, ":")
	hours, err1 := digits(h, 23)
	minutes, err2 := digits(m, 59)
	if !ok || err1 != nil || err2 != nil || len(m) != 2 {
		return nil, fmt.Errorf("no time: %q", s)
	}
	return hours*60 + minutes, nil
}
func (hourType) Format(v any) string { return fmt.Sprintf("%02d:%02d", v.(int)/60, v.(int)%60) }

func digits(s string, limit int) (int, error) {
	if s == "" || len(s) > 5 || strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' }) || atoi(s) > limit {
		return 0, fmt.Errorf("no number up to %d: %q", limit, s)
	}
	return atoi(s), nil
}
