package cnf

import "strings"

// VendorItem is one element `service phone` can write into <vendorConfig>.
type VendorItem struct {
	Name    string
	Values  []string // allowed values; nil = any
	Meaning string
}

// VendorItems are the elements phones are known to read. Other names are
// written as they are typed. Source: facts/phones.md 2.4; facts/cme.md 2.1.
func VendorItems() []VendorItem {
	onOff := []string{"0", "1"}
	return []VendorItem{
		{"adminPassword", nil, "password of the administrator menu"},
		{"autoSelectLineEnable", onOff, "1 = select the ringing line"},
		{"callLogBlfEnabled", []string{"0", "1", "2", "3"}, "presence in call lists"},
		{"daysDisplayNotActive", nil, "days the display stays off, 1 = Sunday"},
		{"detectCMConnectionFailure", onOff, "1 = detect a lost server sooner"},
		{"disableSpeaker", []string{"true", "false"}, "true = no speakerphone"},
		{"disableSpeakerAndHeadset", []string{"true", "false"}, "true = handset only"},
		{"displayIdleTimeout", nil, "hh:mm until the display goes off"},
		{"displayOnDuration", nil, "hh:mm the display stays on"},
		{"displayOnTime", nil, "hh:mm the display goes on"},
		{"ehookEnable", onOff, "1 = electronic hook switch"},
		{"enableCdpPcPort", onOff, "1 = CDP on the PC port"},
		{"enableCdpSwPort", onOff, "1 = CDP on the switch port"},
		{"enableLldpPcPort", onOff, "1 = LLDP on the PC port"},
		{"enableLldpSwPort", onOff, "1 = LLDP-MED on the switch port"},
		{"forwardingDelay", onOff, "1 = PC port forwards only when the phone is up"},
		{"g722CodecSupport", []string{"0", "1", "2"}, "0 = default, 1 = off, 2 = on"},
		{"garp", onOff, "0 = accept gratuitous ARP (inverted)"},
		{"homeScreen", onOff, "home screen"},
		{"ipv6LoadServer", nil, "load server by IPv6"},
		{"ipv6LogServer", nil, "log server by IPv6"},
		{"loadServer", nil, "server for firmware only; there is no way back to the other server if it fails"},
		{"logServer", nil, "address:port that receives the log of the phone"},
		{"moreKeyReversionTimer", nil, "seconds"},
		{"paramEdibility", onOff, "1 = parameters can be changed on the phone"},
		{"pcPort", onOff, "0 = PC port on (inverted)"},
		{"peerFirmwareSharing", onOff, "1 = phones of a family share firmware on their subnet"},
		{"phonePassword", nil, "password that unlocks the settings"},
		{"settingsAccess", []string{"0", "1", "2"}, "1 = settings menu on"},
		{"spanToPCPort", onOff, "0 = voice packets are copied to the PC port (inverted)"},
		{"sshAccess", onOff, "0 = SSH on (inverted)"},
		{"sshPort", nil, "port of SSH"},
		{"thumbButton1", nil, "function of the thumb button"},
		{"videoCapability", onOff, "1 = video"},
		{"voiceVlanAccess", onOff, "0 = PC may send into the voice VLAN (inverted)"},
		{"webAccess", []string{"0", "1", "2"}, "0 = web pages on, 1 = off, 2 = read only (inverted)"},
		{"webProtocol", onOff, "0 = HTTP and HTTPS, 1 = HTTPS only"},
	}
}

// vendorItem finds an item by name; exact is false if only the case differs,
// which phones do not forgive.
func vendorItem(name string) (item VendorItem, exact, known bool) {
	for _, v := range VendorItems() {
		if v.Name == name {
			return v, true, true
		}
		if strings.EqualFold(v.Name, name) {
			item, known = v, true
		}
	}
	return item, false, known
}

// vendorConfig writes the parameters of a phone's file.
func vendorConfig(t *tree, list []Param) {
	t.open("vendorConfig")
	for _, p := range list {
		t.leaf(p.Name, p.Value)
	}
	t.close(1)
}
