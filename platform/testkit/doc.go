// Package testkit is for tests that need something of the machine: a program
// of a Debian package, a private network namespace. Where it is missing such a
// test is skipped with the name of what would help; in CI, which installs
// those packages, the same absence is a failure, so that a test cannot drop
// out of CI unseen.
//
// It also has what tests of several packages share: Listeners, and Tables, which
// finds tables in a text.
//
// It is used by tests alone. CI says that it is CI by OPTION150_CI=1, which
// .ci/run sets.
//
// Failure: only through the test given. Testing: testkit_test.go, with a
// recorder in place of the test.
package testkit
