package command

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"option150/platform/config"
	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/flash"
	"option150/platform/journal"
	"option150/telephony/cnf"
	"option150/telephony/cnf/cnfstore"
	"option150/telephony/upgrade"
)

// everything is a configuration whose files depend on all that Options has: a
// load that is not whole, a dial plan and a language that are not there, a log
// server, the services of the box, and somebody who is logged in.
const everything = `interface GigabitEthernet0/0
 ip address 10.0.0.1 255.255.255.0
ip http server
pfs
 log-server
telephony-service
 load 7961 SCCP41.9-4-2SR3-1S
 max-ephones 10
 max-dn 10
 ip source-address 10.0.0.5 port 2000
 user-locale FR
 hfs enable port 6970
 hfs home-path flash:phones
ephone 1
 mac-address 001e.7a00.0001
 type 7961
voice register global
 mode cme
 source-address 10.0.0.5 port 5060
 user-locale DE
 max-dn 10
 max-pool 10
voice register dialplan 1
 type 7940-7960-others
 filename ours.xml
voice register dn 1
 number 2001
voice logout-profile 1
 number 2900 type normal
voice user-profile 1
 pin 4711
 user anna password line
 number 2555 type normal
voice register pool 1
 id mac 001e.7a00.0002
 type 8841
 dialplan 1
 logout-profile 1
`

// TestPaperIsWhatRuns: the files of a candidate are those the box would serve if
// it were in force: of a configuration that is in force, the same ones, made of
// the same things, whatever they depend on; of one with another home path, those
// of what lies there.
func TestPaperIsWhatRuns(t *testing.T) {
	x := newAuditRig(t)
	c, rep := x.read(everything, config.Default(x.f))
	if len(rep.Rejected) > 0 {
		t.Fatal(rep.Rejected)
	}
	root := t.TempDir()
	put := func(name, text string) {
		if err := os.MkdirAll(filepath.Join(root, filepath.Dir(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("phones/SCCP41.9-4-2SR3-1S.loads", "jar41sccp.9-4-2ES26.sbn\n") // and that is not there
	put("elsewhere/ours.xml", "<DIALTEMPLATE/>")
	put("elsewhere/German_Germany/any.jar", "x")

	b, _ := testBox(t)
	var err error
	if b.Flash, err = flash.Open(root); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Flash.Close() })
	p := &paper{b: b, c: c, facts: x.f}
	b.Files = fileserver.New(fileserver.Options{Flash: b.Flash})
	change, err := b.Files.Prepare(t.Context(), nil, p.spec(config.FileServer).Spec)
	if err != nil {
		t.Fatal(err)
	}
	change.Commit()
	b.Policy = &upgrade.Policy{Find: b.Find, Classes: upgrade.NewClasses(nil), Rollouts: upgrade.NewRollouts(nil), Changes: b.Flash.Changes,
		Files: func() (out []string) {
			for _, e := range b.Flash.Files(b.homePath()) {
				out = append(out, e.Path)
			}
			return out
		},
		Open: func() bool { return true }}
	b.CNF = cnfstore.New(journal.Discard)
	b.CNF.Sources = cnfstore.Sources{Policy: b.Policy.Firmware, Served: b.Served,
		Logins: func() []cnf.Login { return []cnf.Login{{MAC: ether.MAC{0, 0x1e, 0x7a, 0, 0, 2}, User: 1}} }}
	if change, err = b.CNF.Prepare(context.Background(), nil, cnfstore.Spec{Config: c.Telephony, Options: c.CNFOptions(x.f)}); err != nil {
		t.Fatal(err)
	}
	change.Commit()
	runs := b.CNF.Current()

	if err := p.phoneFiles("phones"); err != nil {
		t.Fatal(err)
	}
	if !cnf.SameFiles(runs, p.set) {
		t.Errorf("the files differ: %v", cnf.Summarise(runs, p.set).Names())
	}
	is, want := reflect.ValueOf(p.set.Options()), reflect.ValueOf(runs.Options())
	for i := range want.NumField() {
		name := want.Type().Field(i).Name
		if name == "Generation" || name == "Stamp" || name == "Sync" { // the store's own; what only tests set
			continue
		}
		if want.Field(i).IsZero() {
			t.Errorf("nothing here depends on Options.%s: not tested", name)
		}
		if !reflect.DeepEqual(is.Field(i).Interface(), want.Field(i).Interface()) {
			t.Errorf("Options.%s: on paper %v, in force %v", name, is.Field(i), want.Field(i))
		}
	}

	next := c.Clone()
	next.HFS.HomePath = "flash:elsewhere"
	p = &paper{b: b, c: next, facts: x.f}
	if err := p.phoneFiles("elsewhere"); err != nil {
		t.Fatal(err)
	}
	if absent := p.set.Options().Absent; slices.Contains(absent, "ours.xml") || !slices.ContainsFunc(absent, func(n string) bool { return strings.HasPrefix(n, "French_France/") }) {
		t.Errorf("of another home path: %v", absent)
	}
	if f, ok := p.set.Lookup("SEP001E7A000002.cnf.xml"); !ok || !strings.Contains(string(f.Content), "<dialTemplate>ours.xml</dialTemplate>") {
		t.Error("the dial plan of the other home path is not named")
	}
}
