package message

// The fixed answers of the CLI. Source: facts/ios-cli.md 1.3 and 1.9 for
// the IOS wording; sources/000 for PortInUse.
const (
	InvalidInput = "% Invalid input detected at '^' marker."
	Incomplete   = "% Incomplete command."
	Ambiguous    = "%% Ambiguous command:  \"%s\"" // two blanks, the command as typed
	Unrecognized = "% Unrecognized command"
	PortInUse    = "Invalid port number or port in use by other application"
	BadSecrets   = "% Bad secrets"
	BuildingConf = "Building configuration..."
	OK           = "[OK]"

	// A merge that took only a part of a file, or nothing. The first words are
	// those by which NAPALM knows that it has to be taken back.
	MergedInPart = "%% Invalid input detected in %s: %s refused, the others are in force"
	MergedNot    = "%% Invalid input detected in %s: nothing was changed"
)
