package e2e

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

// TestGatewayAsks: a gateway and somebody with the name of a host ask for their
// files, each over one of the transports: no file is invented, and why is told
// wherever phones are; one that is put where the advice says is given, and
// nothing is said against it then.
func TestGatewayAsks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{settings: "[metrics]\nlisten = \"127.0.0.1:9150\"", config: strings.Replace(branch, "line vty", "voice-gateway system  1\n type VG224\n mac-address 001F.A30F.8331\nline vty", 1)})
	gateway, host := w.Host("gateway", netip.MustParsePrefix("10.150.0.77/24")), w.Host("host", netip.MustParsePrefix("10.150.0.78/24"))
	const own, named = "SKIGW1FA30F8331.cnf.xml", "branch-gw1.cnf.xml"
	if got := w.askTFTP(gateway, own); !strings.Contains(got, "No such file") {
		t.Fatal(got)
	}
	if got, _ := w.getFrom(host, "http://10.150.0.1:6970/"+named); got != 404 {
		t.Fatal(got)
	}
	s := w.Login()
	var shown string
	tells := func(line string, want ...string) {
		t.Helper()
		w.Within(20*time.Second, line+" does not tell", func() bool {
			shown = strings.Join(strings.Fields(s.Do(line)), " ")
			for _, x := range want {
				if !strings.Contains(shown, x) {
					return false
				}
			}
			return true
		})
	}
	tells("show phones", "10.150.0.77", "10.150.0.78", "R50")
	tells("show phone 10.150.0.77", "R50", "analog gateway (VG202, VG204, VG224", "layout of those files is not published", "configured as voice-gateway system 1", "copy "+own+" of the call manager")
	tells("show phone 10.150.0.78", "R50", "inferred", "no name of a phone", "may be an MGCP gateway", "copy "+named+" of the call manager")
	tells("show phones summary", "R50")
	for path, want := range map[string]string{"/metrics": `option150_phone_verdict{code="R50"} 2`, "/api/v1/phones": "R50"} {
		w.Within(20*time.Second, path+" does not tell", func() bool {
			status, body := w.getFrom(w.Box, "http://127.0.0.1:9150"+path)
			return status == 200 && strings.Contains(string(body), want)
		})
	}
	w.file("root/flash/"+own, []byte("<device/>\n"))
	w.file("root/flash/"+named, []byte("<device/>\n"))
	w.Within(20*time.Second, "the files are not given", func() bool {
		status, _ := w.getFrom(host, "http://10.150.0.1:6970/"+named)
		return status == 200 && w.askTFTP(gateway, own) == "sent"
	})
	if got, _ := w.getFrom(gateway, "http://10.150.0.1:6970/"+own); got != 200 {
		t.Error(got)
	}
	w.Within(20*time.Second, "the verdicts stay", func() bool {
		shown = s.Do("show phones")
		return !strings.Contains(shown, "R50")
	})
	if strings.Contains(shown, "provisioned") {
		t.Errorf("whether they took their files was not seen:\n%s", shown)
	}
}
