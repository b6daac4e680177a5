// Package netif is the interfaces of the appliance: which Linux device stands
// behind which IOS name, how it is, what changes, and, where the operator said
// so, its addresses, its `shutdown` and
// the static routes by way of it.
//
// Follows DESIGN 1 (managed or not), facts/libraries.md 7 (netlink, line
// state), facts/ios-cli.md 1.13 (show commands).
//
// A Service watches the devices (netlink) and records what changes; it is the
// service (platform/service) by the name "netif" too: Prepare checks that the
// device is there, the addresses are usable and the process may change it,
// Commit changes it. An interface that is not managed is only ever read.
//
// Concurrency: a Service is safe for concurrent use; its watcher is a goroutine
// that Close ends. The renderers are pure.
//
// Failure: *Error, which unwraps to ErrNoDevice, ErrBadAddress or the errno.
// Testing: in a private network namespace (platform/netns), with real devices.
package netif
