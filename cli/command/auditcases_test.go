package command

import (
	"bytes"
	"net/netip"
	"time"

	"option150/platform/config"
	"option150/telephony/advice"
	"option150/telephony/audit"
	"option150/telephony/cnf"
)

type fixType = advice.Fix

// six is a pool for phones of IPv6.
const six = "ipv6 dhcp pool SIX\n address prefix 2001:db8:7::/64\n vendor-specific 9\n  suboption 1 address 2001:db8:7::1\n"

// provokedPools are mistakes in addresses and sections: the configuration is
// enough to see them.
var provokedPools = []provoked{
	{"excluded range covers the pool", "ip dhcp excluded-address 10.0.0.0 10.0.0.255\n", nil, "A14", "nothing is left to lease", fixed},
	{"two ranges cover the pool", "ip dhcp excluded-address 10.0.0.1 10.0.0.127\nip dhcp excluded-address 10.0.0.128 10.0.0.254\n", nil, "A14", "nothing is left to lease", told},
	{"fewer addresses than phones", "ip dhcp excluded-address 10.0.0.10 10.0.0.253\n", nil, "A14", "2 phones are configured", told},
	{"all addresses are leased", "", func(x *auditRig) {
		x.w.Leases = []audit.Leases{{Pool: "VOICE", Total: 254, Leased: 245, Free: 0}}
	}, "A14", "all its addresses are leased", told},
	{"the source address is in it, whatever its name", "ip dhcp pool VOICE\n no option 150\nip dhcp pool X7\n", nil, "M03", "ip source-address 10.0.0.5 is in its network", fixed},
	{"a pool by its name", "no ip dhcp pool VOICE\nip dhcp pool PHONES2\n network 10.0.2.0 255.255.255.0\n default-router 10.0.2.1\n", func(x *auditRig) { x.w.Others.Heard = []netip.Addr{at("10.0.2.9")} }, "M03", "has no option 150", fixed},
	{"only next-server", "ip dhcp pool VOICE\n no option 150\n next-server 10.0.0.1\n", nil, "M03", "phones prefer option 150", fixed},
	{"source address is the broadcast address", "telephony-service\n ip source-address 10.0.0.255\n", nil, "M02", "is the broadcast address of 10.0.0.0/24", told},
	{"source address is the network", "voice register global\n source-address 10.0.0.0\n", nil, "M02", "is the network address of 10.0.0.0/24", told},
	{"source address is the broadcast address of a pool", "ip dhcp pool FAR\n network 10.3.0.0 255.255.255.0\n default-router 10.3.0.1\ntelephony-service\n ip source-address 10.3.0.255\n", nil, "M02", "is the broadcast address of 10.3.0.0/24", told},
	{"no source address", "telephony-service\n no ip source-address\n", nil, "M02", "ip source-address is not set", told},
	{"option 150 without an address of ours", "ip dhcp pool VOICE\n option 150 ip 10.9.9.9\n", nil, "A09", "option 150 names 10.9.9.9, which is not this box", fixed},
	{"and nobody answers", "ip dhcp pool VOICE\n option 150 ip 10.9.9.8 10.9.9.9\n", func(x *auditRig) {
		x.answer(audit.Question{Kind: audit.AskFiles, Addr: at("10.9.9.8")}, false)
		x.answer(audit.Question{Kind: audit.AskFiles, Addr: at("10.9.9.9")}, false)
	}, "A09", "nobody serves files there", fixed},
	{"nothing is served", "no telephony-service\nno voice register global\n", nil, "A09", "which serves no files", told},
	{"three addresses", "ip dhcp pool VOICE\n option 150 ip 10.0.0.1 10.0.0.2 10.0.0.3\n", nil, "A10", "(on the wire 0a000001 0a000002 0a000003)", fixed},
	{"option 150 as text", "ip dhcp pool VOICE\n option 150 hex 0A000001\n", nil, "A10", "option 150 is not a list of addresses", told},
	{"option 66 of another server", "ip dhcp pool VOICE\n option 66 ascii 10.0.0.77\n", nil, "A11", "name different servers", fixed},
	{"option 66 beside option 150", "ip dhcp pool VOICE\n option 66 ascii tftp.example.net\n", nil, "A11", "option 66 stands beside option 150", fixed},
	{"next-server elsewhere", "ip dhcp pool VOICE\n next-server 10.0.0.77\n", nil, "A11", "next-server 10.0.0.77 and option 150", fixed},
	{"CiscoCM1 elsewhere", "ip dns server\nip host CiscoCM1 10.0.0.77\nip dhcp pool VOICE\n dns-server 10.0.0.1\n", nil, "A11", "CiscoCM1 is 10.0.0.77 and option 150", fixed},
	{"a five-minute lease", "ip dhcp pool VOICE\n lease 0 0 5\n", nil, "A12", "the lease is 5m", fixed},
	{"no default-router", "ip dhcp pool VOICE\n no default-router\n", nil, "A12", "has no default-router", told},
	{"no dns-server, and names in phone files", "telephony-service\n url directories http://pbx.branch.example/dir\n", nil, "A12", "carry the names of hosts: pbx.branch.example", told},
	{"dns-server is this box", "ip dhcp pool VOICE\n dns-server 10.0.0.1\n", nil, "A12", "dns-server 10.0.0.1 is this box, and ip dns server is off", fixed},
	{"default-router outside", "ip dhcp pool VOICE\n default-router 10.1.0.1\n", nil, "A12", "outside network 10.0.0.0/24", told},
	{"a pool for no interface and no relay", "ip dhcp pool FAR\n network 10.3.0.0 255.255.255.0\n default-router 10.3.0.1\n", nil, "A13", "no interface has an address in network 10.3.0.0/24", told},
	{"no service dhcp", "no service dhcp\n", nil, "A05", "no service dhcp: the pools serve nobody", fixed},
	{"HFS without the HTTP server", "no ip http server\n", nil, "A05", "ip http server is off", fixed},
	{"HFS on another port", "telephony-service\n hfs enable port 6971\n", nil, "A06", "HFS is on port 6971", fixed},
	{"the HTTP server on the port of the phones", "telephony-service\n no hfs enable\nip http port 6970\n", nil, "A06", "keeps HFS from having port 6970", fixed},
	{"a list of IPv4 for phones of IPv6", "access-list 10 permit any\nfile-server access-class 10\n" + six, nil, "A28", "access list 10 is one of IPv4", fixed},
	{"the HTTP server has one", "access-list 10 permit any\nip http access-class 10\n" + six, nil, "A28", "access list 10 is one of IPv4", fixed},
	{"a file has one", "access-list 10 permit any\ntftp-server flash:ringlist.xml 10\n" + six, nil, "A28", "access list 10 is one of IPv4", told},
	{"a list of IPv6 denies the pool", "ipv6 access-list OURS\n permit ipv6 2001:db8:1::/48 any\nfile-server access-class ipv6 OURS\n" + six, nil, "A28", "IPv6 access list OURS lets no phone", fixed},
	{"no such list of IPv6", "line vty 0 4\n ipv6 access-class GONE in\n", nil, "A28", "IPv6 access list GONE is not defined", told},
	{"a digit", "ip dhcp pool VOICE\n option 150 ip 10.0.1.1\ntelephony-service\n ip source-address 10.0.0.1\n", nil, "M01", "a digit may be wrong", told},
	{"an empty pool", "ip dhcp pool NOTHING\n", nil, "M05", "it serves nobody", told},
	{"two pools for one network", "ip dhcp pool B\n network 10.0.0.0 255.255.255.0\n default-router 10.0.0.1\n option 150 ip 10.0.0.1\n", nil, "M05", "has the same network", told},
	{"one phone is both", "voice register pool 2\n id mac 001e.7a00.0001\n type 8841\n number 1 dn 1\n", nil, "M12", "is also in ephone 1", told},
	{"auto-registration beside alternates", "file-server alternate 1 10.9.0.1\n", nil, "A30", "auto-registration is on beside alternate file servers", fixed},
	{"an alternate that does not answer", "file-server alternate 1 10.9.0.1\ntelephony-service\n no auto-reg-ephone\n", func(x *auditRig) {
		x.w.Alternates = &audit.Alternates{Servers: []audit.Alternate{{Line: "file-server alternate 1 10.9.0.1", Down: true, Why: "no answer"}}}
	}, "A31", "it does not answer: no answer", told},
	{"an alternate that failed once", "file-server alternate 1 10.9.0.1\ntelephony-service\n no auto-reg-ephone\n", func(x *auditRig) {
		x.w.Alternates = &audit.Alternates{Servers: []audit.Alternate{{Line: "file-server alternate 1 10.9.0.1", Why: "no answer"}}}
	}, "A31", "it did not answer the last question: no answer", told},
	{"an alternate behind a login", "file-server alternate 1 10.9.0.1\ntelephony-service\n no auto-reg-ephone\n", func(x *auditRig) {
		x.w.Alternates = &audit.Alternates{Servers: []audit.Alternate{{Line: "file-server alternate 1 10.9.0.1", Odd: "401"}}}
	}, "A31", "it answers, and not as a file server does: 401", told},
	{"two alternates disagree", "file-server alternate 1 10.9.0.1\nfile-server alternate 2 10.9.0.2\ntelephony-service\n no auto-reg-ephone\n", func(x *auditRig) {
		x.w.Alternates = &audit.Alternates{Differ: []audit.Differing{{Name: "apps41.9-4-2ES26.sbn", One: "10.9.0.1", Other: "10.9.0.2"}}}
	}, "A31", "is not the same file at 10.9.0.1 and at 10.9.0.2", told},
	{"max-ephones", "telephony-service\n max-ephones 1\nephone 2\n mac-address 001e.7a00.0009\n type 7961\n button 1:2\n", nil, "M16", "max-ephones 1 is less", fixed},
	{"max-dn", "telephony-service\n no max-dn\n", nil, "M16", "max-dn is 0", fixed},
	{"max-pool", "voice register global\n no max-pool\n", nil, "M16", "max-pool is 0", fixed},
	{"home path", "telephony-service\n hfs home-path flash:\n", nil, "M20", "the root of flash:", told},
	{"perphone without location", "telephony-service\n cnf-file perphone\n", nil, "M21", "without cnf-file location", told},
	{"no mode", "voice register global\n no mode\n", nil, "M22", "mode is not set", fixed},
	{"no voice register global", "no voice register global\n", nil, "M22", "voice register global is not configured", told},
	{"no type", "ephone 1\n no type\n", nil, "A16", "has no type", told},
	{"no type, and the phone told it", "ephone 1\n no type\n", func(x *auditRig) {
		x.w.Phones.Seen = []audit.Phone{{Device: "SEP001E7A000001", MAC: "001E.7A00.0001", Model: "7961"}}
	}, "A16", "has no type", fixed},
	{"no type of a pool, and the phone told it", "voice register pool 1\n no type\n", func(x *auditRig) {
		x.w.Phones.Seen = []audit.Phone{{Device: "SEP001E7A000002", MAC: "001E.7A00.0002", Model: "8841"}}
	}, "A16", "has no type", fixed},
	{"no button", "ephone 1\n no button 1:1\n", nil, "A16", "has no button", told},
	{"button 9 of six", "ephone 1\n button 9:1\n", nil, "A16", "button 9: a 7961 has 6 line buttons", told},
	{"a number on line 2 of one", "voice register pool 1\n type 3905\n number 2 dn 1\n", nil, "A16", "number 2: a 3905 has 1 line button", told},
	{"a SIP model as ephone", "ephone 1\n type 8841\n", nil, "A16", "does not run SCCP", told},
	{"an undefined number", "ephone 1\n button 2:7\n", nil, "A16", "names ephone-dn 7, which is not defined", told},
	{"a load of another family", "telephony-service\n load 7941 SCCP45.9-4-2SR4-3S\n", nil, "A01", "is a load for the 45 family, the 7941 runs those of the 41 family", told},
	{"a load of another protocol", "voice register global\n load 7961 SCCP41.9-4-2SR3-1S\n", nil, "A01", "is a load for SCCP", told},
	{"a parameter in other capitals", "telephony-service\n service phone spanTOPCPort 0\n", nil, "A17", "phones know it as spanToPCPort", fixed},
	{"no files", "telephony-service\n no create cnf-files\n", nil, "A18", "no files for SCCP phones are served", fixed},
	{"a locale nobody knows", "telephony-service\n user-locale XX\n", nil, "A21", "user-locale XX is unknown", told},
	{"an access list that is not there", "ip http access-class 7\n", nil, "A28", "access list 7 is not defined", told},
	{"a password that is tried first", "username boss privilege 15 password 0 cisco\n", nil, "A28", "one of the first that are tried", told},
	{"nobody can change anything", "username eve secret Xq2-long-one\n", nil, "A28", "nobody who comes in over SSH can change anything", told},
	{"keys without a user", "username boss privilege 15 secret Xq2-long-one\n", func(x *auditRig) { x.w.HostKeys = new(bool) }, "A28", "SSH has no host key", fixed},
	{"passwords in files", "voice register pool 1\n username 2001 password hunter2\n", nil, "A29", "the file of one phone carries a password", told},
	{"a password in all files", "telephony-service\n service phone phonePassword 4711\n", nil, "A29", "carries a password", told},
}

// beside is an alternate, and nothing else to be said of it.
const beside = "file-server alternate 1 10.9.0.1\ntelephony-service\n no auto-reg-ephone\n"

// alternateUp is an alternate that answers.
func alternateUp(x *auditRig) {
	x.w.Alternates = &audit.Alternates{Servers: []audit.Alternate{{Line: "file-server alternate 1 10.9.0.1"}}}
}

// provokedAway are files that are not here, where an alternate may have them.
var provokedAway = []provoked{
	{"a load that an alternate may have", beside, func(x *auditRig) { alternateUp(x); x.away("88xx") }, "A01",
		"load 8841 sip88xx.12-8-1-0001-455 is in no phone file, for on flash: sip88xx.12-8-1-0001-455.loads is absent; an alternate file server may have that", fixed},
	{"a component that an alternate may have", beside, func(x *auditRig) { alternateUp(x); x.away("sb288xx.") }, "A02",
		"is in no phone file, for on flash: sb288xx.BE-01-020.sbn is absent; an alternate file server may have that", fixed},
	{"a component that is empty here", beside, func(x *auditRig) {
		alternateUp(x)
		whole := x.flash["phones/cnu41.9-4-2ES26.sbn"]
		x.flash["phones/cnu41.9-4-2ES26.sbn"] = nil
		x.far = map[string][]byte{"cnu41.9-4-2ES26.sbn": whole}
	}, "A17", "cnu41.9-4-2ES26.sbn is empty", told},
	{"a load that is kept from an alternate and named by nothing", beside, func(x *auditRig) { alternateUp(x); x.away("88xx"); x.kept = x.far }, "A01",
		"is in no phone file, for on flash: sip88xx.12-8-1-0001-455.loads is absent; it is kept whole from an alternate file server", fixed},
	{"a forced load that an alternate may have", beside + " load 7961 SCCP41.9-4-2SR3-1S force\n", func(x *auditRig) { alternateUp(x); x.away("41") }, "A01",
		"load 7961 SCCP41.9-4-2SR3-1S: on flash: SCCP41.9-4-2SR3-1S.loads is absent; an alternate file server may have that", fixed},
	{"a damaged component is asked of nobody", beside, func(x *auditRig) {
		alternateUp(x)
		x.flash["phones/cnu41.9-4-2ES26.sbn"] = x.flash["phones/cnu41.9-4-2ES26.sbn"][:100]
	}, "A02", "is not whole: cnu41.9-4-2ES26.sbn", told},
	{"a load a slip away beside an alternate", beside + " load 7961 SCCP41.9-4-2SR3-2S\n", alternateUp, "A01",
		"an alternate file server may have that, and SCCP41.9-4-2SR3-1S is there", fixed},
	{"a list for a factory reset that an alternate may have", beside, func(x *auditRig) { alternateUp(x); x.away("term61.default.loads") }, "A04",
		"in vain after a factory reset, unless an alternate file server has it", told},
	{"a dial plan that an alternate may have", beside + "voice register pool 1\n dialplan 1\n", alternateUp, "A21",
		"dialplan1.xml is meant for phones and is not here; phones are told of it, for an alternate file server may have it", told},
	{"a logo that an alternate may have", beside + "voice register global\n logo http://10.0.0.1/logo.bmp\n", alternateUp, "A21",
		"it is not in flash:; an alternate file server may have it", told},
}

// provokedFiles are mistakes on flash:.
var provokedFiles = []provoked{
	{"a load that is not there", "telephony-service\n load 7965 SCCP45.9-4-2SR4-3S\n", nil, "A01", "SCCP45.9-4-2SR4-3S.loads is absent", told},
	{"a load a slip away", "telephony-service\n load 7961 SCCP41.9-4-2SR3-2S\n", nil, "A01", "SCCP41.9-4-2SR3-1S is there", fixed},
	{"a component is gone", "", func(x *auditRig) { delete(x.flash, "phones/cnu41.9-4-2ES26.sbn") }, "A02", "cnu41.9-4-2ES26.sbn is absent", told},
	{"elements of a phone file out of order", "", func(x *auditRig) {
		x.flash["phones/SEP001E7A0000AA.cnf.xml"] = []byte("<device><loadInformation/><devicePool><callManagerGroup><members><member><callManager><processNodeName>10.0.0.5</processNodeName></callManager></member></members></callManagerGroup></devicePool></device>")
	}, "A17", "devicePool stands behind loadInformation in device", told},
	{"a phone file without call manager", "", func(x *auditRig) {
		x.flash["phones/SEP001E7A0000AA.cnf.xml"] = []byte("<device><devicePool/></device>")
	}, "A17", "names no call manager", told},
	{"a phone file of another root", "", func(x *auditRig) {
		x.flash["phones/SEP001E7A0000AA.cnf.xml"] = []byte("<Default><callManagerGroup/></Default>")
	}, "A17", "its root is Default", told},
	{"a package nobody unpacked", "", func(x *auditRig) { x.flash["cmterm-7941_7961-sccp.9-4-2SR3-1.tar"] = []byte("x") }, "A01", "is a package that nobody unpacked", fixed},
	{"a component is empty", "", func(x *auditRig) { x.flash["phones/cnu41.9-4-2ES26.sbn"] = nil }, "A02", "cnu41.9-4-2ES26.sbn is empty", told},
	{"a component outside the home path", "", func(x *auditRig) {
		x.flash["cnu41.9-4-2ES26.sbn"] = x.flash["phones/cnu41.9-4-2ES26.sbn"]
		delete(x.flash, "phones/cnu41.9-4-2ES26.sbn")
	}, "A02", "is absent below flash:phones (it is at flash:cnu41.9-4-2ES26.sbn)", told},
	{"a tftp-server file", "tftp-server flash:phones/gone.bin\n", nil, "A02", "tftp-server flash:phones/gone.bin: the file is not there", told},
	{"one name in two places", "", func(x *auditRig) {
		x.flash["phones/a/ringlist.xml"], x.flash["phones/b/ringlist.xml"] = []byte("<a/>"), []byte("<b/>")
	}, "A03", "ringlist.xml is in 2 places", told},
	{"two loads disagree", "", func(x *auditRig) {
		list := x.flash["phones/sip88xx.12-8-1-0001-455.loads"]
		x.flash["phones/sip88xx.12-8-1-0002-455.loads"] = resize(list)
	}, "A03", "one of them does not get its own", told},
	{"an empty file", "", func(x *auditRig) { x.flash["phones/ringlist.xml"] = nil }, "A17", "flash:phones/ringlist.xml is empty", told},
	{"XML that breaks off", "", func(x *auditRig) { x.flash["phones/ringlist.xml"] = []byte("<a><b></a>") }, "A17", "is no XML that phones read", told},
	{"a dial plan nobody serves", "voice register pool 1\n dialplan 1\n", nil, "A21", "dialplan1.xml is meant for phones, and nobody serves it", told},
	{"a locale nobody serves", "telephony-service\n user-locale DE\n network-locale DE\n", nil, "A21", "German_Germany/mk-sccp.jar", told},
	{"a logo that is not there", "voice register global\n logo http://10.0.0.1/logo.bmp\n", nil, "A21", "logo names logo.bmp of this box, and it is not there", told},
	{"a logo that is no bitmap", "voice register global\n logo http://10.0.0.1:6970/logo.bmp\n", func(x *auditRig) { x.flash["phones/logo.bmp"] = []byte("\x89PNG\r\n\x1a\n") }, "A21", "it is no Windows bitmap", told},
	{"a file by hand", "", func(x *auditRig) { x.flash["phones/SEP001E7A000001.cnf.xml"] = []byte("<device/>") }, "A22", "flash:phones/SEP001E7A000001.cnf.xml is never served", fixed},
	{"a byte order mark", "", func(x *auditRig) { x.flash["phones/ringlist.xml"] = []byte("\xef\xbb\xbf<a/>") }, "A23", "begins with a byte order mark", told},
	{"a blank line before the head", "", func(x *auditRig) { x.flash["phones/ringlist.xml"] = []byte("\n<?xml version=\"1.0\"?><a/>") }, "A23", "has something before <?xml", told},
	{"a carriage return in OS79XX.TXT", "", func(x *auditRig) { x.flash["phones/OS79XX.TXT"] = []byte("P00308010200\r\n") }, "A23", "carriage return behind the name", told},
	{"a blank in OS79XX.TXT", "", func(x *auditRig) { x.flash["phones/OS79XX.TXT"] = []byte("P00308010200 \n") }, "A23", "blank behind the name", told},
	{"names that differ in case alone", "", func(x *auditRig) {
		x.flash["phones/Ringlist.xml"], x.flash["phones/ringlist.xml"] = []byte("<a/>"), []byte("<a/>")
	}, "A24", "phones/Ringlist.xml and phones/ringlist.xml", told},
}

// provokedWorld are facts about the network, the machine and the phones.
var provokedWorld = []provoked{
	{"a step too far, and the stone is here", "", func(x *auditRig) { x.load("SCCP41.8-5-2S"); x.runs("SCCP41.8-3-1S") }, "A27", "a step too far for SEP001E7A000001, which runs SCCP41.8-3-1S", fixed},
	{"no list for a factory reset", "", func(x *auditRig) { delete(x.flash, "phones/term61.default.loads") }, "A04", "term61.default.loads came with no package here", told},
	{"a phone that shows nothing keeps its image", "", func(x *auditRig) {
		x.w.Phones.Seen = []audit.Phone{{Device: "SEP001E7A000001", MAC: "001E.7A00.0001", Model: "7961", Kept: true}}
	}, "A27", "SEP001E7A000001 keeps its image: what it runs is not known", told},
	{"a phone that has not read its file", "", func(x *auditRig) {
		x.w.Phones.Seen = []audit.Phone{{Device: "SEP001E7A000001", MAC: "001E.7A00.0001", Model: "7961", Unread: "its file changed"}}
	}, "A32", "SEP001E7A000001 has something new to read, and nothing below service phone makes a phone read its file at a time of day", told},
	{"a step too far", "", func(x *auditRig) { x.runs("SCCP41.8-3-1S") }, "A27", "it has to run 8.5(2) first", told},
	{"a factory reset is a step too far", "", func(x *auditRig) {
		x.flash["phones/term61.default.loads"] = x.flash["phones/SCCP41.9-4-2SR3-1S.loads"]
		x.runs("SCCP41.8-3-1S")
	}, "A04", "term61.default.loads brings 9.4(2)", told},
	{"a service is down", "", func(x *auditRig) {
		x.w.Services = []audit.Service{{Name: "the TFTP server", Proto: "udp", Port: 69, Why: "no right to bind port 69"}}
	}, "A05", "the TFTP server is not up: no right", told},
	{"it does not answer itself", "", func(x *auditRig) {
		x.w.Self = []audit.SelfTest{{Name: "a connection to port 6970", Fault: "it is not taken"}}
	}, "A05", "a connection to port 6970", told},
	{"a port is held", "", func(x *auditRig) {
		x.w.Services = []audit.Service{{Name: "the TFTP server", Proto: "udp", Port: 69, Holder: "in.tftpd (pid 7)"}}
	}, "A07", "UDP port 69 is held by in.tftpd (pid 7)", told},
	{"the firewall", "", func(x *auditRig) {
		x.w.Firewall.Dropped = []audit.Dropped{{Proto: "udp", Port: 69, Rule: "chain inet filter input, policy drop"}}
	}, "A08", "does not let UDP port 69 in", told},
	{"another DHCP server", "", func(x *auditRig) {
		x.w.Others.Servers = []audit.DHCPServer{{Addr: at("10.0.0.9"), Interface: "GigabitEthernet0/0", Option150: "10.0.0.9", Ago: time.Minute}}
	}, "A15", "another DHCP server, 10.0.0.9, answers on GigabitEthernet0/0 with option 150 10.0.0.9", told},
	{"the call control is silent", "", func(x *auditRig) {
		x.answer(audit.Question{Kind: audit.AskControl, Addr: at("10.0.0.5"), Port: 2000}, false)
	}, "A19", "nobody answers at 10.0.0.5 port 2000, an address in a network of this box", told},
	{"the SIP call control is silent", "voice register global\n source-address 192.0.2.9\n", func(x *auditRig) {
		x.answer(audit.Question{Kind: audit.AskControl, Addr: at("192.0.2.9"), Port: 5060, SIP: true}, false)
	}, "A19", "the call control 192.0.2.9 port 5060 does not answer", told},
	{"phones register here", "telephony-service\n ip source-address 10.0.0.1\n", nil, "A19", "which is this box: it is no call control", told},
	{"phones register at the port of HFS", "telephony-service\n ip source-address 10.0.0.1 port 6970\n", nil, "A19", "phones would register at port 6970 of this box", told},
	{"the load server does not have the load", "telephony-service\n service phone loadServer 10.7.7.7\n", func(x *auditRig) {
		x.answer(audit.Question{Kind: audit.AskFile, Addr: at("10.7.7.7"), Name: "SCCP41.9-4-2SR3-1S.loads"}, false)
	}, "A20", "SEP001E7A000001 takes firmware from 10.7.7.7, and SCCP41.9-4-2SR3-1S.loads cannot be had there", fixed},
	{"the load server of one phone is silent", "ephone 1\n service phone loadServer 10.7.7.7\n", func(x *auditRig) {
		q := audit.Question{Kind: audit.AskFile, Addr: at("10.7.7.7"), Name: "SCCP41.9-4-2SR3-1S.loads"}
		x.w.Answers[q] = audit.Answer{Silent: true, Detail: "10.7.7.7: TFTP no answer; port 6970 no answer"}
	}, "A20", "SEP001E7A000001 takes firmware from 10.7.7.7, which does not answer: phones have no way back", fixed},
	{"the load server has no stone", "telephony-service\n service phone loadServer 10.7.7.7\n", func(x *auditRig) {
		x.w.Phones.Seen = []audit.Phone{{Device: "SEP001E7A000001", MAC: "001E.7A00.0001", Model: "7961", Stone: "SCCP41.8-5-2S"}}
		x.answer(audit.Question{Kind: audit.AskFile, Addr: at("10.7.7.7"), Name: "SCCP41.9-4-2SR3-1S.loads"}, true)
		x.answer(audit.Question{Kind: audit.AskFile, Addr: at("10.7.7.7"), Name: "SCCP41.8-5-2S.loads"}, false)
	}, "A20", "SCCP41.8-5-2S.loads cannot be had there", fixed},
	{"a load server", "telephony-service\n service phone loadServer 10.7.7.7\n", nil, "A20", "what they run cannot be seen from here", told},
	{"a load server with a slip", "telephony-service\n service phone loadServer 10.7.7.777\n", nil, "A17", "is neither an address nor a name", fixed},
	{"the clock was never set", "", func(x *auditRig) { x.w.Clock.Now = time.Unix(0, 0) }, "A25", "it was never set", told},
	{"no time server answers", "ntp server 192.0.2.7\n", func(x *auditRig) { x.w.Clock.Synced = false }, "A25", "no time server answers", told},
	{"other files are in force", "", func(x *auditRig) {
		old, _ := x.read("telephony-service\n system message OLD\nephone 5\n mac-address 001e.7a00.0005\n type 7961\n", config.Default(x.f))
		x.w.Set, _ = cnf.Rebuild(nil, old.Telephony, cnf.Options{})
	}, "A18", "the files in force are not those of the configuration", fixed},
	{"the disk is full", "", func(x *auditRig) { x.w.Machine.DiskFree = 1 << 20 }, "A26", "1 MB are free on the disk", told},
	{"little of a large disk is free", "", func(x *auditRig) { x.w.Machine.DiskTotal, x.w.Machine.DiskFree = 250<<30, 200<<20 }, "A26", "200 MB are free on the disk", told},
	{"the memory is full", "", func(x *auditRig) { x.w.Machine.MemoryFree = 1 << 20 }, "A26", "1 MB of memory", told},
}

// runs says that the first phone was seen, and what it runs.
func (x *auditRig) runs(load string) {
	x.w.Phones.Seen = []audit.Phone{{Device: "SEP001E7A000001", MAC: "001E.7A00.0001", Model: "7961", Runs: load}}
}

// resize makes the first size in a list of the fifth generation another one.
func resize(list []byte) []byte {
	i := bytes.Index(list, []byte("size=")) + len("size=")
	out := bytes.Clone(list)
	if out[i]++; out[i] > '9' {
		out[i] = '1'
	}
	return out
}
