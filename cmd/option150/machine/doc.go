// Package machine holds the test in which the Debian package is used as a new
// user uses it: on a Debian machine whose process 1 is systemd, with dpkg,
// systemctl and journalctl and nothing else.
//
//	systemd-nspawn                 its own processes, mounts and network
//	  eth0 10.150.0.1              option150.service, ssh.service
//	    |
//	  eth1 (namespace desk)        udhcpc, curl, tftp, ssh: a phone and an operator
//
// The machine is the Debian the test runs on, below an overlay in memory: it
// starts in seconds, and nothing of it is left. What that Debian starts by
// itself is not started. OPTION150_MACHINE=DIR names the root directory of
// another Debian, as mmdebstrap makes it; packaging/DEBIAN.md says how, and has
// the log of such a run.
//
// Running: go test, as root with the packages that .ci/run lists. Where there is
// no root, or mounts and namespaces are forbidden as in most containers, the test
// skips and says what is missing; with OPTION150_CI=1 it fails. It takes about
// half a minute, half of which is packing.
//
// Failure: a test that fails prints all that was typed on the machine, what that
// answered, and the journal of the service.
package machine
