package hfs

import (
	"fmt"
	"time"

	"option150/platform/columns"
	"option150/platform/httpd"
	"option150/platform/service"
)

// View is what `show voice register hfs` is made of.
type View struct {
	Config   Config
	HTTP     httpd.Config
	HomePath string // "flash:/phones"
	Session  int
	Fetches  int
	Bindings []Binding
	Status   service.Status        // of the service hfs, with what the plan says
	Listener *httpd.ListenerStatus // that HFS answers on; nil: none
	Server   *httpd.ListenerStatus // of the HTTP server; nil: none
	Serving  int                   // requests, both transports
	Limit    int
	Now      time.Time
}

// Binding is one name a phone may ask for and where it comes from.
type Binding struct{ Alias, URL string }

// View gathers the screen but for what others know: Bindings, Status and
// Serving.
func (s *Server) View(h Config, http httpd.Config, listeners []httpd.ListenerStatus) View {
	v := View{Config: h, HTTP: http, HomePath: "flash:/", Session: s.Session(), Fetches: s.Fetches(), Status: s.Status(), Now: time.Now()}
	if h.HomePath != "" {
		v.HomePath = h.HomePath
	}
	for i := range listeners {
		if listeners[i].Endpoint.Owner == httpd.Owner {
			v.Server = &listeners[i]
		}
		for _, m := range listeners[i].Modules {
			if m == NameModule {
				v.Listener = &listeners[i]
			}
		}
	}
	return v
}

// Working is how HFS stands in one line: "up on 0.0.0.0:6970", "down: ip http
// server is off".
func (v View) Working() string {
	next := v.Status.NextRetry
	why := v.Status.Why
	switch {
	case !v.Config.Enabled:
		return "down: not enabled"
	case v.Listener != nil && v.Listener.Up:
		return "up on " + v.Listener.Bound.String()
	case v.Listener != nil:
		why, next = v.Listener.Why, v.Listener.NextRetry
	case why == "" && !v.HTTP.Server:
		why = "ip http server is off"
	case why == "":
		why = "no listener"
	}
	out := "down: " + why
	if d := next.Sub(v.Now); !next.IsZero() && d > 0 {
		out += fmt.Sprintf(", next try in %d s", int(d.Seconds())+1)
	}
	return out
}

// Table is that of Render: what is configured and what works.
var Table = columns.Form("                   Configured               Working\n", "%-18s %-24s %s", "what configured working")

// Render is `show voice register hfs`: the lines of IOS, the bindings, and
// below them what is configured and what works. [facts/cme.md 7.3]
func Render(v View) *columns.Page {
	spec := Spec{Config: v.Config, HTTPPort: v.HTTP.Port}
	urls, aliases := map[string]bool{}, map[string]bool{}
	for _, b := range v.Bindings {
		urls[b.URL], aliases[b.Alias] = true, true
	}
	session := 0
	if v.Config.Enabled {
		session = v.Session
	}
	p := &columns.Page{}
	for _, line := range []string{
		"Fetch Service Enabled = " + yn(v.Config.Enabled),
		fmt.Sprintf("App enabled port = %d", spec.EffectivePort()),
		"Use default port = " + yn(spec.Shared()),
		fmt.Sprintf("Registered session-id = %d", session),
		"Default home path = " + v.HomePath,
		fmt.Sprintf("Ongoing fetches from home = %d", v.Fetches),
		"HTTP File Server Bindings",
		fmt.Sprintf("No. of bindings = %d", len(v.Bindings)),
		fmt.Sprintf("No. of url table entries = %d", len(urls)),
		fmt.Sprintf("No. of alias table entries = %d", len(aliases)),
	} {
		p.WriteString(line + "\n")
	}
	for _, b := range v.Bindings {
		p.WriteString(b.Alias + " url " + b.URL + "\n")
	}
	p.WriteString("\n")
	t := p.Table(Table)
	enabled, server, waits := "no", "off", ""
	if v.Config.Enabled {
		enabled = fmt.Sprintf("port %d", spec.EffectivePort())
		if spec.Shared() {
			enabled += ", shared"
		}
	}
	if v.HTTP.Server {
		server = fmt.Sprintf("port %d", v.HTTP.Port)
		switch {
		case v.Server != nil && v.Server.Up:
			waits = "up on " + v.Server.Bound.String()
		case v.Server != nil:
			waits = "down: " + v.Server.Why
		}
	} else if v.Config.Enabled {
		waits = "HFS waits for it"
	}
	t.Row("HFS", enabled, v.Working())
	t.Row("IP HTTP server", server, waits)
	t.Row("Serving count", fmt.Sprintf("%d", v.Limit), fmt.Sprintf("%d being served", v.Serving))
	return p
}

func yn(b bool) string {
	if b {
		return "Y"
	}
	return "N"
}
