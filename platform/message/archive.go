package message

// Messages about keeping, replacing and rolling back the configuration, and
// about reloads that are due.
var (
	ArchiveFailed = &Entry{"ARCHIVE", 4, "WRITE", "The configuration could not be archived: %s",
		"A copy of the configuration that `archive` asks for could not be written. The copies made before are still there.",
		"Check free space with `dir flash:` and the path with `show archive`."}
	ConfigCommand = &Entry{"PARSER", 5, "CFGLOG_LOGGEDCMD", "User:%s  logged command:%s",
		"A configuration command took effect, and `notify syslog` is configured below `archive`, `log config`. Secrets are hidden.",
		"No action is required."}
	ConfigReplaced = &Entry{"SYS", 5, "CONFIG_R", "Config Replace is Done",
		"The running configuration was replaced as a whole, by `configure replace` or by a rollback.", "No action is required."}
	RollbackScheduled = &Entry{"ARCHIVE_DIFF", 5, "ROLLBK_CNFMD_CHG_START_ABSTIMER", "User: %s: Scheduled to rollback to config %s in %d minutes",
		"A change is to be confirmed. Unless somebody enters `configure confirm` in time, the configuration before it comes back.",
		"Enter `configure confirm` to keep the change, `configure revert now` to take it back."}
	RollbackWarning = &Entry{"ARCHIVE_DIFF", 5, "ROLLBK_CNFMD_CHG_WARNING_ABSTIMER", "System will rollback to config %s in one minute. Enter \"configure confirm\" if you wish to keep what you've configured",
		"A change was not confirmed yet and will be taken back in a minute.",
		"Enter `configure confirm` to keep the change."}
	RollbackStart = &Entry{"ARCHIVE_DIFF", 5, "ROLLBK_CNFMD_CHG_ROLLBACK_START", "Start rolling to: %s",
		"A change was not confirmed in time, or somebody asked to revert it: the configuration before it comes back.", "No action is required."}
	RollbackFailed = &Entry{"ARCHIVE_DIFF", 3, "ROLLBK_CNFMD_CHG_ROLLBACK_FAIL", "Rolling to %s was refused: %s",
		"The configuration before a change could not be put in force again. What ran before the attempt still runs.",
		"Remove the cause named in the message and use `configure replace`."}
	RollbackConfirmed = &Entry{"ARCHIVE_DIFF", 5, "ROLLBK_CNFMD_CHG_CONFIRM", "User: %s: Confirm the configuration change",
		"A change was confirmed: it will not be taken back.", "No action is required."}
	Reloading = &Entry{"SYS", 5, "RELOAD", "Reload requested by %s. Reload Reason: %s.",
		"The box restarts with its startup configuration.", "No action is required."}
	ReloadScheduled = &Entry{"SYS", 5, "SCHEDULED_RELOAD", "Reload requested for %s at %s by %s. Reload Reason: %s.",
		"The box will restart with its startup configuration at the time named.", "Enter `reload cancel` if it should not."}
	ReloadCancelled = &Entry{"SYS", 5, "SCHEDULED_RELOAD_CANCELLED", "Scheduled reload cancelled at %s",
		"A reload that was scheduled will not happen.", "No action is required."}
)

// NoRollback is what commands of the confirmed change answer when there is none.
// Tools look for it.
const NoRollback = "%No Rollback Confirmed Change pending"

// NVRAMErased is logged by write erase.
var NVRAMErased = &Entry{"SYS", 7, "NV_BLOCK_INIT", "Initialized the geometry of nvram",
	"The startup configuration was removed.", "Save a configuration with `write memory`, or the box starts without one."}

var archiveMessages = []*Entry{ArchiveFailed, ConfigCommand, ConfigReplaced, RollbackScheduled, RollbackWarning, RollbackStart,
	RollbackFailed, RollbackConfirmed, NVRAMErased, Reloading, ReloadScheduled, ReloadCancelled}
