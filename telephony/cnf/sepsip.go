package cnf

import (
	"cmp"

	"option150/telephony/phone"
)

// domain is how a generation writes a boolean of sipCallFeatures and sipLines.
// The 7900 series knows 0 and 1 as user-modifiable, the 6900, 8900 and 9900
// series read 0 and 1 as off and 2 and 3 as on, 7800 and 8800 know 0 and 1.
// [facts/phones.md 2.3]
func domain(m phone.Model, on bool) int {
	switch {
	case !on:
		return 0
	case m.Generation == "69xx" || m.Generation == "G4":
		return 2
	}
	return 1
}

// dualLoad are the generations that keep a second image.
func dualLoad(m phone.Model) bool { return m.Generation == "G4" || m.Generation == "G5" }

// sepSIP is the configuration file of a SIP phone, in the order of facts/phones.md
// 2.3.
func (b *builder) sepSIP(m phone.Model, p sipPhone, stamp string) []byte {
	g := b.in.Global
	own := own(b.in.Types.SIP, p.Type)
	t := &tree{gap: " ", latin1: b.latin1(m, true)}
	if t.latin1 {
		t.b.WriteString(headerLatin1 + "\n")
	} else {
		t.b.WriteString(header + "\n")
	}
	t.open("device")
	t.flag("fullConfig", true)
	t.leaf("deviceProtocol", SIP)
	t.open("devicePool")
	t.open("dateTimeSetting")
	t.leaf("dateTemplate", dateTemplate(g.DateFormat, g.TimeFormat))
	t.leaf("timeZone", zoneName(g.Timezone))
	olson(t, g.OlsonZone)
	if g.NTPServer.IsValid() {
		t.open("ntps")
		t.open("ntp")
		t.leaf("name", address(g.NTPServer))
		t.leaf("ntpMode", ntpMode(g.NTPMode))
		t.close(2)
	}
	t.close(1)
	managers(t, g.SourceAddress, 5060, true)
	t.close(1)
	b.sipProfile(t, m, p)
	if m.Generation == "G4" {
		t.leaf("featurePolicyFile", p.policyFile())
	}
	t.leaf("MissedCallLoggingOption", missedCalls(p.lines))
	t.open("commonProfile")
	t.leaf("phonePassword", "")
	t.flag("backgroundImageAccess", true)
	t.number("callLogBlfEnabled", 2)
	t.close(1)
	if own == nil || !own.NoLoad {
		t.leaf("loadInformation", p.of(g.Loads, m).Canonical())
	}
	if dualLoad(m) {
		t.leaf("inactiveLoadInformation", "")
	}
	vendorConfig(t, b.params(m, p.levels, p.override))
	b.addons(t, g.Loads, p.Addons, true)
	t.leaf("versionStamp", stamp)
	b.locales(t, m, SIP, cmp.Or(p.user, Everybody(g.UserLocales)), cmp.Or(p.network, Everybody(g.NetworkLocales)))
	t.number("deviceSecurityMode", 1)
	urls(t, b.urlsOf(&p))
	t.number("dscpForCm2Dvce", tos(g.QoS.Signal, 96))
	word := cmp.Or(p.Transport, p.template().Transport)
	if own != nil {
		word = cmp.Or(word, own.Transport)
	}
	t.number("transportLayerProtocol", transport(word))
	t.number("capfAuthMode", 0)
	t.leaf("certHash", "")
	t.flag("encrConfig", false)
	ssh(t, p.SSHUser, p.SSHPassword)
	return t.bytes()
}

func (b *builder) sipProfile(t *tree, m phone.Model, p sipPhone) {
	g, set := &b.in.Global, p.template()
	t.open("sipProfile")
	t.open("sipProxies")
	for _, name := range []string{"backupProxy", "backupProxyPort", "emergencyProxy", "emergencyProxyPort"} {
		t.leaf(name, "")
	}
	proxy, port := b.outboundProxy()
	t.leaf("outboundProxy", proxy)
	t.leaf("outboundProxyPort", port)
	t.flag("registerWithProxy", true)
	t.close(1)
	t.open("sipCallFeatures")
	t.flag("cnfJoinEnabled", p.KeepConference != Off)
	for _, u := range [][2]string{{"callForwardURI", "cfwdall"}, {"callPickupURI", "pickup"}, {"callPickupListURI", "opickup"},
		{"callPickupGroupURI", "gpickup"}, {"meetMeServiceURI", "meetme"}, {"abbreviatedDialURI", "abbrdial"}} {
		t.leaf(u[0], "x-cisco-serviceuri-"+u[1])
	}
	t.flag("rfc2543Hold", false)
	t.number("callHoldRingback", domain(m, true))
	t.flag("localCfwdEnable", !set.NoForwardLocal)
	t.flag("semiAttendedTransfer", !set.NoTransferAttend)
	t.number("anonymousCallBlock", domain(m, set.AnonymousBlock))
	t.number("callerIdBlocking", domain(m, set.CallerIDBlock))
	t.number("dndControl", dnd(set))
	t.flag("remoteCcEnable", true)
	t.close(1)
	t.open("sipStack")
	for _, v := range []struct {
		name  string
		value int
	}{{"sipInviteRetx", 6}, {"sipRetx", 10}, {"timerInviteExpires", 180}, {"timerRegisterExpires", 3600}, {"timerRegisterDelta", 5},
		{"timerKeepAliveExpires", cmp.Or(g.Keepalive, 120)}, {"timerSubscribeExpires", 120}, {"timerSubscribeDelta", 5}, {"timerT1", 500}, {"timerT2", 4000},
		{"maxRedirects", cmp.Or(g.MaxRedirect, 70)}} {
		t.number(v.name, v.value)
	}
	t.flag("remotePartyID", true)
	t.leaf("userInfo", "phone")
	t.close(1)
	t.number("autoAnswerTimer", 1)
	t.flag("autoAnswerAltBehavior", false)
	t.flag("autoAnswerOverride", true)
	t.flag("transferOnhookEnabled", false)
	t.flag("enableVad", p.VAD == On)
	t.leaf("preferredCodec", codec(p.Codec))
	t.number("dtmfAvtPayload", 101)
	t.number("dtmfDbLevel", 3)
	t.leaf("dtmfOutofBand", "avt")
	t.flag("alwaysUsePrimeLine", false)
	t.flag("alwaysUsePrimeLineVoiceMail", false)
	t.number("kpml", 0)
	label, _ := phoneLabel(m, p.Description)
	t.leaf("phoneLabel", label)
	t.number("stutterMsgWaiting", one(g.Stutter))
	t.flag("callStats", true)
	t.number("silentPeriodBetweenCallWaitingBursts", 10)
	t.flag("disableLocalSpeedDialConfig", false)
	t.number("startMediaPort", 16384)
	t.number("stopMediaPort", 32766)
	t.flag("natEnabled", false)
	t.flag("natReceivedProcessing", false)
	t.leaf("natAddress", "")
	b.sipLines(t, m, p)
	t.number("voipControlPort", 5060)
	t.number("dscpForAudio", tos(g.QoS.Media, 184))
	if g.QoS.Video > 0 {
		t.number("dscpVideo", tos(g.QoS.Video, 136))
	}
	t.number("ringSettingBusyStationPolicy", 0)
	t.leaf("dialTemplate", p.dial.dr)
	t.leaf("softKeyFile", p.softkeyFile())
	t.close(1)
}

func transport(word string) int {
	if word == "tcp" {
		return 1
	}
	return 2 // CME's default is udp
}

func ntpMode(word string) string {
	switch word {
	case "unicast", "multicast", "anycast":
		return word
	}
	return "directedbroadcast"
}
