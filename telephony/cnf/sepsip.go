package cnf

import (
	"strconv"

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
	t := &tree{gap: " "}
	t.b.WriteString(header + "\n")
	t.open("device")
	t.flag("fullConfig", true)
	t.leaf("deviceProtocol", SIP)
	t.open("devicePool")
	t.open("dateTimeSetting")
	t.leaf("dateTemplate", dateTemplate(g.DateFormat, g.TimeFormat))
	t.leaf("timeZone", zoneName(g.Timezone))
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
		t.leaf("featurePolicyFile", policyFile)
	}
	t.number("MissedCallLoggingOption", 1)
	t.open("commonProfile")
	t.leaf("phonePassword", "")
	t.flag("backgroundImageAccess", true)
	t.number("callLogBlfEnabled", 2)
	t.close(1)
	t.leaf("loadInformation", p.of(g.Loads, m).Canonical())
	if dualLoad(m) {
		t.leaf("inactiveLoadInformation", "")
	}
	vendorConfig(t, b.params(m, p.levels, p.override))
	addons(t, g.Loads, p.Addons)
	t.leaf("versionStamp", stamp)
	locales(t, Everybody(g.UserLocales), Everybody(g.NetworkLocales))
	t.number("deviceSecurityMode", 1)
	urls(t, g.URLs)
	t.number("dscpForCm2Dvce", 96)
	t.number("transportLayerProtocol", transport(p.Transport))
	t.number("capfAuthMode", 0)
	t.leaf("certHash", "")
	t.flag("encrConfig", false)
	return t.bytes()
}

func (b *builder) sipProfile(t *tree, m phone.Model, p sipPhone) {
	t.open("sipProfile")
	t.open("sipProxies")
	for _, name := range []string{"backupProxy", "backupProxyPort", "emergencyProxy", "emergencyProxyPort", "outboundProxy", "outboundProxyPort"} {
		t.leaf(name, "")
	}
	t.flag("registerWithProxy", true)
	t.close(1)
	t.open("sipCallFeatures")
	t.flag("cnfJoinEnabled", true)
	for _, u := range [][2]string{{"callForwardURI", "cfwdall"}, {"callPickupURI", "pickup"}, {"callPickupListURI", "opickup"},
		{"callPickupGroupURI", "gpickup"}, {"meetMeServiceURI", "meetme"}, {"abbreviatedDialURI", "abbrdial"}} {
		t.leaf(u[0], "x-cisco-serviceuri-"+u[1])
	}
	t.flag("rfc2543Hold", false)
	t.number("callHoldRingback", domain(m, true))
	t.flag("localCfwdEnable", true)
	t.flag("semiAttendedTransfer", true)
	t.number("anonymousCallBlock", domain(m, false))
	t.number("callerIdBlocking", domain(m, false))
	t.number("dndControl", 0)
	t.flag("remoteCcEnable", true)
	t.close(1)
	t.open("sipStack")
	for _, v := range []struct {
		name  string
		value int
	}{{"sipInviteRetx", 6}, {"sipRetx", 10}, {"timerInviteExpires", 180}, {"timerRegisterExpires", 3600}, {"timerRegisterDelta", 5},
		{"timerKeepAliveExpires", 120}, {"timerSubscribeExpires", 120}, {"timerSubscribeDelta", 5}, {"timerT1", 500}, {"timerT2", 4000}, {"maxRedirects", 70}} {
		t.number(v.name, v.value)
	}
	t.flag("remotePartyID", true)
	t.leaf("userInfo", "phone")
	t.close(1)
	t.number("autoAnswerTimer", 1)
	t.flag("autoAnswerAltBehavior", false)
	t.flag("autoAnswerOverride", true)
	t.flag("transferOnhookEnabled", false)
	t.flag("enableVad", false)
	t.leaf("preferredCodec", codec(p.Codec))
	t.number("dtmfAvtPayload", 101)
	t.number("dtmfDbLevel", 3)
	t.leaf("dtmfOutofBand", "avt")
	t.flag("alwaysUsePrimeLine", false)
	t.flag("alwaysUsePrimeLineVoiceMail", false)
	t.number("kpml", 0)
	t.leaf("phoneLabel", p.Description)
	t.number("stutterMsgWaiting", 0)
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
	t.number("dscpForAudio", 184)
	t.number("ringSettingBusyStationPolicy", 0)
	t.leaf("dialTemplate", dialTemplate(p.Dialplan))
	t.leaf("softKeyFile", softkeyFile)
	t.close(1)
}

// sipLines writes a line per number, then a speed dial per button that is
// left. Feature 9 is a line, 21 a speed dial. [facts/phones.md 2.3]
func (b *builder) sipLines(t *tree, m phone.Model, p sipPhone) {
	t.open("sipLines")
	last := 0
	for _, l := range p.lines {
		n := strconv.Itoa(l.position)
		t.open("line", "button", n, "lineIndex", n)
		t.number("featureID", 9)
		t.leaf("featureLabel", l.label)
		t.leaf("proxy", "USECALLMANAGER")
		t.number("port", port(b.in.Global.SourceAddress.Port, 5060))
		t.leaf("name", l.number)
		t.leaf("displayName", l.name)
		t.open("autoAnswer")
		t.number("autoAnswerEnabled", 0)
		t.close(1)
		t.number("callWaiting", domain(m, true))
		t.leaf("authName", l.authName)
		t.leaf("authPassword", l.password)
		t.leaf("contact", l.number)
		t.flag("sharedLine", false)
		t.number("messageWaitingLampPolicy", 3)
		t.leaf("messagesNumber", "")
		t.number("ringSettingIdle", 4)
		t.number("ringSettingActive", 5)
		t.open("forwardCallInfoDisplay")
		for _, f := range []string{"callerName", "callerNumber", "redirectedNumber", "dialedNumber"} {
			t.flag(f, true)
		}
		t.close(1)
		t.number("maxNumCalls", 4)
		t.number("busyTrigger", 2)
		t.close(1)
		last = max(last, l.position)
	}
	for _, s := range p.SpeedDials {
		last++
		n := strconv.Itoa(last)
		t.open("line", "button", n)
		t.number("featureID", 21)
		t.leaf("featureLabel", speedLabel(s))
		t.leaf("speedDialNumber", s.Number)
		t.close(1)
	}
	t.close(1)
}

func speedLabel(s SpeedDial) string {
	if s.Label == "" {
		return s.Number
	}
	return s.Label
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

// dialTemplate is the file of `dialplan TAG`: CME's name for it. [facts/cme.md 6.2]
func dialTemplate(tag int) string {
	if tag <= 0 {
		return ""
	}
	return "dialplan" + strconv.Itoa(tag) + ".xml"
}
