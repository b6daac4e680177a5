package command

import (
	"context"
	"slices"
	"testing"
	"time"

	"option150/platform/config"
	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/journal"
	"option150/telephony/cnf/cnfstore"
)

// TestGiven: what the file a phone was sent says is read of that file, and is
// what is configured at that moment; a change later does not touch it.
func TestGiven(t *testing.T) {
	x := newAuditRig(t)
	read := func(service string) *cnfstore.Store {
		c, rep := x.read("telephony-service\n max-ephones 5\n max-dn 5\n ip source-address 10.0.0.5 port 2000 secondary 10.0.0.6\n load 7961 SCCP41.9-4-2SR3-1S force\n"+service+
			"ephone-dn 1\n number 1001\nephone 1\n mac-address 001e.7a00.0001\n type 7961\n button 1:1\n"+
			"voice register global\n mode cme\n source-address 10.0.0.7 port 5070\n max-dn 5\n max-pool 5\nvoice register dn 1\n number 2001\nvoice register pool 1\n id mac 001e.7a00.0002\n type 8841\n number 1 dn 1\n", config.Default(x.f))
		if len(rep.Rejected) > 0 {
			t.Fatal(rep.Rejected)
		}
		s := cnfstore.New(journal.Discard)
		change, err := s.Prepare(context.Background(), nil, c.Telephony)
		if err != nil {
			t.Fatal(err)
		}
		change.Commit()
		k := index(c)
		o := NewOutlook(&Box{CNF: s})
		at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
		for _, mac := range []ether.MAC{{0, 0x1e, 0x7a, 0, 0, 1}, {0, 0x1e, 0x7a, 0, 0, 2}} {
			o.Fold(journal.Entry{Time: at, Event: fileserver.Served{Name: "/" + mac.Device() + ".cnf.xml", Route: fileserver.RouteGenerated, Complete: true}})
			g, want := o.given[mac], k.setups[mac]
			if !g.Known || !g.At.Equal(at) || g.Load != want.Load || g.Server != want.Server || g.Sharing != want.Sharing || !slices.Equal(g.Control, want.Control) {
				t.Errorf("%s was told %+v, configured is %+v", mac, g, want)
			}
		}
		return s
	}
	read("")
	read(" service phone loadServer 192.168.9.9\n service phone peerFirmwareSharing 1\n")
}

// TestFileTold: a file of another make: the load of a key module is not that of
// the phone, and a certificate server is no call control.
func TestFileTold(t *testing.T) {
	g := fileTold([]byte(`<device><devicePool><callManagerGroup><members><member priority="0"><callManager><ports><ethernetPhonePort>2001</ethernetPhonePort></ports>
<processNodeName>10.0.0.5</processNodeName></callManager></member></members></callManagerGroup></devicePool><loadInformation></loadInformation>
<addOnModules><addOnModule idx="1"><loadInformation>B016-1-0-4</loadInformation></addOnModule></addOnModules>
<capfList><capf><phonePort>3804</phonePort><processNodeName>10.0.0.6</processNodeName></capf></capfList></device>`))
	if !g.Known || g.Load != "" || len(g.Control) != 1 || g.Control[0].String() != "10.0.0.5:2001" {
		t.Errorf("%+v", g)
	}
	if g := fileTold([]byte("<device><loadInformation>X")); g.Known {
		t.Errorf("half a file is believed: %+v", g)
	}
}
