package command

import (
	"fmt"
	"strings"
	"time"

	"option150/cli/language"
	"option150/platform/reload"
)

// reloadCommands are `reload` now, later and not at all.
// [facts/ios-cli.md 1.9]
func reloadCommands(b *Box) []language.Declaration {
	const doc = "facts/ios-cli.md 1.9"
	reason := ` [ <reason:LINE>("Reason for reload") ]`
	return []language.Declaration{
		action(`reload("Halt and perform a cold restart")`, privileged, doc, b.reload),
		action(`reload cancel("Cancel pending reload")`, privileged, doc, func(in *language.Invocation) error {
			if !b.Reloads.Cancel() {
				return language.Answer("%No reload is scheduled.")
			}
			return nil
		}),
		action(`reload in("Reload after a time interval") <delay:DELAY>("Delay before reload")`+reason, privileged, doc, func(in *language.Invocation) error {
			return b.reloadLater(in, time.Now().Add(time.Duration(in.Args.Int("delay"))*time.Minute), plural(in.Args.Int("delay")))
		}),
		action(`reload at("Reload at a specific time/date") <hour:HH:MM>("Time to reload") [ `+dayOfYear+` ]`+reason, privileged, doc, func(in *language.Invocation) error {
			at, err := reloadTime(in, time.Now())
			if err != nil {
				return err
			}
			return b.reloadLater(in, at, "")
		}),
		text(`reload("Scheduled reload information")`, 0, doc, func(*language.Invocation) string { return b.reloadText() }),
	}
}

// reloadTime is when the clock of the box next shows what `reload at` names: of
// a time alone today or tomorrow, of a day this year or the next.
func reloadTime(in *language.Invocation, now time.Time) (time.Time, error) {
	c, seconds := in.Config.Clock, 60*in.Args.Int("hour")
	now = now.In(c.Zone(now))
	if !in.Args.Has("day") {
		at := wall(c, now.Year(), now.Month(), now.Day(), seconds)
		if !at.After(now) {
			at = wall(c, now.Year(), now.Month(), now.Day()+1, seconds)
		}
		return at, nil
	}
	for year := now.Year(); year <= now.Year()+1; year++ {
		if at := wall(c, year, monthOf(in.Args), in.Args.Int("day"), seconds); at.Day() == in.Args.Int("day") && at.After(now) {
			return at, nil
		}
	}
	return time.Time{}, errNoDay
}

func plural(minutes int) string {
	switch h, m := minutes/60, minutes%60; {
	case h == 0:
		return count(m, "minute")
	case m == 0:
		return count(h, "hour")
	default:
		return count(h, "hour") + " and " + count(m, "minute")
	}
}

func count(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

// reload restarts the box with its startup configuration.
func (b *Box) reload(in *language.Invocation) error {
	if ok, err := b.offerSave(in); err != nil || !ok {
		return err
	}
	if ok, err := confirmed(in, "Proceed with reload? "); err != nil || !ok {
		return err
	}
	fmt.Fprintln(in.Out)
	who := in.Op.Who()
	in.Op.Close() // no prompt of a box that goes down
	b.Reloads.Now(who, "Reload Command")
	return nil
}

// offerSave asks whether to save what was not. ok says to go on.
func (b *Box) offerSave(in *language.Invocation) (ok bool, err error) {
	if !b.Unsaved() {
		return true, nil
	}
	for {
		a, err := in.Op.Ask("\nSystem configuration has been modified. Save? [yes/no]: ")
		if err != nil {
			return false, nil
		}
		switch a = strings.ToLower(strings.TrimSpace(a)); {
		case a != "" && strings.HasPrefix("yes", a):
			return true, b.save(in)
		case a != "" && strings.HasPrefix("no", a):
			return true, nil
		}
		fmt.Fprintln(in.Out, "% Please answer 'yes' or 'no'.")
	}
}

func (b *Box) reloadLater(in *language.Invocation, at time.Time, in2 string) error {
	if ok, err := b.offerSave(in); err != nil || !ok {
		return err
	}
	p := reload.Plan{Who: in.Op.Who(), At: at, Reason: "Reload Command"}
	if r := strings.TrimSpace(in.Args.String("reason")); r != "" {
		p.Reason = r
	}
	if in2 == "" {
		in2 = left(time.Until(at))
	}
	fmt.Fprintf(in.Out, "Reload scheduled for %s (in %s) by %s\n", reload.Stamp(at), in2, p.Who)
	fmt.Fprintf(in.Out, "Reload reason: %s\n", p.Reason)
	if ok, err := confirmed(in, "Proceed with reload? "); err != nil || !ok {
		return err
	}
	fmt.Fprintln(in.Out)
	b.Reloads.Schedule(p)
	return nil
}

// left is a time in words: "4 minutes and 53 seconds".
func left(d time.Duration) string {
	s := int(max(d, 0).Round(time.Second) / time.Second)
	switch h, m := s/3600, s/60%60; {
	case h > 0:
		return count(h, "hour") + " and " + count(m, "minute")
	case m > 0:
		return count(m, "minute") + " and " + count(s%60, "second")
	}
	return count(s, "second")
}

// reloadText is show reload.
func (b *Box) reloadText() string {
	p, ok := b.Reloads.Pending()
	if !ok {
		return "No reload is scheduled.\n"
	}
	return fmt.Sprintf("Reload scheduled for %s (in %s) by %s\nReload reason: %s\n", reload.Stamp(p.At), left(time.Until(p.At)), p.Who, p.Reason)
}
