package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/columns"
	"option150/platform/config"
	"option150/platform/fleet"
	"option150/platform/fleet/follow"
	"option150/platform/fleet/pair"
	"option150/platform/plain"
	"option150/platform/running"
)

const docFollow = "docs/pair.md"

// followLine is `fleet configuration follow`.
func followLine(b *Box) language.Declaration {
	return language.Declaration{
		Mode: language.Global, Doc: docFollow, Single: true,
		Syntax: `fleet("This box among others, at an etcd they have in common")
			configuration("Configuration of the boxes")
			follow("Have the sections of telephony and DHCP from another box") ![ <box:WORD>("Its name in the fleet") ]`,
		Set: func(c *language.Context) error {
			name := c.Args.String("box")
			if !fleet.ValidName(name) {
				return language.Answer("% A name has up to " + itoa(fleet.MaxName) + " letters, digits, - and _")
			}
			c.Config.Leader = name
			return nil
		},
		Unset: func(c *language.Context) error { c.Config.Leader = ""; return nil },
		Get:   func(v *language.View) []grammar.Args { return one(v.Config.Leader != "", "box", v.Config.Leader) },
		After: func(in *language.Invocation) error {
			_, err := fmt.Fprintf(in.Out, "%%Warning: what %s publishes takes the place of the sections of telephony and DHCP here: see show fleet configuration\n", b.Store.Current().Leader)
			return err
		},
	}
}

// follower is the box as package follow sees it.
type follower struct{ box *Box }

// NewFollower returns the follower of a box.
func NewFollower(b *Box, e follow.Engine) *follow.Follower {
	return follow.New(follow.Options{Engine: e, Box: follower{b}, Recorder: b.Journal})
}

// Version implements follow.Box.
func (f follower) Version() int { return f.box.Store.Version().Number }

// Holds implements follow.Box.
func (f follower) Holds(s follow.Sections) bool {
	return f.box.Language.RenderText(f.box.Store.Current().Followed()) == s.Text
}

// errNotLed ends a transaction that came too late.
var errNotLed = errors.New("this box follows somebody else by now")

// Take implements follow.Box.
func (f follower) Take(ctx context.Context, leader string, s follow.Sections) (changed bool, err error) {
	if _, pending := f.box.Confirm.Pending(); pending {
		return false, follow.ErrLater
	}
	theirs, err := f.understood(s)
	if err != nil {
		return false, err
	}
	before := f.box.Store.Current()
	if theirs.Held(before) == "" {
		return false, nil
	}
	who := running.Who{Line: "fleet (" + leader + ")", Leads: true}
	backup := f.box.backup(io.Discard)
	changed, err = f.box.Store.Change(ctx, who, func(c *config.Config) error {
		if c.Leader != leader {
			return errNotLed
		}
		c.Follow(theirs)
		return nil
	})
	if err != nil {
		return false, errors.New(oneLine(explained(err)))
	}
	if err := f.box.Confirm.Arm(who, before, follow.Within, backup); err != nil && !errors.Is(err, running.ErrPending) {
		return changed, err
	}
	return changed, nil
}

// Confirm implements follow.Box. What an operator waits for is his to confirm.
func (f follower) Confirm() {
	if p, ok := f.box.Confirm.Pending(); ok && p.Who.Leads {
		_ = f.box.Confirm.Confirm(p.Who)
	}
}

// understood reads the sections, all of them or none: each line is one, none means
// less here than there, and what was read is printed as what came.
func (f follower) understood(s follow.Sections) (*config.Config, error) {
	rep, err := f.box.Language.Load(s.Text, config.Default(config.Facts{}), nil)
	if err != nil {
		return nil, err
	}
	if n := len(rep.Rejected); n > 0 {
		return nil, fmt.Errorf("%d of its lines cannot be read here, the first is %s", n, oneLine(rep.Rejected[0]))
	}
	if n := rep.Carried - s.Carried; n > 0 {
		return nil, fmt.Errorf("%d of its lines do nothing here: this box has version %s, its own is %s", n, f.box.Version, s.Software)
	}
	if f.box.Language.RenderText(rep.Config.Followed()) != s.Text {
		return nil, fmt.Errorf("it reads otherwise here: this box has version %s, its own is %s", f.box.Version, s.Software)
	}
	return rep.Config, nil
}

// oneLine is an answer as a part of a sentence. What stands in it may be another
// box's words.
func oneLine(err error) string {
	text := strings.TrimPrefix(strings.TrimSpace(err.Error()), "%")
	return plain.Shown(strings.TrimSpace(strings.ReplaceAll(text, "\n%", "; ")), 300)
}

// showFollow are the shows of a box that follows, and of its leader.
func showFollow(b *Box) []language.Declaration {
	const head = `fleet("This box among others") `
	return []language.Declaration{
		text(head+`configuration("That of another box, as it published it")`, 0, docFollow, func(*language.Invocation) string {
			return follow.Show(b.Follow.State(), time.Now()) + lendingText(b.Fleet.Lending())
		}),
		table(head+`flash("Phones' files that come from the box that is followed")`, 0, docFollow, func(*language.Invocation) *columns.Page {
			return pair.Show(b.Pair.State(), time.Now())
		}, pair.Table),
	}
}

// lendingText is what boxes that follow this one are given.
func lendingText(kinds map[string]string) string {
	if kinds == nil {
		return "Boxes that follow this one are given nothing: it needs publish configuration in the section fleet\n"
	}
	var w strings.Builder
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		what := map[string]string{follow.Kind: "sections of telephony and DHCP", pair.Kind: "list of the phones' files"}[k]
		if why := kinds[k]; why != "" {
			fmt.Fprintf(&w, "Boxes that follow this one are not given the %s: %s\n", what, why)
		} else {
			fmt.Fprintf(&w, "Boxes that follow this one are given the %s\n", what)
		}
	}
	return w.String()
}
