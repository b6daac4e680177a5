package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// perfdhcp, of the makers of Kea, is the load generator of the field: it offers
// exchanges at a rate whether or not the server keeps up, and plays an
// avalanche, the boot of a whole branch. Package kea-admin.

// perf runs perfdhcp: Count exchanges a second for a time, or with Clients an
// avalanche of so many.
func (j job) perf() (result, error) {
	path, err := exec.LookPath("perfdhcp")
	if err != nil {
		if path, err = exec.LookPath("/usr/sbin/perfdhcp"); err != nil {
			return result{}, errors.New("perfdhcp is not installed: apt-get install kea-admin")
		}
	}
	args := []string{"-4", "-l", clientAddr.String(),
		"-o", fmt.Sprintf("60,%x", phoneClass), "-o", "55,0142060303960f23"}
	if j.Clients > 0 {
		args = append(args, "--scenario", "avalanche", "-R", strconv.Itoa(j.Clients))
	} else {
		args = append(args, "-r", strconv.Itoa(j.Count), "-R", "30000", "-p", strconv.Itoa(int(j.For/time.Second)), "-W", "1000000")
	}
	ctx, cancel := context.WithTimeout(context.Background(), j.For+60*time.Second)
	defer cancel()
	begun := time.Now()
	out, err := exec.CommandContext(ctx, path, append(args, j.Target.Addr().String())...).CombinedOutput()
	r := readPerf(string(out), j)
	if r.Done == 0 {
		return result{}, fmt.Errorf("perfdhcp: %v\n%.400s", err, out)
	}
	if j.Clients > 0 && r.Elapsed == 0 {
		r.Elapsed = time.Since(begun)
	}
	return r, nil
}

var (
	perfBlock = regexp.MustCompile(`(?s)\*\*\*Statistics for: ([A-Z]+)-([A-Z]+)\*\*\*(.*?)(?:\*\*\*|$)`)
	perfCount = regexp.MustCompile(`(?m)^(sent packets|received packets|drops): (\d+)`)
	perfDelay = regexp.MustCompile(`(?m)^(min|avg|max) delay: ([0-9.]+) ms`)
	perfTook  = regexp.MustCompile(`It took ([0-9.]+) (?:s|seconds)`)
)

// readPerf reads what it prints. A rate is diluted by the second it waits at the
// end, so what came back is divided by the time that was offered. It tells mean
// and greatest delay of the REQUESTs: they stand for P50 and P99.
func readPerf(text string, j job) result {
	r := result{Elapsed: j.For}
	if m := perfTook.FindStringSubmatch(text); m != nil {
		s, _ := strconv.ParseFloat(m[1], 64)
		r.Elapsed = time.Duration(s * float64(time.Second))
	} else if j.Clients > 0 {
		r.Elapsed = 0
	}
	for rest := text; ; {
		at := perfBlock.FindStringSubmatchIndex(rest)
		if at == nil {
			return r
		}
		kind, body := rest[at[2]:at[3]], rest[at[6]:at[7]]
		rest = rest[at[7]:]
		n := map[string]int{}
		for _, m := range perfCount.FindAllStringSubmatch(body, -1) {
			n[m[1]], _ = strconv.Atoi(m[2])
		}
		r.Packets += n["sent packets"] + n["received packets"]
		switch kind {
		case "DISCOVER":
			r.Failed = n["sent packets"]
		case "REQUEST":
			r.Done = n["received packets"]
			for _, m := range perfDelay.FindAllStringSubmatch(body, -1) {
				ms, _ := strconv.ParseFloat(m[2], 64)
				d := time.Duration(ms * float64(time.Millisecond))
				switch m[1] {
				case "avg":
					r.P50 = d
				case "max":
					r.P99 = d
				}
			}
			r.Failed = max(0, r.Failed-r.Done)
		}
	}
}

var keaDHCP = kind{
	name: "Kea", program: "kea-dhcp4", pkg: "kea-dhcp4-server",
	command: func(_ *bench, dir string) ([]string, error) {
		for _, v := range []string{"KEA_PIDFILE_DIR", "KEA_LOCKFILE_DIR"} {
			if err := os.Setenv(v, dir); err != nil {
				return nil, err
			}
		}
		conf := filepath.Join(dir, "kea.conf")
		text := fmt.Sprintf(keaConf, strings.TrimRight(dir, "/"))
		return []string{"kea-dhcp4", "-c", conf}, os.WriteFile(conf, []byte(text), 0o644)
	},
}

// Kea with its leases on disk, which it does not sync, and nothing logged.
const keaConf = `{"Dhcp4": {
	"interfaces-config": {"interfaces": ["*"]},
	"lease-database": {"type": "memfile", "persist": true, "name": "%[1]s/leases.csv", "lfc-interval": 0},
	"valid-lifetime": 86400,
	"option-def": [{"name": "tftp150", "code": 150, "type": "ipv4-address", "array": true, "space": "dhcp4"}],
	"subnet4": [{"id": 1, "subnet": "10.150.0.0/16", "pools": [{"pool": "10.150.64.0-10.150.255.254"}],
		"option-data": [{"name": "routers", "data": "10.150.0.1"}, {"name": "tftp150", "data": "10.150.0.1"}]}],
	"loggers": [{"name": "kea-dhcp4", "output_options": [{"output": "/dev/null"}], "severity": "ERROR"}]
}}
`

// measurePerf is DHCP by the load generator of the field, beside its makers'
// server.
func measurePerf(ctx context.Context, b *bench) error {
	probe := job{Kind: "dhcp", Target: at(67), Clients: 1, Count: 1, For: 2 * time.Second}
	box, kea := option150, keaDHCP
	box.probe, kea.probe = probe, probe
	rate := perSecond
	rate.name = "addresses given a second"
	mean, most := p50, p99
	mean.name, most.name = "REQUEST to ACK, mean", "REQUEST to ACK, the slowest"
	took := figure{"until all are provisioned", "s", false, func(x sample) float64 { return x.Elapsed.Seconds() }, 2}
	contests := []contest{{"avalanche: 2000 phones at the same moment", job{Kind: "perfdhcp", Target: at(67), Clients: 2000}, []figure{took, failed}}}
	for _, n := range []int{4000, 8000, 12000} {
		contests = append(contests, contest{fmt.Sprintf("%d exchanges a second offered", n),
			job{Kind: "perfdhcp", Target: at(67), Count: n, For: max(2*time.Second, b.longer(5*time.Second).Round(time.Second))}, []figure{rate, mean, most, failed, cpuTime}})
	}
	return b.compare(ctx, "DHCP by perfdhcp, every lease on disk", box, []kind{kea}, contests)
}
