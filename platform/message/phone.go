package message

// Messages about phones and their files.
var (
	CNFBuilt = &Entry{"CNF", 6, "BUILT", "%d phone files for %d phones, %d changed, generation %d",
		"The configuration files of the phones were built again and at least one of them differs. A phone notices at its next restart.",
		"No action is required. Restart the phones that are to take the change over."}
)

var phoneMessages = []*Entry{CNFBuilt}
