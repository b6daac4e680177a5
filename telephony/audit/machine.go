package audit

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"option150/platform/config"
	"option150/platform/fileserver"
	"option150/telephony/advice"
	"option150/telephony/phone"
)

// Thresholds of the machine.
const (
	foreignLately = 15 * time.Minute
	leastDisk     = 32 << 20  // or a hundredth of the disk,
	muchDisk      = 256 << 20 // but this is enough for what a box writes, however large the disk
	leastMemory   = 16 << 20
)

// firstYear is before every clock that was ever set on a box of ours.
const firstYear = 2024

// services looks at sockets, at what the box gives itself and at the firewall.
func (a *around) services() {
	for _, s := range a.w.Services {
		switch {
		case s.Up:
		case s.Holder != "":
			a.add(config.Warning, "A07", "", "%s is not up: %s port %d is held by %s", s.Name, strings.ToUpper(s.Proto), s.Port, s.Holder).
				fix(advice.Tell("End that process, or give the port to this box in another way."))
		default:
			a.add(config.Warning, "A05", "", "%s is not up: %s", s.Name, s.Why)
		}
	}
	for _, t := range a.w.Self {
		if t.Fault != "" {
			a.add(config.Warning, "A05", "", "this box asked itself for %s and did not get it right: %s", t.Name, t.Fault)
		}
	}
	if a.w.Firewall != nil {
		for _, d := range a.w.Firewall.Dropped {
			a.add(config.Warning, "A08", "", "the firewall of this machine does not let %s port %d in", strings.ToUpper(d.Proto), d.Port).
				seen("%s: %s", a.w.Firewall.Detail, d.Rule).fix(advice.Tell("Let the port in, on the machine this box runs on."))
		}
	}
}

// others are the other DHCP servers.
func (a *around) others() {
	if a.w.Others == nil {
		return
	}
	for _, s := range a.w.Others.Servers {
		if s.Ago > foreignLately {
			continue
		}
		what := "without option 150"
		if s.Option150 != "" {
			what = "with option 150 " + s.Option150
		}
		a.add(config.Warning, "A15", "ip dhcp", "another DHCP server, %s, answers on %s %s", s.Addr, s.Interface, what).
			seen("its last answer was %s ago", s.Ago.Round(time.Second)).
			fix(advice.Tell("Switch it off there, or let this box hold its offers with ip dhcp foreign-server hold."))
	}
}

// machine is the clock, the disk and the memory.
func (a *around) machine() {
	if k := a.w.Clock; k != nil {
		switch {
		case k.Now.Year() < firstYear:
			a.add(config.Warning, "A25", "", "the clock says %s: it was never set, and logs and file stamps mean nothing", k.Now.UTC().Format("15:04:05 Jan 2 2006"))
		case len(a.c.NTP.Servers) > 0 && !k.Synced:
			a.add(config.Note, "A25", "", "no time server answers: the clock is as right as the machine")
		}
	}
	m := a.w.Machine
	if m == nil {
		return
	}
	if m.DiskTotal > 0 && m.DiskFree < min(max(leastDisk, m.DiskTotal/100), muchDisk) {
		a.add(config.Warning, "A26", "", "%d MB are free on the disk: leases and configuration may not be written", m.DiskFree>>20)
	}
	if m.MemoryTotal > 0 && m.MemoryFree < leastMemory {
		a.add(config.Warning, "A26", "", "%d MB of memory are free", m.MemoryFree>>20)
	}
}

// knownSecrets are tried by whoever looks for a way in.
var knownSecrets = []string{"cisco", "admin", "password", "123456", "changeme", "secret"}

// people is who may come in and who may read the files.
func (a *around) people() {
	u := &a.c.AAA
	for _, x := range u.Users {
		plain, ok := x.Secret.Reveal()
		if ok && (slices.Contains(knownSecrets, strings.ToLower(plain)) || strings.EqualFold(plain, x.Name)) {
			a.add(config.Warning, "A28", "username "+x.Name, "the password of %s is one of the first that are tried", x.Name).
				fix(advice.Tell("Type the username line again with secret and a new password."))
		}
	}
	if plain, ok := u.EnablePassword.Reveal(); ok && u.EnableSecret.IsZero() && slices.Contains(knownSecrets, strings.ToLower(plain)) {
		a.add(config.Warning, "A28", "", "the enable password is one of the first that are tried").fix(advice.Tell("Configure an enable secret."))
	}
	if a.c.CanLogin() && u.EnableSecret.IsZero() && u.EnablePassword.IsZero() {
		top := func(privilege int) bool { return privilege == 15 }
		any := false
		for _, x := range u.Users {
			any = any || top(x.Privilege)
		}
		if !any {
			a.add(config.Note, "A28", "", "there is no enable secret and no user of privilege 15: nobody who comes in over SSH can change anything")
		}
	}
	if a.w.HostKeys != nil && !*a.w.HostKeys && a.c.CanLogin() {
		a.add(config.Warning, "A28", "", "SSH has no host key").fix(advice.Set("crypto key generate rsa modulus 2048"))
	}
	if n := a.passwords(); n > 0 && a.c.Files.BindLease != fileserver.BindEnforce {
		what := fmt.Sprintf("the files of %d phones carry a password and are", n)
		if n == 1 {
			what = "the file of one phone carries a password and is"
		}
		a.add(config.Note, "A29", "", "%s given to whoever asks by name", what).
			fix(advice.Tell("Keep others off the phones' network: file-server access-class says who is given files at all, and with file-server bind-lease enforce a phone's file goes to the address of the phone alone."))
	}
}

// types offers the model of an ephone or a pool without type when the phone
// itself told it.
func (a *around) types() {
	if a.w.Phones == nil {
		return
	}
	models := map[string]string{}
	for _, p := range a.w.Phones.Seen {
		models[strings.ToUpper(p.MAC)] = p.Model
	}
	offer := func(section, mac string, sip bool) {
		m, ok := phone.Lookup(models[strings.ToUpper(mac)])
		if !ok || m.Addon || sip && !m.SIP || !sip && !m.SCCP {
			return
		}
		for i := range a.list {
			if x := &a.list[i]; x.Code == "A16" && x.Section == section && strings.HasPrefix(x.Text, "has no type") {
				x.seen("the phone said that it is %s", phone.Named(m.Keyword)).fix(advice.In(section, "type "+m.Keyword))
			}
		}
	}
	for _, e := range a.c.Telephony.Ephones {
		if e.Type == "" && !e.MAC.IsZero() {
			offer(fmt.Sprintf("ephone %d", e.Tag), e.MAC.CME(), false)
		}
	}
	for _, p := range a.c.Telephony.Pools {
		if p.Type == "" && !p.MAC.IsZero() {
			offer(fmt.Sprintf("voice register pool %d", p.Tag), p.MAC.CME(), true)
		}
	}
}
