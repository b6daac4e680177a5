// Package engine decides what the DHCP server answers: packet and time in,
// outcome out. It owns every pool, binding, offer, conflict and counter, and
// has the values that the server is configured by, records and shows.
//
// It follows RFC 951, 1542, 2131, 2132, 3011, 3046, 3527, 4039, 4361, 4388,
// 5107, 5227, 5859, 6842, 8357 and 8925, and IOS where those leave a choice.
//
// Pure: it opens nothing, reads no clock and has no lock. One goroutine owns an
// Engine; what its methods return are copies, but for an Outcome, which belongs
// to whoever took it. Failure: a packet that makes no sense is counted and
// dropped; a disk that fails is told to it (DiskFailed) and limits what it
// promises. Testing: TestCheckNN are the specification; time passes when a test
// says so.
package engine
