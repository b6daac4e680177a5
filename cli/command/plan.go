package command

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"option150/cli/language"
	"option150/platform/columns"
	"option150/platform/ether"
	"option150/platform/host"
	"option150/platform/tftp"
	"option150/telephony/cnf"
	"option150/telephony/firmware"
	"option150/telephony/inventory"
	"option150/telephony/phone"
	"option150/telephony/upgrade"
)

// showPlan is `show upgrade plan`: phones by model, load and subnet, the steps of
// each, and what the transfer takes each way. [source 001]
func showPlan(b *Box) language.Declaration {
	return tabled(action(showHead+`upgrade("Upgrades of phones") plan("Steps and times of an upgrade") load("Load to go to")
		<type:LOADKEY>("Type of phone") <file:WORD>("Load file name, case counts")
		[ wan("Rate of the line, not limited by default")
			<wan:1-10000000>("Kilobits a second") ]
		[ rtt("Round trip time; as the TFTP server measured it by default")
			<rtt:0-60000>("Milliseconds") ]
		[ loss("Packets lost each way; as TFTP measured it by default")
			<loss:WORD>("Percent") ]
		[ phones("Phones to plan for; those configured by default")
			<count:1-1000000>("Number of phones") ]`, 0, "sources/001", b.plan), upgrade.PlanTable, upgrade.TimesTable, upgrade.ExamplesTable)
}

func (b *Box) plan(in *language.Invocation) error {
	typ, load := in.Args.String("type"), in.Args.String("file")
	st := b.Policy.Whole(load)
	if !st.Complete() {
		return language.Answer("% Nothing is planned with a load that is not whole: " + st.String())
	}
	p := upgrade.Plan{Type: typ, Load: load, Sizes: b.sizes(st), Unknown: in.Config.Telephony.Unknown, LAN: time.Millisecond}
	_, p.Serving = b.Files.Serving()
	if need := firmware.Before(phone.Load(load)); len(need) > 0 {
		if stone := b.Policy.Stone(load); stone != "" {
			p.StoneHere = true
			for _, n := range b.sizes(b.Policy.Whole(stone)) {
				p.StoneSize += n
			}
		}
	}
	var at []netip.Addr
	p.Phones, at = b.planned(in, typ, load)
	p.Line, p.Of = b.measured(at)
	if p.Line.RTT > 0 && !in.Args.Has("wan") && !in.Args.Has("rtt") {
		p.LAN = p.Line.RTT
	}
	if in.Args.Has("count") {
		p.Count = in.Args.Int("count")
	}
	var given []string
	if in.Args.Has("wan") {
		p.Line.Rate = float64(in.Args.Int("wan")) * 1000
		given = append(given, fmt.Sprintf("%d kbit/s", in.Args.Int("wan")))
	}
	if in.Args.Has("rtt") {
		p.Line.RTT = time.Duration(in.Args.Int("rtt")) * time.Millisecond
		given = append(given, "round trip")
	}
	if in.Args.Has("loss") {
		v, err := strconv.ParseFloat(in.Args.String("loss"), 64)
		if err != nil || !(v >= 0 && v < 100) {
			return language.Answer("% The loss is a percentage, 0 to less than 100")
		}
		p.Line.Loss = v / 100
		given = append(given, "loss")
	}
	p.Line.Timeout, p.Line.Steady = upgrade.Wait(p.Line.RTT), host.Congestion() == "bbr"
	if len(given) > 0 {
		p.Of += "; as given: " + strings.Join(given, ", ")
	}
	return columns.Print(in.Out, p.Text())
}

// sizes are those of the files that a phone fetches of a load, in its order; of
// a load for several platforms those of the first.
func (b *Box) sizes(s firmware.State) (out []int64) {
	add := func(name string) {
		if f, ok := b.Find(name); ok {
			out = append(out, f.Size)
		}
	}
	if s.Set == nil {
		return nil
	}
	if len(s.Set.Components) != 1 || s.Set.Components[0].Name != s.First {
		add(s.First)
	}
	platform := ""
	for _, c := range s.Set.Components {
		if platform == "" {
			platform = c.Platform
		}
		if c.Platform == platform && !c.Optional {
			add(c.Name)
		}
	}
	return out
}

// planned are the configured phones the load is for, with what is known of them,
// and the addresses they have.
func (b *Box) planned(in *language.Invocation, typ, load string) (out []upgrade.Planned, at []netip.Addr) {
	t := &in.Config.Telephony
	models := phone.ByLoadKey(typ)
	known := map[ether.MAC]inventory.Phone{}
	for _, p := range b.Inventory.Phones(time.Now()) {
		known[p.MAC] = p
	}
	networks := b.networks(in)
	add := func(mac ether.MAC, keyword string, loads []cnf.LoadEntry) {
		if mac.IsZero() || !slices.ContainsFunc(models, func(m phone.Model) bool { return strings.EqualFold(m.Keyword, keyword) }) {
			return
		}
		x := upgrade.Planned{MAC: mac, Model: keyword}
		p, seen := known[mac]
		if seen && p.LoadBasis == inventory.Observed {
			x.Runs = p.Load
		}
		k := b.Classes.Of(mac)
		if x.Class = k.Class; k.Class == upgrade.Exact {
			x.Runs, x.Class = k.Runs, upgrade.Unknown
		}
		if seen && p.Addr.IsValid() {
			at = append(at, p.Addr)
			for _, n := range networks {
				if n.Contains(p.Addr) {
					x.Subnet = n
				}
			}
		}
		out = append(out, x)
	}
	protocol := phone.Load(load).Protocol()
	if protocol != "SIP" {
		for _, e := range t.Ephones {
			add(e.MAC, e.Type, t.Service.Loads)
		}
	}
	if protocol != "SCCP" {
		for _, p := range t.Pools {
			add(p.MAC, p.Type, t.Global.Loads)
		}
	}
	return out, at
}

// networks are those of the interfaces and of the pools.
func (b *Box) networks(in *language.Invocation) (out []netip.Prefix) {
	for _, i := range b.Store.Facts().Interfaces {
		for _, a := range in.Config.Addresses(i) {
			out = append(out, a.Masked())
		}
	}
	for i := range in.Config.DHCP.Pools {
		p := &in.Config.DHCP.Pools[i]
		for _, n := range append([]netip.Prefix{p.Network}, p.Secondary...) {
			if n = n.Masked(); n.IsValid() && !slices.Contains(out, n) {
				out = append(out, n)
			}
		}
	}
	return out
}

// measured is the line as the TFTP server found it with these phones.
func (b *Box) measured(at []netip.Addr) (upgrade.Line, string) {
	var trips []time.Duration
	var sent, again uint64
	for _, c := range b.tftpKnown() {
		if c.RTT > 0 && slices.Contains(at, c.Addr.Unmap()) {
			trips = append(trips, c.RTT)
			sent, again = sent+c.Packets, again+c.Resent
		}
	}
	if len(trips) == 0 {
		return upgrade.Line{RTT: 5 * time.Millisecond}, "assumed: the TFTP server has measured none of these phones"
	}
	slices.Sort(trips)
	return upgrade.Line{RTT: trips[len(trips)/2], Loss: upgrade.LossOf(sent, again)}, "measured by the TFTP server of " + count(len(trips), "phone")
}

func (b *Box) tftpKnown() []tftp.Client {
	if b.TFTP == nil {
		return nil
	}
	return b.TFTP.Clients()
}
