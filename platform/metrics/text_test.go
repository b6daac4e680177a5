package metrics

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// collected are figures made beforehand, as the client library takes them.
type collected []prometheus.Metric

func (collected) Describe(chan<- *prometheus.Desc) {}

func (c collected) Collect(ch chan<- prometheus.Metric) {
	for _, m := range c {
		ch <- m
	}
}

// TestTextIsThatOfTheLibrary: whatever the figures and the labels, the page is
// byte for byte the one of client_golang.
func TestTextIsThatOfTheLibrary(t *testing.T) {
	r := rand.New(rand.NewPCG(150, 9090))
	pieces := []string{"VOICE", `"`, `\`, "\n", "\t", "ü", "\xff", "", " ", "{", "}", ",", "=", "☎", "\r", "#", "le"}
	label := func() string {
		var s string
		for range r.IntN(4) {
			s += pieces[r.IntN(len(pieces))]
		}
		return s
	}
	values := []float64{0, 1, 2, 0.1, 200, 1e6, 21098658, 1e21, 1.795276e9 + 0.25, 3.5e-7, 1 << 53}
	for round := range 200 {
		x, judge := exposition{}, collected{}
		for i := range r.IntN(4) {
			help := "Help " + label()
			f := &family{fmt.Sprintf("z%d_family", r.IntN(50)*10+i), strings.ToValidUTF8(help, "?"), gaugeType, []string{"kind", "proto"}[:r.IntN(3)]}
			switch r.IntN(3) {
			case 0:
				f.kind = counterType
			case 1:
				f.kind = histogramType
			}
			desc := prometheus.NewDesc(f.name, f.help, f.labels, nil)
			seen := map[string]bool{}
			for range r.IntN(4) {
				labels, clean := []string{}, []string{}
				for range f.labels {
					l := label()
					labels, clean = append(labels, l), append(clean, strings.ToValidUTF8(l, "?"))
				}
				v := values[r.IntN(len(values))]
				h := *newHistogram(buckets)
				upper := map[float64]uint64{}
				for i, le := range buckets {
					h.bucket[i] = h.count
					upper[le] = h.count
					h.count += r.Uint64N(3)
				}
				h.sum = v
				if f.kind == histogramType {
					x.addHistogram(f, h, labels...)
				} else {
					x.add(f, v, labels...)
				}
				if seen[fmt.Sprint(len(clean), clean, strings.Join(clean, "\x00"))] {
					continue // the library refuses the second of the same labels
				}
				seen[fmt.Sprint(len(clean), clean, strings.Join(clean, "\x00"))] = true
				switch f.kind {
				case histogramType:
					judge = append(judge, prometheus.MustNewConstHistogram(desc, h.count, h.sum, upper, clean...))
				case counterType:
					judge = append(judge, prometheus.MustNewConstMetric(desc, prometheus.CounterValue, v, clean...))
				default:
					judge = append(judge, prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, v, clean...))
				}
			}
		}
		reg := prometheus.NewRegistry()
		if err := reg.Register(judge); err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		promhttp.HandlerFor(reg, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		if w.Code != 200 {
			t.Fatalf("round %d: %s", round, w.Body)
		}
		if d := cmp.Diff(w.Body.String(), string(x.bytes())); d != "" {
			t.Fatalf("round %d, - the library, + ours:\n%s", round, d)
		}
	}
}

// TestScrapesAreBounded: one more than maxScrapes is told to come again.
func TestScrapesAreBounded(t *testing.T) {
	enter, leave := make(chan bool), make(chan bool)
	h := scrapes(func() exposition { enter <- true; <-leave; return exposition{} })
	done := make(chan int)
	ask := func() int {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		return w.Code
	}
	for range maxScrapes {
		go func() { done <- ask() }()
		<-enter
	}
	if code := ask(); code != http.StatusServiceUnavailable {
		t.Errorf("one too many: %d", code)
	}
	for range maxScrapes {
		leave <- true
		if code := <-done; code != http.StatusOK {
			t.Errorf("%d", code)
		}
	}
}
