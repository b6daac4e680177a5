package message

// Messages of the DHCP server. Texts of Cisco's are those of
// facts/dhcp.md 1.7; the others are the product's own.
var (
	DHCPPingConflict = &Entry{"DHCPD", 4, "PING_CONFLICT", "DHCP address conflict:  server pinged %s.",
		"Before it could be offered, an address of a pool was found in use by a station that did not get it from this server. The address is not offered.",
		"Give the station an address outside the pools, or exclude its address with `ip dhcp excluded-address`. Then use `clear ip dhcp conflict`."}
	DHCPDeclineConflict = &Entry{"DHCPD", 4, "DECLINE_CONFLICT", "DHCP address conflict:  client %s declined %s.",
		"A client was given an address and found another station using it. The address is not offered to anybody.",
		"Look for the station with that address, for instance in the MAC address table of the switch. Then use `clear ip dhcp conflict`."}
	DHCPHighUtil = &Entry{"DHCPD", 6, "HIGH_UTIL", "Pool \"%s\" is in high utilization state (%d addresses used out of %d). Threshold set at %d%%.",
		"A pool has crossed its high utilization mark.", "Enlarge the pool, shorten its lease, or add a secondary network before it runs out."}
	DHCPLowUtil = &Entry{"DHCPD", 6, "LOW_UTIL", "Pool \"%s\" is in low utilization state (%d addresses used out of %d). Threshold set at %d%%.",
		"A pool that was in high utilization has fallen to its low utilization mark.", "No action is required."}
	DHCPInUse = &Entry{"DHCPD", 5, "IN_USE", "%d addresses of pool %s are in use by stations without a lease of this server; they are set aside for them",
		"Addresses of the pool answer that this server has not given out: it has taken the place of another server, or stations have addresses of their own in the pool. Nobody else is given them, and each station gets a lease of its address when it renews.",
		"No action is required when this server replaces another one. Otherwise exclude the addresses with `ip dhcp excluded-address`."}
	DHCPContested = &Entry{"DHCPD", 4, "CONTESTED", "Address %s is claimed by %s and by %s; neither has a lease of it in pool %s",
		"Two stations use or claim one address that this server has not given out. It gives it to neither and refuses neither, since both may be phones at work.",
		"Look for both stations in the MAC address table of the switch and give one of them another address."}
	DHCPDiskLow = &Entry{"DHCPD", 4, "DISK_LOW", "The disk is nearly full: %d KB are left for DHCP bindings",
		"The file system of nvram: has little room left. When it has none, no new client gets an address.",
		"Delete files from flash: with `delete flash:NAME`, or whatever else has filled the disk of the machine."}
	DHCPNoLease = &Entry{"DHCPD", 7, "NO_LEASE", "DHCP lease assignment failure, client %s reason %s",
		"A client asked for an address and got no answer: no pool has the network it is on, every address is taken, the pool is for Cisco phones only, or the rules of bindings that boxes share are against it.",
		"NO POOL: configure a pool for the network of the interface or relay. POOL EXHAUSTED: see `show ip dhcp pool`. CLASS MISMATCH: no action is required. SHARED BINDINGS: the reason follows; see `show services`."}
	DHCPReadError = &Entry{"DHCPD", 3, "READ_ERROR", "DHCP could not read bindings from %s: %s",
		"Part of the stored bindings is unreadable. Everything before and after it is in force.",
		"Check the storage of the appliance. Clients whose binding was lost get it back when they renew."}
	DHCPWriteError = &Entry{"DHCPD", 3, "WRITE_ERROR", "DHCP could not write bindings: %s",
		"A binding could not be stored. New clients are not answered, known clients are acknowledged only for the time that is already stored.",
		"Check that the storage of the appliance is writable and has free space. Writing is tried again every few seconds."}
	DHCPWriteOK = &Entry{"DHCPD", 5, "WRITE_OK", "DHCP is writing bindings again",
		"Bindings can be stored again after a failure. All of them have been written.", "No action is required."}
	DHCPSharedClash = &Entry{"DHCPD", 3, "SHARED_CLASH", "Address %s was on record for client %s and for client %s; the first keeps it",
		"Two boxes of a fleet had the address on record for two clients at a time. That is to be expected once, when boxes that were alone begin to share their pools; later it means that rules were broken: an engine set back while boxes that knew more were away, or a box declared down that was not.",
		"Look for the second client: it gets another address when it renews. `show ip dhcp binding` has the first."}
	DHCPSharedAlone = &Entry{"DHCPD", 3, "SHARED_ALONE", "The engine of the fleet does not answer (%s): %s",
		"The box is isolated from the boxes it shares its pools with. It renews what it knows, for no longer than the lead time and an hour.",
		"Check the servers of the section `fleet` and the way to them."}
	DHCPSharedAgain = &Entry{"DHCPD", 5, "SHARED_AGAIN", "Bindings are shared with the boxes of %s",
		"The box is connected to the engine of the fleet, has read all bindings and has entered its own.", "No action is required."}
	DHCPSharedClock = &Entry{"DHCPD", 3, "SHARED_CLOCK", "The clock is %d seconds %s that of %s: known clients are renewed, new ones get nothing",
		"Boxes that share pools compare times. One whose clock is not that of most others gives out nothing new.",
		"Set the clock of the box, or give it a time server with `ntp server`."}
	DHCPSharedTwin = &Entry{"DHCPD", 3, "SHARED_TWIN", "Another box is called %s too: known clients are renewed, new ones get nothing from either",
		"Two boxes of the domain write signs of life under one name: a configuration, or a whole machine, was copied. They have one share, so that alone both could give out one address. It ends ten seconds after the last sign of life of the other.",
		"Give the copy a name of its own with `name`, and a user of its own with `user`, in the section `fleet`; then `fleet init`."}
	DHCPSharedName = &Entry{"DHCPD", 3, "SHARED_NAME", "The boxes of %s know this one as %s, not by its host name %s: known clients keep their addresses until they end, new ones get nothing",
		"The box started with another host name, or a change was taken back, while it shares bindings and no line `name` says what it is to the others. It does not become another box by itself: its share would rest, and what it gave out wait for a box that is no more.",
		"Enter `name` below `fleet`: with the old name it is that box again, with the new one it is another."}
	DHCPSharedMoved = &Entry{"DHCPD", 4, "SHARED_MOVED", "In %s this box was %s and is %s now: new clients get nothing from its boxes until %s is there again, or declared down for as long as the lead time",
		"The line `name` makes the box another one to those it shares bindings with. The one it was may have granted what they do not know, and is gone; or it is there still, where this is a copy of a machine. Known clients are renewed.",
		"If no machine has the old name any more, enter `fleet box NAME down` with it at a box of the domain."}
	DHCPSharedBack = &Entry{"DHCPD", 3, "SHARED_BACK", "The engine of the fleet was set back: %s; nothing new is given out before every box has entered what it knows",
		"The engine knows less than it did: a backup was restored, or it was built anew. All boxes enter their own bindings again.",
		"Connect every box of the domain once, or declare down the ones that are off."}
	DHCPStarving = &Entry{"DHCPD", 4, "STARVATION", "Station %s on %s has %d addresses at which nobody answers and asks for more; it gets none until somebody does",
		"Frames of one station asked for many addresses, and ARP finds nobody at them: a program that drains pools. A bridge speaks for the stations behind it in the same way, but those answer, and then it gets more. Clients that have an address keep it.",
		"Find the station by its hardware address. Stations behind a bridge that do not answer ARP need manual bindings or a relay."}
	DHCPLeaseLimit = &Entry{"DHCPD", 4, "LEASE_LIMIT", "Interface %s has its limit of %d leases; client %s got none",
		"`ip dhcp limit lease` bounds the leases of the interface. Clients that have one renew it; one more gets no address.",
		"Raise the limit if the clients are yours; `show ip dhcp limit lease` counts them."}
	DHCPDatabaseError = &Entry{"DHCPD", 4, "DATABASE_ERROR", "DHCP database %s cannot be %s: %s",
		"The file of an agent of `ip dhcp database` could not be read or written. Clients are served: the bindings of the appliance are in nvram:.",
		"Check the server and the file. It is tried again; `show ip dhcp database` tells how the agent stands."}
	DHCPDatabaseOK = &Entry{"DHCPD", 5, "DATABASE_OK", "DHCP bindings are written to %s again",
		"An agent of `ip dhcp database` works again.",
		"No action is required."}
	DHCPForeignServer = &Entry{"DHCPD", 4, "FOREIGN_SERVER", "Another DHCP server %s (%s) answers on %s, option 66 %s, option 150 %s",
		"A DHCP server other than this one was seen answering on a network this one serves. Phones may get their address and their TFTP servers from it.",
		"Decide which server is to serve the network. Configure `ip dhcp foreign-server hold` to keep quiet while another server answers."}
	DHCPForeignHold = &Entry{"DHCPD", 4, "FOREIGN_HOLD", "Another DHCP server %s (%s) answers on %s, option 66 %s, option 150 %s; offers are held",
		"Another DHCP server was answering when this one started, and `ip dhcp foreign-server hold` is configured. No address is offered on the interface.",
		"Stop the other server, or leave the network to it. Use `ip dhcp takeover` to serve."}
	DHCPv6Conflict = &Entry{"DHCPV6", 4, "ADDRESS_CONFLICT", "DHCPv6 address conflict: client %s found %s in use",
		"A client was given an IPv6 address and found another station using it, or two stations claim one address. The address is not given to anybody.",
		"Look for the station with that address. Then use `clear ipv6 dhcp conflict *`."}
	DHCPv6NoAddress = &Entry{"DHCPV6", 7, "NO_ADDRESS", "DHCPv6 address assignment failure, client %s on %s reason %s",
		"A client asked for an IPv6 address and got none: no pool is for its link, or every address of the pool is taken.",
		"NO POOL: configure a pool with an `address prefix` or a `link-address` of the link. POOL EXHAUSTED: see `show ipv6 dhcp pool`."}
	DHCPv6NoRouter = &Entry{"DHCPV6", 4, "NO_ROUTER", "No router advertises itself on %s: phones there do not ask for an IPv6 address",
		"Phones learn from router advertisements that there is IPv6, which networks are theirs and that addresses are to be had by DHCPv6. This box sends none: the router of the network does. It was asked for three times.",
		"Configure IPv6 on the router of that network, without `ipv6 nd ra suppress`, and with `ipv6 nd managed-config-flag`. See `show ipv6 routers`."}
	DHCPv6NoManaged = &Entry{"DHCPV6", 4, "NO_MANAGED_FLAG", "Router %s on %s does not tell phones to ask for an address by DHCPv6",
		"The pool has addresses to give, but the M flag of the router advertisement is clear: phones make their own address and ask for none.",
		"On that router configure `ipv6 nd managed-config-flag` below its interface. See `show ipv6 routers`."}
	DHCPv6NoOther = &Entry{"DHCPV6", 4, "NO_OTHER_FLAG", "Router %s on %s does not tell phones to use DHCPv6",
		"The pool has no addresses to give, and both flags of the router advertisement are clear: phones do not ask for their TFTP servers either.",
		"On that router configure `ipv6 nd other-config-flag` below its interface. See `show ipv6 routers`."}
	DHCPTakeover = &Entry{"DHCPD", 5, "TAKEOVER", "Offers are no longer held",
		"An operator decided that this server serves although another one was seen.", "No action is required."}
)

var dhcpMessages = []*Entry{DHCPPingConflict, DHCPDeclineConflict, DHCPInUse, DHCPContested, DHCPDiskLow, DHCPHighUtil, DHCPLowUtil, DHCPNoLease, DHCPReadError,
	DHCPWriteError, DHCPWriteOK, DHCPSharedClash, DHCPSharedAlone, DHCPSharedAgain, DHCPSharedClock, DHCPSharedTwin, DHCPSharedName, DHCPSharedMoved, DHCPSharedBack, DHCPStarving, DHCPLeaseLimit, DHCPDatabaseError, DHCPDatabaseOK, DHCPForeignServer, DHCPForeignHold, DHCPTakeover, DHCPv6Conflict, DHCPv6NoAddress, DHCPv6NoRouter, DHCPv6NoManaged, DHCPv6NoOther}
