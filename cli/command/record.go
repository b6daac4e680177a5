package command

import (
	"context"

	"option150/cli/language"
)

// recordCommands write a session as a transcript: what an engineer sends with
// a fault report, and what a test replays. [DESIGN 9]
func recordCommands(b *Box) []language.Declaration {
	const doc = "DESIGN 9"
	stop := func(in *language.Invocation) error {
		_, err := in.Op.Record(nil) // silent when there is none, as every no: a replay ends with it
		return err
	}
	return []language.Declaration{
		action(`terminal record("Record this session as a transcript") <file:URL>("File to write, such as flash:session.txt")`, privileged, doc, func(in *language.Invocation) error {
			// The file outlives this command: it ends with the recording.
			f, err := b.Create(context.WithoutCancel(in.Ctx), in.Args.String("file"), false)
			if err != nil {
				return err
			}
			_, err = in.Op.Record(f)
			return err
		}),
		action(`terminal no record("Record this session as a transcript")`, privileged, doc, stop),
	}
}
