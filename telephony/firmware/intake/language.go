package intake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"option150/platform/flash"
	"option150/telephony/phone"
)

// ErrLanguage is a package whose files lie in no directory of a language and
// whose name says none.
var ErrLanguage = errors.New("its files lie in no directory of a language, and its name says none")

// Names of the files phones ask for in their language. [Cisco Unified CME
// administrator guide, Localization; usecallmanager.nz: user locale, network locale]
var (
	languageFile = regexp.MustCompile(`(?i)(-(sccp|sip)\.jar|-tones\.xml|-dictionary(-ext)?(\.utf-8)?\.xml|-kate(\.utf-8)?\.xml|-font\.(xml|dat))$`)
	languageDir  = regexp.MustCompile(`^[A-Za-z]+(_[A-Za-z0-9]+)*$`)
	languageTag  = regexp.MustCompile(`(?i)(?:^|[-_.])([a-z]{2})_([a-z]{2})(?:[-_.]|$)`)
)

// IsLanguage reports that a package has the texts and tones of a language, and no
// firmware.
func IsLanguage(c Contents) bool {
	has := false
	for _, e := range c.Entries() {
		if image(e.Name) {
			return false
		}
		has = has || LanguageFile(e.Name)
	}
	return has
}

// LanguageFile reports that phones ask for a file of that name in the directory of
// a language or a country, never by its bare name.
func LanguageFile(name string) bool { return languageFile.MatchString(path.Base(name)) }

// LanguageOf is the locale the name of a package says: CME-locale-de_DE-8.8.tar.
func LanguageOf(file string) (phone.Locale, bool) {
	m := languageTag.FindStringSubmatch(path.Base(file))
	if m == nil {
		return phone.Locale{}, false
	}
	return phone.LocaleByLanguage(m[1], m[2])
}

// ImportLanguage unpacks the files of a language into the directories phones ask
// in: texts below German_Germany, tones below Germany, whatever case the package
// has them in. Packages for Unified CME have no directories: flat is their
// language. All of it is there or nothing; files of that name are replaced. What
// the package brought is written to a list among the packages, so that nobody
// takes it for one that is still to be unpacked.
func ImportLanguage(ctx context.Context, c Contents, f *flash.Flash, home, name string, flat phone.Locale, say Say) (Report, error) {
	rep := Report{Dir: home, Languages: map[string]int{}}
	names, need, err := languagePlan(c.Entries(), f, home, flat, &rep)
	if err != nil {
		return Report{}, err
	}
	if err := room(f, need); err != nil {
		return Report{}, err
	}
	stage, err := f.Stage()
	if err != nil {
		return Report{}, err
	}
	defer stage.Abort()
	var list strings.Builder
	err = c.Each(func(e Entry, r io.Reader) error {
		as, ok := names[e.Name]
		if !ok {
			return nil
		}
		rep.Files++
		rep.Languages[path.Dir(as)]++
		fmt.Fprintf(&list, "%s\n", as)
		_, err := write(ctx, stage, as, e, r, say)
		rep.Bytes += e.Size
		return err
	})
	if err == nil {
		err = note(stage, path.Join(Directory, name, name+".txt"), list.String())
	}
	if err != nil {
		return Report{}, err
	}
	return rep, stage.CommitInto(home)
}

// note writes the list of what came.
func note(s *flash.Stage, name, text string) error {
	w, err := s.Create(name)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, text)
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	return err
}

// languagePlan decides where each file goes and what it needs.
func languagePlan(entries []Entry, f *flash.Flash, home string, flat phone.Locale, rep *Report) (names map[string]string, need int64, err error) {
	spelt := map[string]string{} // directories as flash: has them
	have := map[string]bool{}
	for _, e := range f.Files(home) {
		in := strings.TrimPrefix(strings.TrimPrefix(e.Path, home), "/")
		have[in] = true
		if dir, _, ok := strings.Cut(in, "/"); ok {
			spelt[lower(dir)] = dir
		}
	}
	names, seen := map[string]string{}, map[string]bool{}
	for _, e := range entries {
		if !LanguageFile(e.Name) {
			rep.LeftOut = append(rep.LeftOut, e.Name)
			continue
		}
		dir := languageHome(e.Name, flat)
		if dir == "" {
			return nil, 0, &Error{e.Name, ErrLanguage}
		}
		if d, ok := spelt[lower(dir)]; ok {
			dir = d
		}
		as := dir + "/" + path.Base(e.Name)
		if seen[lower(as)] {
			return nil, 0, &Error{e.Name, ErrDuplicate}
		}
		seen[lower(as)], names[e.Name] = true, as
		need += e.Size
		if have[as] {
			rep.Replaced++
		}
	}
	return names, need, nil
}

// languageHome is the directory phones ask for a file in, "" if that is not known.
func languageHome(name string, flat phone.Locale) string {
	tones := strings.HasSuffix(lower(name), "-tones.xml")
	dir := path.Base(path.Dir(name))
	for _, l := range phone.Locales() {
		for _, d := range []string{l.Name, l.Country} {
			if strings.EqualFold(d, dir) {
				return d
			}
		}
	}
	// A language this box has no line for is two words at least, a country may
	// be one.
	if languageDir.MatchString(dir) && (strings.Contains(dir, "_") || tones && dir != "." && flat.Name == "") && !strings.EqualFold(dir, Directory) {
		words := strings.Split(lower(dir), "_")
		for i, w := range words {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
		return strings.Join(words, "_")
	}
	if tones {
		return flat.Country
	}
	return flat.Name
}

// Directories are those of a report, in order.
func (r *Report) Directories() []string {
	var out []string
	for d := range r.Languages {
		out = append(out, d)
	}
	slices.Sort(out)
	return out
}
