package command

import (
	"io"
	"io/fs"
	"time"

	"option150/cli/language"
	"option150/platform/listen"
)

// captureCommands switch the capture ring on and off: frames of phones, kept in
// memory, without what transfers carry.
func captureCommands(b *Box) []language.Declaration {
	const head = `monitor("Watch the network") capture("The capture ring") phones("Frames of phones, without the content of files") `
	const doc = "facts/diagnosis.md 3"
	return []language.Declaration{
		action(head+`start("Begin anew")`, privileged, doc, func(*language.Invocation) error {
			var devices []string
			for _, m := range b.Netif.Mapping() {
				devices = append(devices, m.Device)
			}
			err := b.Frames.Start(devices)
			switch {
			case err == nil:
				return nil
			case listen.Denied(err):
				return language.Answer("% The box may not read frames: it lacks the capability CAP_NET_RAW")
			}
			return language.Answer("% The capture ring is off: " + err.Error())
		}),
		action(head+`stop("Keep no more; what there is stays")`, privileged, doc, func(*language.Invocation) error {
			b.Frames.Stop()
			return nil
		}),
		text(`monitor("Watch the network") capture("The capture ring")`, privileged, doc, func(*language.Invocation) string { return b.Frames.String() }),
	}
}

// framesOf writes what the ring has of a phone.
func (b *Box) framesOf(name string, w io.Writer) error {
	p, ok := b.Inventory.Find(name, time.Now())
	if !ok {
		return fs.ErrNotExist
	}
	_, err := b.Frames.Write(w, p.MAC, p.Addr)
	return err
}
