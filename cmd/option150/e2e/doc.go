// Package e2e holds the end-to-end tests of the box and nothing else: the real
// binary, run as a process on a machine of its own (a network namespace), with
// foreign clients, simulated phones and a capture of the wire as judges.
//
//	desk (10.150.0.5)     box (10.150.0.1)      phone
//	  ssh curl tftp ...     option150 run         telephony/simphone
//	    |                     |                     |
//	  --+---------------------+---------------------+--  LAN
//
// Each test of the list below is the proof of one promise of the product; the
// name of the test is the promise.
//
//	lab_test.go        option150 lab as an ordinary user, nothing touched
//	example_test.go    every example of sources/000, typed over SSH
//	download_test.go   what goes over the wire between box and phone
//	fetch_test.go      curl, tftp-hpa, atftp; dhcp_test.go: udhcpc, dhclient
//	ssh_test.go        OpenSSH, netmiko, scrapligo; sessions_test.go: 20 at once
//	restart_test.go    what survives kill -9; a broken startup-config
//	refuse_test.go     refused changes leave everything as it was
//	port_test.go       a foreign process on 6970 at boot
//	badinput_test.go   settings, directories, privileges, a full disk
//	stop_test.go       SIGTERM, a second instance
//	paste_test.go      configurations typed as they are printed
//	interface_test.go  managed interfaces, the console
//	route_test.go      static routes by way of a managed interface
//	router_test.go     a whole router pasted over SSH
//
// Follows DESIGN 1 and 9, facts/ios-cli.md 3, facts/phones.md 1.3 to 1.6,
// facts/files.md 10, facts/dhcp.md 5.3.
//
// Running: go test, by anybody; the tests run in a private user and network
// namespace (platform/netns) and skip where that is forbidden. A test that
// needs a foreign client skips, naming the Debian package, where the client is
// missing; with CI=true in the environment it fails instead. The binary is
// built first; OPTION150_E2E_BINARY=PATH tests one that is there.
//
// Concurrency: every test has a LAN of its own, so they run in parallel; only
// the tests of package lab in this process share one.
//
// Failure: a test that fails prints what the box wrote on standard error and
// the last answers it gave.
package e2e
