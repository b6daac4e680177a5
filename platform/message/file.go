package message

// Messages about serving files over TFTP and HTTP.
var (
	TFTPDefect = &Entry{"TFTP", 3, "DEFECT", "A defect was contained in %s: %s",
		"A part of the TFTP server or of what it serves from failed in a way it should not. The one transfer concerned was ended; all others go on.",
		"Report the message with the output of `show tftp-server sessions`."}
)

// Messages of the one look-up of files and of its HTTP transport.
var (
	HFSDenied = &Entry{"HFS", 4, "DENIED", "Request of %s for %s was refused: %s",
		"An HTTP request was refused by rule: an address that `file-server access-class` does not permit, the access list of a `tftp-server` line, a name that leaves its directory, a protected kind of file, a method other than GET. But for network and list, phones do not ask like this.",
		"Find out who has the address. If it is a phone, permit its network: in the list of the line, or in one that `file-server access-class` names (`show access-lists`). Put only phone files below the HFS home path."}
	TFTPDenied = &Entry{"TFTP", 4, "DENIED", "Request of %s for %s was refused: %s",
		"A TFTP request was refused by rule: an address that `file-server access-class` does not permit, the access list of a `tftp-server` line, a name that leaves its directory, a protected kind of file. But for network and list, phones do not ask like this.",
		"Find out who has the address. If it is a phone, permit its network: in the list of the line, or in one that `file-server access-class` names (`show access-lists`). Put only phone files below the HFS home path."}
	FileStranger = &Entry{"FILESERVER", 4, "STRANGER", "%s asked for %s and was refused: %s. If it is a phone: %s",
		"Files are given to connected and configured networks: those on a wire of this machine, of pools, of routes but the default one, and whom the list of `file-server bind-lease trust` permits; unless `file-server bind-lease enforce` is set, also to private addresses behind the default gateway. This one is in none of them. It is said once in ten minutes for a network.",
		"Find out who has the address. If phones are there, type the lines of the message: they let that network in and keep nobody out. A route of this machine to the network does the same, for IPv6 too."}
	FileBusy = &Entry{"FILESERVER", 4, "BUSY", "%d of %d requests are being served, %s was told to ask for %s again",
		"The serving count was reached and no place became free within two seconds. The phone asks again, over HTTP first and over TFTP after that.",
		"If it repeats, raise `file-server maximum-serving-count` or start fewer phones at a time."}
	FileFault = &Entry{"FILESERVER", 3, "FAULT", "%s asked by %s could not be read: %s",
		"A file is there but could not be opened. The phone was told to ask again.",
		"Check the file system with `dir flash:` and its free space."}
	FileElsewhere = &Entry{"FILESERVER", 4, "ELSEWHERE", "%s was told to ask for %s again: %s",
		"The file is not here, and the alternate file servers could not say whether they have it: one was busy, or none answered. The phone was told to ask again, because a wrong \"no such file\" is final for it.",
		"Look at `show file-server alternate`. Phones that are configured here are not concerned."}
	FileUnbound = &Entry{"FILESERVER", 5, "UNBOUND", "%s was sent to %s, which is not the address of %s",
		"The configuration of a phone was asked for by an address that is known not to be that of the phone: the phone has a lease of this box, or was seen on the wire, with another one. With `file-server bind-lease warn` it is sent all the same. It is said once in ten minutes for an address.",
		"Find out who has the address: `show ip arp`, `show provisioning exposure`. If it is another file server or a router in front of phones, permit it in the list of `file-server bind-lease trust`."}
	FileHidden = &Entry{"FILESERVER", 4, "HIDDEN", "%s is told that %s and its like are not here: %s",
		"The address asked for the configuration of phones that it is not known to be, or for the files of more phones than one phone does. It gets the answer of files that are absent. It is said once in ten minutes for an address; what follows is counted.",
		"Find out who has the address: `show ip arp`, `show provisioning exposure`. If phones are behind it, or it is a file server that has this box among its alternates, permit it in the list of `file-server bind-lease trust`."}
	AlternateDown = &Entry{"FILESERVER", 4, "ALTERNATE_DOWN", "Alternate file server %d %s does not answer: %s",
		"An alternate file server failed twice in a row. It is left out, and asked in the background every few seconds; what is cached is served as before.",
		"Check the line to it and its file service: `ping`, `show file-server alternate`. It is asked over HTTP, on port 6970 where the line names no other; a server of TFTP alone cannot be an alternate."}
	AlternateUp = &Entry{"FILESERVER", 5, "ALTERNATE_UP", "Alternate file server %d %s answers again",
		"An alternate file server that was left out answers.", "Nothing has to be done: it is asked again like the others."}
	AlternateLoop = &Entry{"FILESERVER", 3, "ALTERNATE_LOOP", "%s asked here for %s on behalf of this box: it has this box among its own alternates",
		"A question of this box came back to it. It was answered from what is here, so nothing turns in circles, but phones wait longer for every file that nobody has.",
		"Take this box out of the alternate file servers of that server, or that server out of `file-server alternate` here."}
	AlternateDiffers = &Entry{"FILESERVER", 4, "ALTERNATE_DIFFERS", "%s is not the same file at %s and at %s",
		"Two alternate file servers have different bytes under the name of one firmware file. Which one a phone gets depends on which server answers.",
		"Install the same firmware package on both clusters, or remove the file from the one that is wrong."}
	FileNear = &Entry{"FILESERVER", 5, "NEAR_MISS", "%s asked for %s, which is not here; the nearest name is %s",
		"A phone asked for a file nobody has, and one with a similar name exists. A phone does not ask another server for it.",
		"Compare the load names in the configuration with `dir flash:`. Rename the file if its name was mistyped."}
	HTTPDefect = &Entry{"HTTP", 3, "DEFECT", "A defect was contained in session module %s: %s",
		"A part of the HTTP server failed in a way it should not. The one connection concerned was closed; all others go on.",
		"Report the message with the output of `show ip http server all`."}
)

var fileMessages = []*Entry{HFSDenied, TFTPDenied, FileStranger, FileBusy, FileFault, FileElsewhere, FileUnbound, FileHidden, FileNear, AlternateDown, AlternateUp, AlternateLoop, AlternateDiffers, HTTPDefect, TFTPDefect}
