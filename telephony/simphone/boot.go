package simphone

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"option150/telephony/phone"
)

// stuck is the outcome of a boot that leads nowhere.
func stuck(r Reason, detail string) *Outcome { return &Outcome{Kind: Stuck, Reason: r, Detail: detail} }

// Boot gives the phone power and returns when it has settled: provisioned, or
// stuck with a reason. A phone that installs another load reboots meanwhile.
// The address stays on the interface.
func (p *Phone) Boot(ctx context.Context) (Outcome, error) {
	rounds := 0
	for n := 0; ; n++ {
		p.boots++
		o, err := p.boot(ctx)
		if err != nil {
			return Outcome{}, err
		}
		if o != nil && o.Reason == ServerSilent && rounds < p.o.Timers.SilentRounds-1 {
			rounds++ // DHCP again [facts/phones.md 1.7]
			continue
		}
		if o == nil && n+1 >= p.o.MaxBoots {
			o = stuck(RebootLoop, fmt.Sprintf("%d boots", n+1))
		}
		if o != nil {
			o.Boots, o.Lease, o.Servers, o.Load = p.boots, p.lease, p.asksFiles.list, p.load
			result := o.String()
			if o.Kind == Stuck {
				result = strings.TrimPrefix(result, "stuck: ")
			}
			p.log(Step{Kind: o.Kind, Result: result})
			return *o, nil
		}
		p.log(Step{Kind: Reboot})
		if err := p.pause(ctx, rebootTime); err != nil {
			return Outcome{}, err
		}
	}
}

// boot is one boot; nil means that the phone reboots.
func (p *Phone) boot(ctx context.Context) (*Outcome, error) {
	p.powered = time.Now()
	p.lease, p.asksFiles = Lease{}, fileServers{}
	p.log(Step{Kind: PowerOn, Result: fmt.Sprintf("CP-%s %s %s", p.n.model.Keyword, p.n.proto, p.load)})
	if err := p.prepare(); err != nil {
		return nil, err
	}
	if up, err := p.awaitLink(ctx); err != nil || !up {
		return stuck(NoLink, p.o.Interface), err
	}
	if o, err := p.address(ctx); o != nil || err != nil {
		return o, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p.log(Step{Kind: Servers, Name: p.asksFiles.from, Result: addrsText(p.asksFiles.list)})
	if len(p.asksFiles.list) == 0 {
		return stuck(NoServer, "no option 150, 66 or siaddr, no vendor option of DHCPv6"), nil
	}
	p.nvram = p.asksFiles.list
	if p.spec.Faults.HTTPS {
		return p.https(ctx)
	}
	if p.wiped {
		return p.recover(ctx)
	}
	return p.provision(ctx)
}

// address gets the addresses of the phone and who has its files. With both
// families the servers of IPv6 are asked first; the others are there when none of
// them answers. [sources/004]
func (p *Phone) address(ctx context.Context) (*Outcome, error) {
	if p.spec.Family != IPv6Only {
		lease, ok, err := p.dhcp(ctx)
		if err != nil || !ok {
			return stuck(NoLease, "no DHCP server gave an address"), err
		}
		if err := p.configure(lease); err != nil {
			return nil, err
		}
		p.lease, p.last = lease, lease.Addr.Addr()
		p.asksFiles = p.choose(ctx, lease)
	}
	if p.spec.Family == IPv4Only {
		return nil, nil
	}
	servers, ok, err := p.six(ctx)
	switch {
	case err != nil:
		return nil, err
	case !ok && p.spec.Family == IPv6Only:
		return stuck(NoLease, "no DHCPv6 server gave an address"), nil
	case len(servers) > 0:
		list := append(servers[:min(1, len(servers)):1], p.asksFiles.list...)
		p.asksFiles = fileServers{list[:min(2, len(list))], "vendor option 9"}
	case p.spec.Family == IPv6Only && p.spec.AlternateTFTP.IsValid():
		p.asksFiles = fileServers{[]netip.Addr{p.spec.AlternateTFTP}, "set by hand"}
	}
	return nil, nil
}

func addrsText(as []netip.Addr) string {
	s := make([]string, len(as))
	for i, a := range as {
		s[i] = a.String()
	}
	return strings.Join(s, " ")
}

// provision is the part of a boot after the address.
func (p *Phone) provision(ctx context.Context) (*Outcome, error) {
	if p.unsigned() && !p.n.profiled() {
		if o, reboot, err := p.universal(ctx); o != nil || reboot || err != nil {
			return o, err
		}
	}
	trust, silence, err := p.trustFiles(ctx)
	if err != nil {
		return nil, err
	}
	if silence {
		return stuck(ServerSilent, addrsText(p.asksFiles.list)), nil
	}
	p.trusts = trust
	s, name, why, err := p.configuration(ctx, trust)
	if errors.Is(err, errSilent) {
		return stuck(ServerSilent, addrsText(p.asksFiles.list)), nil
	}
	if err != nil {
		return nil, err
	}
	if name == "" {
		if p.spec.ForeignTrust {
			return stuck(ForeignTrust, "asks signed files only"), nil
		}
		return stuck(NoConfiguration, why), nil
	}
	if s.Load != "" && !phone.Load(s.Load).Equal(phone.Load(p.load)) {
		o, installed, err := p.upgrade(ctx, s)
		if o != nil || installed || err != nil {
			return o, err
		}
	}
	for _, f := range p.furtherFiles(s) {
		if _, err := p.ask(ctx, signed(f, trust)); err != nil {
			return nil, err
		}
	}
	if len(s.CallControl) == 0 {
		return stuck(NoCallControl, name), nil
	}
	return &Outcome{Kind: Provisioned, Config: name, Settings: s}, nil
}

// Live is a phone that is left plugged in: it boots, renews its lease at T1
// and, when it is stuck or loses its lease, boots again after retry times
// Pace (real phones: groups of requests every 90 to 150 s, facts/phones.md 1.7;
// 0 = 120 s). settled, if not nil, gets each outcome. It returns when the
// context ends (nil) or the machine fails.
func (p *Phone) Live(ctx context.Context, retry time.Duration, settled func(Outcome)) error {
	if retry <= 0 {
		retry = 120 * time.Second
	}
	for {
		o, err := p.Boot(ctx)
		if err == nil {
			if settled != nil {
				settled(o)
			}
			switch {
			case o.Reason == Dead:
				<-ctx.Done()
			case o.Kind == Provisioned:
				err = p.stay(ctx, o)
			default:
				err = sleep(ctx, max(time.Second, time.Duration(float64(retry)*p.o.Pace)))
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// stay is the time after a boot: registered, and its lease renewed, until one
// of them fails.
func (p *Phone) stay(ctx context.Context, o Outcome) error {
	if p.o.Register {
		hold, rejected, err := p.register(ctx, o.Settings)
		if err != nil {
			return err
		}
		if rejected {
			return sleep(ctx, max(time.Second, time.Duration(float64(rebootTime)*p.o.Pace)))
		}
		if hold != nil {
			defer hold()
		}
	}
	return p.keep(ctx, time.Duration(float64(o.Settings.Again)*p.o.Pace))
}

// https is a phone that wants its files by HTTPS only.
func (p *Phone) https(ctx context.Context) (*Outcome, error) {
	for _, s := range p.asksFiles.list {
		var c net.Conn
		_ = p.o.In(func() (e error) {
			d := net.Dialer{Timeout: p.o.Timers.Connect}
			c, e = d.DialContext(ctx, network("tcp", s), netip.AddrPortFrom(s, PortHTTPS).String())
			return e
		})
		if c != nil {
			_ = c.Close()
		}
	}
	return stuck(NoHTTPS, addrsText(p.asksFiles.list)), ctx.Err()
}

// PortHTTPS is where phones with such a trust list ask. [facts/phones.md 1.2]
const PortHTTPS = 6971

// keep renews the lease until that fails, and reads the files of the phone
// again so often, 0 = never, until that takes it to another load.
func (p *Phone) keep(ctx context.Context, again time.Duration) error {
	var renew, read <-chan time.Time // nil = never
	if p.lease.Renew > 0 {
		renew = time.After(p.lease.Renew)
	}
	if again > 0 {
		t := time.NewTicker(max(time.Second, again))
		defer t.Stop()
		read = t.C
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-read:
			if o, err := p.provision(ctx); err != nil || o == nil {
				return err
			}
		case <-renew:
			if ok, err := p.Renewal(ctx); !ok || err != nil {
				return err
			}
			renew = nil
			if p.lease.Renew > 0 {
				renew = time.After(p.lease.Renew)
			}
		}
	}
}
