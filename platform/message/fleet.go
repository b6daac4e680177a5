package message

// Messages of the fleet.
var (
	FleetBoxGone = &Entry{"FLEET", 4, "BOX_GONE", "Box %s of domain %s gives no sign of life",
		"The engine that the boxes have in common answers, and the other box has not kept its lease of 15 seconds there. It is off, or its line to the engine is cut; its phones may be served all the same.",
		"Look at it: `show fleet boxes` here, and `show fleet` there."}
	FleetBoxBack = &Entry{"FLEET", 5, "BOX_BACK", "Box %s of domain %s gives signs of life again",
		"A box that was said to be gone keeps a lease at the engine again.", "Nothing has to be done."}
)

var fleetMessages = []*Entry{FleetBoxGone, FleetBoxBack}
