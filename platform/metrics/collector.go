package metrics

import (
	"runtime"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"option150/platform/service"
)

// collector makes the figures of one scrape out of the snapshots of that
// moment: nothing is kept twice, so nothing can drift.
type collector struct {
	s *Sources

	build, started, serviceUp, serviceWanted                       *prometheus.Desc
	requests, bytes, seconds, inflight, limit, busy                *prometheus.Desc
	leases, poolSize, messages, foreign, phones, verdict, findings *prometheus.Desc
}

func newCollector(s *Sources) *collector {
	d := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &collector{s: s,
		build:         d("option150_build_info", "Version of the appliance; the value is always 1.", "version", "commit", "goversion"),
		started:       d("option150_start_time_seconds", "When the appliance started, in seconds since 1970."),
		serviceUp:     d("service_up", "Whether a service works: 1 running, 0 not.", "service"),
		serviceWanted: d("service_configured", "Whether the configuration asks for a service.", "service"),
		requests:      d("prov_requests_total", "Requests of phones for files by transport, kind of file and result.", "proto", "kind", "result"),
		bytes:         d("prov_bytes_total", "Bytes of files sent, those of transfers that broke off included.", "proto"),
		seconds:       d("prov_transfer_seconds", "Time from the request to the last byte of files that were sent completely.", "proto", "kind"),
		inflight:      d("prov_inflight", "Files being sent at the moment."),
		limit:         d("prov_inflight_limit", "Files that may be sent at the same time."),
		busy:          d("prov_busy_total", "Requests refused because the serving count was reached."),
		leases:        d("dhcp_leases", "Addresses of a pool by state: leased, offered, excluded, free.", "pool", "state"),
		poolSize:      d("dhcp_pool_addresses", "Addresses of the networks of a pool, excluded ones included.", "pool"),
		messages:      d("dhcp_messages_total", "DHCP messages by direction and type.", "direction", "type"),
		foreign:       d("dhcp_foreign_offers_total", "Answers of other DHCP servers that were seen on the segment.", "server"),
		phones:        d("phones", "Phones by model and state.", "model", "state"),
		verdict:       d("phone_verdict", "Phones by the code of their verdict.", "code"),
		findings:      d("audit_findings", "Findings of the audit of the configuration.", "severity"),
	}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.build, c.started, c.serviceUp, c.serviceWanted, c.requests, c.bytes, c.seconds, c.inflight, c.limit,
		c.busy, c.leases, c.poolSize, c.messages, c.foreign, c.phones, c.verdict, c.findings} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, valid(labels)...)
	}
	counter := func(d *prometheus.Desc, n uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), valid(labels)...)
	}
	gauge(c.build, 1, c.s.Version, c.s.Commit, runtime.Version())
	gauge(c.started, float64(c.s.Started.UnixMilli())/1000)
	for _, v := range list(c.s.Services) {
		gauge(c.serviceUp, one(v.Status.State == service.Running), v.Name)
		gauge(c.serviceWanted, one(v.Configured), v.Name)
	}
	c.files(ch, gauge, counter)
	for _, p := range list(c.s.Pools) {
		gauge(c.poolSize, float64(p.Total), p.Name)
		gauge(c.leases, float64(p.Leased), p.Name, "leased")
		gauge(c.leases, float64(p.Offered), p.Name, "offered")
		gauge(c.leases, float64(p.Excluded), p.Name, "excluded")
		gauge(c.leases, float64(p.Free()), p.Name, "free")
	}
	for _, m := range list(c.s.Messages) {
		counter(c.messages, m.N, m.Direction, m.Type)
	}
	c.telephones(gauge)
	findings := map[string]int{}
	for _, f := range list(c.s.Findings) {
		findings[f.Severity]++
	}
	for s, n := range findings {
		gauge(c.findings, float64(n), s)
	}
}

func (c *collector) files(ch chan<- prometheus.Metric, gauge func(*prometheus.Desc, float64, ...string), counter func(*prometheus.Desc, uint64, ...string)) {
	if c.s.Serving != nil {
		now, limit := c.s.Serving()
		gauge(c.inflight, float64(now))
		gauge(c.limit, float64(limit))
	}
	if c.s.Counts == nil {
		return
	}
	rows := c.s.Counts.rows()
	busy := uint64(0)
	for _, r := range rows.requests {
		counter(c.requests, r.n, r.proto, r.kind, r.result)
		if r.result == resultBusy {
			busy += r.n
		}
	}
	counter(c.busy, busy)
	for proto, n := range rows.bytes {
		counter(c.bytes, n, proto)
	}
	for _, r := range rows.times {
		b := map[float64]uint64{}
		for i, le := range buckets {
			b[le] = r.bucket[i]
		}
		ch <- prometheus.MustNewConstHistogram(c.seconds, r.count, r.sum, b, r.proto, r.kind)
	}
	for _, r := range rows.foreign {
		counter(c.foreign, r.n, r.server)
	}
}

// unknown is the label of what a phone has not told.
const unknown = "unknown"

func (c *collector) telephones(gauge func(*prometheus.Desc, float64, ...string)) {
	type key struct{ model, state string }
	phones, codes := map[key]int{}, map[string]int{}
	for _, p := range c.s.phones(time.Now()) {
		model := modelLabel(p.Model)
		phones[key{model, string(p.State)}]++
		codes[p.Verdict.Code]++
	}
	for k, n := range phones {
		gauge(c.phones, float64(n), k.model, k.state)
	}
	for code, n := range codes {
		gauge(c.verdict, float64(n), code)
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

// valid makes labels of names an operator chose: Prometheus takes UTF-8 only.
func valid(labels []string) []string {
	for i := range labels {
		labels[i] = strings.ToValidUTF8(labels[i], "?")
	}
	return labels
}

func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
