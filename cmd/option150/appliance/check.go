package appliance

import (
	"fmt"
	"io"
	"strings"

	"option150/cli/command"
	"option150/cli/language"
	"option150/platform/config"
	"option150/platform/netif"
	"option150/platform/running"
	"option150/telephony/audit"
)

// Check reads an IOS configuration and prints what would become of it here:
// rejected lines, carried lines, lines a part of which has no effect, what the
// audit says, and the line scripts
// read. It reports whether nothing was rejected. Nothing is opened: the
// interfaces are those the configuration names.
func Check(text string, out io.Writer) (clean bool, err error) {
	f := factsOf(text)
	b := &command.Box{}
	b.Store = running.New(running.Options{Initial: config.Default(f), Facts: func() config.Facts { return f }})
	if b.Language, err = command.New(b); err != nil {
		return false, err
	}
	rep, err := b.Language.Candidate(text, b.Store.Current(), func(c *config.Config) error { return config.Refusal(c.Validate(f)) })
	if err != nil {
		return false, err
	}
	report := audit.Run(rep.Config, f, audit.World{})
	for _, e := range rep.Rejected {
		fmt.Fprintf(out, "rejected  %v\n", e)
	}
	for _, l := range rep.CarriedText {
		fmt.Fprintf(out, "carried   %s\n", l)
	}
	for _, i := range language.Gather(rep.Partly) {
		fmt.Fprintf(out, "%-9s %s\n", i.Class(), i)
	}
	for i := range report.Findings {
		p := &report.Findings[i]
		fmt.Fprintf(out, "%-9s %s %s\n", p.Severity, p.Code, p)
		if len(p.Fix) > 0 {
			fmt.Fprintf(out, "  FIX     %s\n", p.Fix)
		}
	}
	if len(report.Unseen) > 0 {
		fmt.Fprintf(out, "unseen    %s\n", strings.Join(report.Unseen, "; "))
	}
	if rep.Noise > 0 {
		fmt.Fprintf(out, "skipped   %d of a session and no configuration: enable, configure terminal\n", rep.Noise)
	}
	fmt.Fprintf(out, "lines %d implemented %d carried %d rejected %d findings %d\n",
		rep.Lines(), rep.Implemented, rep.Carried, len(rep.Rejected), len(report.Findings))
	return len(rep.Rejected) == 0, nil
}

// factsOf takes the interfaces from the text: a pasted configuration describes
// its own router. They are managed, so their addresses are those configured.
func factsOf(text string) config.Facts {
	var f config.Facts
	for line := range strings.Lines(text) {
		w := strings.Fields(line)
		if len(w) < 2 || !strings.EqualFold(w[0], "interface") || len(f.Interfaces) >= 256 {
			continue
		}
		name, ok := netif.ParseName(strings.Join(w[1:], ""))
		if _, twice := f.Interface(name); !ok || twice || !netif.Cabled(name) {
			continue
		}
		f.Interfaces = append(f.Interfaces, config.InterfaceFact{Mapping: netif.Mapping{Name: name, Device: name, Managed: true}, Up: true})
	}
	return f
}
