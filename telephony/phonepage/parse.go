package phonepage

import (
	"html"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"option150/platform/ether"
	"option150/platform/wire"
	"option150/telephony/phone"
)

// The pages that are read, in this order.
var pages = []string{"/DeviceInformationX", "/NetworkConfigurationX", "/PortInformationX?1"}

// Bounds of a page.
const (
	maxPage   = 64 << 10
	maxFields = 400
)

// field is one element without elements inside. It takes a third of a megabyte:
// made when the first page is read.
var field = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`<([A-Za-z][A-Za-z0-9_]{0,63})>([^<]{0,512})</([A-Za-z][A-Za-z0-9_]{0,63})>`)
})

// Fields are the elements of a page by their names in lower case; of several
// with one name the first that says something.
func Fields(body []byte) map[string]string {
	if len(body) > maxPage {
		body = body[:maxPage]
	}
	out := map[string]string{}
	for _, g := range field().FindAllSubmatch(body, maxFields) {
		name := strings.ToLower(string(g[1]))
		if value := wire.Printable(html.UnescapeString(string(g[2]))); name == strings.ToLower(string(g[3])) && value != "" && out[name] == "" {
			out[name] = value
		}
	}
	return out
}

// first is the value of the first of the names that is there.
func first(f map[string]string, names ...string) string {
	for _, n := range names {
		if f[n] != "" {
			return f[n]
		}
	}
	return ""
}

// Take adds what one page says.
func Take(t *wire.Told, body []byte) {
	f := Fields(body)
	put := func(to *string, names ...string) {
		if *to == "" {
			*to = first(f, names...)
		}
	}
	if t.MAC.IsZero() {
		if m, err := ether.ParseMAC(first(f, "macaddress")); err == nil {
			t.MAC = m
		} else if m, err := phone.ParseDevice(first(f, "hostname")); err == nil {
			t.MAC = m
		}
	}
	put(&t.Model, "modelnumber", "model")
	put(&t.Serial, "serialnumber")
	put(&t.Switch, "cdpneighbordeviceid", "neighbordeviceid", "lldpneighbordeviceid")
	put(&t.Port, "cdpneighborport", "neighborport", "lldpneighborport")
	if t.Load == "" {
		t.Load = load(f)
	}
	if t.VLAN == 0 {
		if n, err := strconv.Atoi(first(f, "vlanid", "operationalvlanid")); err == nil && n > 0 && n < 4095 {
			t.VLAN = n
		}
	}
	if t.CallControl == "" {
		t.CallControl = active(f)
		t.Idle = t.CallControl == "" && (t.Idle || names(f))
	}
}

// load is the load that runs: versionID of current phones is its name, on a
// 7940 or 7960 appLoadID is.
func load(f map[string]string) string {
	for _, s := range []string{f["versionid"], f["apploadid"], f["loadid"]} {
		l := phone.Load(s)
		if l.Version().Known || strings.HasPrefix(s, "P00") || strings.HasPrefix(s, "P0S") {
			return l.Canonical()
		}
	}
	return ""
}

// names: the page lists call control by address or name; where each stands is
// said behind it.
func names(f map[string]string) bool {
	for i := 1; i <= 5; i++ {
		switch f["callmanager"+strconv.Itoa(i)] {
		case "", "0.0.0.0", "None":
		default:
			return true
		}
	}
	return false
}

// active is the call control the phone says it is registered at: the one with
// the word Active behind it.
func active(f map[string]string) string {
	for i := 1; i <= 5; i++ {
		if who, ok := strings.CutSuffix(f["callmanager"+strconv.Itoa(i)], "Active"); ok {
			who = strings.TrimSpace(who)
			if a, err := netip.ParseAddr(who); err == nil {
				return a.String()
			}
			return who
		}
	}
	return ""
}
