package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// haMode is a way in which two servers of Kea take over from each other. The one that
// is left serves in the other's place when it had no answer of it for max-response-delay,
// and then when more than max-unacked-clients have been asking for max-ack-delay.
type haMode struct {
	name, about   string
	mode, second  string // of the configuration; the role of the second server
	heartbeat     int    // ms, as the next two
	response, ack int
	unacked       int
	lasts         time.Duration // of the load
}

var haModes = []haMode{
	{name: "Kea standby", about: "hot-standby, with the times of its manual's examples: max-response-delay is 60 s",
		mode: "hot-standby", second: "standby", heartbeat: 10000, response: 60000, ack: 5000, unacked: 5, lasts: 100 * time.Second},
	{name: "Kea balanced", about: "load-balancing, with the same times",
		mode: "load-balancing", second: "secondary", heartbeat: 10000, response: 60000, ack: 5000, unacked: 5, lasts: 100 * time.Second},
	{name: "Kea hasty", about: "hot-standby that waits 3 s for its partner and for no client: a pause of the line that is longer has both serve",
		mode: "hot-standby", second: "standby", heartbeat: 1000, response: 3000, ack: 1000, unacked: 0, lasts: 20 * time.Second},
}

// keas are two servers of Kea.
func (d *duo) keas(m haMode) error {
	hooks, _ := filepath.Glob("/usr/lib/*/kea/hooks/libdhcp_ha.so")
	if len(hooks) == 0 {
		return errors.New("no HA hook of Kea: apt-get install kea-common")
	}
	for i, on := range []*stand{d.a, d.b} {
		name := string(rune('A' + i))
		dir := filepath.Join(d.dir, "kea"+name)
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
		config := strings.Replace(keaConf, `"valid-lifetime"`, fmt.Sprintf(keaHA, filepath.Dir(hooks[0]), name, m.mode, m.heartbeat, m.response, m.ack, m.unacked, m.second)+`"valid-lifetime"`, 1)
		if m.mode == "load-balancing" { // each has a pool of its own
			config = strings.Replace(config, keaPool, `{"pool": "10.150.64.0-10.150.159.255", "client-class": "HA_A"}, {"pool": "10.150.160.0-10.150.255.254", "client-class": "HA_B"}`, 1)
		}
		argv, err := keaCommand("/usr/sbin/kea-dhcp4", config, dir)
		if err == nil {
			err = d.start(name, on, argv...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// keaHA is its hook. [Kea Administrator Reference Manual 2.2, 16.12 High Availability]
const keaHA = `"multi-threading": {"enable-multi-threading": true, "thread-pool-size": 2, "packet-queue-size": 64},
	"hooks-libraries": [{"library": "%[1]s/libdhcp_lease_cmds.so"}, {"library": "%[1]s/libdhcp_ha.so", "parameters": {"high-availability": [{
		"this-server-name": "%[2]s", "mode": "%[3]s", "heartbeat-delay": %[4]d, "max-response-delay": %[5]d, "max-ack-delay": %[6]d, "max-unacked-clients": %[7]d,
		"multi-threading": {"enable-multi-threading": true, "http-dedicated-listener": true, "http-listener-threads": 2, "http-client-threads": 2},
		"peers": [{"name": "A", "url": "http://10.150.0.1:8000/", "role": "primary"}, {"name": "B", "url": "http://10.150.0.3:8000/", "role": "%[8]s"}]}]}}],
	`
