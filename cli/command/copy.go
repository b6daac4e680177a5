package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"option150/cli/language"
	"option150/platform/config"
	httpclient "option150/platform/httpd/client"
	"option150/platform/message"
	"option150/platform/nvram"
	"option150/platform/running"
	tftpclient "option150/platform/tftp/client"
)

// copyCommands are `copy`. [facts/ios-cli.md 1.9, 1.13]
func copyCommands(b *Box) []language.Declaration {
	words := func(name, word string, local ...string) string {
		s := "( "
		for _, w := range local {
			s += w + " | "
		}
		for _, f := range []string{fsFlash, fsNVRAM, fsNull, fsSystem, fsTFTP, fsHTTP} {
			s += fmt.Sprintf(`%s:$%s("Copy %s %s: file system") | `, f, name, word, f)
		}
		return s + `<` + name + `:FLASHNAME>("File ` + word + `")` + " )"
	}
	return []language.Declaration{
		action(`copy("Copy from one file to another") `+
			words("from", "from", `phone:$from("Copy from phone: the recording of a phone's boots")`, `running-config$from("Copy from current system configuration")`, `startup-config$from("Copy from startup configuration")`)+" "+
			words("to", "to", `running-config$to("Update (merge with) current system configuration")`, `startup-config$to("Copy to startup configuration")`),
			privileged, "facts/ios-cli.md 1.13", b.copy),
	}
}

// side reads a side of copy: a keyword or a file.
func side(in *language.Invocation, s string) location {
	switch s {
	case "running-config":
		return runningConfig
	case "startup-config":
		return startupConfig
	}
	return fileArg(in, s)
}

// ask asks unless `file prompt quiet` says not to, or nobody can be asked; then
// the default is the answer.
func ask(in *language.Invocation, question, def string) (string, error) {
	if in.Config.PromptFree {
		return def, nil
	}
	a, err := in.Op.Ask(fmt.Sprintf("%s [%s]? ", question, def))
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	if a = strings.TrimSpace(a); a == "" {
		a = def
	}
	return a, nil
}

// sure asks for one key unless `file prompt quiet` says not to.
func sure(in *language.Invocation, question string) (bool, error) {
	if in.Config.PromptFree {
		return true, nil
	}
	return confirmed(in, question)
}

// confirmed asks for one key. Who cannot be asked is told what to do.
func confirmed(in *language.Invocation, question string) (bool, error) {
	ok, err := in.Op.Confirm(question)
	if errors.Is(err, io.EOF) {
		return false, language.Answer("% The command asks for a confirmation: enter it on a terminal")
	}
	return ok && err == nil, nil
}

// copy copies a file.
func (b *Box) copy(in *language.Invocation) error {
	from, to := side(in, in.Args.String("from")), side(in, in.Args.String("to"))
	if err := askSource(in, &from); err != nil {
		return quietly(err)
	}
	if err := b.askTarget(in, from, &to); err != nil {
		return quietly(err)
	}
	if from.fs == fsPhone && strings.HasSuffix(strings.ToLower(to.path), ".pcapng") {
		from.fs = fsFrames
	}
	switch {
	case from == runningConfig && to == startupConfig:
		return b.save(in)
	case to == from && from.fs != fsNull:
		return language.Answer("%Error opening " + from.String() + " (Source and destination are the same file)")
	case to.fs == fsFlash:
		if ok, err := b.overWrite(in, to); err != nil || !ok {
			return err
		}
	}
	return b.transfer(in, from, to)
}

// quietly: who interrupts a dialogue has decided.
func quietly(err error) error {
	var a language.Answer
	if errors.As(err, &a) {
		return err
	}
	return nil
}

// askHost asks for the host; without one there is nothing further to ask.
func askHost(in *language.Invocation, l *location) (err error) {
	if l.host, err = ask(in, "Address or name of remote host", ""); err == nil && l.host == "" {
		err = language.Answer("%Error opening " + l.fs + ": (No remote host was named)")
	}
	return err
}

func askSource(in *language.Invocation, l *location) (err error) {
	if l.remote() && l.host == "" {
		if err := askHost(in, l); err != nil {
			return err
		}
	}
	if l.path == "" && l.fs != fsNull {
		name, err := ask(in, "Source filename", "")
		if err != nil {
			return err
		}
		return l.put(name)
	}
	return l.check()
}

// put takes an answer for the name of a file.
func (l *location) put(name string) error {
	n := *l
	if strings.Contains(name, ":") && !l.remote() {
		p, err := parseLocation(name, false)
		if err != nil || p.fs != l.fs {
			return language.Answer("%Error opening " + name + " (Invalid file name)")
		}
		n = p
	} else {
		n.path = strings.TrimPrefix(name, "/")
		if l.fs == fsHTTP {
			n.path = "/" + n.path
		}
	}
	*l = n
	return l.check()
}

// check reads a location again: its parts may have been typed as answers.
func (l *location) check() error {
	if l.fs == fsNull {
		return nil
	}
	p, err := parseLocation(l.String(), false)
	if err != nil || p.path == "" || l.remote() && p.host == "" {
		return language.Answer("%Error opening " + l.String() + " (Invalid file name)")
	}
	*l = p
	return nil
}

func (b *Box) askTarget(in *language.Invocation, from location, l *location) (err error) {
	if l.fs == fsHTTP || l.fs == fsPhone || l.remote() && from.remote() || l.fs == fsSystem && l.path != "" && *l != runningConfig {
		return language.Answer("%Error opening " + l.String() + " (Permission denied)")
	}
	if l.fs == fsNull {
		return nil
	}
	if l.remote() && l.host == "" {
		if err := askHost(in, l); err != nil {
			return err
		}
	}
	def := l.path
	switch {
	case l.fs == fsSystem:
		def = runningConfig.path
	case l.fs == fsNVRAM && def == "":
		def = startupConfig.path
	case from == runningConfig && l.remote() && def == "":
		def = strings.ToLower(in.Config.Hostname) + "-confg"
	case l.fs == fsFlash && from.path != "" && b.flashDir(def):
		def = strings.TrimPrefix(def+"/"+from.base(), "/")
	case def == "":
		def = from.base()
	}
	if from.fs == fsPhone && def == from.base() {
		def += ".jsonl"
	}
	name, err := ask(in, "Destination filename", def)
	if err != nil {
		return err
	}
	if from.fs == fsPhone && strings.HasSuffix(strings.ToLower(name), ".pcapng") && !b.Frames.Began() {
		return language.Answer("% No frames are kept: monitor capture phones start switches the capture ring on; a file that ends in .jsonl has the events")
	}
	if *l == startupConfig && name != startupConfig.path || *l == runningConfig && name != runningConfig.path {
		return language.Answer("%Error opening " + l.fs + ":" + name + " (Permission denied)")
	}
	return l.put(name)
}

// overWrite asks before a file of flash: is replaced.
func (b *Box) overWrite(in *language.Invocation, to location) (bool, error) {
	e, err := b.Flash.Stat(to.path)
	switch {
	case err != nil || in.Config.PromptFree && !e.Dir:
		return true, nil
	case e.Dir:
		return false, language.Answer("%Error opening " + to.String() + " (Is a directory)")
	}
	fmt.Fprintln(in.Out, "%Warning:There is a file already existing with this name")
	return confirmed(in, "Do you want to over write? ")
}

// transfer moves the bytes and says how long it took.
func (b *Box) transfer(in *language.Invocation, from, to location) error {
	start := time.Now()
	var n int64
	var err error
	if to.fs == fsTFTP {
		n, err = b.upload(in, from, to)
	} else {
		n, err = b.download(in, from, to)
	}
	if err != nil {
		return err
	}
	secs := max(time.Since(start).Seconds(), 0.001)
	_, err = fmt.Fprintf(in.Out, "%d bytes copied in %.3f secs (%d bytes/sec)\n", n, secs, int64(float64(n)/secs))
	return err
}

func (b *Box) upload(in *language.Invocation, from, to location) (int64, error) {
	r, _, err := b.open(from)
	if err != nil {
		return 0, openError(from, err)
	}
	defer r.Close()
	p := &progress{out: in.Out}
	n, err := tftpclient.Put(in.Ctx, to.host, to.path, io.TeeReader(r, p))
	if err != nil {
		p.end("")
		return 0, openError(to, err)
	}
	p.end("!\n")
	return n, nil
}

func (b *Box) download(in *language.Invocation, from, to location) (int64, error) {
	w, err := b.create(to, b.takes(in, from, to))
	if err != nil {
		return 0, openError(to, err)
	}
	defer w.Abort()
	p := &progress{out: in.Out}
	var n int64
	switch from.fs {
	case fsTFTP:
		fmt.Fprintf(in.Out, "Accessing %s...\n", from)
		p.head = fmt.Sprintf("Loading %s from %s%s: ", from.path, from.host, b.via(from.host))
		n, err = tftpclient.Get(in.Ctx, from.host, from.path, io.MultiWriter(w, p), b.room(to))
	case fsHTTP:
		fmt.Fprintf(in.Out, "Accessing %s...\n", from)
		p.head = fmt.Sprintf("Loading %s ", from)
		n, err = httpclient.Get(in.Ctx, from.String(), io.MultiWriter(w, p), b.room(to))
	default:
		n, err = b.pour(in.Ctx, from, w)
	}
	if err != nil {
		p.end("")
		return 0, openError(from, err)
	}
	if from.remote() {
		p.end(fmt.Sprintf("!\n[OK - %d bytes]\n\n", n))
	}
	if err := w.Commit(); err != nil {
		return 0, writeError(to, err)
	}
	return n, nil
}

// pour copies a local file; the error of a full disk is that of the target.
func (b *Box) pour(ctx context.Context, from location, w io.Writer) (int64, error) {
	r, _, err := b.open(from)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	return io.Copy(w, readerFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return r.Read(p)
	}))
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// room is how much a target takes.
func (b *Box) room(to location) int64 {
	if to.fs != fsFlash {
		return nvram.MaxStartup
	}
	if _, free, err := b.Flash.Usage(); err == nil && free < maxDownload {
		return int64(free)
	}
	return maxDownload
}

// via names the interface that leads to a host, as IOS does.
func (b *Box) via(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	c, err := net.Dial("udp", net.JoinHostPort(host, "69")) // sends nothing
	if err != nil {
		return ""
	}
	defer c.Close()
	own, _, _ := net.SplitHostPort(c.LocalAddr().String())
	for _, i := range b.Store.Facts().Interfaces {
		for _, p := range i.Addrs {
			if p.Addr().String() == own {
				return " (via " + i.Name + ")"
			}
		}
	}
	return ""
}

// takes says what becomes of a text copied to a configuration: the running
// one is merged with it, the startup one must be text.
func (b *Box) takes(in *language.Invocation, from, to location) func([]byte) error {
	switch to {
	case runningConfig:
		return func(t []byte) error { return b.merge(in, from, string(t)) }
	case startupConfig:
		return func(t []byte) error {
			if !configText(string(t)) {
				return errNoConfig
			}
			if err := b.unprovenText(in, string(t)); err != nil {
				return err
			}
			return b.NVRAM.SaveStartup(bytes.ReplaceAll(t, []byte("\r\n"), []byte("\n")))
		}
	}
	return nil
}

// errNoConfig is IOS's answer to a file that is no configuration.
var errNoConfig = language.Answer("%The input file is not a valid config file.")

// merge puts the lines of a file into what runs, as one transaction. Lines that
// are refused are named, and all others take effect. The words of the line that
// sums it up are those by which NAPALM knows a merge that failed and takes it
// back. [facts/ios-cli.md 3.4]
func (b *Box) merge(in *language.Invocation, from location, text string) error {
	if strings.TrimSpace(text) == "" {
		return nil // copy null: running-config
	}
	if !configText(text) {
		return errNoConfig
	}
	facts := b.Store.Facts()
	var rep *language.Report
	changed, err := b.Store.Change(in.Ctx, in.Op.Who(), func(c *config.Config) (err error) {
		before := b.Store.Current()
		rep, err = b.Language.Candidate(text, c, func(c *config.Config) error {
			if err := config.Refusal(c.Validate(facts)); err != nil {
				return err
			}
			return c.Renamed(before)
		})
		if err == nil {
			*c = *rep.Config
		}
		return err
	})
	if rep != nil {
		complain(in.Out, from, rep.Rejected)
	}
	if err != nil {
		return language.Answer(explained(err).Error() + "\n" + fmt.Sprintf(message.MergedNot, from.short()))
	}
	if n := len(rep.Rejected); n > 0 {
		lines := "1 line"
		if n > 1 {
			lines = fmt.Sprintf("%d lines", n)
		}
		fmt.Fprintf(in.Out, message.MergedInPart+"\n", from.short(), lines)
	}
	if changed {
		b.Journal.Record(running.Configured{Who: in.Op.Who()})
	}
	return nil
}

// maxComplaints bounds the list of refused lines.
const maxComplaints = 50

// complain names the lines of a file that were refused.
func complain(w io.Writer, from location, bad []language.LineError) {
	for i, e := range bad {
		if i == maxComplaints {
			fmt.Fprintf(w, "%% and %d more lines\n", len(bad)-i)
			return
		}
		fmt.Fprintf(w, "%% %s %v\n", from.short(), e)
	}
}

// explained is the error of a refused transaction as an operator reads it.
func explained(err error) error {
	if text := config.Explain(err); text != "" {
		return language.Answer(text)
	}
	return err
}

// progress prints an exclamation mark for every piece of a file.
type progress struct {
	out  io.Writer
	head string // printed with the first byte
	n    int
	said bool
}

// markEvery is a piece: ten packets of 1428 bytes.
const markEvery = 14280

func (p *progress) Write(b []byte) (int, error) {
	if !p.said {
		p.said = true
		if _, err := io.WriteString(p.out, p.head); err != nil {
			return 0, err
		}
	}
	before := p.n / markEvery
	p.n += len(b)
	if marks := p.n/markEvery - before; marks > 0 {
		if _, err := io.WriteString(p.out, strings.Repeat("!", marks)); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

// end finishes the line of marks; done is what a good transfer prints last.
func (p *progress) end(done string) {
	switch {
	case done != "" && !p.said:
		_, _ = io.WriteString(p.out, p.head+done)
	case done != "":
		_, _ = io.WriteString(p.out, done)
	case p.said:
		_, _ = io.WriteString(p.out, "\n")
	}
}
