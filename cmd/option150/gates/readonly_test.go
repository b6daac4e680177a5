package gates

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"option150/platform/testkit"
)

// TestReadOnlyRoot: the disk of the box is read-only from the start on. The
// console works, the configuration is the one on the disk, pools are served as
// far as that goes, and what cannot be done says why.
func TestReadOnlyRoot(t *testing.T) {
	t.Parallel()
	unshare := testkit.NeedProgram(t, "unshare", "util-linux")
	script := `set -e
mount -t tmpfs t "$1"; mkdir -p "$1/nvram" "$1/flash"
ip link set lo up; ip link add e0 type veth peer name e1; ip link set e1 up; ip addr add 10.77.0.1/24 dev e0; ip link set e0 up
printf 'hostname RO\nip dhcp pool V\n network 10.77.0.0 255.255.255.0\n' > "$1/nvram/startup-config"
printf 'root = "%s"\n[[interfaces]]\nname = "GigabitEthernet0/0"\ndevice = "e0"\n[ssh]\nlisten = ""\n' "$1" > "$1/box.toml"
mount -o remount,ro "$1"
(sleep 2; printf '\nenable\nshow services\nshow ip dhcp pool\nwrite memory\nshow running-config | include hostname\n'; sleep 3) | timeout 20 "$2" run --config "$1/box.toml"
`
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, unshare, "-rmn", "sh", "-c", script, "sh", t.TempDir(), binary()).CombinedOutput()
	if err != nil && strings.Contains(string(out), "ermitted") {
		testkit.Missing(t, fmt.Sprintf("no namespaces here: %s", out))
	}
	for _, want := range []string{"dhcp         degraded", "Pool V :", "write failed (Read-only file system)", "hostname RO"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
