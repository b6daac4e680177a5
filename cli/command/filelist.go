package command

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"option150/cli/language"
	"option150/telephony/phone"
)

// fileListing are the commands that show what phones may ask for, and what they
// ask for. `file list tftp` is that of the call manager. [source 001]
func fileListing(b *Box) []language.Declaration {
	return []language.Declaration{
		action(`file("Files that phones may ask for") list("List files") tftp("Files that are served over TFTP and HTTP")
			<pattern:WORD>("Names, with * and ?")
			[ detail$detail("Date and size of each") ]`, 1, "source 001", b.fileList),
		text(`file-server("File service information") sessions("Files on their way, over both transports")`, 0, "docs/provisioning.md", func(*language.Invocation) string { return b.fileSessions() }),
		text(`file-server requests("Requests that have ended") [ last("The last ones alone") <n:1-512>("Requests") ]`, 0, "docs/provisioning.md", func(in *language.Invocation) string {
			n := 512
			if in.Args.Has("n") {
				n = in.Args.Int("n")
			}
			return b.fileRequests(n)
		}),
	}
}

// served is one name that phones may ask for.
type served struct {
	name string
	size int64
	at   time.Time
}

// fileList is `file list tftp`: generated files, and those below the home path.
func (b *Box) fileList(in *language.Invocation) error {
	pattern := strings.ToLower(in.Args.String("pattern"))
	if _, err := path.Match(pattern, ""); err != nil {
		return language.Answer("% " + in.Args.String("pattern") + " is not a pattern: * and ? stand for characters")
	}
	all := map[string]served{}
	add := func(s served) {
		low := strings.ToLower(s.name)
		whole, _ := path.Match(pattern, low)
		if last, _ := path.Match(pattern, path.Base(low)); whole || last {
			if _, had := all[s.name]; !had {
				all[s.name] = s
			}
		}
	}
	for _, n := range b.CNF.Names() {
		for _, find := range []func(string) ([]byte, time.Time, string, bool){b.CNF.Generated, b.CNF.Fallback} {
			if c, at, _, ok := find(n); ok {
				add(served{n, int64(len(c)), at})
			}
		}
	}
	for _, l := range b.Files.Bindings() {
		n := cmp.Or(l.Alias, path.Base(strings.ReplaceAll(l.File, ":", "/")))
		if f, err := b.Flash.Open(l.File); err == nil {
			add(served{n, f.Size, f.ModTime})
			f.Close()
		}
	}
	home := b.homePath()
	for _, e := range b.Flash.Files("") {
		if n, ok := strings.CutPrefix(e.Path, strings.TrimSuffix(home, "/")+"/"); ok || home == "" {
			if home == "" {
				n = e.Path
			}
			add(served{n, e.Size, e.ModTime})
		}
	}
	var rows []served
	for _, s := range all {
		rows = append(rows, s)
	}
	slices.SortFunc(rows, func(a, b served) int { return strings.Compare(a.name, b.name) })
	for _, s := range rows {
		if in.Args.Has("detail") {
			fmt.Fprintf(in.Out, "%s   %12d  %s\n", in.Config.Clock.Local(s.at).Format("02 Jan,2006 15:04:05"), s.size, s.name)
			continue
		}
		fmt.Fprintln(in.Out, s.name)
	}
	fmt.Fprintf(in.Out, "dir count = 0, file count = %d\n", len(rows))
	return nil
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

// fileSessions is `show file-server sessions`.
func (b *Box) fileSessions() string {
	var w strings.Builder
	now, name := time.Now(), b.phoneNames()
	fmt.Fprintf(&w, "%-4s %-22s %-16s %-32s %5s %9s %8s %5s %s\n", "By", "Client", "Phone", "File", "%", "KB/s", "RTT", "Rexm", "Age")
	for _, s := range b.TFTP.Sessions() {
		fmt.Fprintf(&w, "%-4s %-22s %-16s %-32s %4d%% %9.1f %8s %5d %s\n", "TFTP", s.Client, name(s.Client.Addr().Unmap().String(), s.Name), s.Name, s.Percent, s.Rate,
			s.RTT.Round(10*time.Microsecond), s.Retransmits, s.Age.Round(time.Second))
	}
	for _, s := range b.Files.Sessions() {
		if s.Transport != "HTTP" {
			continue // TFTP knows more of its own
		}
		age := now.Sub(s.Since)
		fmt.Fprintf(&w, "%-4s %-22s %-16s %-32s %4d%% %9.1f %8s %5s %s\n", "HTTP", s.Client, name(s.Client.Addr().Unmap().String(), s.Name), s.Name,
			min(100, s.Sent*100/max(s.Size, 1)), float64(s.Sent)/1000/max(age.Seconds(), 0.001), "-", "-", age.Round(time.Second))
	}
	return w.String()
}

// fileRequests is `show file-server requests`.
func (b *Box) fileRequests(n int) string {
	var w strings.Builder
	name := b.phoneNames()
	fmt.Fprintf(&w, "%-8s %-4s %-22s %-16s %-32s %-8s %10s %8s %s\n", "Ago", "By", "Client", "Phone", "File", "Result", "Bytes", "Took", "Why")
	for _, a := range b.Files.Requests(n) {
		w.WriteString(strings.TrimRight(fmt.Sprintf("%-8s %-4s %-22s %-16s %-32s %-8s %10d %8s %s", time.Since(a.At).Round(time.Second), a.Transport, a.Client,
			name(a.Client.Addr().Unmap().String(), a.Name), a.Name, a.Result, a.Bytes, a.Took.Round(time.Millisecond), a.Why), " ") + "\n")
	}
	return w.String()
}
