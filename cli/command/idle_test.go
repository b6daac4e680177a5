package command

import (
	"fmt"
	"strings"
	"testing"

	"option150/cli/language"
	"option150/platform/config"
)

// TestIdleLinesAreTold: what has no effect is said of the running
// configuration, whole lines as carried, others as partly, the same of many
// lines once.
func TestIdleLinesAreTold(t *testing.T) {
	b, f := testBox(t)
	rep, err := b.Language.Load(`router ospf 1
telephony-service
 max-dn 20 no-reg both
 ip source-address 10.0.0.1 port 2000 secondary 10.0.0.2 rehome 30
 keepalive 60
 no auto-reg-ephone
 cnf-file location tftp tftp://10.0.0.9/cnf
ephone-dn 1
 number 1001
 name Desk
ephone-dn 2 dual-line
 number 1002
voice register global
 tftp-path tftp://10.0.0.9/sip
 upgrade
line con 0
 no exec
 logging synchronous level 3
 password cisco
 login
line vty 0 4
 password cisco
 login
 transport input telnet ssh
`, config.Default(f), nil)
	if err != nil || len(rep.Rejected) > 0 {
		t.Fatal(err, rep.Rejected)
	}
	var got []string
	for _, i := range language.Gather(b.Language.Idle(rep.Config)) {
		line, _, _ := strings.Cut(i.String(), ": ")
		got = append(got, i.Class()+" "+line)
	}
	want := `partly max-dn 20 no-reg both (telephony-service)
partly ip source-address 10.0.0.1 port 2000 secondary 10.0.0.2 rehome 30 (telephony-service)
partly cnf-file location tftp tftp://10.0.0.9/cnf (telephony-service)
carried keepalive 60 (telephony-service)
partly number 1001 (ephone-dn  1) and 1 more
carried name Desk (ephone-dn  1)
partly ephone-dn  2  dual-line
partly logging synchronous level 3 (line con 0)
partly password cisco (line vty 0 4)
partly login (line vty 0 4)
partly transport input ssh telnet (line vty 0 4)
partly tftp-path tftp://10.0.0.9/sip (voice register global)
carried router ospf 1
carried no exec (line con 0)`
	for _, w := range strings.Split(want, "\n") {
		if !strings.Contains("\n"+strings.Join(got, "\n")+"\n", "\n"+w+"\n") {
			t.Errorf("not told: %s", w)
		}
	}
	if n := strings.Count(want, "\n") + 1; len(got) != n {
		t.Errorf("%d lines, not %d:\n%s", len(got), n, strings.Join(got, "\n"))
	}
	if told := fmt.Sprint(language.Gather(b.Language.Idle(config.Default(f)))); told != "[]" {
		t.Errorf("of a factory box: %s", told)
	}
	if c := rep.Carried; c != 4 { // ospf, keepalive, name, no exec
		t.Errorf("%d lines carried", c)
	}
}
