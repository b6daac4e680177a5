package autoreg

import (
	"context"
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/journal"
	"option150/telephony/cnf"
)

func mac(n byte) ether.MAC { return ether.MAC{0, 0x1e, 0x7a, 0, 0, n} }

// both is a configuration that adds phones of both protocols.
func both() cnf.Config {
	c := cnf.Default()
	c.Service.Present, c.Service.MaxEphones, c.Service.SourceAddress.Addr = true, 2, netip.MustParseAddr("10.9.9.9")
	c.Service.AutoAssign = []cnf.AutoAssign{{First: 1, Last: 2}, {First: 5, Last: 6, Type: "7960"}}
	c.EphoneDNs = []cnf.EphoneDN{{Tag: 1, Number: "1001"}, {Tag: 2}, {Tag: 5, Number: "1005"}, {Tag: 6, Number: "1006"}}
	g := &c.Global
	g.Present, g.MaxPool, g.MaxDN, g.SourceAddress.Addr = true, 2, 3, netip.MustParseAddr("10.9.9.9")
	g.AutoRegister = cnf.AutoRegister{Present: true, First: 2000, Last: 2001, Password: "todd", Template: 1}
	return c
}

// What a phone gets that nobody configured, and why another gets nothing; who
// gets nothing leaves the configuration as it was.
func TestRegister(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(*cnf.Config)
		p    Phone
		want Added
		why  string
	}{
		{"a phone of any type", nil, Phone{MAC: mac(1), Model: "7961"}, Added{"ephone 1", "7961", "1001"}, ""},
		{"a phone with a range for its type", nil, Phone{MAC: mac(1), Model: "7960"}, Added{"ephone 1", "7960", "1005"}, ""},
		{"the lowest free tag", func(c *cnf.Config) { c.Ephones = []cnf.Ephone{{Tag: 2, MAC: mac(9)}} }, Phone{MAC: mac(1), Model: "7961"}, Added{"ephone 1", "7961", "1001"}, ""},
		{"a number that somebody has", func(c *cnf.Config) {
			c.Ephones = []cnf.Ephone{{Tag: 1, MAC: mac(9), Buttons: []cnf.Button{{Position: 1, Separator: 'o', DNs: []int{5, 1}}}}}
		}, Phone{MAC: mac(1), Model: "7960"}, Added{"ephone 2", "7960", "1006"}, ""},
		{"a phone that runs SIP", nil, Phone{MAC: mac(1), Model: "7961", Load: "SIP41.9-4-2SR3-1S"}, Added{"voice register pool 1", "7961", "2000"}, ""},
		{"a phone that speaks SIP only", nil, Phone{MAC: mac(1), Model: "7841"}, Added{"voice register pool 1", "7841", "2000"}, ""},
		{"an extension that an ephone-dn has", func(c *cnf.Config) { c.EphoneDNs[0].Number = "2000" }, Phone{MAC: mac(1), Model: "7841"}, Added{"voice register pool 1", "7841", "2001"}, ""},
		{"no number left", func(c *cnf.Config) { c.EphoneDNs[0].Number = "" }, Phone{MAC: mac(1), Model: "7961", Load: "SCCP41.9-4-2SR3-1S"}, Added{}, "no number is left"},
		{"no number left for SCCP, and SIP is on", func(c *cnf.Config) { c.EphoneDNs[0].Number = "" }, Phone{MAC: mac(1), Model: "7961"}, Added{"voice register pool 1", "7961", "2000"}, ""},
		{"as many as may be", func(c *cnf.Config) { c.Service.MaxEphones = 0; c.Global.MaxPool = 0 }, Phone{MAC: mac(1), Model: "7961"}, Added{}, "max-pool 0 is reached"},
		{"no dn left", func(c *cnf.Config) { c.Global.MaxDN = 0 }, Phone{MAC: mac(1), Model: "7841"}, Added{}, "max-dn 0"},
		{"the extensions are used up", func(c *cnf.Config) {
			c.DNs = []cnf.RegisterDN{{Tag: 1, Number: "2000"}, {Tag: 2, Number: "2001"}}
		}, Phone{MAC: mac(1), Model: "7841"}, Added{}, "no number is left"},
		{"no range for its type", func(c *cnf.Config) { c.Service.AutoAssign = c.Service.AutoAssign[1:] }, Phone{MAC: mac(1), Model: "7921"}, Added{}, "no range for a 7921"},
		{"it is off", func(c *cnf.Config) { c.Service.NoAutoReg, c.Global.AutoRegister.Off = true, true }, Phone{MAC: mac(1), Model: "7961"}, Added{}, "off"},
		{"no password, which is mandatory", func(c *cnf.Config) { c.Service.NoAutoReg = true; c.Global.AutoRegister.Password = "" }, Phone{MAC: mac(1), Model: "7841"}, Added{}, "off"},
		{"its model is not known", nil, Phone{MAC: mac(1)}, Added{}, "model is not known"},
		{"a model nobody knows", nil, Phone{MAC: mac(1), Model: "9999"}, Added{}, "not in the model table"},
		{"a module", nil, Phone{MAC: mac(1), Model: "7914"}, Added{}, "expansion module"},
		{"it is configured", func(c *cnf.Config) { c.Pools = []cnf.RegisterPool{{Tag: 1, MAC: mac(1)}} }, Phone{MAC: mac(1), Model: "7961"}, Added{}, "it is configured"},
		{"nobody", nil, Phone{Model: "7961"}, Added{}, "no hardware address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conf := both()
			if c.edit != nil {
				c.edit(&conf)
			}
			was := conf.Clone()
			got, err := Register(&conf, c.p)
			if got != c.want || (err == nil) != (c.why == "") || err != nil && !strings.Contains(err.Error(), c.why) {
				t.Errorf("%+v, %v", got, err)
			}
			if err != nil && !reflect.DeepEqual(was, conf) {
				t.Error("a phone that was refused changed the configuration")
			}
		})
	}
}

// An operator's word counts where auto-registration is off, and says which
// protocol if the model leaves a choice.
func TestAdopt(t *testing.T) {
	for _, c := range []struct {
		name, as string
		edit     func(*cnf.Config)
		p        Phone
		section  string
		number   string
		why      string
	}{
		{"by its model", "", nil, Phone{MAC: mac(1), Model: "7961"}, "ephone 1", "1001", ""},
		{"SIP only", "", nil, Phone{MAC: mac(1), Model: "8841"}, "voice register pool 1", "2000", ""},
		{"as it is told", "SIP", nil, Phone{MAC: mac(1), Model: "7961"}, "voice register pool 1", "2000", ""},
		{"only SIP is set up", "", func(c *cnf.Config) { c.Service.Present = false; c.Service.AutoAssign = nil }, Phone{MAC: mac(1), Model: "7961"}, "voice register pool 1", "2000", ""},
		{"no number left", "", func(c *cnf.Config) { c.EphoneDNs = nil }, Phone{MAC: mac(1), Model: "7961"}, "ephone 1", "", ""},
		{"what it does not speak", "SCCP", nil, Phone{MAC: mac(1), Model: "8841"}, "", "", "does not speak SCCP"},
		{"unknown", "", nil, Phone{MAC: mac(1), Model: "toaster"}, "", "", "model table"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conf := both()
			if c.edit != nil {
				c.edit(&conf)
			}
			got, err := Adopt(&conf, c.p, c.as)
			if got.Section != c.section || got.Number != c.number || (err == nil) != (c.why == "") || err != nil && !strings.Contains(err.Error(), c.why) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

// gate is a Gate over a configuration.
func gate(c *cnf.Config, holds bool) (*Gate, *int) {
	n := 0
	return &Gate{Config: func() *cnf.Config { return c }, Known: func(m ether.MAC) Phone { return Phone{Model: "7961"} }, Recorder: journal.Discard,
		Holds: func(context.Context, ether.MAC, fileserver.Request) bool { return holds },
		Add: func(_ context.Context, p Phone) (Added, error) {
			n++
			return Register(c, p)
		}}, &n
}

// Only a phone that asks for its own file from its own address is added: not for
// other names, not for one that is configured, not for who merely names it.
func TestGate(t *testing.T) {
	for _, c := range []struct {
		name, file string
		holds      bool
		edit       func(*cnf.Config)
		added      int
	}{
		{"its file", "SEP001E7A000001.cnf.xml", true, nil, 1},
		{"its trust list", "CTLSEP001E7A000001.tlv", true, nil, 0},
		{"its signed file", "SEP001E7A000001.cnf.xml.sgn", true, nil, 0},
		{"a file of nobody", "XMLDefault.cnf.xml", true, nil, 0},
		{"from an address that is not its own", "SEP001E7A000001.cnf.xml", false, nil, 0},
		{"one that is configured", "SEP001E7A000001.cnf.xml", true, func(c *cnf.Config) { c.Ephones = []cnf.Ephone{{Tag: 1, MAC: mac(1)}} }, 0},
		{"while it is off", "SEP001E7A000001.cnf.xml", true, func(c *cnf.Config) { c.Service.NoAutoReg, c.Global.AutoRegister.Off = true, true }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			conf := both()
			if c.edit != nil {
				c.edit(&conf)
			}
			g, n := gate(&conf, c.holds)
			r := fileserver.Request{Name: c.file}
			if !g.Silent(r, c.file) {
				if hit, err := g.Open(t.Context(), r, c.file); hit != nil || err != nil {
					t.Errorf("%v, %v", hit, err)
				}
			}
			if *n != c.added {
				t.Errorf("asked %d times to add it, want %d", *n, c.added)
			}
			if !g.Silent(fileserver.Request{Name: c.file, Peer: true}, c.file) {
				t.Error("another file server's question adds phones")
			}
		})
	}
}

// A flood of phones is told to ask again, and the configuration is not changed
// for it; who was refused is not tried again at once.
func TestFlood(t *testing.T) {
	conf := both()
	conf.Service.MaxEphones = 1000
	g, n := gate(&conf, true)
	busy := 0
	for i := range 200 {
		m := mac(byte(i))
		name := m.Device() + ".cnf.xml"
		if g.Silent(fileserver.Request{}, name) {
			continue
		}
		if _, err := g.Open(t.Context(), fileserver.Request{}, name); errors.Is(err, fileserver.ErrBusy) {
			busy++
		}
	}
	if *n > atOnce+perSecond || busy < 100 {
		t.Errorf("%d changes at once, %d asked to come again", *n, busy)
	}
	name := mac(3).Device() + ".cnf.xml"
	if len(g.denied) == 0 || !Configured(&conf, mac(0)) {
		t.Fatal("nobody was refused, or nobody was added")
	}
	if _, no := g.denied[mac(3)]; no && !g.Silent(fileserver.Request{}, name) {
		t.Error("a phone that was refused is tried again at once")
	}
	if !g.take(time.Now().Add(time.Minute)) {
		t.Error("a minute later nobody is let in")
	}
}
