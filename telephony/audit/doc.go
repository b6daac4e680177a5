// Package audit finds what is allowed and does not work as meant: the findings
// of `show provisioning audit`, of `option150 check FILE`, and the line that
// `load`, `option 150`, `ip source-address` and `create cnf-files` say.
//
//	configuration  --+
//	flash:         --+--> Run --> findings, and what was not looked at
//	facts (World)  --+
//	      ^
//	      +-- answers to the Questions a configuration asks of the network
//
// A rule over the configuration that refuses a change is not here but in
// platform/config; what the sections find odd about themselves comes from there
// and gets its code here. Codes never change their meaning: A01 to A32 are the
// checks, M01 to M22 the mistakes of CME configurations that none of them is
// about. Checks lists them.
//
// Pure: no files, no sockets, no clock. What was not looked at is not reported
// as in order: a part of World that is nil becomes a line of Report.Unseen.
//
// Follows the Cisco CME Administrator Guide and its troubleshooting flow,
// sources 000 to 004, and what public CME configurations get wrong.
//
// Failure: none; a fact that is wrong makes a finding that is wrong. Testing: a
// table provokes each check and each thing that is no finding; in cli/command a
// law types every fix that is a line and looks again.
package audit
