// Package peers makes simulated phones share firmware among themselves: over
// real sockets on UDP and TCP port 4051, each in the network namespace of its
// phone. It is what an observer of Peer Firmware Sharing is tested against.
//
// What is public is kept to: port 4051, broadcasts for the offer, five claims a
// quarter of a second apart, the strongest is root, at most two children to a
// phone, ten seconds for the children to come, TCP for the files, a phone that
// fails asks the file server as if there were no peers. [Sources 001, 002, 003]
//
// What is not public, the contents of the frames, is made up, and every
// datagram and request begins by saying so:
//
//	PFS-TEST synthetic CLAIM 41/SCCP41.9-4-2SR3-1S.loads 080027F8 31d4d43d 0 CP-7961G
//
// Where the documents are silent or differ there is a knob in Habits, because
// nobody may rely on either way: who opens the connection, how many files one
// carries, whether children are heard, a hierarchy for a file or for a load.
//
//	tentative --5 claims unanswered--> root: waits for children, asks the server
//	    |  heard a stronger claim, or a root
//	    v
//	seeking --PLACE parent--> child: takes each file from its parent, when
//	    |                     that has it whole, and passes it on
//	    v  nobody answers, the parent goes away
//	alone: asks the server
//
// Every phone tells what it did, a Share for each file: the truth.
//
// Failure: Open fails when the ports cannot be had. Get fails only as the
// phone's own fetch does, when its context ends or with ErrPowerOff. Testing:
// go test of telephony/simphone, in private namespaces.
package peers
