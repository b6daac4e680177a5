package cnf

// syncinfo is syncinfo.xml: a 7940 or 7960 told to check restarts when SYNC
// differs from the sync of its configuration. [facts/phones.md 2.7]
func syncinfo(sync string) []byte {
	t := &tree{gap: " "}
	t.open("SYNCINFO")
	t.leaf("IMAGE", "", "VERSION", "*", "SYNC", sync)
	return t.bytes()
}
