// Package command holds the commands of the box: the declarations of every
// configuration line, a file per feature, and the exec commands. A
// declaration is data and small functions over a configuration value; it
// never touches a service. What a show command needs of the running box comes
// in through Box.
//
// Follows DESIGN 5; each declaration names its document. Failure: an error
// from Set refuses the line. Testing: the laws of laws_test.go hold for every
// declaration; transcripts show each as an operator sees it.
package command

import (
	"slices"

	"option150/cli/grammar"
	"option150/cli/language"
)

// All is every declaration of the box in the order of the running-config.
func All(b *Box) []language.Declaration {
	groups := [][]language.Declaration{
		// global configuration, in the order running-configs have
		carriedHere(language.Unplaced),
		services(),
		carriedHere("service pad", "service config", "service tcp-"),
		identity(),
		loggingLines(),
		carriedHere("logging "),
		secrets(),
		carriedHere("aaa "),
		clockLines(),
		carriedHere("clock ", "boot-"),
		dhcpGlobal(),
		dhcpTuning(),
		dhcpLimits(),
		{dhcpDatabase()},
		carriedHere("ip dhcp "),
		dhcpClasses(),
		dhcpPools(),
		dhcpCarried(),
		dhcpv6Pools(),
		domain(),
		habits(),
		dnsLines(),
		carriedHere("ip domain", "ip name-server", "ip host", "ip dns", "ip cef", "ipv6", "multilink"),
		carriedHere("voice service", "voice class", "voice-card"),
		poolTypes(),
		registerGlobal(),
		registerDNs(),
		dialplans(),
		registerPools(),
		profiles(),
		carriedHere("voice register", "voice "),
		loginGlobal(),
		aliasCommands(),
		users(),
		sshGlobal(),
		carriedHere("license", "archive", "redundancy", "crypto", "ip ssh", "ip tftp"),
		archiveSection(),
		interfaces(),
		carriedHere("interface ", "router ", "ip forward-protocol", "ip default-gateway"),
		httpServer(),
		carriedHere("ip http"),
		routing(), carriedHere("ip nat", "ip route", "ip "),
		accessLists(), accessLists6(),
		carriedHere("access-list", "snmp-server", "tacacs", "radius", ""),
		tftpServer(),
		alternates(b),
		exposure(),
		tftpPorts(),
		carriedHere("control-plane", "voice-port", "mgcp", "sccp", "dspfarm", "dial-peer", "gateway", "gatekeeper", "sip-ua"),
		ephoneTypes(),
		telephonyService(),
		{upgradeUnknown(), proofLine()},
		upgrades(),
		carriedHere("ephone-template", "ephone-dn-template"),
		templates(),
		carriedSections(),
		ephoneDNs(),
		ephones(),
		gateways(),
		pfsSection(),
		carriedHere("ephone-hunt"),
		banners(),
		privileges(b),
		lines(),
		carriedHere("line ", "scheduler"),
		[]language.Declaration{phonePoll()},
		fleetSection(),
		{followLine(b)},
		ntpServers(),
		carriedHere("ntp ", "event "),
		// the commands every configuration mode has
		everyMode(),
		// actions
		execCommands(b),
		clockSet(),
		configActions(b),
		showCommands(b),
		showSecurity(b),
		hostKeys(b),
		debugCommands(b),
		pfsCommands(b),
		upgradeActions(b),
		fleetActions(b),
		showUpgrade(b),
	}
	return speaking(b, slices.Concat(groups...))
}

// New compiles the language of a box, which need not be whole yet: what a command
// wants of it is taken when the command is carried out.
func New(b *Box) (*language.Language, error) {
	return language.New(Types(b), append(Modes(), keptModes()...), All(b), Vocabulary())
}

// Modes are the modes of the box. [facts/ios-cli.md 1.1]
func Modes() []language.Mode {
	sub := func(name, title string) language.Mode {
		return language.Mode{Name: name, Parent: language.Global, Title: title + " configuration commands:"}
	}
	carried := func(name, title string) language.Mode {
		m := sub(name, title)
		m.Takes = true
		return m
	}
	quiet := func(m language.Mode) language.Mode { m.Quiet = true; return m }
	return []language.Mode{
		{Name: language.Exec, Title: "Exec commands:"},
		{Name: language.Global, Title: "Configure commands:"},
		sub(modeInterface, "Interface"), sub(modePool, "DHCP pool"), sub(modePoolSecondary, "DHCP pool secondary subnet"), sub(modeTelephony, "Cisco Unified CME"),
		sub(modeEphone, "Ephone"), sub(modeGateway, "Voice gateway"), sub(modeEphoneDN, "Ephone DN"), sub(modeGlobal, "VOICE REGISTER GLOBAL"),
		sub(modeDN, "VOICE REGISTER DN"), sub(modeAutoRegister, "VOICE auto register"), sub(modeRegisterPool, "VOICE REGISTER POOL"), sub(modeLine, "Line"),
		sub(modePFS, "Peer Firmware Sharing"), sub(modeFleet, "Fleet"), sub(modeUpgrade, "Upgrade"), sub(modeArchive, "Archive"), sub(modeArchiveLog, "Archive log config"),
		carried(modeEphoneTemplate, "Ephone template"), carried(modeEphoneDNTemplate, "Ephone DN template"),
		carried(modeRegisterTemplate, "VOICE REGISTER TEMPLATE"), carried(modeDialplan, "VOICE REGISTER DIALPLAN"),
		carried(modePoolType, "VOICE REGISTER POOL-TYPE"), carried(modeEphoneType, "Ephone type"),
		carried(modeUserProfile, "Voice user profile"), carried(modeLogoutProfile, "Voice logout profile"),
		quiet(carried(modeVoiceService, "Voice service")),
		sub(modePubkey, "SSH public key identification"), sub(modePubkeyUser, "SSH public key identification user"),
		sub(modeStandardACL, "Standard Access List"), sub(modeIPv6ACL, "IPv6 Access List"), carried(modeExtendedACL, "Ext Access List"),
		sub(modeDHCPClass, "DHCP class"), sub(modeRelayInfo, "DHCP class relay information"), sub(modePoolClass, "DHCP pool class"),
		sub(modePool6, "IPv6 DHCP pool"), sub(modeVendor6, "IPv6 DHCP vendor-specific"),
	}
}

// The names of the modes, which are what their prompts show.
const (
	modeInterface        = "config-if"
	modePool             = "dhcp-config"
	modePool6            = "config-dhcpv6"
	modeVendor6          = "config-dhcpv6-vs"
	modeTelephony        = "config-telephony"
	modeEphone           = "config-ephone"
	modeGateway          = "config-voice-gateway"
	modeEphoneDN         = "config-ephone-dn"
	modeGlobal           = "config-register-global"
	modeDN               = "config-register-dn"
	modeAutoRegister     = "config-voice-auto-register"
	modeRegisterPool     = "config-register-pool"
	modeLine             = "config-line"
	modeEphoneTemplate   = "config-ephone-template"
	modeEphoneDNTemplate = "config-ephone-dn-template"
	modeRegisterTemplate = "config-register-template"
	modeDialplan         = "config-register-dialplan"
	modeVoiceService     = "conf-voi-serv"
	modePubkey           = "conf-ssh-pubkey"
	modePubkeyUser       = "conf-ssh-pubkey-user"
	modeStandardACL      = "config-std-nacl"
	modeIPv6ACL          = "config-ipv6-acl"
	modeExtendedACL      = "config-ext-nacl"
)

// carriedHere is where carried lines that begin so are printed.
func carriedHere(prefixes ...string) []language.Declaration {
	return []language.Declaration{{Mode: language.Global, Carries: prefixes}}
}

// args makes the argument set of one printed line.
func args(kv ...any) grammar.Args {
	a := grammar.Args{}
	for i := 0; i+1 < len(kv); i += 2 {
		a[kv[i].(string)] = kv[i+1]
	}
	return a
}

// one is the result of Get for a line that is there or not.
func one(there bool, kv ...any) []grammar.Args {
	if !there {
		return nil
	}
	return []grammar.Args{args(kv...)}
}
