// Package pages is the page a network operation centre leaves open: how many
// phones are up and what keeps the others from it, what is being sent, the boots
// of a phone as a picture, firmware, upgrades, the log and who changed what.
// It is mounted on the listener of package metrics, read-only, without login.
//
//	snapshots (Sources) --> hub: one look a second at most, and only while somebody watches
//	                         |-- JSON below /api/v1, as it is now
//	                         +-- /api/v1/events: what changed, to each tab at its own pace
//	index.html, app.js, page.css: below 60 kB together, no framework
//
// What is shown is never kept for a reader: a tab that comes late is given the
// state of now, and one that does not read is closed (streamWrite). A stream has
// no other end, so that a tab of a day neither grows nor drops; the page says by
// itself when nothing came for too long, because an old picture looks like a
// working network.
//
// "Up" is inventory.Phone.Up: provisioned, and nothing speaks against it, such
// as R25 and R26. A phone that is configured and was not seen since the start is
// counted as what it is: not known to be up.
//
// Everything shown came from the network or from an operator. The script writes
// it as text only, and the Content-Security-Policy forbids what is not a file of
// ours. Configuration is shown without secrets (archive.HideKeys). A request by
// a name that is not of this box is answered 421: a page of somebody else whose
// name points here (DNS rebinding) reads nothing.
//
// Concurrency: everything is safe for concurrent use. Testing: HTTP on loopback
// for the answers, and Debian's Chromium for the page.
package pages
