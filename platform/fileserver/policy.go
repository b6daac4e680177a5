package fileserver

import (
	"slices"
	"strings"

	"option150/platform/flash"
	"option150/platform/plain"
	"option150/telephony/phone"
)

// What the loose look-up in flash: never serves, because a home path is often
// the root of flash: and then holds more than phone files [facts/cme.md 5.1 and 11
// #20]. Configurations, keys and bindings of this box are outside flash: anyhow;
// this is about copies the operator put there. A tftp-server line that names a
// file is a decision and is not asked.
var (
	protectedNames    = []string{"startup-config", "running-config", "private-config", "config.text", "private-config.text", "vlan.dat", "packages.conf", "authorized_keys", "known_hosts"}
	protectedSuffixes = []string{"-confg", ".key", ".pem", ".p12", ".pfx", ".p8", ".crt", ".cer", ".csr", ".toml", ".pkg", ".jks", ".bak"}
	protectedPrefixes = []string{"ssh_host_", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "startup-config", "running-config", "bindings.", "bindings6."}
)

// Protected reports that a name is that of a configuration, a key, a
// certificate or an image of a router, and is not served from the home path.
func Protected(name string) bool {
	b := strings.ToLower(name[strings.LastIndexByte(name, '/')+1:])
	return slices.Contains(protectedNames, b) ||
		slices.ContainsFunc(protectedSuffixes, func(s string) bool { return strings.HasSuffix(b, s) }) ||
		slices.ContainsFunc(protectedPrefixes, func(s string) bool { return strings.HasPrefix(b, s) }) ||
		strings.HasSuffix(b, ".bin") && strings.Contains(b, "-mz.") || // c2800nm-advipservicesk9-mz.124-24.T.bin
		strings.HasSuffix(b, ".spa.bin")
}

// configuration reports that a file is the configuration of a router by what
// stands in it: the archive and whatever `copy running-config flash:` made hold
// secrets under any name. No phone file begins with a comment of IOS.
func configuration(f *flash.File) bool {
	const enough = 512
	head := f.Whole[:min(len(f.Whole), enough)]
	if f.Whole == nil {
		head = make([]byte, enough)
		n, _ := f.ReadAt(head, 0)
		head = head[:n]
	}
	if len(head) == 0 || strings.IndexByte("!vhBCU\r", head[0]) < 0 { // what the beginnings below begin with
		return false
	}
	text := "\n" + strings.ReplaceAll(string(head), "\r", "")
	begins := strings.HasPrefix(text, "\n!") || strings.HasPrefix(text, "\nversion ") || strings.HasPrefix(text, "\nhostname ") ||
		strings.HasPrefix(text, "\nBuilding configuration") || strings.HasPrefix(text, "\nCurrent configuration") || strings.HasPrefix(text, "\nUsing ")
	return begins && (strings.Contains(text, "\nversion ") || strings.Contains(text, "\nhostname ") || strings.Contains(text, "\nservice ") || strings.Contains(text, "\nCurrent configuration"))
}

// deviceKind is "sep", "sip", "ld" or "gk" for a file of one phone, else "".
func deviceKind(name string) string {
	if _, ok := phone.MACOfFile(name); !ok {
		return ""
	}
	b := strings.ToLower(name[strings.LastIndexByte(name, '/')+1:])
	for _, kind := range []string{"sep", "sip", "ld", "gk"} {
		if strings.HasPrefix(b, kind) {
			return kind
		}
	}
	return ""
}

// maxLogged bounds a name as it is recorded, in bytes.
const maxLogged = 255

// printable is a name as asked in a form that harms no terminal and no log.
func printable(s string) string { return plain.Shown(s, maxLogged) }
