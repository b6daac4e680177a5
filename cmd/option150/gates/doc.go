// Package gates holds the tests in which the clients of network automation use
// the console of the box as they use a router's, and nothing else: the real
// binary runs as a process on a machine of its own (a network namespace), the
// clients come over the wire from another.
//
//	desk (10.150.0.5)              box (10.150.0.1)
//	  Ansible RANCID netmiko ssh     option150 run
//	    |                              |    | console: one end of a serial line,
//	  --+------------------------------+--  | socat; the other: picocom, expect
//
// Each file is one client, and the name of a test is what an engineer relies
// on:
//
//	ansible_test.go  facts, commands, configuration twice, banner, user, logging
//	rancid_test.go   two runs without a difference; clogin
//	serial_test.go   picocom and expect; a long paste; a line that vanishes or
//	                 is cleared
//	picocom_test.go  the long paste into the window of picocom
//	netmiko_test.go  autodetect, 300 lines in one piece
//	stdin_test.go    ssh with one command and with scripts on standard input
//	scp_test.go      scp into flash: and out of it, both protocols
//	rsyslog_test.go  what rsyslogd understands of logging host
//	stuck_test.go    ssh that does not read while phones boot and are traced
//	parse_test.go    what ntc-templates, Oxidized and RANCID look for
//	snmp_test.go     what snmpd, snmpwalk and snmptable make of the phones
//	napalm_test.go   what NAPALM's getters and its configuration push look for
//
// Playbooks are in testdata/ansible, scripts in testdata/expect. Follows
// facts/ios-cli.md 3, 4 and 1.13. Package e2e beside this one has OpenSSH, netmiko and scrapligo at the
// usual work.
//
// Running: go test, by anybody, with the Debian packages that .ci/run lists; a
// test whose client is not installed skips and names the package, with
// OPTION150_CI=1 it fails. The tests take minutes because the clients do:
// Ansible starts an interpreter for every task.
//
// Concurrency: every test has a LAN of its own, so they run in parallel.
//
// Failure: a test that fails prints what the client printed and what the box
// wrote on standard error.
package gates
