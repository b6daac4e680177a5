package command

import (
	"fmt"
	"strings"
	"time"

	"option150/cli/language"
	"option150/platform/columns"
	"option150/platform/netif"
	"option150/platform/service"
)

func showNetwork(b *Box) []language.Declaration {
	const doc = "facts/ios-cli.md 1.13"
	render := func(f func([]netif.View) string) func(*language.Invocation) string {
		return func(in *language.Invocation) string { return f(b.interfaceViews(in)) }
	}
	list := func(syntax, doc string, f func([]netif.View) *columns.Page, l *columns.Layout) language.Declaration {
		return table(syntax, 0, doc, func(in *language.Invocation) *columns.Page { return f(b.interfaceViews(in)) }, l)
	}
	return []language.Declaration{
		list(`ip interface("IP interface status and configuration") brief("Brief summary of IP status and configuration")`, doc, netif.ShowBrief, netif.BriefTable),
		text(`ip interface [ <name:IFNAME>("Interface") ]`, 0, doc, render(netif.ShowIPInterface)),
		text(`interfaces("Interface status and configuration") [ <name:IFNAME>("Interface") ]`, 0, doc, render(netif.ShowInterfaces)),
		list(`interfaces [ <name:IFNAME>("Interface") ] description("Interface descriptions")`, doc, netif.ShowDescriptions, netif.DescriptionsTable),
		list(`interfaces [ <name:IFNAME>("Interface") ] summary("Interface counters and rates, a line each")`, "facts/ios-cli.md 3.4", netif.ShowSummary, netif.SummaryTable),
	}
}

// interfaceViews joins what Linux knows and what the configuration says.
func (b *Box) interfaceViews(in *language.Invocation) []netif.View {
	list, err := b.Netif.Interfaces()
	if err != nil {
		return nil
	}
	var out []netif.View
	for _, i := range list {
		if name := in.Args.String("name"); name != "" && name != i.Name {
			continue
		}
		v := netif.View{Interface: i, Method: "other"}
		if b.Meter != nil {
			v.Rate = b.Meter.Rate(i.Device)
		}
		if c := in.Config.Interface(i.Name); c != nil {
			v.Description = c.Description
			switch {
			case i.Managed && c.Address.IsValid():
				v.Method = "manual"
				if l := b.Store.Changes(); len(l) > 0 && l[0].Number == 1 {
					if s := l[0].After.Interface(i.Name); s != nil && s.Address == c.Address {
						v.Method = "NVRAM" // as it was loaded
					}
				}
			case i.Managed, len(i.Addrs) == 0:
				v.Method = ""
			}
		}
		b.Clear.Apply(&v)
		out = append(out, v)
	}
	return out
}

// clearCounters is `clear counters`. Linux and the programs that watch the
// machine keep theirs. [facts/ios-cli.md 1.13]
func clearCounters(b *Box) language.Declaration {
	return action(`clear counters("Clear counters on one or all interfaces") [ <name:IFNAME>("Interface") ]`, privileged, "facts/ios-cli.md 1.13", func(in *language.Invocation) error {
		what := "all interfaces"
		if in.Args.Has("name") {
			what = "this interface"
		}
		if ok, err := confirmed(in, "Clear \"show interface\" counters on "+what+" "); err != nil || !ok {
			return err
		}
		fmt.Fprintln(in.Out)
		list, err := b.Netif.Interfaces()
		if err != nil {
			return language.Answer("% The counters could not be read (" + cause(err) + ")")
		}
		for _, i := range list {
			if name := in.Args.String("name"); name == "" || name == i.Name {
				b.Clear.Clear(i, time.Now())
			}
		}
		return nil
	})
}

// when a service does not run, its show command says so first.
func notRunning(s service.Status, what string) string {
	if s.State == service.Running {
		return ""
	}
	t := fmt.Sprintf("%s: %s", what, s.State)
	if s.Why != "" {
		t += " (" + s.Why + ")"
	}
	if !s.NextRetry.IsZero() {
		t += fmt.Sprintf(", next try in %d s", max(1, int(time.Until(s.NextRetry)/time.Second)))
	}
	return t + "\n"
}

func lines2text(l []string) string {
	if len(l) == 0 {
		return ""
	}
	return strings.Join(l, "\n") + "\n"
}
