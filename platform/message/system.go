package message

// Messages of the box itself: configuration, sessions, services, interfaces.
var (
	ConfigChanged = &Entry{"SYS", 5, "CONFIG_I", "Configured from console by %s",
		"An operator left configuration mode.", "No action is required."}
	LinesKept = &Entry{"PARSER", 6, "LINES_KEPT", "%d lines were kept and are not acted on: %s, by %s",
		"Lines were typed that IOS has and this box does not do. They are printed back and have no effect. The message comes once, when configuration mode is left.",
		"`show provisioning audit` lists what is kept without effect."}
	Restart = &Entry{"SYS", 5, "RESTART", "System restarted --\nOption 150 Software, Version %s",
		"The appliance has started.", "No action is required."}
	ServiceFailed = &Entry{"SYS", 3, "SERVICE_FAILED", "%s is not working: %s",
		"A configured service could not start or has stopped working. The configuration is kept and the start is tried again.",
		"Remove the cause named in the message. `show ip sockets` and the show command of the service tell the state."}
	ServiceUp = &Entry{"SYS", 5, "SERVICE_UP", "%s is working",
		"A service that had failed works again.", "No action is required."}
	ListenDown = &Entry{"IP", 3, "LISTEN_DOWN", "%s: %s",
		"A port the box serves on could not be opened or stopped working. The others are served; this one is opened again with growing pauses.",
		"`show ip sockets` tells what is open. Stop the application that holds the port."}
	ListenUp = &Entry{"IP", 5, "LISTEN_UP", "%s: open again",
		"A port that could not be served on works again.", "No action is required."}
	ConfigLine = &Entry{"SYS", 4, "CONFIG_LINE", "startup-config line %d: %s",
		"A line of the startup configuration was not accepted. Every other line took effect.",
		"Correct the line and save the configuration with `write memory`."}
	LoginSuccess = &Entry{"SEC_LOGIN", 5, "LOGIN_SUCCESS", "Login Success [user: %s] [Source: %s] [localport: %d]",
		"A user logged in.", "No action is required."}
	LoginFailed = &Entry{"SEC_LOGIN", 4, "LOGIN_FAILED", "Login failed [user: %s] [Source: %s] [localport: %d] [Reason: Login Authentication Failed]",
		"A login was refused.", "If it repeats from an address you do not know, restrict who may reach the SSH port."}
	Logout = &Entry{"SYS", 6, "LOGOUT", "User %s has exited tty session %s",
		"A session has ended.", "No action is required."}
	EventsMissed = &Entry{"SYS", 3, "LOGGER_DROPPED", "System dropped %d events before they could be shown here",
		"This session reads slower than events happen. Nothing is lost elsewhere: logging buffered and the counters have it all.",
		"Switch off debugs you do not need, or read faster."}
	LinkUpDown = &Entry{"LINK", 3, "UPDOWN", "Interface %s, changed state to %s",
		"The link of an interface went up or down.", "If it was not expected, check the cable and the switch port."}
	LinkChanged = &Entry{"LINK", 5, "CHANGED", "Interface %s, changed state to %s",
		"An interface was shut down.", "No action is required."}
	DiskLow = &Entry{"SYS", 4, "DISK_LOW", "flash: has %d of %d MB left: leases, the configuration and uploads need them",
		"Less than a tenth of the disk, or less than 256 MB, is left. What is kept for leases and the configuration is not counted: an upload never takes it.",
		"Delete what nobody needs: `show firmware` names loads no line asks for, `dir /recursive flash:` the files. The message comes again when there was room and it is gone."}
	LineProtoUpDown = &Entry{"LINEPROTO", 5, "UPDOWN", "Line protocol on Interface %s, changed state to %s",
		"An interface became able or unable to carry packets.", "If it was not expected, check the cable and the switch port."}
)

var systemMessages = append([]*Entry{ConfigChanged, LinesKept, Restart, ServiceFailed, ServiceUp, ListenDown, ListenUp, ConfigLine,
	LoginSuccess, LoginFailed, Logout, EventsMissed, LinkUpDown, LinkChanged, DiskLow, LineProtoUpDown}, securityMessages...)
