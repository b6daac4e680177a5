package appliance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"

	"option150/cli/command"
	"option150/cli/language"
	"option150/cli/terminal"
	"option150/dhcp"
	"option150/platform/aaa"
	"option150/platform/config"
	"option150/platform/running"
	"option150/telephony/cnf"
)

// firstBoot asks the question of a router without a startup configuration, on
// the console only. `no` leads to the prompt at once. The dialog makes the
// first user: before it SSH is closed, and there is no default password.
// [DESIGN 1, facts/ios-cli.md 1.2]
func (a *Appliance) firstBoot(ctx context.Context, t *terminal.Terminal) error {
	out := t.Writer()
	fmt.Fprint(out, "\n         --- System Configuration Dialog ---\n\n")
	d := &dialog{line: t.ReadAnswer, hidden: t.ReadPassword, out: out, who: running.Who{Line: "console"}}
	yes, err := d.yesNo("Would you like to enter the initial configuration dialog? [yes/no]: ")
	if err != nil || !yes {
		return err
	}
	return a.dialog(ctx, d)
}

// setup is the command: the same dialog at any time. What it asks for is put over
// what is configured; the rest stays.
func (a *Appliance) setup(in *language.Invocation) error {
	d := &dialog{line: in.Op.Ask, hidden: in.Op.Password, out: in.Out, who: in.Op.Who()}
	fmt.Fprint(in.Out, "\n         --- System Configuration Dialog ---\n\n")
	yes, err := d.yesNo("Continue with configuration dialog? [yes/no]: ")
	if err == nil && yes {
		err = a.dialog(in.Ctx, d)
	}
	if errors.Is(err, terminal.ErrInterrupt) {
		_, err = fmt.Fprint(in.Out, "Configuration aborted, no changes made.\n")
	}
	if errors.Is(err, io.EOF) {
		return language.Answer("% The dialog needs a terminal")
	}
	return err
}

// dialog asks, changes the configuration and saves it if that is wanted.
func (a *Appliance) dialog(ctx context.Context, d *dialog) error {
	out := d.out
	d.run(a.box.Store.Current().Hostname, a.box.Store.Facts())
	if d.err != nil {
		return d.err
	}
	if _, err := a.box.Store.Change(ctx, d.who, d.apply); err != nil {
		fmt.Fprintf(out, "%% %v\n", err)
		return nil
	}
	save, err := d.yesNo("Save this configuration to nvram? [yes/no]: ")
	if err != nil || !save {
		return err
	}
	if err := a.box.SaveStartup(d.who); err != nil {
		fmt.Fprintf(out, "%% startup-config could not be written: %v\n", bare(err))
		return nil
	}
	fmt.Fprint(out, "Building configuration...\n[OK]\nUse the enabled mode 'configure' command to modify this configuration.\n\n")
	return nil
}

func (d *dialog) yesNo(question string) (bool, error) {
	yes, err := command.YesNo(d.out, func() (string, error) { return d.line(question) })
	if errors.Is(err, terminal.ErrInterrupt) {
		return false, nil
	}
	return yes, err
}

// dialog collects answers; the first error ends it.
type dialog struct {
	line, hidden func(question string) (string, error)
	out          io.Writer
	who          running.Who
	err          error

	hostname       string
	enable, secret aaa.Secret
	user           string
	iface          string
	address        netip.Prefix
	own            netip.Addr   // where the phones reach this box
	pool           netip.Prefix // network phones get addresses from
	router         netip.Addr
}

func (d *dialog) run(hostname string, f config.Facts) {
	fmt.Fprint(d.out, "\nAt any point you may enter a question mark '?' for help.\nUse ctrl-c to abort configuration dialog at any prompt.\nDefault settings are in square brackets '[]'.\n\n")
	d.hostname = d.ask("Enter host name ["+hostname+"]: ", hostname, func(s string) error {
		if !command.ValidHostname(s) {
			return errors.New("a host name begins with a letter or a digit; letters, digits, hyphens follow, 63 in all")
		}
		return nil
	})
	d.enable = d.password("Enter enable secret: ")
	d.user = d.ask("Enter name of the first user [admin]: ", "admin", func(s string) error {
		if len(s) > 64 || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || r == '?' || r == '!' }) {
			return errors.New("a user name is one word of up to 64 characters; this user may do everything and log in over SSH")
		}
		return nil
	})
	d.secret = d.password("Enter secret of " + d.user + ": ")
	for _, i := range f.Interfaces {
		if d.err != nil || !i.Managed {
			continue
		}
		p := d.ask("IP address and mask of "+i.Name+" (such as 10.0.0.1/24) [none]: ", "", prefixAnswer)
		if p != "" {
			d.iface, d.address = i.Name, netip.MustParsePrefix(p)
			d.own = d.address.Addr()
		}
		break
	}
	if net := d.ask("Subnet the phones get addresses from (such as 10.0.0.0/24) [none]: ", "", prefixAnswer); net != "" {
		d.pool = netip.MustParsePrefix(net).Masked()
		if !d.own.IsValid() {
			d.own = addressIn(f, d.pool)
		}
		router := d.ask("Default router of the phones [none]: ", "", func(s string) error {
			if a, err := netip.ParseAddr(s); err != nil || !a.Is4() {
				return errors.New("an IPv4 address is needed")
			}
			return nil
		})
		if router != "" {
			d.router = netip.MustParseAddr(router)
		}
	}
}

// addressIn is the address the host has in the subnet of the phones; none is
// configured here when the interfaces are the host's.
func addressIn(f config.Facts, subnet netip.Prefix) netip.Addr {
	for _, i := range f.Interfaces {
		for _, a := range i.Addrs {
			if subnet.Contains(a.Addr()) {
				return a.Addr()
			}
		}
	}
	return netip.Addr{}
}

func prefixAnswer(s string) error {
	if p, err := netip.ParsePrefix(s); err != nil || !p.Addr().Is4() {
		return errors.New("an IPv4 address with the length of its prefix is needed")
	}
	return nil
}

func (d *dialog) ask(question, def string, check func(string) error) string {
	for d.err == nil {
		a, err := d.line(question)
		if err != nil {
			d.err = err
			return ""
		}
		if a = strings.TrimSpace(a); a == "" {
			return def
		}
		// `?` fits no question, and what is said then is the help.
		if err := check(a); err != nil {
			t := err.Error()
			fmt.Fprintf(d.out, "%% %s\n", strings.ToUpper(t[:1])+t[1:])
			continue
		}
		return a
	}
	return ""
}

func (d *dialog) password(question string) aaa.Secret {
	for d.err == nil {
		p, err := d.hidden(question)
		if err != nil {
			d.err = err
			break
		}
		s, err := aaa.NewSecret(p)
		if p == "" || err != nil {
			fmt.Fprintln(d.out, "% A secret of at least one character is needed: there is no default")
			continue
		}
		return s
	}
	return aaa.Secret{}
}

// apply puts the answers into a candidate configuration: in place of the user of
// that name and of the pool of that network, if there are such.
func (d *dialog) apply(c *config.Config) error {
	c.Hostname = d.hostname
	c.AAA.EnableSecret = d.enable
	c.AAA.Users = slices.DeleteFunc(slices.Clone(c.AAA.Users), func(u aaa.User) bool { return u.Name == d.user })
	c.AAA.Users = append(c.AAA.Users, aaa.User{Name: d.user, Privilege: 15, Secret: d.secret})
	if i := c.Interface(d.iface); i != nil {
		i.Address = d.address
	}
	if !d.pool.IsValid() {
		return nil
	}
	if len(c.DHCP.Pools) == 0 {
		c.DHCP.ForeignServer = "hold" // never be the second server on somebody's LAN
	}
	i := slices.IndexFunc(c.DHCP.Pools, func(p dhcp.Pool) bool { return p.Network == d.pool || p.Name == setupPool })
	if i < 0 {
		i = len(c.DHCP.Pools)
		c.DHCP.Pools = append(c.DHCP.Pools, dhcp.Pool{Name: setupPool})
	}
	p := &c.DHCP.Pools[i]
	p.Network = d.pool
	if d.router.IsValid() {
		p.DefaultRouters = []netip.Addr{d.router}
	}
	if d.own.IsValid() {
		p.Options = append(slices.DeleteFunc(slices.Clone(p.Options), func(o dhcp.Option) bool { return o.Code == 150 }),
			dhcp.Option{Code: 150, Kind: dhcp.OptionIP, Addrs: []netip.Addr{d.own}})
	}
	c.Telephony.Service.Present = true
	if !c.Telephony.Service.SourceAddress.Addr.IsValid() {
		c.Telephony.Service.SourceAddress = cnf.SourceAddress{Addr: d.own}
	}
	if !c.HTTP.Server || !c.HFS.Enabled {
		c.HTTP.Server, c.HFS.Enabled, c.HFS.Port = true, true, 6970
	}
	return nil
}

// setupPool is the pool of the dialog.
const setupPool = "PHONES"
