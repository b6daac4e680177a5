package command

import (
	"fmt"
	"path"
	"reflect"
	"strings"
	"time"

	"option150/cli/language"
	"option150/platform/columns"
	"option150/platform/config"
	"option150/platform/fileserver"
	"option150/platform/flash"
	"option150/platform/httpd"
	"option150/telephony/custom"
	"option150/telephony/firmware"
	"option150/telephony/upgrade"
)

// The tables of the file servers and of firmware.
var (
	tftpSessionsTable = columns.New("%-22s %-32s %5s %9s %7s %5s %s", "Client", "File", "%", "KB/s", "RTT", "Rexm", "Age")
	tftpClientsTable  = columns.New("%-16s %8s %s", "Client", "RTT", "Options of the last request")
	fileCountersTable = columns.Form("", "%-34s %d\n", "counter count")
	firmwareTable     = columns.Form("Type       Load                             Parts     Missing\n", "%-10s %-32s %-9s %s", "type load parts missing")
)

func showFiles(b *Box) []language.Declaration {
	http := func(syntax string, f func(httpd.View) *columns.Page, tables ...*columns.Layout) language.Declaration {
		return table(`ip http("HTTP information") server("HTTP server information") `+syntax, 0, "facts/files.md 1.7", func(in *language.Invocation) *columns.Page {
			return f(b.httpView(in))
		}, tables...)
	}
	return []language.Declaration{
		http(`status("HTTP server status")`, httpd.RenderStatus),
		http(`all("HTTP server all information")`, httpd.RenderAll, httpd.ModulesTable, httpd.ListenersTable, httpd.ConnectionsTable, httpd.HistoryTable),
		http(`connection("HTTP server connection information")`, httpd.RenderConnections, httpd.ConnectionsTable),
		http(`statistics("HTTP server statistics")`, httpd.RenderStatistics),
		http(`history("HTTP server history")`, httpd.RenderHistory, httpd.HistoryTable),
		http(`session-module("HTTP server application session module information")`, httpd.RenderModules, httpd.ModulesTable),
		table(`( flash:("Display information about flash: file system")
			| flash0:("Display information about flash: file system")
			| slot0:("Display information about flash: file system") )`, 0, "facts/ios-cli.md 1.13", func(*language.Invocation) *columns.Page { return flash.RenderShowFlash(b.listing("", true)) }, flash.Table),
		table(`tftp-server("TFTP server information") sessions("Transfers under way")`, 0, "facts/files.md 1.8", func(*language.Invocation) *columns.Page { return b.tftpSessions() }, tftpSessionsTable),
		table(`tftp-server clients("Options clients sent")`, 0, "facts/files.md 1.8", func(*language.Invocation) *columns.Page { return b.tftpClients() }, tftpClientsTable),
		text(`file-server("File service information") lists("Lists of rings and pictures made of what lies in flash:")`, 0, "source 004", func(*language.Invocation) string { return custom.Render(b.Lists.All(), b.Lists.Objects()) }),
		table(`file-server("File service information") statistics("Counters of TFTP and HTTP together")`, 0, "facts/files.md 1.3", func(*language.Invocation) *columns.Page { return b.fileCounters() }, fileCountersTable),
		tabled(action(showHead+`transfer-time("Time that a file takes to a phone")
			[ size("Size of the file")
				<size:1-2147483647>("Bytes")
				[ rtt("Round trip time, 5 if not given")
					<rtt:0-60000>("Milliseconds") ]
				[ loss("Packets lost each way, 0 if not given")
					<loss:WORD>("Percent") ]
				[ timeout("Before TFTP sends again, 4000 if not given")
					<timeout:1-60000>("Milliseconds") ]
				[ wan("Rate of the line, not limited if not given")
					<wan:1-10000000>("Kilobits a second") ] ]`, 0, "sources/001", transferTime), upgrade.TransferTable, upgrade.ExamplesTable),
		table(`firmware("Loads named in the configuration and their files") phones("What phones run, from what they show, and may get next")`, 0, "facts/diagnosis.md 6", b.phonesFirmware, phonesFirmwareTable),
		table(`firmware("Loads named in the configuration and their files")`, 0, "facts/files.md 5.4", b.firmwareText, firmwareTable),
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

func (b *Box) tftpSessions() *columns.Page {
	w := &columns.Page{}
	t := w.Table(tftpSessionsTable)
	for _, s := range b.TFTP.Sessions() {
		t.Row(s.Client, s.Name, percent(s.Percent), rate(s.Rate), s.RTT.Round(10*time.Microsecond), s.Retransmits, s.Age.Round(time.Second))
	}
	return w
}

func (b *Box) tftpClients() *columns.Page {
	w := &columns.Page{}
	t := w.Table(tftpClientsTable)
	for _, c := range b.TFTP.Clients() {
		t.Row(c.Addr, c.RTT.Round(10*time.Microsecond), c.Options)
	}
	return w
}

// fileCounters prints the counters of CUCM's serviceability object in its
// spelling, except for those whose name automation reads as a failure.
func (b *Box) fileCounters() *columns.Page {
	now, limit := b.Files.Serving()
	w := &columns.Page{}
	fmt.Fprintf(w, "Requests being served: %d of at most %d, waiting %d\n", now, limit, b.Files.Waiting())
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
	t := w.Table(fileCountersTable)
	for i := range c.NumField() {
		name := strings.ReplaceAll(c.Type().Field(i).Name, "NotFound", "ForAbsentFiles")
		t.Row(name, c.Field(i).Uint())
	}
	return w
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

// atAlternates says of a file that is absent in flash: what is known of other
// file servers, which a phone is given it from.
func (b *Box) atAlternates(c *config.Config, m firmware.Missing) string {
	if m.Kind != firmware.Absent && m.Kind != firmware.Empty || !c.Upstream.Abroad() {
		return ""
	}
	if b.Upstream != nil {
		if _, _, kept := b.Upstream.Kept(m.File); kept {
			return " in flash: and kept from an alternate"
		}
	}
	return " in flash:, an alternate may have it"
}

func (b *Box) firmwareText(in *language.Invocation) *columns.Page {
	w := &columns.Page{}
	list := w.Table(firmwareTable)
	t := in.Config.Telephony
	for _, l := range append(t.Service.Loads, t.Global.Loads...) {
		s := b.Policy.Whole(l.File)
		var miss []string
		for _, m := range s.Missing {
			miss = append(miss, m.String()+b.atAlternates(in.Config, m))
		}
		switch {
		case s.Complete():
		case l.Force:
			miss = append(miss, "forced into the phone files")
		default:
			miss = append(miss, "in no phone file until it is whole"+map[bool]string{true: " in flash:"}[in.Config.Upstream.Abroad()])
		}
		list.Row(l.Type, l.File, fmt.Sprintf("%d of %-4d", s.Present, s.Total), strings.Join(miss, "; "))
	}
	for _, p := range b.packages() {
		fmt.Fprintf(w, "%s is a package that nobody has unpacked: `archive import %s`\n", p, p)
	}
	return w
}
