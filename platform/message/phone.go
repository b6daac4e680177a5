package message

// Messages about phones and their files.
var (
	CNFBuilt = &Entry{"CNF", 6, "BUILT", "%d phone files for %d phones, %d changed, generation %d",
		"The configuration files of the phones were built again and at least one of them differs. A phone notices at its next restart.",
		"No action is required. Restart the phones that are to take the change over."}
	PhoneProvisioned = &Entry{"PHONE", 6, "PROVISIONED", "%s, %s, is provisioned",
		"A phone has its configuration file and runs its firmware load, as far as can be seen here, and was quiet for some seconds since. Where it registers is not seen. If it turns out to be wrong, PHONE-5-WITHDRAWN follows.",
		"No action is required."}
	PhoneStuck = &Entry{"PHONE", 4, "STUCK", "%s, %s, is stuck: %s %s FIX: %s",
		"A phone will not come up like this. The code and the sentence name the first broken link, what follows FIX is the remedy.",
		"Do what stands after FIX. `show phone` with the name of the phone shows every step it took."}
	PhonesStuck = &Entry{"PHONE", 4, "STUCK_MANY", "%d phones are stuck: %s %s. One of them, %s: %s FIX: %s",
		"Several phones will not come up like this, all for one cause. The sentence and the remedy are those of one of them.",
		"Do what stands after FIX. `show phones summary` counts the phones by cause, model and load."}
	PhoneWithdrawn = &Entry{"PHONE", 5, "WITHDRAWN", "%s, %s, is not provisioned after all: %s",
		"A phone was said to be provisioned, because nothing spoke against it. Something does now.",
		"`show phone` with the name of the phone shows what it did and what to do."}
	PhoneRegistered = &Entry{"PHONE", 5, "AUTOREG", "%s is %s now: type %s, number %s",
		"A phone that nobody configured asked for its file, and auto-registration gave it a section of the configuration. It is lost at the next start unless the configuration is saved.",
		"Check that the phone is one of yours, then `write memory`. Without `auto-reg-ephone` and `auto-register` phones are not added."}
	PhoneNotRegistered = &Entry{"PHONE", 4, "AUTOREG_REFUSED", "%s was not added: %s",
		"A phone that nobody configured asked for its file, auto-registration is on, and the phone could not be added.",
		"`show ephone attempted-registrations` lists such phones; `phone add` with a hardware address adds one."}
	PhoneScan = &Entry{"PHONE", 4, "SCAN", "%s asks for the files of many phones: R33. FIX: %s",
		"An address asked for the configuration files of more phones than one phone or one site does: somebody tries names. What it names is not taken for phones.",
		"Find the device. `show phones scans` shows what it asked for and what it was sent."}
)

// Messages about people who log in at phones.
var (
	MobilityLogin = &Entry{"EM", 6, "LOGIN", "%s logged in at %s",
		"A person logged in at a phone by its services key. The file of the phone has the lines of the person from now on.",
		"No action is required. The phone has to be restarted to take its file."}
	MobilityLogout = &Entry{"EM", 6, "LOGOUT", "%s is no longer logged in at %s: %s",
		"The phone has the lines of its logout profile again, in its file.",
		"No action is required. The phone has to be restarted to take its file."}
	MobilityBlocked = &Entry{"EM", 4, "BLOCKED", "too many wrong PINs at %s, the last for the user %s: no attempt there for %d minutes",
		"Somebody tries PINs at a phone. For the time named none is tried, the right one neither.",
		"Find out who is at the phone. If its user has forgotten his PIN, give him another with `pin` in his voice user-profile."}
)

var phoneMessages = []*Entry{CNFBuilt, PhoneProvisioned, PhoneStuck, PhonesStuck, PhoneWithdrawn, PhoneRegistered, PhoneNotRegistered, PhoneScan, MobilityLogin, MobilityLogout, MobilityBlocked}
