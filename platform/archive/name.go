package archive

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"option150/platform/flash"
)

// Local reports that a path is one of flash:, or none.
func Local(path string) bool {
	_, err := flash.CleanPath(path)
	return err == nil
}

// CheckPath says why a `path` cannot be used, nil if it can.
func CheckPath(path string) error {
	p, err := flash.CleanPath(path)
	if err != nil {
		return err
	}
	// $t becomes a time stamp, $h a host name of up to 63 characters.
	if len(p)+64*strings.Count(p, "$")+8 > flash.MaxName {
		return flash.ErrLongName
	}
	return nil
}

// names makes and recognises the names of one path. A path that ends in a
// directory, or in nothing, gets the host name as its file.
type names struct {
	dir, file string // clean directory, "" = root; file with $h and $t
	host      string
}

func namesOf(path, host string) names {
	_, rest, ok := strings.Cut(path, ":")
	if !ok {
		rest = path
	}
	rest = strings.TrimLeft(strings.ReplaceAll(rest, `\`, "/"), "/")
	if rest == "" || strings.HasSuffix(rest, "/") {
		rest += "$h"
	}
	dir, file := "", rest
	if i := strings.LastIndexByte(rest, '/'); i >= 0 {
		dir, file = rest[:i], rest[i+1:]
	}
	n := names{file: file, host: safe(host)}
	n.dir, _ = flash.CleanPath("flash:" + strings.ReplaceAll(dir, "$h", n.host))
	return n
}

// safe keeps a host name from being a path.
func safe(host string) string {
	return strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || r <= ' ' {
			return '_'
		}
		return r
	}, host)
}

// make is the name of copy number n taken at a time.
func (n names) make(number int, stamp string) string {
	f := strings.ReplaceAll(strings.ReplaceAll(n.file, "$h", n.host), "$t", stamp)
	return join(n.dir, f+"-"+strconv.Itoa(number))
}

// stamp is a time as IOS puts it into names: Aug--3-10-11-12.345.
func stamp(t time.Time) string {
	return strings.ReplaceAll(t.UTC().Format("Jan-_2-15-04-05.000"), " ", "-")
}

// pattern recognises the copies in the directory. Their numbers are its group.
func (n names) pattern() *regexp.Regexp {
	q := regexp.QuoteMeta(n.file)
	q = strings.ReplaceAll(q, regexp.QuoteMeta("$h"), regexp.QuoteMeta(n.host))
	q = strings.ReplaceAll(q, regexp.QuoteMeta("$t"), `[A-Z][a-z]{2}-[-0-9][0-9]-\d\d-\d\d-\d\d\.\d{3}`)
	return regexp.MustCompile(`^` + q + `-(\d{1,9})$`)
}

func join(dir, file string) string {
	if dir == "" {
		return file
	}
	return dir + "/" + file
}

// display is a path in flash: as IOS writes it.
func display(path string) string { return fmt.Sprintf("flash:%s", path) }
