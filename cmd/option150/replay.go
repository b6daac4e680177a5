package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"option150/telephony/recording"
)

// cmdReplay prints what `show phone` said of a phone that was recorded with
// `show phone NAME export` or `copy phone:NAME flash:x.jsonl`.
func cmdReplay(args []string, out io.Writer) int {
	boots := 1
	f, ok := flags("replay", args, func(f *flag.FlagSet) { f.IntVar(&boots, "last", 1, "number of boots, 1 to 3") })
	if !ok || f.NArg() != 1 {
		if ok {
			fmt.Fprintln(os.Stderr, "usage: option150 replay [--last N] FILE.jsonl")
		}
		return 2
	}
	in := io.Reader(os.Stdin)
	if f.Arg(0) != "-" {
		file, err := os.Open(f.Arg(0))
		if err != nil {
			return fail(err)
		}
		defer file.Close()
		in = file
	}
	r, err := recording.Read(in)
	if err != nil {
		return fail(err)
	}
	text, err := r.Replay(min(max(boots, 1), 3))
	if err != nil {
		return fail(err)
	}
	fmt.Fprint(out, text)
	if r.Skipped > 0 {
		fmt.Fprintf(os.Stderr, "option150: %d events of the recording are unknown to this version\n", r.Skipped)
	}
	return 0
}
