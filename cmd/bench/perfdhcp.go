package main

import (
	"context"
	"errors"
	"fmt"
	"math"
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
	if j.Kind == "perfdhcp6" {
		args = []string{"-6", "-A", "1", "-l", clientAddr6.String()}
	}
	if j.Clients > 0 {
		args = append(args, "--scenario", "avalanche", "-R", strconv.Itoa(j.Clients))
	} else {
		args = append(args, "-r", strconv.Itoa(j.Count), "-R", "30000", "-p", strconv.Itoa(int(j.For/time.Second)), "-W", "1000000", "-x", "t")
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
	perfTimed = regexp.MustCompile(`(?s)\*\*\*Timestamps for packets: REQUEST-(?:ACK|REPLY)\*\*\*(.*?)(?:\*\*\*|$)`)
	perfTimes = regexp.MustCompile(`(?m)^sent / received: (\S+) / (\S+)`)
	perfTook  = regexp.MustCompile(`It took ([0-9.]+) (?:s|seconds)`)
)

// readPerf reads what it prints. Its own rate is diluted by the second it waits
// at the end: what counts as done is what was acknowledged while exchanges were
// offered. Late is what came in that second.
func readPerf(text string, j job) result {
	var t tally
	r := &t.result
	r.Elapsed = j.For
	if m := perfTook.FindStringSubmatch(text); m != nil {
		s, _ := strconv.ParseFloat(m[1], 64)
		r.Elapsed = time.Duration(s * float64(time.Second))
	} else if j.Clients > 0 {
		r.Elapsed = 0
	}
	for rest := text; ; {
		at := perfBlock.FindStringSubmatchIndex(rest)
		if at == nil {
			break
		}
		kind, body := rest[at[2]:at[3]], rest[at[6]:at[7]]
		rest = rest[at[7]:]
		n := map[string]int{}
		for _, m := range perfCount.FindAllStringSubmatch(body, -1) {
			n[m[1]], _ = strconv.Atoi(m[2])
		}
		r.Packets += n["sent packets"] + n["received packets"]
		switch kind {
		case "DISCOVER", "SOLICIT":
			r.Offered = n["sent packets"]
		case "REQUEST":
			r.Done = n["received packets"]
		}
	}
	r.Failed = max(0, r.Offered-r.Done)
	if m := perfTimed.FindStringSubmatch(text); m != nil {
		t.times, r.Done = delays(m[1], j.For)
	}
	r.P50, r.P99 = percentile(t.times, 50), percentile(t.times, 99)
	return t.result
}

// delays are those of all REQUESTs that were acknowledged, and how many of them
// were within a time of the first.
func delays(text string, within time.Duration) (all []time.Duration, soon int) {
	var got []time.Duration
	first := time.Duration(math.MaxInt64)
	for _, m := range perfTimes.FindAllStringSubmatch(text, -1) {
		sent, received := perfClock(m[1]), perfClock(m[2])
		first = min(first, sent)
		all, got = append(all, received-sent), append(got, received)
	}
	for _, at := range got {
		if at-first <= within {
			soon++
		}
	}
	return all, soon
}

// perfClock reads a time of day, hours of any number, minutes, seconds and a
// fraction: 5491680122359.000123 or with a comma.
func perfClock(s string) time.Duration {
	whole, fraction, _ := strings.Cut(strings.ReplaceAll(s, ",", "."), ".")
	n, _ := strconv.ParseInt(whole, 10, 64)
	frac, _ := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
	// The year is of no use and hours since then do not fit.
	return time.Duration(n/1e4%1e6)*time.Hour + time.Duration(n/100%100)*time.Minute + time.Duration(n%100)*time.Second + time.Duration(frac)
}

var keaDHCP = kind{
	name: "Kea", program: "kea-dhcp4", pkg: "kea-dhcp4-server",
	command: func(_ *bench, dir string) ([]string, error) { return keaCommand("kea-dhcp4", keaConf, dir) },
}

// keaCommand prepares the directory of one of the servers of Kea.
func keaCommand(program, config, dir string) ([]string, error) {
	for _, v := range []string{"KEA_PIDFILE_DIR", "KEA_LOCKFILE_DIR"} {
		if err := os.Setenv(v, dir); err != nil {
			return nil, err
		}
	}
	conf := filepath.Join(dir, "kea.conf")
	text := strings.ReplaceAll(config, "%[1]s", strings.TrimRight(dir, "/"))
	return []string{program, "-c", conf}, os.WriteFile(conf, []byte(text), 0o644)
}

// keaMemfile is where Kea has its leases otherwise.
const keaMemfile = `{"type": "memfile", "persist": true, "name": "%[1]s/leases.csv", "lfc-interval": 0}`

// keaPool is what it gives out.
const keaPool = `{"pool": "10.150.64.0-10.150.255.254"}`

// Kea with its leases on disk, which it does not sync, and nothing logged.
const keaConf = `{"Dhcp4": {
	"interfaces-config": {"interfaces": ["*"]},
	"lease-database": ` + keaMemfile + `,
	"valid-lifetime": 86400,
	"option-def": [{"name": "tftp150", "code": 150, "type": "ipv4-address", "array": true, "space": "dhcp4"}],
	"subnet4": [{"id": 1, "subnet": "10.150.0.0/16", "pools": [` + keaPool + `],
		"option-data": [{"name": "routers", "data": "10.150.0.1"}, {"name": "tftp150", "data": "10.150.0.1"}]}],
	"loggers": [{"name": "kea-dhcp4", "output_options": [{"output": "/dev/null"}], "severity": "ERROR"}]
}}
`

// The goals of the project for DHCP under load, beside Kea with its leases in a
// file that it does not sync. Every ACK of the box is on disk.
const (
	goalSustained = 1.5 // of Kea's most
	goalBelow     = 1.0 // of Kea's at any load
	goalTwice     = 0.95
	goalP99       = 50  // ms, of REQUESTs that are completed at twice the load of the peak
	goalAvalanche = 2.1 // s; perfdhcp loses replies itself and asks again after two seconds
)

var perfLoads = []int{4000, 8000, 12000, 16000}

// measurePerf is DHCP by the load generator of the field, beside its makers'
// server.
func measurePerf(ctx context.Context, b *bench) error {
	probe := job{Kind: "dhcp", Target: at(67), Clients: 1, Count: 1, For: 2 * time.Second}
	box, kea := option150, keaDHCP
	box.probe, kea.probe = probe, probe
	t, servers, err := b.field(ctx, "DHCP by perfdhcp, every lease on disk", box, []kind{kea})
	defer stopAll(servers)
	if err != nil {
		return err
	}
	offered := figure{"DISCOVERs a second that it came to", "1/s", true, func(x sample) float64 { return float64(x.Offered) / x.Elapsed.Seconds() }, 0}
	goodput, half, most, perACK := perSecond, p50, p99, perDone
	goodput.name, half.name, most.name, perACK.name = "ACKs a second", "REQUEST to ACK, half of them within", "REQUEST to ACK, 99 % within", "processor time an ACK"
	took := figure{"until all are provisioned", "s", false, func(x sample) float64 { return x.Elapsed.Seconds() }, 2}
	load := func(about string, n int) (map[string][]sample, error) {
		c := contest{fmt.Sprintf("%s%d exchanges a second offered", about, n),
			job{Kind: "perfdhcp", Target: at(67), Count: n, For: max(2*time.Second, b.longer(3*time.Second).Round(time.Second))},
			[]figure{offered, goodput, half, most, perACK, failed}, nil}
		return b.put(ctx, t, servers, c)
	}
	avalanche, err := b.put(ctx, t, servers, contest{"avalanche: 2000 phones at the same moment",
		job{Kind: "perfdhcp", Target: at(67), Clients: 2000}, []figure{took, perACK, failed}, nil})
	if err != nil {
		return err
	}
	var best, keas, peak float64
	below := map[int]float64{}
	for _, n := range perfLoads {
		x, err := load("", n)
		if err != nil {
			return err
		}
		own, other := middle(x[box.name], goodput.of), middle(x[kea.name], goodput.of)
		best, keas, below[n] = max(best, own), max(keas, other), own/other
		if own == best {
			peak = middle(x[box.name], offered.of)
		}
	}
	twice, err := load("twice the load of the peak: ", int(2*peak))
	if err != nil {
		return err
	}
	g := b.report.table("DHCP under load: what is asked of it", []string{box.name}, nil)
	ratio := func(name string, value, aim float64) {
		g.goal(figure{name: name, unit: "x", higher: true, digits: 2}, value, aim)
	}
	if _, there := t.Absent[kea.name]; !there {
		ratio("ACKs a second at the best load, beside Kea at its best", best/keas, goalSustained)
		for _, n := range perfLoads {
			ratio(fmt.Sprintf("ACKs a second at %d offered, beside Kea", n), below[n], goalBelow)
		}
	}
	ratio("ACKs a second at twice the load of the peak, to the peak", middle(twice[box.name], goodput.of)/best, goalTwice)
	g.goal(figure{name: "REQUEST to ACK there, 99 % of those completed within", unit: "ms", digits: 1}, middle(twice[box.name], most.of), goalP99)
	g.goal(figure{name: "avalanche of 2000", unit: "s", digits: 2}, middle(avalanche[box.name], took.of), goalAvalanche)
	return ctx.Err()
}
