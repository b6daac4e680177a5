// Package mobility lets people log in at SIP phones: the page of the services
// key asks for a name and a PIN, and the phone's file then has the lines of the
// person. It is a module of the HTTP server of the box, and a fold of nothing:
// it keeps who is logged in where.
//
//	phone --services key--> Module --> Desk.Login --> Rebuild: the file is new at once
//	                                        |
//	                                        +--> Save: nvram, before the answer
//
// It follows the Cisco Unified CME administrator guide (extension mobility), the
// Cisco IP Phone Services XML objects (CiscoIPPhoneMenu, Input, Text, Directory),
// and what the Cisco TFTP chapter says of a login: the server rebuilds the file
// of that phone. Nothing here can restart a phone, so each answer says that it
// has to be done.
//
// Who asks is known by his address alone: Options.Phone says whose it is. What
// stands in a request about that is not believed, and a page about a phone is
// shown to that phone only.
//
// Attempts are limited for a phone and for a user. Who waits is told how long;
// no PIN is tried meanwhile, the right one neither.
//
// Failure: a full disk costs what was changed when the box then restarts; it is
// tried again. Testing: Desk with plain functions; Module over httptest.
package mobility
