package metrics

import (
	"bytes"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"option150/platform/sorted"
)

// The text format of Prometheus, version 0.0.4, as far as constant figures need
// it: HELP, TYPE and samples, families and samples in the order of their names.
// Written here because the client library takes the reflection of protocol
// buffers along; it is the judge of this in the tests. [docs/adr/0009,
// prometheus.io/docs/instrumenting/exposition_formats]

const textFormat = "text/plain; version=0.0.4; charset=utf-8"

// The types of a family.
const (
	gaugeType     = "gauge"
	counterType   = "counter"
	histogramType = "histogram"
)

// family is a name with its help and the names of its labels, in order.
type family struct {
	name, help, kind string
	labels           []string
}

// exposition is one scrape being made.
type exposition map[*family][]series

// series is one combination of labels with its lines.
type series struct {
	labels []string // their values
	lines  []byte
}

// add gives a family a sample. The second of the same labels is left out:
// Prometheus would refuse the whole scrape.
func (x exposition) add(f *family, v float64, labels ...string) {
	labels = valid(labels)
	x.put(f, labels, appendSample(nil, f.name, f.text(labels), v))
}

// addHistogram gives a family a histogram: cumulative counts by upper bound.
func (x exposition) addHistogram(f *family, h histogram, labels ...string) {
	labels = valid(labels)
	key := f.text(labels)
	var b []byte
	for i, le := range h.bounds {
		b = appendSample(b, f.name+"_bucket", bound(key, le), float64(h.bucket[i]))
	}
	b = appendSample(b, f.name+"_bucket", bound(key, math.Inf(1)), float64(h.count))
	b = appendSample(b, f.name+"_sum", key, h.sum)
	x.put(f, labels, appendSample(b, f.name+"_count", key, float64(h.count)))
}

func (x exposition) put(f *family, labels []string, lines []byte) {
	if !slices.ContainsFunc(x[f], func(s series) bool { return slices.Equal(s.labels, labels) }) {
		x[f] = append(x[f], series{labels, lines})
	}
}

// valid makes labels of names an operator chose: Prometheus takes UTF-8 only.
func valid(labels []string) []string {
	for i := range labels {
		labels[i] = strings.ToValidUTF8(labels[i], "?")
	}
	return labels
}

// text is what stands between the braces.
func (f *family) text(values []string) string {
	var b strings.Builder
	for i, name := range f.labels {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(name + `="` + labelEscaper.Replace(values[i]) + `"`)
	}
	return b.String()
}

func bound(key string, le float64) string {
	if key != "" {
		key += ","
	}
	return key + `le="` + number(le) + `"`
}

var (
	labelEscaper = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
	helpEscaper  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
)

func number(v float64) string {
	if math.IsInf(v, 1) {
		return "+Inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

func appendSample(b []byte, name, key string, v float64) []byte {
	b = append(b, name...)
	if key != "" {
		b = append(append(append(b, '{'), key...), '}')
	}
	return append(append(append(b, ' '), number(v)...), '\n')
}

// bytes is the page. A family without samples is not on it.
func (x exposition) bytes() []byte {
	var families []*family
	for f := range x {
		families = append(families, f)
	}
	sorted.By(families, func(a, b *family) int { return strings.Compare(a.name, b.name) })
	var b bytes.Buffer
	for _, f := range families {
		b.WriteString("# HELP " + f.name + " " + helpEscaper.Replace(f.help) + "\n# TYPE " + f.name + " " + f.kind + "\n")
		sorted.By(x[f], func(a, b series) int { return slices.Compare(a.labels, b.labels) })
		for _, s := range x[f] {
			b.Write(s.lines)
		}
	}
	return b.Bytes()
}

// maxScrapes bounds the scrapes under way; one more is told to come again.
const maxScrapes = 4

// scrapes answers /metrics with what collect gives.
func scrapes(collect func() exposition) http.Handler {
	places := make(chan struct{}, maxScrapes)
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
		default:
			http.Error(w, "too many scrapes at the same time", http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", textFormat)
		_, _ = w.Write(collect().bytes()) // a client that hung up needs no answer
	})
}
