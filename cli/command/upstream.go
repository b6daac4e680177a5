package command

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/hfs"
	"option150/hfs/upstream"
	"option150/platform/columns"
	"option150/platform/fileserver"
	"option150/telephony/audit"
	"option150/telephony/firmware"
)

const fileServerHead = `file-server("Serving files over TFTP and HTTP") `

// alternates are the lines about other file servers. [source 004, "Alternate
// Cisco file servers"]
func alternates(b *Box) []language.Declaration {
	const group, doc = "file-server", "source 004"
	line := keyed(language.Declaration{
		Mode: language.Global, Group: group, Doc: doc,
		Syntax: fileServerHead + `alternate("File server that is asked for what is not here")
			<order:1-3>("Place in the order in which they are asked")
			![ <host:WORD>("Address or name")
				[ port("Port it answers file servers on")
					<port:1-65535>("Port, 6970 if not given") ] ]`,
	}, list[upstream.Alternate, int]{in: func(c *language.Context) *[]upstream.Alternate { return &c.Config.Upstream.Alternates },
		key: func(a *upstream.Alternate) int { return a.Order }, order: func(a, b int) int { return a - b }},
		func(a grammar.Args) (upstream.Alternate, error) {
			v := upstream.Alternate{Order: a.Int("order"), Port: upstream.DefaultPort}
			if a.Has("port") {
				v.Port = uint16(a.Int("port"))
			}
			var err error
			v.Host, err = serverHost(a.String("host"))
			return v, err
		},
		func(a upstream.Alternate) grammar.Args {
			out := args("order", a.Order, "host", a.Host)
			if a.Port != upstream.DefaultPort {
				out["port"] = int(a.Port)
			}
			return out
		})
	set := line.Set
	line.Set = func(c *language.Context) error {
		if b.itself(c) {
			return language.Answer("% That is this box itself: a file server does not ask itself")
		}
		return set(c)
	}
	return []language.Declaration{
		line,
		{
			Mode: language.Global, Group: group, Doc: doc,
			Syntax: fileServerHead + `common-files("Whose common files phones of other clusters get")
				![ ( local("Those of this box")
					| home$home("Those of the cluster of the phone, as far as it is known") ) ]`,
			Set:   func(c *language.Context) error { c.Config.Upstream.CommonHome = c.Args.Has("home"); return nil },
			Unset: func(c *language.Context) error { c.Config.Upstream.CommonHome = false; return nil },
			Get: func(v *language.View) []grammar.Args {
				return one(v.Config.Upstream.CommonHome, "home", "home")
			},
		},
		value(language.Global, fileServerHead+`rate-limit("Rate of what is fetched from alternates")
			![ <kbps:8-10000000>("Kilobits a second, all fetches together") ]`, "kbps", group, doc, 0,
			func(c *language.Context) *int { return &c.Config.Upstream.RateLimit }),
		{
			Mode: language.Global, Group: group, Doc: doc,
			Syntax: fileServerHead + `rebuild("What phones get while their files are built")
				![ ( serve-previous("The files of before")
					| busy$busy("Word to ask again, as file servers of call managers say") ) ]`,
			Set:   func(c *language.Context) error { c.Config.Files.RebuildBusy = c.Args.Has("busy"); return nil },
			Unset: func(c *language.Context) error { c.Config.Files.RebuildBusy = false; return nil },
			Get: func(v *language.View) []grammar.Args {
				return one(v.Config.Files.RebuildBusy, "busy", "busy")
			},
		},
		value(language.Global, fileServerHead+`cache-size("Room on the disk for what comes from alternates")
			![ <mb:1-1048576>("Megabytes, 512 by default") ]`, "mb", group, "source 001", upstream.DefaultCacheSize,
			func(c *language.Context) *int { return &c.Config.Upstream.CacheSize }),
	}
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?)*\.?$`)

// serverHost is an address of one host in its usual form, or a name.
func serverHost(s string) (string, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		a = a.Unmap()
		if a.IsUnspecified() || a.IsMulticast() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}) || a.Zone() != "" {
			return "", language.Answer("% " + s + " is not the address of a host")
		}
		return a.String(), nil
	}
	digits := strings.Trim(s, "0123456789.") == ""
	if len(s) > 253 || digits || !hostName.MatchString(s) {
		return "", language.Answer("% " + s + " is neither an address nor a name")
	}
	return s, nil
}

// itself reports that a line names the box and the port on which it answers.
func (b *Box) itself(c *language.Context) bool {
	a, err := netip.ParseAddr(c.Args.String("host"))
	if err != nil || b.Store == nil {
		return false
	}
	port := uint16(upstream.DefaultPort)
	if c.Args.Has("port") {
		port = uint16(c.Args.Int("port"))
	}
	if port != upstream.DefaultPort && port != (hfs.Spec{Config: c.Config.HFS, HTTPPort: c.Config.HTTP.Port}).EffectivePort() {
		return false
	}
	a = a.Unmap()
	if a.IsLoopback() {
		return true
	}
	for _, own := range c.Config.OwnAddresses(b.Store.Facts()) {
		if own == a {
			return true
		}
	}
	return false
}

// upstreamExec are the commands about other file servers that are not lines of
// the configuration.
func upstreamExec(b *Box) []language.Declaration {
	const doc = "source 004"
	return []language.Declaration{
		action(`hfs("HTTP file-fetch server") prefetch("Fetch from the alternate file servers before phones ask") load("All files of a load")
			<name:WORD>("Name of the load, as phone files name it")`, privileged, "source 001", b.prefetch),
		action(`clear("Reset functions") file-server("File service") ( cache("Firmware that was fetched from alternates") [ <name:WORD>("One file") ]
			| answers$answers("Names that the alternates did not have") )`, privileged, doc, b.clearUpstream),
		text(`file-server("File service information") alternate("Other file servers and how they answer")`, 0, doc, func(in *language.Invocation) string { return b.alternateText(in) }),
		table(`provisioning("Provisioning of phones") exposure("Who may ask for files, and who asked for whose")`, privileged, "docs/security.md", b.exposureText, farTable, exposedTable),
		table(`file-server cache("Firmware that was fetched from alternates")`, 0, "source 001", b.cacheText, cacheTable),
	}
}

func (b *Box) clearUpstream(in *language.Invocation) error {
	if in.Args.Has("answers") {
		b.Upstream.Forget()
		return nil
	}
	if n := b.Upstream.Clear(in.Args.String("name")); n == 0 && in.Args.Has("name") {
		return language.Answer("% " + in.Args.String("name") + " is not in the cache")
	}
	return nil
}

// prefetch is `hfs prefetch load`.
func (b *Box) prefetch(in *language.Invocation) error {
	var bar *progress
	next := func() {
		if bar != nil {
			bar.end(fmt.Sprintf("!\n[OK - %d bytes]\n", bar.n))
		}
		bar = nil
	}
	got, err := b.Upstream.Prefetch(in.Ctx, in.Args.String("name"), func(name, from string, size int64) {
		next()
		bar = &progress{out: in.Out, head: fmt.Sprintf("Loading %s from %s, %d bytes: ", name, from, size)}
	}, writer(func(p []byte) (int, error) { return bar.Write(p) }))
	if err != nil {
		if bar != nil {
			bar.end("")
		}
		return b.noPrefetch(in, got, err)
	}
	next()
	var bytes int64
	had := 0
	for _, f := range got {
		bytes += f.Size
		if f.Had {
			had++
		}
	}
	fmt.Fprintf(in.Out, "\n%s: %d files, %d bytes are in the cache, %d of them were before\n", in.Args.String("name"), len(got), bytes, had)
	return nil
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

func (b *Box) noPrefetch(in *language.Invocation, got []upstream.Fetched, err error) error {
	name := in.Args.String("name")
	var none fileserver.Nowhere
	switch {
	case errors.Is(err, context.Canceled):
		return language.Answer(fmt.Sprintf("%% Broken off; %d files are in the cache", len(got)))
	case errors.Is(err, upstream.ErrNoAlternate):
		return language.Answer("% There is nobody to fetch it from: `file-server alternate` names other file servers")
	case errors.As(err, &none) && len(got) == 0:
		return language.Answer(fmt.Sprintf("%% %s: %s", name, none.Asked))
	case errors.As(err, &none):
		return language.Answer(fmt.Sprintf("%% %s is incomplete at the alternates: %s; %d files are in the cache", name, strings.Replace(err.Error(), fileserver.ErrNotFound.Error()+": ", "", 1), len(got)))
	}
	return language.Answer(fmt.Sprintf("%% %s was not fetched: %v; %d files are in the cache", name, err, len(got)))
}

// alternateText is `show file-server alternate`.
func (b *Box) alternateText(in *language.Invocation) string {
	var w strings.Builder
	c, peers := in.Config.Upstream, b.Upstream.Peers()
	if len(peers) == 0 {
		return "No alternate file server is configured\n"
	}
	now := time.Now()
	for _, p := range peers {
		state := "not asked yet"
		switch {
		case p.Down:
			state = fmt.Sprintf("down for %s: %s; left out, and asked in the background", now.Sub(p.Since).Round(time.Second), p.Why)
		case p.Why != "":
			state = "failed last time: " + p.Why
		case p.Asked:
			state = fmt.Sprintf("answers, %.1f ms", float64(p.RTT.Microseconds())/1000)
			if p.Odd != "" {
				state += ", and not as a file server does: " + p.Odd
			}
		}
		fmt.Fprintf(&w, "Alternate %d: %s, port %d\n", p.Order, p.Host, p.Port)
		if _, err := netip.ParseAddr(p.Host); err != nil {
			addrs := "none known"
			if len(p.Addrs) > 0 {
				addrs = strings.Trim(fmt.Sprint(p.Addrs), "[]")
			}
			fmt.Fprintf(&w, "  Addresses: %s\n", addrs)
		}
		fmt.Fprintf(&w, "  State: %s\n", state)
		fmt.Fprintf(&w, "  PeerRequests %d, PeerNotFound %d, PeerBusy %d, PeerError %d, WanBytes %d\n",
			p.PeerRequests, p.PeerNotFound, p.PeerBusy, p.PeerError, p.WanBytes)
		fmt.Fprintf(&w, "  Phones whose files it had: %d\n", p.Homes)
	}
	common, rate := "those of this box", "none"
	if c.CommonHome {
		common = "those of the home of the phone"
	}
	if c.RateLimit > 0 {
		rate = fmt.Sprintf("%d kb/s", c.RateLimit)
	}
	fmt.Fprintf(&w, "\nCommon files: %s\nRate limit: %s\nNames that nobody has, remembered: %d\n", common, rate, b.Upstream.Remembered())
	for i, f := range b.Upstream.Fetches() {
		if i == 0 {
			w.WriteString("\nBeing fetched:\n")
		}
		fmt.Fprintf(&w, "  %s from %s: %d of %d bytes in %s, %d readers, resumed %d times\n", f.Name, f.From, f.Here, f.Size, f.Age.Round(time.Second), f.Readers, f.Resumed)
	}
	return w.String()
}

// cacheTable is that of cacheText.
var cacheTable = columns.Form("\nFile                                      Bytes   Hits Stored     Checked    From\n", "%-36s %10d %6d %-10s %-10s %s\n", "file bytes hits stored checked from differs")

// cacheText is `show file-server cache`.
func (b *Box) cacheText(in *language.Invocation) *columns.Page {
	w := &columns.Page{}
	used, limit := b.Upstream.Disk()
	all := b.Upstream.Entries()
	fmt.Fprintf(w, "%d files, %d of %d bytes on the disk, what is being fetched included; served from here %d times\n", len(all), used, limit, b.Upstream.Counters().CacheHit)
	if !in.Config.Upstream.Abroad() {
		w.Add(columns.Empty("No alternate file server is configured: nothing is served from the cache\n"))
		return w
	}
	if len(all) == 0 {
		w.Add(columns.Empty(""))
		return w
	}
	t := w.Table(cacheTable)
	now := time.Now()
	for _, e := range all {
		row := []any{e.Name, e.Size, e.Hits, now.Sub(e.Stored).Round(time.Second), now.Sub(e.Checked).Round(time.Second), e.From}
		t.Object(append(slices.Clone(row), e.Differs), row...)
		if e.Differs != "" {
			t.Note("  " + e.Differs + " has other bytes under this name\n")
		}
	}
	return w
}

// findKept looks a firmware file up as Find does, and then among what is kept of
// alternates: what a phone is given without anybody being asked.
func (b *Box) findKept(name string) (firmware.Found, bool) {
	f, ok := b.Find(name)
	if ok && f.Size > 0 || b.Upstream == nil {
		return f, ok
	}
	if size, open, kept := b.Upstream.Kept(name); kept {
		return firmware.Found{Name: name, Size: size, Open: open}, true
	}
	return f, ok
}

// alternatesSeen is what the audit looks at.
func (b *Box) alternatesSeen() *audit.Alternates {
	out := &audit.Alternates{}
	for _, p := range b.Upstream.Peers() {
		line := fmt.Sprintf("file-server alternate %d %s", p.Order, p.Host)
		if p.Port != upstream.DefaultPort {
			line += fmt.Sprintf(" port %d", p.Port)
		}
		out.Servers = append(out.Servers, audit.Alternate{Line: line, Down: p.Down, Why: p.Why, New: !p.Asked, Odd: p.Odd})
	}
	for _, e := range b.Upstream.Entries() {
		if e.Differs != "" {
			out.Differ = append(out.Differ, audit.Differing{Name: e.Name, One: e.From, Other: e.Differs})
		}
	}
	return out
}
