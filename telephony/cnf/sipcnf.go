package cnf

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"option150/telephony/phone"
)

// Lines of the 7960 and 7940 text files; the phone has six line entries.
const cnfLines = 6

// unprovisioned marks a line entry that is not used. [facts/phones.md 2.5]
const unprovisioned = "UNPROVISIONED"

// sipDefault is SIPDefault.cnf: what all 7940 and 7960 share, in the order of
// the keys CME prints. [facts/cme.md 6.2]
func (b *builder) sipDefault(sync string) []byte {
	g := b.in.Global
	m, _ := phone.Lookup("7960")
	var l lines
	l.put("image_version", load(g.Loads, m).Canonical())
	for i := range cnfLines {
		a := ""
		switch i {
		case 0:
			a = address(g.SourceAddress.Addr)
		case 1:
			a = address(g.SourceAddress.Secondary)
		}
		l.put("proxy"+strconv.Itoa(i+1)+"_address", a)
	}
	for i := range cnfLines {
		p := ""
		if i == 0 || i == 1 && g.SourceAddress.Secondary.IsValid() {
			p = strconv.Itoa(port(g.SourceAddress.Port, 5060))
		}
		l.put("proxy"+strconv.Itoa(i+1)+"_port", p)
	}
	l.put("proxy_register", "1")
	l.put("time_zone", zoneWord(g.Timezone))
	g.DST.put(&l)
	date := g.DateFormat
	if date == "" {
		date = "M/D/Y"
	}
	l.put("date_format", date)
	l.put("time_format_24hr", map[bool]string{true: "1", false: "0"}[g.TimeFormat == 24])
	l.put("local_cfwd_enable", "1")
	directory, _ := urlOf(g.URLs, "directory", "directories")
	services, _ := urlOf(g.URLs, "service", "services")
	l.put("directory_url", directory)
	l.put("messages_uri", g.Voicemail)
	l.put("services_url", services)
	ntp := "0.0.0.0"
	if g.NTPServer.IsValid() {
		ntp = address(g.NTPServer)
	}
	proxy, proxyPort := b.outboundProxy()
	for _, kv := range [][2]string{
		{"logo_url", g.Logo}, {"stutter_msg_waiting", strconv.Itoa(one(g.Stutter))}, {"sync", sync}, {"telnet_level", strconv.Itoa(g.TelnetLevel)},
		{"autocomplete", "1"}, {"call_stats", "0"}, {"Domain_Name", ""}, {"dtmf_avt_payload", "101"}, {"dtmf_db_level", "3"},
		{"dtmf_inband", "1"}, {"dtmf_outofband", "avt"}, {"dyn_dns_addr_1", ""}, {"dyn_dns_addr_2", ""}, {"dyn_tftp_addr", ""},
		{"end_media_port", "32766"}, {"http_proxy_addr", ""}, {"http_proxy_port", "80"}, {"nat_address", ""}, {"nat_enable", "0"},
		{"nat_received_processing", "0"}, {"network_media_type", "Auto"}, {"network_port2_type", "Hub/Switch"}, {"outbound_proxy", proxy},
		{"outbound_proxy_port", cmp.Or(proxyPort, "5060")}, {"proxy_backup", ""}, {"proxy_backup_port", "5060"}, {"proxy_emergency", ""},
		{"proxy_emergency_port", "5060"}, {"remote_party_id", "0"}, {"sip_invite_retx", "6"}, {"sip_retx", "10"},
		{"sntp_mode", ntpMode(g.NTPMode)}, {"sntp_server", ntp}, {"start_media_port", "16384"}, {"tftp_cfg_dir", ""},
		{"timer_invite_expires", "180"}, {"timer_register_delta", "5"}, {"timer_register_expires", "3600"}, {"timer_t1", "500"},
		{"timer_t2", "4000"}, {"tos_media", tosMedia(g.QoS.Media)}, {"voip_control_port", "5060"},
	} {
		l.put(kv[0], kv[1])
	}
	return l.b.Bytes()
}

// sipCNF is SIP<MAC>.cnf of a 7940 or 7960. [facts/cme.md 6.2]
func (b *builder) sipCNF(m phone.Model, p sipPhone) []byte {
	var l lines
	l.put("image_version", p.of(b.in.Global.Loads, m).Canonical())
	l.put("user_info", "phone")
	byPosition := make(map[int]line)
	for _, n := range p.lines {
		byPosition[n.position] = n
	}
	for i := 1; i <= max(m.Lines, 1) && i <= cnfLines; i++ {
		n, used := byPosition[i]
		if !used {
			n = line{number: unprovisioned, name: unprovisioned, label: unprovisioned, authName: unprovisioned, password: unprovisioned}
		}
		key := "line" + strconv.Itoa(i) + "_"
		l.put(key+"name", n.number)
		l.put(key+"displayname", n.name)
		l.put(key+"shortname", n.label)
		l.put(key+"authname", n.authName)
		l.put(key+"password", n.password)
	}
	answers := len(p.lines) > 0 && p.lines[0].answers
	l.put("auto_answer", strconv.Itoa(one(answers)))
	dials := slices.Clip(p.SpeedDials)
	for _, s := range p.BLFs { // it shows no presence
		dials = append(dials, s.SpeedDial)
	}
	for i := range 5 {
		var s SpeedDial
		if i < len(dials) {
			s = dials[i]
		}
		l.put("speed_line"+strconv.Itoa(i+1), s.Number)
		l.put("speed_label"+strconv.Itoa(i+1), s.Label)
	}
	set := p.template()
	label, _ := phoneLabel(m, p.Description)
	for _, kv := range [][2]string{
		{"call_hold_ringback", "0"}, {"dnd_control", strconv.Itoa(dnd(set))}, {"anonymous_call_block", strconv.Itoa(one(set.AnonymousBlock))},
		{"callerid_blocking", strconv.Itoa(one(set.CallerIDBlock))}, {"enable_vad", strconv.Itoa(one(p.VAD == On))},
		{"semi_attended_transfer", strconv.Itoa(one(!set.NoTransferAttend))}, {"call_waiting", "1"}, {"cfwd_url", ""}, {"cnf_join_enable", strconv.Itoa(one(p.KeepConference != Off))},
		{"phone_label", label}, {"preferred_codec", codec(p.Codec)}, {"dial_template", strings.TrimSuffix(p.dial.text, ".xml")},
	} {
		l.put(kv[0], kv[1])
	}
	// What is the same for most is in SIPDefault.cnf: this file says it only where
	// it differs.
	if set.NoForwardLocal {
		l.put("local_cfwd_enable", "0")
	}
	if set.Voicemail != "" {
		l.put("messages_uri", set.Voicemail)
	}
	urls := b.urlsOf(&p)
	for _, u := range [][]string{{"directory_url", "directory", "directories"}, {"services_url", "service", "services"}} {
		all, _ := urlOf(b.in.Global.URLs, u[1:]...)
		if own, _ := urlOf(urls, u[1:]...); own != all {
			l.put(u[0], own)
		}
	}
	return l.b.Bytes()
}

// zoneWord is the zone as the 7940 and 7960 write it: an abbreviation by
// offset. [EST V facts/cme.md 6.2, the others M]
func zoneWord(id int) string {
	z, ok := phone.ZoneByID(id)
	if !ok {
		z, _ = phone.ZoneByID(phone.DefaultZone)
	}
	words := map[time.Duration]string{-720: "IDLW", -660: "NT", -600: "AHST", -540: "IMT", -480: "PST", -420: "MST", -360: "CST", -300: "EST",
		-240: "AST", -210: "NST", -180: "BST", -120: "AT", -60: "WAT", 0: "GMT", 60: "CET", 120: "EET", 180: "MSK", 480: "CCT", 540: "JST",
		600: "EAST", 720: "NZST"}
	if w, ok := words[z.Offset/time.Minute]; ok {
		return w
	}
	hours := int(z.Offset / time.Hour)
	if minutes := int(z.Offset/time.Minute) % 60; minutes != 0 {
		return "GMT" + signed(hours) + ":" + strconv.Itoa(max(minutes, -minutes))
	}
	return "GMT" + signed(hours)
}

func signed(n int) string {
	if n < 0 {
		return strconv.Itoa(n)
	}
	return "+" + strconv.Itoa(n)
}
