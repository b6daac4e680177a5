package message

// Messages about phones and their files.
var (
	CNFBuilt = &Entry{"CNF", 6, "BUILT", "%d phone files for %d phones, %d changed, generation %d",
		"The configuration files of the phones were built again and at least one of them differs. A phone notices at its next restart.",
		"No action is required. Restart the phones that are to take the change over."}
	PhoneProvisioned = &Entry{"PHONE", 6, "PROVISIONED", "%s, %s, is provisioned",
		"A phone has its configuration file and its firmware load. Where it registers is not seen here.",
		"No action is required."}
	PhoneStuck = &Entry{"PHONE", 4, "STUCK", "%s, %s, is stuck: %s %s FIX: %s",
		"A phone will not come up like this. The code and the sentence name the first broken link, what follows FIX is the remedy.",
		"Do what stands after FIX. `show phone` with the name of the phone shows every step it took."}
)

var phoneMessages = []*Entry{CNFBuilt, PhoneProvisioned, PhoneStuck}
