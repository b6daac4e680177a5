// Package transcript runs transcripts: the CLI's tests and the user's bug
// reports. A transcript is what an engineer sees on his screen:
//
//	# the port of HFS is taken by a foreign process
//	#: hold tcp 6970
//	Router(config-telephony)#hfs enable port 6970
//	Invalid port number or port in use by other application
//	%HFS: TCP port 6970 is held by another process
//	Router(config-telephony)#hfs <?>
//	  enable     Enable HTTP File-Fetch Server
//	  home-path  Directory of flash: for files that no binding names
//
//	Router(config-telephony)#
//
// A line that begins with a prompt is input: what is typed at that prompt. The
// prompt must be the one that stands. All lines up to the next input, `#` line
// or `#:` line are the output, to the letter, except that blanks at the end of
// lines do not count, <*> stands for any text within a line and a line of three
// dots for any number of lines. An output line that would be read as something
// else has a backslash before it.
//
// Keys: <?> and <TAB> act at once and leave the line standing; the input that
// follows goes on from there. <^Z>, <^C> and every other <^X>, <UP>, <DOWN>,
// <LEFT>, <RIGHT>, <ESC>, <SPACE>, <CR>, <LF>, <NUL>. Enter is typed at the end
// of a line of input that does not end in <?>, <TAB>, <^Z> or <^C>.
//
// Questions are answered by their own line in the output, where the answer
// stands behind the question, as on the screen:
//
//	Router#copy running-config startup-config
//	Destination filename [startup-config]?
//	Building configuration...
//	[OK]
//
// An answer that is not echoed is written <hidden WORD>. A ` --More-- <SPACE>`
// line gives the key for that page; without one, pages go by unseen. The lines
// of a banner, which have no prompt, stand as they are typed.
//
// Lines that begin with `#:` drive the world, `#` alone begins a comment. What
// a world command has to say is compared with the lines below it. Known to
// every world:
//
//	#: session NAME   go to another operator; he comes in when he types
//	#: connect        come in now: the lines below are the greeting
//	#: sees           wait for lines that come by themselves: log and debug
//	#: closed         wait until the box has closed the session
//	#: hangup         the operator's line drops
//
// Follows DESIGN 9; terminal.Record writes this
// format. Concurrency: Run is one goroutine, plus one that reads for each open
// session; they end when the world closes its streams. Failure: a difference
// names file and line. With update the output found is written back, wildcards
// that still match stay. Testing: a small world on a real terminal.
package transcript
