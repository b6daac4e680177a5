package command

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/dhcp"
	"option150/platform/sshd/scp"
	tftpclient "option150/platform/tftp/client"
)

// agentType is the URL of an agent of `ip dhcp database`: the places IOS knows.
// Which of them work here is said by unserved.
type agentType struct{}

func (agentType) Label() string { return "WORD" }
func (agentType) Rank() int     { return grammar.RankWord }
func (agentType) Parse(s string) (any, error) {
	scheme, _, ok := strings.Cut(strings.ToLower(s), ":")
	known := strings.TrimRight(scheme, "0123456789")
	if !ok || len(s) > maxLocation || !printableText(s) || !strings.Contains(" flash bootflash disk slot usbflash tftp scp ftp rcp http https ", " "+known+" ") {
		return nil, fmt.Errorf("not an agent: %q", s)
	}
	return s, nil
}
func (agentType) Format(v any) string { return fmt.Sprint(v) }

// unserved is why an agent cannot work, "" if it can.
func unserved(url string) string {
	if _, err := dhcp.ParseAgent(url); err != nil {
		return err.Error()
	}
	return ""
}

// dhcpDatabase is `ip dhcp database URL`. The two times may be typed in one line
// or in two.
func dhcpDatabase() language.Declaration {
	agents := list[dhcp.Database, string]{in: func(c *language.Context) *[]dhcp.Database { return &c.Config.DHCP.Databases }, key: func(d *dhcp.Database) string { return d.URL },
		most: 8, full: "% Too many DHCP database agents"}
	return language.Declaration{
		Mode: language.Global, Group: "ip dhcp", Doc: "facts/dhcp.md 1.2",
		Syntax: dhcpHead + `database("Configure DHCP database agents")
			<url:AGENT>("URL of the agent: flash:, tftp: or scp:")
			{ write-delay("Seconds between a change and its writing") <delay:60-86400>("Seconds")
				| timeout("Seconds a transfer may take") <timeout:0-86400>("Seconds, 0 without end") }`,
		Set: func(c *language.Context) error {
			d, err := agents.insert(c, dhcp.Database{URL: c.Args.String("url")})
			if err != nil {
				return err
			}
			if c.Args.Has("delay") {
				d.WriteDelay = time.Duration(c.Args.Int("delay")) * time.Second
			}
			if c.Args.Has("timeout") {
				if d.Timeout = time.Duration(c.Args.Int("timeout")) * time.Second; d.Timeout == 0 {
					d.Timeout = dhcp.NoTimeout
				}
			}
			if d.WriteDelay == dhcp.DefaultWriteDelay {
				d.WriteDelay = 0
			}
			if d.Timeout == dhcp.DefaultDatabaseTimeout {
				d.Timeout = 0
			}
			return nil
		},
		Unset: func(c *language.Context) error { agents.drop(c, c.Args.String("url")); return nil },
		Get: func(v *language.View) []grammar.Args {
			var out []grammar.Args
			for _, d := range v.Config.DHCP.Databases {
				a := args("url", d.URL)
				if d.WriteDelay != 0 {
					a["delay"] = int(d.WriteDelay / time.Second)
				}
				if d.Timeout != 0 {
					a["timeout"] = int(max(d.Timeout, 0) / time.Second)
				}
				out = append(out, a)
			}
			return out
		},
		Partly: func(_, a grammar.Args) string { return unserved(a.String("url")) },
	}
}

// maxDatabase bounds the file of an agent: 64 Ki leases take 5 MB.
const maxDatabase = 16 << 20

// DatabaseFiles are the places of `ip dhcp database`.
func DatabaseFiles(b *Box) dhcp.Files { return &databaseFiles{b: b} }

type databaseFiles struct {
	b   *Box
	far scp.Client
}

// place is an agent's file for scp.
func place(a dhcp.Agent) scp.Place {
	return scp.Place{Host: a.Host, User: a.User, Password: a.Password, Path: a.Path}
}

// Read implements dhcp.Files.
func (f *databaseFiles) Read(ctx context.Context, url string) ([]byte, error) {
	a, err := dhcp.ParseAgent(url)
	var w bytes.Buffer
	switch {
	case err != nil:
		return nil, err
	case a.Scheme == "scp":
		return f.far.Get(ctx, place(a), maxDatabase)
	case a.Scheme == fsTFTP:
		_, err = tftpclient.Get(ctx, a.Host, a.Path, &w, maxDatabase)
		return w.Bytes(), err
	}
	r, err := f.b.Flash.Open(a.Path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if r.Size > maxDatabase {
		return nil, tftpclient.ErrTooLarge
	}
	_, err = io.Copy(&w, r)
	return w.Bytes(), err
}

// Write implements dhcp.Files.
func (f *databaseFiles) Write(ctx context.Context, url string, text []byte) error {
	a, err := dhcp.ParseAgent(url)
	switch {
	case err != nil:
		return err
	case a.Scheme == "scp":
		return f.far.Put(ctx, place(a), text)
	case a.Scheme == fsTFTP:
		_, err = tftpclient.Put(ctx, a.Host, a.Path, bytes.NewReader(text))
		return err
	}
	w, err := f.b.Flash.Create(a.Path)
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err = w.Write(text); err == nil {
		err = w.Commit()
	}
	return err
}

// agentsOf are the agents of a configuration as they stand.
func (b *Box) agentsOf(conf []dhcp.Database, url string) []dhcp.DatabaseAgent {
	var out []dhcp.DatabaseAgent
	at := b.DHCP.Databases()
	for _, d := range conf {
		if url != "" && url != d.URL {
			continue
		}
		a := find(at, d.URL, func(a *dhcp.DatabaseAgent) string { return a.URL })
		if a == nil {
			a = &dhcp.DatabaseAgent{URL: d.URL, Status: "The DHCP server is not running.", Delay: dhcp.DefaultWriteDelay, Timeout: dhcp.DefaultDatabaseTimeout}
			if d.WriteDelay != 0 {
				a.Delay = d.WriteDelay
			}
			if d.Timeout != 0 {
				a.Timeout = max(d.Timeout, 0)
			}
		}
		out = append(out, *a)
	}
	return out
}
