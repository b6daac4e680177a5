// Package fleet is the box among others: it says at an engine they have in common
// that it is there, and knows which others are.
//
//	/option150/DOMAIN/box/NAME -> who it is, since when, and a stamp every 5 s
//
// Whether a box is there is told by the change of its key, by the clock of whoever
// looks: no two clocks are compared. What has not been watched for long enough is
// called unknown. Bindings are not shared yet; the rules for that are in dhcp/share.
//
// Concurrency: one goroutine and its watch while a section `fleet` is complete, none
// without. Failure: an engine that does not answer makes the service Degraded, and
// every other box unknown. Testing: against the etcd of Debian, with its process
// killed (TestFleet).
package fleet
