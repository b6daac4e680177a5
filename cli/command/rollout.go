package command

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/columns"
	"option150/platform/config"
	"option150/platform/ether"
	"option150/telephony/inventory"
	"option150/telephony/phone"
	"option150/telephony/upgrade"
)

const (
	modeUpgrade = "config-upgrade"

	maxUpgrades   = 32
	maxSelections = 64
	maxWaves      = 64
)

// upgradeName is the name of an upgrade: none of the words that stand in its
// place.
type upgradeName struct{}

func (upgradeName) Label() string { return "WORD" }
func (upgradeName) Rank() int     { return grammar.RankWord }
func (upgradeName) Parse(s string) (any, error) {
	if len(s) > 32 || strings.HasPrefix("unknown", strings.ToLower(s)) || strings.HasPrefix("plan", strings.ToLower(s)) || strings.ContainsFunc(s, oddRune) {
		return nil, fmt.Errorf("not a name: %q", s)
	}
	return s, nil
}
func oddRune(c rune) bool {
	return c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
}
func (upgradeName) Format(v any) string { return fmt.Sprint(v) }

// tagRange is a tag or a range of tags, 1-20.
type tagRange struct{ from, to int }

type tagRangeType struct{}

func (tagRangeType) Label() string { return "TAG or TAG-TAG" }
func (tagRangeType) Rank() int     { return grammar.RankWord }
func (tagRangeType) Parse(s string) (any, error) {
	a, b, two := strings.Cut(s, "-")
	if !two {
		b = a
	}
	from, err := strconv.ParseUint(a, 10, 16)
	to, err2 := strconv.ParseUint(b, 10, 16)
	if err != nil || err2 != nil || from == 0 || to < from {
		return nil, fmt.Errorf("not a range of tags: %q", s)
	}
	return tagRange{int(from), int(to)}, nil
}
func (tagRangeType) Format(v any) string {
	r := v.(tagRange)
	if r.from == r.to {
		return itoa(r.from)
	}
	return itoa(r.from) + "-" + itoa(r.to)
}

// upgrades is `upgrade NAME` and what stands below it.
func upgrades() []language.Declaration {
	const doc = "facts/diagnosis.md 6"
	all := section[upgrade.Rollout, string]{
		list: list[upgrade.Rollout, string]{in: func(c *language.Context) *[]upgrade.Rollout { return &c.Config.Upgrades }, key: func(r *upgrade.Rollout) string { return r.Name },
			most: maxUpgrades, full: "% Too many upgrades"},
		arg: "name", empty: func(n string) upgrade.Rollout {
			return upgrade.Rollout{Name: n, Percent: upgrade.DefaultPercent, Minutes: upgrade.DefaultMinutes}
		},
		header: func(r *upgrade.Rollout) string { return "upgrade " + r.Name },
	}
	at := all.at
	line := func(syntax string, set, unset func(*upgrade.Rollout, grammar.Args), get func(*upgrade.Rollout, bool) []grammar.Args) language.Declaration {
		return language.Declaration{Mode: modeUpgrade, Doc: doc, Syntax: syntax,
			Set:   func(c *language.Context) error { set(at(c), c.Args); return nil },
			Unset: func(c *language.Context) error { unset(at(c), c.Args); return nil },
			Get:   func(v *language.View) []grammar.Args { return get(at(viewContext(v)), v.All) },
		}
	}
	return all.of(language.Declaration{
		Mode: language.Global, Enters: modeUpgrade, Doc: doc,
		Syntax: `upgrade("Upgrades of phones") <name:UPGRADE>("Name of an upgrade in waves")`,
	},
		line(`load("Load the phones go to") <type:LOADKEY>("Type of phone") ![ <file:WORD>("Load file name, case counts") ]`,
			func(r *upgrade.Rollout, a grammar.Args) { r.Type, r.Load = a.String("type"), a.String("file") },
			func(r *upgrade.Rollout, _ grammar.Args) { r.Type, r.Load = "", "" },
			func(r *upgrade.Rollout, _ bool) []grammar.Args {
				return one(r.Type != "", "type", r.Type, "file", r.Load)
			}),
		keyed(language.Declaration{Mode: modeUpgrade, Doc: doc,
			Syntax: `phones("Phones that take part, all of the type if no line names any")
				( ephone$kind("By the tags of ephones") <tags:TAGS>("Tag, or first and last")
					| pool$kind("By the tags of voice register pools") <tags:TAGS>("Tag, or first and last")
					| dhcp-pool$kind("By the DHCP pool of their lease") <of:WORD>("Name of the pool")
					| dhcp-class$kind("By the DHCP class of their lease") <of:WORD>("Name of the class")
					| server$kind("By the file server their lease names first") <server:A.B.C.D>("Address") )`},
			list[upgrade.Selection, string]{in: func(c *language.Context) *[]upgrade.Selection { return &at(c).Phones }, key: func(s *upgrade.Selection) string { return s.String() },
				most: maxSelections, full: "% Too many groups of phones"},
			func(a grammar.Args) (upgrade.Selection, error) {
				s := upgrade.Selection{Kind: a.String("kind"), Name: a.String("of")}
				if t, ok := a["tags"].(tagRange); ok {
					s.From, s.To = t.from, t.to
				}
				if x, ok := a["server"].(netip.Addr); ok {
					s.Server = x
				}
				return s, nil
			},
			func(s upgrade.Selection) grammar.Args {
				switch s.Kind {
				case upgrade.ByEphone, upgrade.ByPool:
					return args("kind", s.Kind, "tags", tagRange{s.From, s.To})
				case upgrade.ByServer:
					return args("kind", s.Kind, "server", s.Server)
				}
				return args("kind", s.Kind, "of", s.Name)
			}),
		keyed(language.Declaration{Mode: modeUpgrade, Doc: doc,
			Syntax: `wave("How many phones begin together; the rest are one more") <number:1-64>("Number of the wave") ![ phones("How many") <phones:1-10000>("Phones") ]`},
			list[upgrade.Wave, int]{in: func(c *language.Context) *[]upgrade.Wave { return &at(c).Waves }, key: func(w *upgrade.Wave) int { return w.Number }, order: cmp.Compare[int],
				most: maxWaves, full: "% Too many waves"},
			func(a grammar.Args) (upgrade.Wave, error) {
				return upgrade.Wave{Number: a.Int("number"), Phones: a.Int("phones")}, nil
			},
			func(w upgrade.Wave) grammar.Args { return args("number", w.Number, "phones", w.Phones) }),
		line(`window("When phones may begin; always without this line") ![ <from:HH:MM>("From (hh:mm)") <to:HH:MM>("Until (hh:mm)") ]`,
			func(r *upgrade.Rollout, a grammar.Args) {
				r.Window = upgrade.Window{From: a.Int("from"), To: a.Int("to")}
			},
			func(r *upgrade.Rollout, _ grammar.Args) { r.Window = upgrade.Window{} },
			func(r *upgrade.Rollout, _ bool) []grammar.Args {
				return one(r.Window.From != r.Window.To, "from", r.Window.From, "to", r.Window.To)
			}),
		line(`gate("What a wave needs before the next begins") ![ percent("Share of the wave that has to come back") <percent:1-100>("Percent, 90 by default") within("From a phone's first boot inside the wave") <minutes:1-1440>("Minutes, 30 by default") ]`,
			func(r *upgrade.Rollout, a grammar.Args) { r.Percent, r.Minutes = a.Int("percent"), a.Int("minutes") },
			func(r *upgrade.Rollout, _ grammar.Args) {
				r.Percent, r.Minutes = upgrade.DefaultPercent, upgrade.DefaultMinutes
			},
			func(r *upgrade.Rollout, every bool) []grammar.Args {
				return one(every || r.Percent != upgrade.DefaultPercent || r.Minutes != upgrade.DefaultMinutes, "percent", r.Percent, "minutes", r.Minutes)
			}),
	)
}

// upgradeActions are `upgrade NAME start` and its like.
func upgradeActions(b *Box) []language.Declaration {
	const doc = "facts/diagnosis.md 6"
	head := `upgrade("Upgrades of phones") <name:UPGRADE>("Name of an upgrade in waves") `
	do := func(word, help string, f func(*language.Invocation, string) (string, error)) language.Declaration {
		return action(head+word+`("`+help+`")`, privileged, doc, func(in *language.Invocation) error {
			said, err := f(in, in.Args.String("name"))
			if err != nil {
				return language.Answer("% " + strings.ToUpper(err.Error()[:1]) + err.Error()[1:])
			}
			b.keepUpgrades()
			_, err = fmt.Fprintln(in.Out, said)
			return err
		})
	}
	return []language.Declaration{
		do("start", "Begin, or go on", b.startUpgrade),
		do("pause", "Let no more phones begin", func(_ *language.Invocation, name string) (string, error) {
			return "upgrade " + name + " is paused: phones on their way go on", b.Upgrades.Pause(name)
		}),
		do("abort", "End it; phones that have the load keep it", func(_ *language.Invocation, name string) (string, error) {
			return "upgrade " + name + " is aborted: phones that have the load, or all its files, keep it; the others keep or get that of their load line", b.Upgrades.Abort(name)
		}),
	}
}

// notReset are the phones that a wave under way waits for, with its upgrade: the
// files of all are read at a boot but for the profiles of the 7905, 7912 and
// ATA, which are read every hour.
func (b *Box) notReset(c *config.Config) map[ether.MAC]upgrade.Rollout {
	out := map[ether.MAC]upgrade.Rollout{}
	for _, r := range c.Upgrades {
		p, ok := b.Upgrades.Snapshot(r.Name)
		if !ok {
			continue
		}
		for _, u := range p.NotReset() {
			out[u.MAC] = r
		}
	}
	for _, p := range c.Telephony.Pools {
		if m, ok := phone.Lookup(p.Type); ok && (m.SIPFile == phone.LD || m.SIPFile == phone.GK || m.SIPFile == phone.ATA) {
			delete(out, p.MAC)
		}
	}
	return out
}

func (b *Box) startUpgrade(in *language.Invocation, name string) (string, error) {
	i := slices.IndexFunc(in.Config.Upgrades, func(r upgrade.Rollout) bool { return r.Name == name })
	if i < 0 {
		return "", fmt.Errorf("upgrade %s is not configured", name)
	}
	r := in.Config.Upgrades[i]
	if r.Load == "" {
		return "", fmt.Errorf("upgrade %s has no load line", name)
	}
	if m := phone.ByLoadKey(r.Type); len(m) > 0 && m[0].Images != "" && phone.Load(r.Load).Family() != "" && !strings.EqualFold(m[0].Images, phone.Load(r.Load).Family()) {
		return "", fmt.Errorf("upgrade %s: %s is a load for the %s family, the %s runs those of the %s family", name, r.Load, phone.Load(r.Load).Family(), r.Type, m[0].Images)
	}
	if st := b.Policy.Whole(r.Load); !st.Complete() {
		return "", fmt.Errorf("upgrade %s does not start with a load that is not whole: %s", name, st)
	}
	said, err := b.Upgrades.Start(r, b.candidates(in.Config, r))
	if err != nil {
		return "", err
	}
	if need := b.Policy.Needs(r.Load); need != "" && b.Policy.Stone(r.Load) == "" {
		said += "\n% Warning: phones that need " + need + " first keep their image: flash: has no such load"
	}
	return said + "\nNothing here can reset a phone: each begins when it boots next", nil
}

// candidates are the configured phones a rollout's load is for, with what groups
// them.
func (b *Box) candidates(c *config.Config, r upgrade.Rollout) (out []upgrade.Candidate) {
	models := phone.ByLoadKey(r.Type)
	seen := map[ether.MAC]inventory.Phone{}
	for _, p := range b.Inventory.Phones(time.Now()) {
		seen[p.MAC] = p
	}
	pools := map[ether.MAC]string{}
	if b.DHCP != nil {
		for _, l := range b.DHCP.Bindings() {
			pools[l.MAC] = l.Pool
		}
	}
	add := func(mac ether.MAC, typ, what string, tag int, sip bool) {
		if mac.IsZero() || !slices.ContainsFunc(models, func(m phone.Model) bool { return strings.EqualFold(m.Keyword, typ) }) {
			return
		}
		p := seen[mac]
		x := upgrade.Candidate{MAC: mac, Line: what + " " + itoa(tag), Tag: tag, SIP: sip, DHCP: cmp.Or(p.Pool, pools[mac])}
		if p.LoadBasis == inventory.Observed {
			x.Runs = p.Load
		}
		if k := b.Classes.Of(mac); k.Class == upgrade.Exact {
			x.Runs = k.Runs
		}
		x.Class, x.Group = groupOf(c, mac, x.DHCP, p.Addr)
		out = append(out, x)
	}
	if protocol := phone.Load(r.Load).Protocol(); protocol != "SIP" {
		for _, e := range c.Telephony.Ephones {
			add(e.MAC, e.Type, "ephone", e.Tag, false)
		}
	}
	if phone.Load(r.Load).Protocol() != "SCCP" {
		for _, p := range c.Telephony.Pools {
			add(p.MAC, p.Type, "voice register pool", p.Tag, true)
		}
	}
	return out
}

// groupOf is the class a lease of a pool is given in, and the file server it
// names first: that of the class, else of the pool, where servers may take turns.
func groupOf(c *config.Config, mac ether.MAC, pool string, a netip.Addr) (class, server string) {
	for i := range c.DHCP.Pools {
		p := &c.DHCP.Pools[i]
		if p.Name != pool {
			continue
		}
		first := p.First(mac)
		for _, k := range p.Classes {
			for _, r := range k.Ranges {
				if a.IsValid() && r.Contains(a) {
					class = k.Name
					if len(k.Option150) > 0 {
						first = k.Option150[0]
					}
				}
			}
		}
		if first.IsValid() {
			server = first.String()
		}
		return class, server
	}
	return "", ""
}

// showUpgrade is `show upgrade`.
func showUpgrade(b *Box) []language.Declaration {
	const doc = "facts/diagnosis.md 6"
	return []language.Declaration{
		table(`upgrade("Upgrades of phones")`, 0, doc, func(in *language.Invocation) *columns.Page {
			if len(in.Config.Upgrades) == 0 {
				return columns.Empty("No upgrade is configured\n")
			}
			w := &columns.Page{}
			t := w.Table(upgrade.RolloutsTable)
			for _, r := range in.Config.Upgrades {
				p, ok := b.Upgrades.Snapshot(r.Name)
				if !ok {
					p = upgrade.Progress{Name: r.Name, State: upgrade.Idle, Load: r.Load}
				}
				p.Summary(t)
			}
			return w
		}, upgrade.RolloutsTable),
		tabled(action(showHead+`upgrade("Upgrades of phones") <name:UPGRADE>("Name of an upgrade in waves")`, 0, doc, func(in *language.Invocation) error {
			p, ok := b.Upgrades.Snapshot(in.Args.String("name"))
			if !ok {
				return language.Answer("% Upgrade " + in.Args.String("name") + " was not started; `upgrade " + in.Args.String("name") + " start` begins it")
			}
			return columns.Print(in.Out, p.Text(b.Upgrades.Now()))
		}), upgrade.RolloutTable),
	}
}

// upgradesFile keeps what is under way over a restart.
const upgradesFile = "upgrades"

// ReadUpgrades is what was kept.
func (b *Box) ReadUpgrades() *upgrade.Rollouts {
	text, err := b.NVRAM.ReadFile(upgradesFile)
	if err != nil {
		text = nil // none was kept
	}
	return upgrade.NewRollouts(text)
}

// keepUpgrades writes what is under way, if it changed.
func (b *Box) keepUpgrades() {
	b.keeping.Lock()
	defer b.keeping.Unlock()
	if text, ok := b.Upgrades.Keep(); ok {
		_ = b.NVRAM.WriteFile(upgradesFile, text) // a full disk costs what a restart would need
	}
}

// Keep writes what phones did in upgrades before they are given their next file:
// a restart of the box finds nothing else than they did.
func (b *Box) Keep() { b.keepUpgrades() }

// TickUpgrades looks at gates and windows of what is configured, and writes the
// reports of what turned.
func (b *Box) TickUpgrades(conf []upgrade.Rollout) {
	turned := b.Upgrades.Tick(conf, func(mac ether.MAC) string {
		p, ok := b.Inventory.Phone(mac, time.Now())
		if !ok || p.Verdict.Code == inventory.OK {
			return ""
		}
		return strings.TrimSpace(p.Verdict.Code + " " + p.Verdict.Text)
	})
	b.keepUpgrades()
	for _, name := range turned {
		p, ok := b.Upgrades.Snapshot(name)
		if !ok {
			continue
		}
		for end, text := range map[string][]byte{".txt": []byte(p.Text(b.Upgrades.Now()).String()), ".json": p.JSON()} {
			_ = b.Flash.WriteFile("upgrade-"+name+end, text) // the report is shown all the same
		}
	}
}
