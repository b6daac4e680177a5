package command

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"option150/cli/language"
	"option150/platform/columns"
	"option150/platform/fileserver"
	"option150/platform/httpd"
	"option150/platform/sorted"
	"option150/telephony/phone"
)

// fileListing are the commands that show what phones may ask for, and what they
// ask for. `file list tftp` is that of the call manager. [source 001]
func fileListing(b *Box) []language.Declaration {
	return []language.Declaration{
		action(`file("Files that phones may ask for") list("List files") tftp("Files that are served over TFTP and HTTP")
			<pattern:WORD>("Names, with * and ?")
			[ page$page("Pause after each screen, as the terminal does") ]
			[ detail$detail("Date and size of each") ]
			[ reverse$reverse("Last first") ]
			[ ( date$order("By date") | size$order("By size") ) ]`, 1, "source 001", b.fileList),
		table(`file-server("File service information") sessions("Files on their way, over both transports")`, 0, "docs/provisioning.md", func(*language.Invocation) *columns.Page { return b.fileSessions() }, sessionsTable),
		table(`file-server requests("Requests that have ended") [ last("The last ones alone") <n:1-512>("Requests") ]`, 0, "docs/provisioning.md", func(in *language.Invocation) *columns.Page {
			n := 512
			if in.Args.Has("n") {
				n = in.Args.Int("n")
			}
			return b.fileRequests(n)
		}, requestsTable),
	}
}

// served is one name that phones may ask for, or a directory in names.
type served struct {
	name string
	size int64
	at   time.Time
	dir  bool
}

// fileList is `file list tftp` with the options of that command: generated
// files, those that lines name, and those below the home path.
func (b *Box) fileList(in *language.Invocation) error {
	pattern := strings.ToLower(in.Args.String("pattern"))
	if _, err := path.Match(pattern, ""); err != nil {
		return language.Answer("% " + in.Args.String("pattern") + " is not a pattern: * and ? stand for characters")
	}
	var rows []served
	dirs := 0
	for _, s := range withDirs(b.servedFiles()) {
		low := strings.ToLower(s.name)
		whole, _ := path.Match(pattern, low)
		last, _ := path.Match(pattern, path.Base(low))
		if !whole && !last {
			continue
		}
		rows = append(rows, s)
		if s.dir {
			dirs++
		}
	}
	sorted.By(rows, func(a, b served) int {
		n := 0
		switch in.Args.String("order") {
		case "date":
			n = a.at.Compare(b.at)
		case "size":
			n = cmp.Compare(a.size, b.size)
		}
		return cmp.Or(n, strings.Compare(a.name, b.name))
	})
	if in.Args.Has("reverse") {
		slices.Reverse(rows)
	}
	for _, s := range rows {
		size := "<dir>"
		if !s.dir {
			size = itoa(int(s.size))
		}
		switch {
		case in.Args.Has("detail"):
			fmt.Fprintf(in.Out, "%s   %12s  %s\n", in.Config.Clock.Local(s.at).Format("02 Jan,2006 15:04:05"), size, s.name)
		case s.dir:
			fmt.Fprintln(in.Out, "<dir>   "+s.name)
		default:
			fmt.Fprintln(in.Out, s.name)
		}
	}
	fmt.Fprintf(in.Out, "dir count = %d, file count = %d\n", dirs, len(rows)-dirs)
	return nil
}

// servedFiles are the names phones may ask for, without what is never served.
func (b *Box) servedFiles() map[string]served {
	all := map[string]served{}
	add := func(s served) {
		if _, had := all[s.name]; !had {
			all[s.name] = s
		}
	}
	for _, n := range b.CNF.Names() {
		for _, find := range []func(string) ([]byte, time.Time, string, bool){b.CNF.Generated, b.CNF.Fallback} {
			if c, at, _, ok := find(n); ok {
				add(served{name: n, size: int64(len(c)), at: at})
			}
		}
	}
	for _, l := range b.Files.Bindings() {
		n := cmp.Or(l.Alias, path.Base(strings.ReplaceAll(l.File, ":", "/")))
		if f, err := b.Flash.Open(l.File); err == nil {
			add(served{name: n, size: f.Size, at: f.ModTime})
			f.Close()
		}
	}
	home := b.homePath()
	for _, e := range b.Flash.Files(home) {
		if n := strings.TrimPrefix(e.Path[len(home):], "/"); e.Size > 0 && !fileserver.Protected(n) {
			add(served{name: n, size: e.Size, at: e.ModTime})
		}
	}
	return all
}

// withDirs adds the directories that stand in names, as old as what is newest
// in them.
func withDirs(files map[string]served) (out []served) {
	dirs := map[string]time.Time{}
	for _, s := range files {
		out = append(out, s)
		for d := path.Dir(s.name); d != "." && d != "/"; d = path.Dir(d) {
			if s.at.After(dirs[d]) || dirs[d].IsZero() {
				dirs[d] = s.at
			}
		}
	}
	for d, at := range dirs {
		out = append(out, served{name: d, at: at, dir: true})
	}
	return out
}

// phoneNames names the phone behind an address or a file.
func (b *Box) phoneNames() func(addr, file string) string {
	at := map[string]string{}
	for _, p := range b.phones() {
		if p.Addr.IsValid() && !p.MAC.IsZero() {
			at[p.Addr.String()] = p.Device()
		}
	}
	return func(addr, file string) string {
		if n := at[addr]; n != "" {
			return n
		}
		if mac, ok := phone.MACOfFile(file); ok {
			return mac.Device()
		}
		return "-"
	}
}

func percent[N int | int64](n N) string { return fmt.Sprintf("%d%%", n) }

func rate(kb float64) string { return fmt.Sprintf("%.1f", kb) }

// The tables of files on their way and of those asked for.
var (
	sessionsTable = columns.New("%-4s %-22s %-16s %-32s %5s %9s %8s %5s %s", "By", "Client", "Phone", "File", "%", "KB/s", "RTT", "Rexm", "Age")
	requestsTable = columns.New("%-8s %-4s %-22s %-16s %-32s %-8s %10s %8s %s", "Ago", "By", "Client", "Phone", "File", "Result", "Bytes", "Took", "Why")
)

// fileSessions is `show file-server sessions`.
func (b *Box) fileSessions() *columns.Page {
	now, name := time.Now(), b.phoneNames()
	w := &columns.Page{}
	t := w.Table(sessionsTable)
	for _, s := range b.TFTP.Sessions() {
		t.Row("TFTP", s.Client, name(s.Client.Addr().Unmap().String(), s.Name), s.Name, percent(s.Percent), rate(s.Rate),
			s.RTT.Round(10*time.Microsecond), s.Retransmits, s.Age.Round(time.Second))
	}
	wires := b.HTTPD.Wires()
	for _, s := range b.Files.Sessions() {
		if s.Transport != fileserver.HTTP {
			continue // TFTP knows more of its own
		}
		age, rtt, again := now.Sub(s.Since), "-", "-"
		if x, ok := wires[httpd.Ends{Local: s.Local, Remote: s.Client}]; ok {
			rtt, again = x.RTT.Round(10*time.Microsecond).String(), itoa(x.Resent)
			s.Sent = max(0, s.Sent-x.Waiting)
		}
		t.Row("HTTP", s.Client, name(s.Client.Addr().Unmap().String(), s.Name), strings.TrimPrefix(s.Name, "/"),
			percent(min(100, s.Sent*100/max(s.Size, 1))), rate(float64(s.Sent)/1000/max(age.Seconds(), 0.001)), rtt, again, age.Round(time.Second))
	}
	return w
}

// fileRequests is `show file-server requests`.
func (b *Box) fileRequests(n int) *columns.Page {
	name := b.phoneNames()
	w := &columns.Page{}
	t := w.Table(requestsTable)
	for _, a := range b.Files.Requests(n) {
		t.Row(time.Since(a.At).Round(time.Second), a.Transport, a.Client,
			name(a.Client.Addr().Unmap().String(), a.Name), strings.TrimPrefix(a.Name, "/"), a.Result, a.Bytes, a.Took.Round(time.Millisecond), a.Why)
	}
	return w
}
