package flash

import (
	"fmt"
	"time"

	"option150/platform/columns"
)

// stampLayout is "Apr 22 2016 12:36:24 +00:00". [facts/ios-cli.md 1.13]
const stampLayout = "Jan 02 2006 15:04:05 -07:00"

// Listing is what `dir` and `show flash:` show.
type Listing struct {
	Path        string // clean; "" is the root
	Entries     []Entry
	Total, Free uint64
	Zone        *time.Location // nil is UTC
}

func (l Listing) stamp(t time.Time) string {
	if l.Zone == nil {
		return t.UTC().Format(stampLayout)
	}
	return t.In(l.Zone).Format(stampLayout)
}

// RenderDir is `dir flash:/path` of a directory in the form of IOS.
func RenderDir(l Listing) []string {
	out := []string{"Directory of flash:/" + l.Path, ""}
	for i, e := range l.Entries {
		mode := "-rw-"
		if e.Dir {
			mode = "drw-"
		}
		out = append(out, fmt.Sprintf("%5d  %s  %8d  %s  %s", i+1, mode, e.Size, l.stamp(e.ModTime), e.Name()))
	}
	if len(l.Entries) == 0 {
		out = append(out, "No files in directory")
	}
	return append(out, "", fmt.Sprintf("%d bytes total (%d bytes free)", l.Total, l.Free))
}

// RenderDirFile is `dir flash:/path` of one file.
func RenderDirFile(l Listing, e Entry) []string {
	l.Entries, l.Path = []Entry{e}, e.Path
	return RenderDir(l)
}

// RenderAbsent is what `dir` and `more` answer for a path nothing is at.
func RenderAbsent(path string) string {
	return fmt.Sprintf("%%Error opening flash:/%s (No such file or directory)", path)
}

// Table is that of RenderShowFlash.
var Table = columns.Form("-#- --length-- -----date/time------ path\n", "%-3d %10d %s %s\n", "number length date_time path")

// RenderShowFlash is `show flash:` over every file of the tree.
func RenderShowFlash(l Listing) *columns.Page {
	p := &columns.Page{}
	t := p.Table(Table)
	for i, e := range l.Entries {
		t.Row(i+1, e.Size, l.stamp(e.ModTime), e.Path)
	}
	fmt.Fprintf(p, "\n%d bytes available (%d bytes used)\n", l.Free, l.Total-min(l.Free, l.Total))
	return p
}
