package cnf

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"option150/platform/testkit/golden"
	"option150/telephony/phone"
)

// outlines are the elements that phones know, by kind of file: their parents, and
// their attributes in brackets; * is any name, # a number behind one, ! an element
// that has to be there. [SCCP: wazo-provd-plugins base.tpl and chan-sccp
// conf/tftp; SIP: usecallmanager.nz SEPMAC.cnf.xml, soft keys, dial templates,
// feature policy, ring tones, background images; Cisco Unified CME administrator
// guide, Configuration Files for Phones]
var outlines = map[string]string{
	"SCCP": `device!{ fullConfig deviceProtocol
		devicePool!{ dateTimeSetting!{ dateTemplate! timeZone! olsonTimeZone ntps{ ntp{ name ntpMode } } }
			callManagerGroup!{ name tftpDefault members!{ member![priority]{ callManager!{ ports!{ ethernetPhonePort! analogAccessPort digitalAccessPort mgcpPorts{ listen keepAlive } } processNodeName! } } } }
			srstInfo{ name srstOption userModifiable ipAddr1 ipAddr2 ipAddr3 port1 port2 port3 isSecure } mlppDomainId mlppIndicationStatus preemption connectionMonitorDuration }
		versionStamp! loadInformation! addOnModules{ addOnModule[idx]{ deviceType deviceLine loadInformation } }
		userLocale{ name uid langCode version winCharSet } networkLocale networkLocaleInfo{ name uid version } deviceSecurityMode transportLayerProtocol
		idleTimeout authenticationURL directoryURL idleURL informationURL messagesURL proxyServerURL servicesURL vendorConfig{*}
		capfAuthMode capfList certHash encrConfig advertiseG722Codec dscpForSCCPPhoneConfig dscpForSCCPPhoneServices dscpForCm2Dvce ipAddressMode
		phoneServices commonProfile{ phonePassword backgroundImageAccess callLogBlfEnabled } sshUserId sshPassword }`,
	"SIP": `device!{ fullConfig! deviceProtocol!
		devicePool!{ dateTimeSetting!{ dateTemplate! timeZone! olsonTimeZone ntps{ ntp{ name ntpMode } } }
			callManagerGroup!{ name tftpDefault members!{ member![priority]{ callManager!{ ports!{ ethernetPhonePort sipPort! securedSipPort } processNodeName! } } } } srstInfo{*} }
		sipProfile!{ sipProxies!{ backupProxy backupProxyPort emergencyProxy emergencyProxyPort outboundProxy outboundProxyPort registerWithProxy! }
			sipCallFeatures!{ cnfJoinEnabled callForwardURI callPickupURI callPickupListURI callPickupGroupURI meetMeServiceURI abbreviatedDialURI rfc2543Hold callHoldRingback localCfwdEnable
				semiAttendedTransfer anonymousCallBlock callerIdBlocking dndControl remoteCcEnable retainForwardInformation }
			sipStack!{ sipInviteRetx sipRetx timerInviteExpires timerRegisterExpires timerRegisterDelta timerKeepAliveExpires timerSubscribeExpires timerSubscribeDelta timerT1 timerT2 maxRedirects remotePartyID userInfo }
			autoAnswerTimer autoAnswerAltBehavior autoAnswerOverride transferOnhookEnabled enableVad preferredCodec dtmfAvtPayload dtmfDbLevel dtmfOutofBand alwaysUsePrimeLine alwaysUsePrimeLineVoiceMail
			kpml phoneLabel stutterMsgWaiting callStats silentPeriodBetweenCallWaitingBursts disableLocalSpeedDialConfig startMediaPort stopMediaPort natEnabled natReceivedProcessing natAddress
			sipLines!{ line[button,lineIndex]{ featureID! featureLabel! featureOptionMask speedDialNumber serviceURI proxy port name displayName autoAnswer{ autoAnswerEnabled } callWaiting authName authPassword contact
				sharedLine messageWaitingLampPolicy messagesNumber ringSettingIdle ringSettingActive forwardCallInfoDisplay{ callerName callerNumber redirectedNumber dialedNumber } maxNumCalls busyTrigger } }
			voipControlPort dscpForAudio dscpVideo ringSettingBusyStationPolicy dialTemplate! softKeyFile! }
		featurePolicyFile MissedCallLoggingOption commonProfile{ phonePassword backgroundImageAccess callLogBlfEnabled } loadInformation! inactiveLoadInformation vendorConfig{*}
		addOnModules{ addOnModule[idx]{ deviceType deviceLine loadInformation } } versionStamp!
		userLocale{ name uid langCode version winCharSet } networkLocale networkLocaleInfo{ name uid version } deviceSecurityMode
		idleTimeout authenticationURL directoryURL idleURL informationURL messagesURL proxyServerURL servicesURL dscpForCm2Dvce transportLayerProtocol! capfAuthMode certHash encrConfig sshUserId sshPassword }`,
	"Default": `Default!{ callManagerGroup!{ members!{ member![priority]{ callManager!{ ports!{ ethernetPhonePort sipPort securedSipPort } processNodeName! } } } }
		loadInformation#[model] authenticationURL directoryURL idleURL informationURL messagesURL proxyServerURL servicesURL }`,
	"softKeyCfg":    `softKeyCfg!{ versionStamp! typeSoftKey!{ softKeyDef![keyID]{ tag! eventID! helpID! } } softKeySets!{ softKeySet![id]{ softKey[keyID] } } }`,
	"featurePolicy": `featurePolicy![name]{ versionStamp! featureDef![name]{ id! enable! } }`,
	"dialTemplate":  `dialTemplate!{ versionStamp TEMPLATE![match,timeout,line,rewrite,tone,user] }`,
	"DIALTEMPLATE":  `DIALTEMPLATE!{ TEMPLATE![MATCH,Timeout,User,Line,Rewrite,Tone] }`,
	"DialRules":     `DialRules!{ DialRule[BeginsWith,NumDigits,DigitsToRemove,PrefixWith] }`,
	"SYNCINFO":      `SYNCINFO!{ IMAGE![VERSION,SYNC] }`,
}

// node is an element of an outline.
type node struct {
	name  string
	attrs []string
	must  bool
	any   bool // any elements in it
	kids  []*node
}

var outlineWord = regexp.MustCompile(`[A-Za-z0-9]+#?|[!{}*]|\[[^\]]*\]`)

func outline(t *testing.T, text string) *node {
	t.Helper()
	top := &node{}
	open := []*node{top}
	for _, w := range outlineWord.FindAllString(text, -1) {
		in := open[len(open)-1]
		switch w[0] {
		case '{':
			open = append(open, in.kids[len(in.kids)-1])
		case '}':
			open = open[:len(open)-1]
		case '*':
			in.any = true
		case '!':
			in.kids[len(in.kids)-1].must = true
		case '[':
			in.kids[len(in.kids)-1].attrs = strings.Split(strings.Trim(w, "[]"), ",")
		default:
			in.kids = append(in.kids, &node{name: w})
		}
	}
	if len(open) != 1 {
		t.Fatalf("outline of %.20s is not closed", text)
	}
	return top
}

func (n *node) kid(name string) *node {
	for _, k := range n.kids {
		if k.name == name || strings.HasSuffix(k.name, "#") && strings.TrimRight(name, "0123456789") == strings.TrimSuffix(k.name, "#") {
			return k
		}
	}
	if n.any {
		return &node{name: name}
	}
	return nil
}

// against reads a file and holds each element against the outline.
func against(t *testing.T, f *File, top *node) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(f.Content))
	d.CharsetReader = latin1Reader
	type level struct {
		n    *node
		seen map[string]bool
	}
	open := []level{{top, map[string]bool{}}}
	closed := func(l level) {
		for _, k := range l.n.kids {
			if k.must && !l.seen[k.name] {
				t.Errorf("%s: %s has no %s", f.Name, l.n.name, k.name)
			}
		}
	}
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			closed(open[0])
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		switch x := tok.(type) {
		case xml.StartElement:
			in := open[len(open)-1]
			n := in.n.kid(x.Name.Local)
			if n == nil {
				t.Fatalf("%s: phones know no %s in %s", f.Name, x.Name.Local, in.n.name)
			}
			in.seen[n.name] = true
			for _, a := range x.Attr {
				if !slices.Contains(n.attrs, a.Name.Local) {
					t.Errorf("%s: phones know no %s of %s", f.Name, a.Name.Local, n.name)
				}
			}
			open = append(open, level{n, map[string]bool{}})
		case xml.EndElement:
			closed(open[len(open)-1])
			open = open[:len(open)-1]
		case xml.CharData:
			if n := open[len(open)-1].n; len(n.kids) > 0 && strings.TrimSpace(string(x)) != "" {
				t.Errorf("%s: text %.40q in %s", f.Name, x, n.name)
			}
		}
	}
}

// cnfKeys are the keys of the text files, in their order. [Cisco Unified CME
// administrator guide, Configuration Files for Phones; Cisco SIP IP phone 7940 and
// 7960 administrator guide]
var cnfKeys = regexp.MustCompile(`^(image_version|user_info|auto_answer|(line[1-6]_(name|displayname|shortname|authname|password))|speed_(line|label)[1-5]|proxy[1-6]_(address|port)|proxy_(register|backup|backup_port|emergency|emergency_port)|` +
	`call_hold_ringback|dnd_control|anonymous_call_block|callerid_blocking|enable_vad|semi_attended_transfer|call_waiting|cfwd_url|cnf_join_enable|phone_label|preferred_codec|dial_template|` +
	`time_zone|dst_(auto_adjust|(start|stop)_(month|day|day_of_week|week_of_month|time))|date_format|time_format_24hr|local_cfwd_enable|directory_url|messages_uri|services_url|logo_url|stutter_msg_waiting|sync|telnet_level|` +
	`autocomplete|call_stats|Domain_Name|dtmf_(avt_payload|db_level|inband|outofband)|dyn_dns_addr_[12]|dyn_tftp_addr|(start|end)_media_port|http_proxy_(addr|port)|nat_(address|enable|received_processing)|network_(media|port2)_type|` +
	`outbound_proxy(_port)?|remote_party_id|sip_(invite_)?retx|sntp_(mode|server)|tftp_cfg_dir|timer_(invite_expires|register_(delta|expires)|t1|t2)|tos_media|voip_control_port)$`)

// profileTags are the tags of a binary profile and the length of their values, 0 =
// a text. [ptag.dat of Cisco's cfgfmt for the 7905, 7912 and ATA 186]
var profileTags = map[int]int{13: 4, 19: 1, 20: 1, 21: 1, 24: 4, 25: 0, 26: 0, 29: 0, 41: 0, 44: 0, 50: 4, 67: 0, 69: 4, 70: 4, 1001: 0, 1002: 0, 1003: 0, 1004: 0, 1005: 0, 1006: 0, 1009: 0,
	1012: 1, 1013: 1, 1015: 1, 1016: 1, 1017: 1, 1019: 0, 1021: 0, 0x1100: 0}

// TestOutlines builds the files of one phone of every type of both protocols, with
// everything lines can say, and holds each against what phones know.
func TestOutlines(t *testing.T) {
	trees := map[string]*node{}
	for k, text := range outlines {
		trees[k] = outline(t, text)
	}
	root := regexp.MustCompile(`<([A-Za-z]+)[\s>/]`)
	kinds := map[string]int{}
	check := func(f *File) {
		switch {
		case bytes.HasPrefix(f.Content, []byte(profileMagic)):
			kinds["profile"]++
			for tag, v := range checkProfile(t, f.Content) {
				if n, ok := profileTags[tag]; !ok || n > 0 && len(v) != n {
					t.Errorf("%s: tag %d of %d bytes", f.Name, tag, len(v))
				}
			}
		case strings.HasSuffix(f.Name, ".txt"):
			kinds["profile as text"]++
			checkContent(t, f)
		case strings.HasSuffix(f.Name, ".cnf") && !bytes.HasPrefix(f.Content, []byte("<")):
			kinds["text"]++
			checkContent(t, f)
			for l := range strings.Lines(string(f.Content)) {
				if k, _, _ := strings.Cut(l, ":"); !cnfKeys.MatchString(k) {
					t.Errorf("%s: phones know no %s", f.Name, k)
				}
			}
		case f.Name == "OS79XX.TXT":
		default:
			m := root.FindSubmatch(f.Content)
			if m == nil {
				t.Fatalf("%s is of no kind", f.Name)
			}
			kind := string(m[1])
			if kind == "device" {
				kind = f.Protocol
			}
			if trees[kind] == nil {
				t.Fatalf("%s: root %s", f.Name, m[1])
			}
			kinds[kind]++
			against(t, f, trees[kind])
		}
	}
	for _, sip := range []bool{false, true} {
		for _, typ := range phone.Types(sip) {
			c := whole()
			c.Service.CnfPer, c.Global.FileText = "perphone", true
			e, p := c.Ephones[0], c.Pools[8]
			c.Ephones, c.Pools = nil, nil
			if sip {
				p.Type, p.MAC = typ, mac(0x99)
				c.Pools = []RegisterPool{p}
			} else {
				e.Type, e.MAC, e.Addons = typ, mac(0x99), []string{"7916-24"}
				c.Ephones = []Ephone{e}
			}
			own := 0
			for _, f := range mustBuild(c, Options{}).Files() {
				check(f)
				if f.MAC == mac(0x99) {
					own++
					if slices.Contains(families, typ) && !strings.HasSuffix(f.Name, ".txt") && bytes.HasPrefix(f.Content, []byte("<")) {
						golden.Check(t, filepath.Join("testdata", "golden", "family-"+strings.ToLower(f.Protocol)+"-"+typ+".cnf.xml"), string(f.Content))
					}
				}
			}
			m, _ := phone.Lookup(typ)
			if own == 0 && (!sip && !m.DefaultFileOnly || sip && m.SIPFile != "") {
				t.Errorf("a %s, SIP %v, has no file", typ, sip)
			}
		}
	}
	for _, k := range []string{"SCCP", "SIP", "Default", "softKeyCfg", "featurePolicy", "dialTemplate", "DIALTEMPLATE", "DialRules", "SYNCINFO", "profile", "profile as text", "text"} {
		if kinds[k] == 0 {
			t.Errorf("no file of the kind %s was built", k)
		}
	}
}

// families have no golden of their own beside those of office: adapters, wireless
// phones, conference stations, the video phones and software.
var families = []string{"6901", "7921", "7926", "7985", "3951", "7832", "8821", "8831", "8832", "DX650", "ATA-190", "ATA-191", "Jabber-CSF-Client"}
