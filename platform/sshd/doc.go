// Package sshd is the SSH door of the appliance: it authenticates an operator
// and hands a byte stream with a window size to a handler. What happens on the
// stream (prompts, privilege, commands) is the handler's.
//
// Follows facts/libraries.md 2 (order of work for one connection),
// facts/ios-cli.md 1.2 and 1.14; RFC 4252 to 4254 through x/crypto/ssh.
//
// It is a service (platform/service) by the name "sshd". A nil Spec means no
// listener at all: the plan asks for one only when a user with a password
// exists. Sessions survive a change of the Spec, even the end of the listener;
// Close ends them.
//
// Concurrency: everything is safe for concurrent use; the handler runs in a
// goroutine of its own per session and is recovered. Its context ends when the
// peer closes the channel or the connection breaks. The end of the peer's input
// alone (ssh host < file) is an io.EOF on Read and does not end the context:
// the commands already sent still run.
//
// Bounds: unauthenticated connections, attempts per host, hosts remembered,
// authentication tries, time to log in, sessions (vty lines), time to ask for a
// shell, time a write may hang.
//
// Failure: Prepare returns *listen.Error or ErrHostKey; everything later is
// status or an event. Testing: ssh.Dial against port 0, and the OpenSSH client
// where it is installed.
package sshd
