package message

// Messages of a box that follows another.
var (
	FollowTaken = &Entry{"FLEET", 5, "FOLLOW_TAKEN", "The sections of %s are in force here, as of its configuration %d",
		"`fleet configuration follow` has this box's sections of telephony and DHCP from another box, which has changed them. They came in one transaction.",
		"No action is required. `show archive config differences` shows what is not saved yet."}
	FollowRefused = &Entry{"FLEET", 4, "FOLLOW_REFUSED", "The sections of %s are not in force here, nothing was changed: %s",
		"What the box that is followed publishes could not be put in force as a whole, so that nothing of it is. This box goes on with what it had. It tries again when the other box publishes something else or when its own configuration changes.",
		"Remove the cause named in the message, `show fleet configuration` says whether they are in force."}
)

// FleetNotLent is logged where boxes that follow this one would have it from.
var FleetNotLent = &Entry{"FLEET", 4, "NOT_PUBLISHED", "Boxes that follow this one are not given its %s: %s",
	"`publish configuration` gives the sections of telephony and DHCP and the list of the phones' files to the boxes that follow this one. They keep what they have.",
	"Remove the cause named in the message; `show fleet configuration` says whether they are given."}

// Messages about the files of the box that is followed.
var (
	PairFetched = &Entry{"FLEET", 6, "FILE_FETCHED", "flash:%s (%d bytes) came from box %s; %d files are still to come",
		"A file that the box that is followed has came from its HFS and has the hash that it published.", "No action is required."}
	PairFailed = &Entry{"FLEET", 4, "FILE_NOT_FETCHED", "flash:%s of box %s did not come: %s",
		"A file that the box that is followed has could not be fetched as it is there. What was here before is still here. It is tried again.",
		"Look at `show fleet flash` here, and whether the other box serves files over HFS to this one."}
)

var followMessages = []*Entry{FollowTaken, FollowRefused, PairFetched, PairFailed, FleetNotLent}
