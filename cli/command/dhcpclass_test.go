package command

import (
	"strings"
	"testing"

	"option150/platform/config"
)

// The lines that restrict a pool are read as what they say, none is kept
// without effect.
func TestPoolRestrictions(t *testing.T) {
	b, f := testBox(t)
	text := `ip dhcp class FLOOR-1
 option 60 hex 4369.7363.6f * mask ffff.ffff.ff
 relay agent information
  relay-information hex 0102.0007 *
ip dhcp class ANY
ip dhcp pool VOICE
 network 10.77.0.0 255.255.255.0
 reserved-only
 address 10.77.0.120 client-id 0102.0000.0006.01
 address 10.77.0.121 hardware-address 0200.0000.0602
 class FLOOR-1
  address range 10.77.0.150 10.77.0.151
  address range 10.77.0.160 10.77.0.160
  option 150 ip 10.77.0.1 10.77.0.2
 class ANY
  address range 10.77.0.170 10.77.0.179
  option 150 ip 10.77.0.2 10.77.0.1
ip dhcp pool ELSEWHERE
 vrf BLUE
`
	rep, err := b.Language.Load(text, config.Default(f), nil)
	if err != nil || len(rep.Rejected) > 0 || rep.Carried > 0 {
		t.Fatalf("%v, rejected %v, %d carried", err, rep.Rejected, rep.Carried)
	}
	d := rep.Config.DHCP
	p := d.Pools[0]
	if len(d.Classes) != 2 || len(d.Classes[0].Patterns) != 2 || d.Classes[0].Patterns[1].Option != 82 || !d.Classes[0].Patterns[0].Prefix || len(d.Classes[0].Patterns[0].Mask) != 5 {
		t.Errorf("classes %+v", d.Classes)
	}
	if !p.ReservedOnly || len(p.Reserved) != 2 || len(p.Classes) != 2 || len(p.Classes[0].Ranges) != 2 || len(p.Classes[1].Option150) != 2 || d.Pools[1].VRF != "BLUE" {
		t.Errorf("pools %+v", d.Pools)
	}
	shown := b.Language.RenderText(rep.Config)
	for _, l := range strings.Split(text, "\n") {
		if l = strings.TrimSpace(l); !strings.Contains(shown, l) {
			t.Errorf("%q is not printed:\n%s", l, shown)
		}
	}
}
