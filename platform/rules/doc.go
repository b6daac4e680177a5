// Package rules holds the rules of this repository as tests, and nothing else.
// A test that fails says which rule was broken, where, whom the rule protects
// and what to do instead; a rule that stands in the way is changed in the table
// it is read from, with a reason beside it.
//
//	imports_test.go     who may import whom (the table of forbidden edges)
//	pure_test.go        pure packages: no files, no sockets, no clock
//	calls_test.go       calls nobody makes: os.Exit, http.DefaultClient, init
//	packages_test.go    package docs, file names, file sizes, left-over marks
//	messages_test.go    the catalogue of messages, phrases automation reads
//	modules_test.go     every module has a line in docs/dependencies.md
//	catalogue_test.go   the failure catalogue has its tests
//	history_test.go     no paths of anybody's machine in what is committed
//	fuzz_test.go        what make fuzz forgives: a defect of Go, and nothing else
//
// Follows DESIGN 3 and 9. The packages
// are read with `go list`, the files with go/parser; both see packages that do
// not compile yet. Failure and testing: the tests of the rules themselves are
// in each file, on small examples that break them.
package rules
