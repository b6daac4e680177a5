// Package pair keeps the phones' files in flash: of two boxes the same: what a leader
// has and this box has not, or has otherwise, is fetched from the leader's HFS.
//
//	leader:   flash: -> Shared -> sizes and SHA-256 -> List -> its key at the engine
//	follower: key -> Decode -> what differs -> GET port 6970, taken up where it broke
//	          off -> SHA-256 is right -> the name appears
//
// Which files: firmware, locales, ring tones and pictures, by the names they have. No
// configuration, no key, no file of one phone, whatever a leader says; and the HFS of
// the leader gives away what it would give a phone and nothing else. Nothing is ever
// deleted. A load (.loads) comes after all other files, so that it is whole when it is
// seen. What lies outside the disk's reserve is not begun. [RFC 9110 14, Range; source
// 000 for the port]
//
// Concurrency: a Teller has one goroutine while its box publishes, a Fetcher one and
// the watch of the engine while it follows. Failure: State names each file that did
// not come and why; it is tried again, later each time. Testing: flash directories
// and an HTTP server of the test that breaks off, lies and is slow (TestFetch);
// FuzzDecode; two boxes with etcd in cmd/option150/e2e.
package pair
