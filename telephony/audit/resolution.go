package audit

import (
	"strings"

	"option150/dhcp"
	"option150/platform/config"
	"option150/telephony/advice"
)

// resolution looks whether all kinds of devices end at the same TFTP server: a
// gateway takes CiscoCM1 or next-server before option 150. [source 004]
func (a *around) resolution(p *dhcp.Pool) {
	r := dhcp.Resolve(p, a.c.TFTPNames(a.f))[0]
	for _, k := range r.Conflicts() {
		x := a.add(config.Warning, "A11", pool(p), "%s", k.Text)
		if k.Of == "next-server" {
			x.fix(advice.In(pool(p), "no next-server"))
			continue
		}
		var addrs []string
		for _, o := range r.Option150 {
			addrs = append(addrs, o.String())
		}
		x.fix(advice.Set("ip host CiscoCM1 " + strings.Join(addrs, " ")))
	}
}
