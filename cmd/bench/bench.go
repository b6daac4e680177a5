package main

import (
	"cmp"
	"context"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// bench is one run.
type bench struct {
	binary string
	rounds int
	quick  bool
	dir    string // everything of this run is below it
	files  []file
	report report
}

// file is one of the files that are served; every server has a copy.
type file struct {
	name string
	size int64
	sum  uint32
	path string
}

// The files that are asked for: what a phone's configuration, a locale file and
// a firmware image weigh.
var fileSizes = []file{
	{name: "bench3k.bin", size: 3_000},
	{name: "bench100k.bin", size: 100_000},
	{name: "bench10m.bin", size: 10_000_000},
	{name: "bench40m.bin", size: 40_000_000},
}

func newBench(o options) (_ *bench, err error) {
	b := &bench{rounds: o.rounds, quick: o.quick}
	if o.quick {
		b.rounds = 1
	}
	if b.binary, err = filepath.Abs(o.binary); err != nil {
		return nil, err
	}
	if _, err := os.Stat(b.binary); err != nil {
		return nil, fmt.Errorf("%w: `make build` makes it", err)
	}
	if b.dir, err = os.MkdirTemp(o.dir, "option150-bench-"); err != nil {
		return nil, err
	}
	if err := b.makeFiles(); err != nil {
		b.close()
		return nil, err
	}
	version, err := exec.Command(b.binary, "version").Output()
	if err != nil {
		b.close()
		return nil, fmt.Errorf("%s version: %w", b.binary, err)
	}
	b.report.Version = strings.TrimSpace(string(version))
	b.report.machine(b.rounds)
	return b, nil
}

func (b *bench) close() { _ = os.RemoveAll(b.dir) }

// makeFiles writes the originals.
func (b *bench) makeFiles() error {
	for _, f := range fileSizes {
		if err := b.makeFile(f); err != nil {
			return err
		}
	}
	return nil
}

// makeFile writes bytes without a pattern, the same each run, for every server
// that is started after it.
func (b *bench) makeFile(f file) error {
	src := rand.NewChaCha8([32]byte{150, byte(len(b.files))})
	data := make([]byte, f.size)
	_, _ = src.Read(data) // never fails [math/rand/v2]
	f.sum = crc32.ChecksumIEEE(data)
	f.path = filepath.Join(b.dir, f.name)
	if err := os.WriteFile(f.path, data, 0o644); err != nil {
		return err
	}
	b.files = append(b.files, f)
	return nil
}

// copyTo gives a server its copy; a link is one as long as nobody writes.
func (f file) copyTo(dir string) error { return os.Link(f.path, filepath.Join(dir, f.name)) }

func (b *bench) filesTo(dir string) error {
	for _, f := range b.files {
		if err := f.copyTo(dir); err != nil {
			return err
		}
	}
	return nil
}

// newDir makes a directory for one server. All of them run as the user of the
// namespace, so nobody else has to read it.
func (b *bench) newDir(name string) (string, error) { return os.MkdirTemp(b.dir, name+"-") }

// job fills in the file of a job.
func (b *bench) job(j job, name string) job {
	for _, f := range b.files {
		if f.name == name {
			j.File, j.Size, j.Sum = f.name, f.size, f.sum
		}
	}
	return j
}

// contest is one load, put on the box and on its peers in turn.
type contest struct {
	about   string
	job     job
	figures []figure // what to print of the samples
	wishes  []wish   // what is to come of it
}

// figure is one line of the table.
type figure struct {
	name   string
	unit   string
	higher bool // more is better
	of     func(x sample) float64
	digits int
}

// compare runs the box and the peers, puts every load on each of them in turn,
// rounds times, and reports the medians.
func (b *bench) compare(ctx context.Context, title string, box kind, peers []kind, contests []contest) error {
	t, servers, err := b.field(ctx, title, box, peers)
	defer stopAll(servers)
	all, wishes := make([]map[string][]sample, len(contests)), 0
	for i, c := range contests {
		if err == nil {
			all[i], err = b.put(ctx, t, servers, c)
		}
		wishes += len(c.wishes)
	}
	if err == nil && wishes > 0 {
		b.wishes(t, contests, all)
	}
	return err
}

// field starts the box and the peers and begins their table. The servers that
// run are the caller's, after an error too.
func (b *bench) field(ctx context.Context, title string, box kind, peers []kind) (t *table, servers []*server, err error) {
	absent := map[string]string{}
	var names []string
	for _, k := range append([]kind{box}, peers...) {
		names = append(names, k.name)
		s, err := k.start(ctx, b)
		if err != nil {
			if ctx.Err() != nil {
				return nil, servers, ctx.Err()
			}
			absent[k.name] = err.Error()
			continue
		}
		servers = append(servers, s)
	}
	return b.report.table(title, names, absent), servers, nil
}

func stopAll(servers []*server) {
	for _, s := range servers {
		s.stop()
	}
}

// put puts a load on each of the servers in turn, rounds times, and adds the
// medians to the table. It returns what was measured, by server.
func (b *bench) put(ctx context.Context, t *table, servers []*server, c contest) (map[string][]sample, error) {
	samples := map[string][]sample{}
	for range b.rounds {
		for _, s := range servers {
			x, err := s.round(ctx, c.job)
			if err != nil {
				return nil, err
			}
			samples[s.name] = append(samples[s.name], x)
		}
	}
	t.heading(c.about)
	for _, f := range c.figures {
		row := t.row(f)
		for _, s := range servers {
			row.set(s.name, middle(samples[s.name], f.of))
		}
		row.ratios(t.Servers[0])
	}
	t.incomparable(t.Servers[0], samples)
	t.problems(samples)
	return samples, nil
}

// middle is the median of a figure.
func middle(samples []sample, of func(sample) float64) float64 {
	var v []float64
	for _, x := range samples {
		v = append(v, of(x))
	}
	return median(v)
}

// median is the middle value, of an even number the lower of the two.
func median[T cmp.Ordered](values []T) T {
	v := slices.Clone(values)
	slices.Sort(v)
	return v[(len(v)-1)/2]
}

// The figures most contests have.
var (
	perSecond = figure{"requests a second", "1/s", true, func(x sample) float64 { return x.rate() }, 0}
	p50       = figure{"half of them done within", "ms", false, func(x sample) float64 { return ms(x.P50) }, 1}
	p99       = figure{"99 % done within", "ms", false, func(x sample) float64 { return ms(x.P99) }, 1}
	failed    = figure{"not served", "", false, func(x sample) float64 { return float64(x.Failed) }, 0}
	resent    = figure{"lost and sent again", "", false, func(x sample) float64 { return float64(x.Resent) }, 0}
	cpuTime   = figure{"processor time of the server", "ms", false, func(x sample) float64 { return ms(x.cpu) }, 0}
	megabytes = figure{"megabytes a second", "MB/s", true, func(x sample) float64 { return float64(x.Bytes) / 1e6 / x.Elapsed.Seconds() }, 0}
	perPacket = figure{"processor time a packet", "us", false, func(x sample) float64 { return us(x.cpu) / float64(max(x.Packets, 1)) }, 1}
	packets   = figure{"packets a second", "1/s", true, func(x sample) float64 { return float64(x.Packets) / x.Elapsed.Seconds() }, 0}
	perDone   = figure{"processor time a request", "us", false, func(x sample) float64 { return us(x.cpu) / float64(max(x.Done, 1)) }, 1}
	memory    = figure{"memory at most", "MB", false, func(x sample) float64 { return float64(x.peak) / 1e6 }, 1}
)

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
func us(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
