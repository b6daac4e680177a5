package netns

import (
	"errors"
	"fmt"
	"os"
)

// envWhy carries the reason from Run to Need within one process.
const envWhy = "OPTION150_NETNS_FORBIDDEN"

// testName is the name under which test binaries enter.
const testName = "test"

// Run is the body of TestMain:
//
//	func TestMain(m *testing.M) { os.Exit(netns.Run(m)) }
//
// It runs the tests in a private namespace and returns their exit status.
// Where that is forbidden it runs them where it is, and those that call Need
// skip with the reason. (m is an interface so that this package does not
// import testing.)
func Run(m interface{ Run() int }) int {
	inside, status, err := Enter(Options{Name: testName})
	var f *Forbidden
	switch {
	case inside && err == nil:
		return m.Run()
	case errors.As(err, &f):
		if e := os.Setenv(envWhy, f.Error()); e != nil {
			fmt.Fprintln(os.Stderr, e)
		}
		return m.Run()
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return status
}

// Need skips the test when the process is not in a private namespace.
func Need(t interface {
	Helper()
	Skip(args ...any)
}) {
	t.Helper()
	if Inside(testName) {
		return
	}
	why := os.Getenv(envWhy)
	if why == "" {
		why = "not in a private network namespace: TestMain does not call netns.Run"
	}
	t.Skip(why)
}
