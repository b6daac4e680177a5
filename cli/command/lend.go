package command

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"option150/platform/archive"
	"option150/platform/config"
	"option150/platform/flash"
	"option150/platform/fleet"
	"option150/platform/fleet/follow"
	"option150/platform/fleet/pair"
)

// Lend is what boxes that follow this one are given. One goroutine asks.
func (b *Box) Lend() []fleet.Lent {
	s, l := &lentSections{box: b}, &lentFiles{box: b}
	l.tell = pair.Teller{Flash: b.Flash, Home: b.homePath, At: b.filesAt, Ask: b.askedAs}
	return []fleet.Lent{{Kind: follow.Kind, Value: s.value}, {Kind: pair.Kind, Value: l.value}}
}

// lentSections are the sections of telephony and DHCP. A version that says the same in
// them is none.
type lentSections struct {
	box     *Box
	number  int
	text    string
	secret  bool
	packed  string
	problem error
}

func (l *lentSections) value(_ context.Context, private bool) (string, bool, error) {
	b := l.box
	if _, pending := b.Confirm.Pending(); pending { // it may go back
		return "", false, nil
	}
	v := b.Store.Version()
	if v.Config.Leader != "" { // nobody follows who follows
		return "", true, nil
	}
	if v.Number != l.number {
		l.number = v.Number
		if text := b.Language.RenderText(v.Config.Followed()); text != l.text {
			l.text, l.secret = text, secretLine(text)
			s := follow.Sections{Software: b.Version, Number: v.Number, Changed: v.Time, Text: text}
			if rep, err := b.Language.Load(text, config.Default(config.Facts{}), nil); err == nil {
				s.Carried = rep.Carried
			}
			l.packed, l.problem = s.Encode()
		}
	}
	if l.secret && !private {
		return "", true, fleet.ErrSecret
	}
	return l.packed, true, l.problem
}

// secretLine reports that a line of a text holds a secret.
func secretLine(text string) bool {
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\n"); archive.HideKeys(line) != line {
			return true
		}
	}
	return false
}

// lentFiles is the list of the phones' files. What is put there from outside is seen
// within a minute.
type lentFiles struct {
	box     *Box
	tell    pair.Teller
	changes uint64
	version int
	looked  time.Time
	packed  string
	problem error
}

func (l *lentFiles) value(ctx context.Context, _ bool) (string, bool, error) {
	c, v := l.box.Flash.Changes(), l.box.Store.Version()
	if v.Config.Leader != "" {
		return "", true, nil
	}
	if c != l.changes || v.Number != l.version || time.Since(l.looked) > time.Minute {
		list, err := l.tell.List(ctx)
		if err != nil {
			return "", false, nil
		}
		l.changes, l.version, l.looked = c, v.Number, time.Now()
		l.packed, l.problem = list.Encode()
	}
	return l.packed, true, l.problem
}

// filesAt is where HFS of this box answers.
func (b *Box) filesAt() (out []netip.AddrPort) {
	c := b.Store.Current()
	if !c.HFS.Enabled || !c.HTTP.Server {
		return nil
	}
	port := c.HFS.Port
	if port == 0 {
		port = c.HTTP.Port
	}
	for _, i := range b.Store.Facts().Interfaces {
		for _, p := range append(c.Addresses(i), c.Addresses6(i)...) {
			if a := p.Addr(); a.IsGlobalUnicast() {
				out = append(out, netip.AddrPortFrom(a, port))
			}
		}
	}
	return out
}

// askedAs is the name by which a file of flash: is served that lies outside the home
// path, "" = it is served to nobody, or not to everybody.
func (b *Box) askedAs(path string) string {
	for _, l := range b.Files.Bindings() {
		if p, err := flash.CleanPath(l.File); err != nil || p != path || l.ACL != "" {
			continue
		}
		if l.Alias != "" {
			return l.Alias
		}
		return path[strings.LastIndexByte(path, '/')+1:]
	}
	return ""
}
