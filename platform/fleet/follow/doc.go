// Package follow is a box that has its sections of telephony and DHCP from another
// box of the fleet, the leader: two boxes that are named in one option 150 then give
// a phone the same files, byte for byte.
//
//	leader:   what runs and is confirmed -> Sections -> its key at the engine
//	follower: key -> Decode -> Take, one transaction with archive and a rollback
//	          that is pending -> the engine answers after it -> confirmed
//
// What a leader says is hostile until it is in force: sizes are bounded before and
// after it is unpacked, and Take gets all of it or nothing. What was refused is tried
// again when the leader says something else, or when this box's own configuration
// changed, which may have been the reason. [Cisco, Configuration Rollback Confirmed
// Change, for the pending rollback]
//
// Concurrency: one goroutine and the watch of the engine while a leader is
// configured, none without. Failure: State says why nothing is taken; what was taken
// last stays in force, for as long as it takes, without an engine too. Testing: an
// engine of the test and a fake clock (TestFollower); FuzzDecode for what comes from
// outside; two boxes with etcd in cmd/option150/e2e.
package follow
