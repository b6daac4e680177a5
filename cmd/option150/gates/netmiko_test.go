package gates

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"option150/platform/testkit"
)

// detect lets netmiko find out what the box is, and then types a long
// configuration and reads it back. ADDRESS comes first.
const detect = `
import sys, time
from netmiko import ConnectHandler, SSHDetect
box = dict(device_type='autodetect', host=sys.argv[1], username='lab', password='lab')
guess = SSHDetect(**box)
best = guess.autodetect()
print('best', best, sorted(guess.potential_matches.items()))
print('asked', sorted(guess._results_cache))
guess.connection.disconnect()
box['device_type'] = best
c = ConnectHandler(secret='lab', global_delay_factor=0.1, **box)
c.enable()
lines = ['ip dhcp pool SPEED%03d\n domain-name s%03d.example.net' % (i, i) for i in range(150)]
wanted = [l for block in lines for l in block.split('\n')]
out = c.send_config_set(wanted)
assert '% ' not in out, out
assert out.count('ip dhcp pool SPEED') == 150, out
run = c.send_command('show running-config', delay_factor=20)
at = 0
for block in lines:
    at = run.index(block + '\n', at)
assert run.rstrip().endswith('end'), run
print('alive', c.is_alive())
print('privileged', c.check_enable_mode(), c.check_config_mode())
c.config_mode()
print('configuring', c.check_config_mode())
c.exit_config_mode()
print(c.send_command_timing('delete flash:greeting.txt', strip_command=False, strip_prompt=False))
print(c.send_command_timing('\n'))
print(c.send_command_timing('y'))
print(c.save_config())
c.disconnect()
print('done')
`

// TestNetmikoFindsOutAndConfigures: SSHDetect, 300 lines in one
// send_config_set, a question answered.
func TestNetmikoFindsOutAndConfigures(t *testing.T) {
	t.Parallel()
	testkit.NeedFile(t, "/usr/lib/python3/dist-packages/netmiko", "python3-netmiko")
	w := newWorld(t, setup{})
	script := w.File("detect.py", []byte(detect), 0o644)
	out, err := w.output(3*time.Minute, nil, nil, "/usr/bin/python3", "-W", "ignore", script, address)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// Each question costs it seconds of waiting: the first answer to `show version`
	// has to be enough, and none may be paged.
	for _, want := range []string{"best cisco_ios ", "asked ['show system', 'show version']\n", "alive True\n", "privileged True False\n", "configuring True\n", "Delete filename [greeting.txt]?", "[OK]", "done\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if dir := w.Exec("dir"); strings.Contains(dir, "greeting.txt") {
		t.Errorf("the file is still there:\n%s", dir)
	}
	var last []string
	for i := range 150 {
		last = append(last, fmt.Sprintf("ip dhcp pool SPEED%03d", i), fmt.Sprintf(" domain-name s%03d.example.net", i))
	}
	w.Saved(last...)
}
