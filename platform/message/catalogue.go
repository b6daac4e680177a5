package message

// All returns every entry of the catalogue, feature by feature.
func All() []*Entry {
	var all []*Entry
	for _, group := range [][]*Entry{systemMessages, dhcpMessages, fileMessages, phoneMessages, archiveMessages, fleetMessages, followMessages} {
		all = append(all, group...)
	}
	return all
}
