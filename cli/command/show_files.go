package command

import (
	"fmt"
	"path"
	"reflect"
	"strings"
	"time"

	"option150/cli/language"
	"option150/platform/columns"
	"option150/platform/fileserver"
	"option150/platform/flash"
	"option150/platform/httpd"
	"option150/telephony/custom"
	"option150/telephony/firmware"
)

func showFiles(b *Box) []language.Declaration {
	http := func(syntax string, f func(httpd.View) []string) language.Declaration {
		return text(`ip http("HTTP information") server("HTTP server information") `+syntax, 0, "facts/files.md 1.7", func(in *language.Invocation) string {
			return lines2text(f(b.httpView(in)))
		})
	}
	return []language.Declaration{
		http(`status("HTTP server status")`, httpd.RenderStatus),
		http(`all("HTTP server all information")`, httpd.RenderAll),
		http(`connection("HTTP server connection information")`, httpd.RenderConnections),
		http(`statistics("HTTP server statistics")`, httpd.RenderStatistics),
		http(`history("HTTP server history")`, httpd.RenderHistory),
		http(`session-module("HTTP server application session module information")`, httpd.RenderModules),
		text(`( flash:("Display information about flash: file system")
			| flash0:("Display information about flash: file system")
			| slot0:("Display information about flash: file system") )`, 0, "facts/ios-cli.md 1.13", func(*language.Invocation) string { return lines2text(flash.RenderShowFlash(b.listing("", true))) }),
		text(`tftp-server("TFTP server information") sessions("Transfers under way")`, 0, "facts/files.md 1.8", func(*language.Invocation) string { return b.tftpSessions() }),
		text(`tftp-server clients("Options clients sent")`, 0, "facts/files.md 1.8", func(*language.Invocation) string { return b.tftpClients() }),
		text(`file-server("File service information") lists("Lists of rings and pictures made of what lies in flash:")`, 0, "source 004", func(*language.Invocation) string { return custom.Render(b.Lists.All(), b.Lists.Objects()) }),
		text(`file-server("File service information") statistics("Counters of TFTP and HTTP together")`, 0, "facts/files.md 1.3", func(*language.Invocation) string { return b.fileCounters() }),
		text(`transfer-time("Time that a file takes to a phone")
			[ size("Size of the file")
				<size:1-2147483647>("Bytes")
				[ rtt("Round trip time, 5 if not given")
					<rtt:0-60000>("Milliseconds") ]
				[ loss("Packets lost each way, 0 if not given")
					<loss:WORD>("Percent") ]
				[ timeout("Before TFTP sends again, 4000 if not given")
					<timeout:1-60000>("Milliseconds") ]
				[ wan("Rate of the line, not limited if not given")
					<wan:1-10000000>("Kilobits a second") ] ]`, 0, "sources/001", transferTime),
		text(`firmware("Loads named in the configuration and their files") phones("What phones run, from what they show, and may get next")`, 0, "facts/diagnosis.md 6", func(in *language.Invocation) string { return b.phonesFirmware(in) }),
		text(`firmware("Loads named in the configuration and their files")`, 0, "facts/files.md 5.4", func(in *language.Invocation) string { return b.firmwareText(in) }),
	}
}

func (b *Box) httpView(in *language.Invocation) httpd.View {
	var more []uint16
	if h := in.Config.HFS; h.Enabled && h.Port != 0 {
		more = append(more, h.Port)
	}
	return b.HTTPD.View(in.Config.HTTP, more...)
}

func (b *Box) listing(path string, tree bool) flash.Listing {
	l := flash.Listing{Path: path, Zone: time.UTC}
	l.Total, l.Free, _ = b.Flash.Usage()
	if tree {
		l.Entries = b.Flash.Files("")
	} else {
		l.Entries, _ = b.Flash.List(path)
	}
	return l
}

func (b *Box) tftpSessions() string {
	t := columns.New("%-22s %-32s %5s %9s %7s %5s %s", "Client", "File", "%", "KB/s", "RTT", "Rexm", "Age")
	for _, s := range b.TFTP.Sessions() {
		t.Row(s.Client, s.Name, percent(s.Percent), rate(s.Rate), s.RTT.Round(10*time.Microsecond), s.Retransmits, s.Age.Round(time.Second))
	}
	return t.String()
}

func (b *Box) tftpClients() string {
	t := columns.New("%-16s %8s %s", "Client", "RTT", "Options of the last request")
	for _, c := range b.TFTP.Clients() {
		t.Row(c.Addr, c.RTT.Round(10*time.Microsecond), c.Options)
	}
	return t.String()
}

// fileCounters prints the counters of CUCM's serviceability object in its
// spelling, except for those whose name automation reads as a failure.
func (b *Box) fileCounters() string {
	now, limit := b.Files.Serving()
	var w strings.Builder
	fmt.Fprintf(&w, "Requests being served: %d of at most %d, waiting %d\n", now, limit, b.Files.Waiting())
	all, tftp := b.Files.Counters(), b.TFTP.Counters()
	all.SegmentsSent, all.SegmentsAcknowledged, all.SegmentsFromDisk = tftp.SegmentsSent, tftp.SegmentsAcknowledged, tftp.SegmentsFromDisk
	peers := b.Upstream.Counters()
	all.PeerRequests, all.PeerNotFound, all.PeerBusy, all.PeerError = peers.PeerRequests, peers.PeerNotFound, peers.PeerBusy, peers.PeerError
	all.CacheHit, all.WanBytes = peers.CacheHit, peers.WanBytes
	built := b.CNF.Counters()
	all.ChangeNotifications, all.DeviceChangeNotifications = built.ChangeNotifications, built.DeviceChangeNotifications
	all.SoftkeyChangeNotifications, all.DialruleChangeNotifications = built.SoftkeyChangeNotifications, built.DialruleChangeNotifications
	all.BuildCount, all.BuildAbortCount, all.BuildDeviceCount = built.BuildCount, built.BuildAbortCount, built.BuildDeviceCount
	all.BuildSoftkeyCount, all.BuildDialruleCount = built.BuildSoftkeyCount, built.BuildDialruleCount
	all.BuildDuration, all.BuildMicroseconds = uint64(built.BuildDuration/time.Second), uint64(built.BuildDuration/time.Microsecond)
	c := reflect.ValueOf(all)
	for i := range c.NumField() {
		name := strings.ReplaceAll(c.Type().Field(i).Name, "NotFound", "ForAbsentFiles")
		fmt.Fprintf(&w, "%-34s %d\n", name, c.Field(i).Uint())
	}
	return w.String()
}

// homePath is the directory of flash: for names no binding has, "" = its root.
func (b *Box) homePath() string {
	path, err := flash.CleanPath(b.Files.HomePath())
	if err != nil {
		return ""
	}
	return path
}

// HomePath is homePath for who composes the box.
func (b *Box) HomePath() string { return b.homePath() }

// Find looks a firmware file up as the file server would: what a tftp-server
// line names, else what lies below the home path.
func (b *Box) Find(name string) (firmware.Found, bool) {
	return b.finder(b.homePath(), b.Files.Bindings())(name)
}

// bindingOf is the file that a tftp-server line serves under a name.
func bindingOf(lines []fileserver.Binding, name string) (string, bool) {
	for _, l := range lines {
		as := l.Alias
		if as == "" {
			as = path.Base(strings.ReplaceAll(l.File, ":", "/"))
		}
		if strings.EqualFold(as, name) {
			return l.File, true
		}
	}
	return "", false
}

func (b *Box) firmwareText(in *language.Invocation) string {
	var w strings.Builder
	fmt.Fprintf(&w, "%-10s %-32s %-9s %s\n", "Type", "Load", "Parts", "Missing")
	t := in.Config.Telephony
	for _, l := range append(t.Service.Loads, t.Global.Loads...) {
		s := b.Policy.Whole(l.File)
		var miss []string
		for _, m := range s.Missing {
			miss = append(miss, m.String())
		}
		switch {
		case s.Complete():
		case l.Force:
			miss = append(miss, "forced into the phone files")
		default:
			miss = append(miss, "in no phone file until it is whole")
		}
		w.WriteString(strings.TrimRight(fmt.Sprintf("%-10s %-32s %d of %-4d %s", l.Type, l.File, s.Present, s.Total, strings.Join(miss, "; ")), " ") + "\n")
	}
	for _, p := range b.packages() {
		fmt.Fprintf(&w, "%s is a package that nobody has unpacked: `archive import %s`\n", p, p)
	}
	return w.String()
}
