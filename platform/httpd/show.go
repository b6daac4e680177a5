package httpd

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"option150/platform/columns"
	"option150/platform/listen"
	"option150/platform/sorted"
)

// Connection is a connection as show prints it.
type Connection struct {
	Local, Remote netip.AddrPort
	In, Out       int64     // bytes
	Since, End    time.Time // End is zero while it is open
}

// Statistics count since the start.
type Statistics struct {
	Accepted          uint64 // connections
	RefusedPerAddress uint64 // told 503: too many of one address
	RefusedTotal      uint64 // told 503: too many in all
}

// ListenerStatus is how one listener stands.
type ListenerStatus struct {
	listen.State
	Modules []string
}

// Listeners tells how the listeners stand, in the order of the Spec.
func (s *Server) Listeners() []ListenerStatus {
	var all []ListenerStatus
	for _, p := range s.set.Places() {
		l := ListenerStatus{State: p.State()}
		for _, m := range *p.Value.modules.Load() {
			l.Modules = append(l.Modules, m.Name())
		}
		all = append(all, l)
	}
	return all
}

// Connections are the open connections, oldest first.
func (s *Server) Connections() []Connection {
	s.tracker.mu.Lock()
	defer s.tracker.mu.Unlock()
	all := make([]Connection, 0, len(s.tracker.conns))
	for _, c := range s.tracker.conns {
		all = append(all, c.snapshot(time.Time{}))
	}
	sorted.By(all, func(a, b Connection) int {
		if c := a.Since.Compare(b.Since); c != 0 {
			return c
		}
		return a.Remote.Compare(b.Remote)
	})
	return all
}

// History are the connections that ended last, oldest first, at most 20.
func (s *Server) History() []Connection {
	s.tracker.mu.Lock()
	defer s.tracker.mu.Unlock()
	t := s.tracker
	var out []Connection
	for n := max(0, t.ended-historySize); n < t.ended; n++ {
		out = append(out, t.history[n%historySize])
	}
	return out
}

// Statistics are the counters.
func (s *Server) Statistics() Statistics {
	s.tracker.mu.Lock()
	defer s.tracker.mu.Unlock()
	return s.tracker.stats
}

// ModuleStatus is one row of the session modules.
type ModuleStatus struct {
	Name, Description string
	Active            bool // answers on some listener
}

// Modules are the session modules, by name.
func (s *Server) Modules() []ModuleStatus {
	active := map[string]bool{}
	for _, l := range s.Listeners() {
		for _, m := range l.Modules {
			active[m] = true
		}
	}
	var all []ModuleStatus
	for _, m := range s.modules {
		all = append(all, ModuleStatus{m.Name(), m.Description(), active[m.Name()]})
	}
	sorted.By(all, func(a, b ModuleStatus) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// View is what the screens of `show ip http server` are made of.
type View struct {
	Config        Config
	Supplementary []uint16 // further ports: that of HFS
	Limits        Limits
	Listeners     []ListenerStatus
	Modules       []ModuleStatus
	Connections   []Connection
	Statistics    Statistics
	History       []Connection
	Now           time.Time
}

// View gathers the screens for a configuration.
func (s *Server) View(c Config, supplementary ...uint16) View {
	return View{Config: c, Supplementary: supplementary, Limits: s.limits, Listeners: s.Listeners(), Modules: s.Modules(),
		Connections: s.Connections(), Statistics: s.Statistics(), History: s.History(), Now: time.Now()}
}

// The tables of `show ip http server`.
var (
	ModulesTable     = columns.Form("Session module Name  Handle Status   Secure-status  Description\n", "%-20s %-6d %-8s %-14s %s\n", "session_module_name handle status secure_status description")
	ConnectionsTable = columns.Form("local-ipaddress:port  remote-ipaddress:port in-bytes  out-bytes\n", "%21s %22s %8d %10d\n", "local_ipaddress_port remote_ipaddress_port in_bytes out_bytes")
	HistoryTable     = columns.Form("local-ipaddress:port  remote-ipaddress:port in-bytes  out-bytes  end-time\n", "%21s %22s %8d %10d  %s\n", "local_ipaddress_port remote_ipaddress_port in_bytes out_bytes end_time")
	ListenersTable   = columns.Form("Owner            Configured               Modules                Working\n", "%-16s %-24s %-22s %s\n", "owner configured modules working")
)

// RenderStatus is `show ip http server status`, the classic lines and no
// others: parsers refuse a line they do not know. [facts/files.md 1.7]
func RenderStatus(v View) *columns.Page {
	p := &columns.Page{}
	state := "Disabled"
	if v.Config.Server {
		state = "Enabled"
	}
	fmt.Fprintf(p, "HTTP server status: %s\nHTTP server port: %d\n", state, v.Config.Port)
	if len(v.Supplementary) > 0 {
		var ports []string
		for _, p := range v.Supplementary {
			ports = append(ports, strconv.Itoa(int(p)))
		}
		fmt.Fprintf(p, "HTTP server active supplementary listener ports: %s\n", strings.Join(ports, " "))
	}
	fmt.Fprintf(p, "HTTP server authentication method: enable\n"+
		"HTTP server access class: 0\n"+
		"HTTP server base path:\n"+
		"Maximum number of concurrent server connections allowed: %d\n"+
		"Server idle time-out: %d seconds\n"+
		"Server life time-out: %d seconds\n"+
		"Maximum number of requests allowed on a connection: %d\n"+
		"HTTP server active session modules: ALL\n"+
		"HTTP secure server capability: Not present\n", v.Limits.Total, int(v.Limits.Idle.Seconds()), int(v.Limits.Life.Seconds()), v.Limits.Requests)
	return p
}

// RenderModules is `show ip http server session-module`.
func RenderModules(v View) *columns.Page {
	p := columns.Text("HTTP server application session modules:\n")
	t := p.Table(ModulesTable)
	for i, m := range v.Modules {
		state := "Inactive"
		if m.Active {
			state = "Active"
		}
		t.Row(m.Name, i+1, state, "Inactive", m.Description)
	}
	return p
}

// RenderConnections is `show ip http server connection`.
func RenderConnections(v View) *columns.Page {
	p := columns.Text("HTTP server current connections:\n")
	t := p.Table(ConnectionsTable)
	for _, c := range v.Connections {
		t.Row(c.Local, c.Remote, c.In, c.Out)
	}
	return p
}

// RenderStatistics is `show ip http server statistics`.
func RenderStatistics(v View) *columns.Page {
	return columns.Text(fmt.Sprintf("HTTP server statistics:\nAccepted connections total: %d\n"+
		"Connections answered 503, too many of one address: %d\n"+
		"Connections answered 503, too many in all: %d\n", v.Statistics.Accepted, v.Statistics.RefusedPerAddress, v.Statistics.RefusedTotal))
}

// RenderHistory is `show ip http server history`.
func RenderHistory(v View) *columns.Page {
	p := columns.Text("HTTP server history:\n")
	t := p.Table(HistoryTable)
	for _, c := range v.History {
		t.Row(c.Local, c.Remote, c.In, c.Out, c.End.UTC().Format("15:04:05 02/01"))
	}
	return p
}

// RenderListeners says what is configured and what works, side by side.
func RenderListeners(v View) *columns.Page {
	p := columns.Text("HTTP server listeners:\n")
	t := p.Table(ListenersTable)
	for _, l := range v.Listeners {
		working := "yes, since " + l.Since.UTC().Format("15:04:05 02/01")
		if !l.Up {
			working = "no: " + l.Why
			if d := l.NextRetry.Sub(v.Now); d > 0 {
				working += fmt.Sprintf(", next try in %d s", int(d.Seconds())+1)
			}
		}
		t.Row(l.Endpoint.Owner, l.Endpoint, strings.Join(l.Modules, " "), working)
	}
	return p
}

// RenderAll is `show ip http server all`.
func RenderAll(v View) *columns.Page {
	p := &columns.Page{}
	for i, f := range []func(View) *columns.Page{RenderStatus, RenderModules, RenderListeners, RenderConnections, RenderStatistics, RenderHistory} {
		if i > 0 {
			p.WriteString("\n")
		}
		p.Add(f(v))
	}
	return p
}
