package metrics

import (
	"runtime"
	"time"

	"option150/platform/service"
)

// collector makes the figures of one scrape out of the snapshots of that
// moment: nothing is kept twice, so nothing can drift.
type collector struct {
	s *Sources

	build, started, serviceUp, serviceWanted                       *family
	requests, bytes, seconds, inflight, limit, busy                *family
	leases, poolSize, messages, foreign, phones, verdict, findings *family
	disk, diskFree, logins, leaseTime                              *family
	fleetEngine, fleetBox, fleetPhones                             *family
	process                                                        processFamilies
}

func newCollector(s *Sources) *collector {
	return &collector{s: s,
		build:         &family{"option150_build_info", "Version of the appliance; the value is always 1.", gaugeType, []string{"commit", "goversion", "version"}},
		started:       &family{"option150_start_time_seconds", "When the appliance started, in seconds since 1970.", gaugeType, nil},
		serviceUp:     &family{"option150_service_up", "Whether a service works: 1 running, 0 not.", gaugeType, []string{"service"}},
		serviceWanted: &family{"option150_service_configured", "Whether the configuration asks for a service.", gaugeType, []string{"service"}},
		requests:      &family{"option150_prov_requests_total", "Requests of phones for files by transport, kind of file and result.", counterType, []string{"kind", "proto", "result"}},
		bytes:         &family{"option150_prov_bytes_total", "Bytes of files sent, those of transfers that broke off included.", counterType, []string{"proto"}},
		seconds:       &family{"option150_prov_transfer_seconds", "Time from the request to the last byte of files that were sent completely.", histogramType, []string{"kind", "proto"}},
		inflight:      &family{"option150_prov_inflight", "Files being sent at the moment.", gaugeType, nil},
		limit:         &family{"option150_prov_inflight_limit", "Files that may be sent at the same time.", gaugeType, nil},
		busy:          &family{"option150_prov_busy_total", "Requests refused because the serving count was reached.", counterType, nil},
		leases:        &family{"option150_dhcp_leases", "Addresses of a pool by state: leased, offered, excluded, free.", gaugeType, []string{"pool", "state"}},
		poolSize:      &family{"option150_dhcp_pool_addresses", "Addresses of the networks of a pool, excluded ones included.", gaugeType, []string{"pool"}},
		messages:      &family{"option150_dhcp_messages_total", "DHCP messages by direction and type.", counterType, []string{"direction", "type"}},
		foreign:       &family{"option150_dhcp_foreign_offers_total", "Answers of other DHCP servers that were seen on the segment.", counterType, []string{"server"}},
		phones:        &family{"option150_phones", "Phones by model and state.", gaugeType, []string{"model", "state"}},
		verdict:       &family{"option150_phone_verdict", "Phones by the code of their verdict.", gaugeType, []string{"code"}},
		disk:          &family{"option150_flash_bytes", "Size of the file system of flash:, in bytes.", gaugeType, nil},
		diskFree:      &family{"option150_flash_free_bytes", "What may still be written to flash:, in bytes; what is kept for leases and the configuration is not counted.", gaugeType, nil},
		logins:        &family{"option150_login_failures_total", "Wrong users or passwords by door: ssh, page.", counterType, []string{"door"}},
		leaseTime:     &family{"option150_dhcp_lease_seconds", "Duration of the leases that were given or renewed, by DHCP and DHCPv6; those without an end count as infinite.", histogramType, nil},
		process:       newProcessFamilies(),
		fleetEngine:   &family{"option150_fleet_servers_up", "Whether the servers of the fleet answer this box.", gaugeType, nil},
		fleetBox:      &family{"option150_fleet_box_up", "Whether a box of the fleet gives signs of life; not there while the servers do not answer.", gaugeType, []string{"box", "domain"}},
		fleetPhones:   &family{"option150_fleet_phones", "Phones of a box of the fleet by state, as it published them.", gaugeType, []string{"box", "domain", "state"}},
		findings:      &family{"option150_audit_findings", "Findings of the audit of the configuration.", gaugeType, []string{"severity"}},
	}
}

// collect makes the figures of one scrape.
func (c *collector) collect() exposition {
	x := exposition{}
	x.add(c.build, 1, c.s.Commit, runtime.Version(), c.s.Version)
	x.add(c.started, float64(c.s.Started.UnixMilli())/1000)
	for _, v := range list(c.s.Services) {
		x.add(c.serviceUp, one(v.Status.State == service.Running), v.Name)
		x.add(c.serviceWanted, one(v.Configured), v.Name)
	}
	c.files(x)
	for _, p := range list(c.s.Pools) {
		x.add(c.poolSize, float64(p.Total), p.Name)
		x.add(c.leases, float64(p.Leased), p.Name, "leased")
		x.add(c.leases, float64(p.Offered), p.Name, "offered")
		x.add(c.leases, float64(p.Excluded), p.Name, "excluded")
		x.add(c.leases, float64(p.Free()), p.Name, "free")
	}
	for _, m := range list(c.s.Messages) {
		x.add(c.messages, float64(m.N), m.Direction, m.Type)
	}
	if c.s.Disk != nil {
		if total, free, err := c.s.Disk(); err == nil {
			x.add(c.disk, float64(total))
			x.add(c.diskFree, float64(free))
		}
	}
	c.process.collect(x)
	c.telephones(x)
	findings := map[string]int{}
	for _, f := range list(c.s.Findings) {
		findings[f.Severity]++
	}
	for s, n := range findings {
		x.add(c.findings, float64(n), s)
	}
	c.fleet(x)
	return x
}

func (c *collector) fleet(x exposition) {
	if c.s.Fleet == nil {
		return
	}
	f, on := c.s.Fleet()
	if !on {
		return
	}
	x.add(c.fleetEngine, one(f.Answers))
	if !f.Answers { // what is not known is no figure
		return
	}
	for _, b := range f.Boxes {
		x.add(c.fleetBox, one(b.There), b.Name, b.Domain)
		for state, n := range b.Phones {
			x.add(c.fleetPhones, float64(n), b.Name, b.Domain, state)
		}
	}
}

func (c *collector) files(x exposition) {
	if c.s.Serving != nil {
		now, limit := c.s.Serving()
		x.add(c.inflight, float64(now))
		x.add(c.limit, float64(limit))
	}
	if c.s.Counts == nil {
		return
	}
	rows := c.s.Counts.rows()
	busy := uint64(0)
	for _, r := range rows.requests {
		x.add(c.requests, float64(r.n), r.kind, r.proto, r.result)
		if r.result == resultBusy {
			busy += r.n
		}
	}
	x.add(c.busy, float64(busy))
	for proto, n := range rows.bytes {
		x.add(c.bytes, float64(n), proto)
	}
	for _, r := range rows.times {
		x.addHistogram(c.seconds, r.histogram, r.kind, r.proto)
	}
	for i, door := range doors {
		x.add(c.logins, float64(rows.logins[i]), door)
	}
	x.addHistogram(c.leaseTime, rows.leases)
	for _, r := range rows.foreign {
		x.add(c.foreign, float64(r.n), r.server)
	}
}

// unknown is the label of what a phone has not told.
const unknown = "unknown"

func (c *collector) telephones(x exposition) {
	type key struct{ model, state string }
	phones, codes := map[key]int{}, map[string]int{}
	for _, p := range c.s.phones(time.Now()) {
		model := modelLabel(p.Model)
		phones[key{model, string(p.State)}]++
		codes[p.Verdict.Code]++
	}
	for k, n := range phones {
		x.add(c.phones, float64(n), k.model, k.state)
	}
	for code, n := range codes {
		x.add(c.verdict, float64(n), code)
	}
}

// modelLabel keeps what a client wrote into its vendor class from becoming
// ever new labels: a model is letters, digits, hyphen, at most 16.
func modelLabel(m string) string {
	if m == "" || len(m) > 16 {
		return unknown
	}
	for _, r := range m {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-' && r != '+' {
			return unknown
		}
	}
	return m
}

func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
