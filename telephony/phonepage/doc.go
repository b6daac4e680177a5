// Package phonepage reads the web pages phones have of themselves: serial
// number, load that runs, call control, switch and port. It is the service
// `phone-poll`, off by default, because a box asks nobody unasked.
//
//	phones with an address  ->  Poller  ->  GET /DeviceInformationX ...  ->  wire.Told
//
// Bounds: only phones that hold a lease of ours or whose address was seen, on
// port 80; at most maxAtOnce at a time and perSecond begun in a second; pages of
// maxPage bytes, an answer within patience; a phone that does not answer is
// asked half as often each time, up to a day. No redirection is followed.
//
// Follows the XML pages described in the Cisco IP phone administration guides
// (7961: Device Information, Network Configuration, Network, serviceability
// XML). Names of the elements on the port page are from memory and read
// leniently: 79xx phones send several XML declarations in one body.
//
// Concurrency: one goroutine and its questions; Prepare may be called any time.
// Failure: a phone that does not answer is counted in Status, nothing more.
// Testing: an HTTP server on loopback; a fuzz target for the pages.
package phonepage
