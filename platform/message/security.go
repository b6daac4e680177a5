package message

// Messages about who may come in.
var (
	QuietModeOn = &Entry{"SEC_LOGIN", 1, "QUIET_MODE_ON", "Still timeleft for watching failures is %d secs, [user: %s] [Source: %s] [localport: %d] [Reason: Login Authentication Failed] [ACL: %s]",
		"More logins failed than `login block-for` allows. For the configured time nobody is let in over the network, but for the hosts of the quiet-mode access list. The console works.",
		"Find out who tries passwords at the source named. Restrict SSH to known hosts with `access-class` on the vty lines."}
	QuietModeOff = &Entry{"SEC_LOGIN", 5, "QUIET_MODE_OFF", "Quiet Mode is OFF, because %s",
		"Logins over the network are possible again.", "No action is required."}
	AccessDenied = &Entry{"SEC", 6, "IPACCESSLOGS", "list %s denied %s 1 packet",
		"A connection was refused by an entry of an access list that has `log`.", "If the source should be let in, add a permit entry before the one that denies it."}
	SSHEnabled = &Entry{"SSH", 5, "ENABLED", "SSH 2.0 has been enabled",
		"New host keys were made.", "Remove the old key of this box from the known hosts of your clients."}
	SSHDisabled = &Entry{"SSH", 5, "DISABLED", "SSH 2.0 has been disabled",
		"The host keys were removed: nobody can log in over SSH.", "Make new keys with `crypto key generate rsa` on the console."}
	SSHRefused = &Entry{"SSH", 4, "REFUSED", "Connection of %s was closed before its login: %s",
		"Too many connections that do not log in: of one host, which may open one in six seconds and hold ten, or of all, of which a hundred are kept. What has not finished its key exchange makes room for the next, that of the host with most of them first.",
		"Find out who has the address: somebody tries passwords or scans. Restrict SSH to known hosts with `access-class` on the vty lines."}
	FileReceived = &Entry{"SSH", 5, "FILE_RECEIVED", "%s received over %s from %s at %s, %d bytes",
		"A user put a file into flash:.", "No action is required."}
	FileSent = &Entry{"SSH", 6, "FILE_SENT", "%s sent over %s to %s at %s, %d bytes",
		"A user took a file from flash:.", "No action is required."}
	FileChanged = &Entry{"SSH", 5, "FILE_CHANGED", "%s: %s over sftp by %s at %s",
		"A user removed, renamed or made a file or directory in flash:.", "No action is required."}
)

var securityMessages = []*Entry{QuietModeOn, QuietModeOff, AccessDenied, SSHRefused, SSHEnabled, SSHDisabled, FileReceived, FileSent, FileChanged}
