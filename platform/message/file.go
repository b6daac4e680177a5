package message

// Messages about serving files over TFTP and HTTP.
var (
	TFTPDefect = &Entry{"TFTP", 3, "DEFECT", "A defect was contained in %s: %s",
		"A part of the TFTP server or of what it serves from failed in a way it should not. The one transfer concerned was ended; all others go on.",
		"Report the message with the output of `show tftp-server sessions`."}
)

var fileMessages = []*Entry{TFTPDefect}
