// Package archive keeps copies of the configuration in flash: (`archive` of
// the configuration, `archive config`, `write-memory`, `time-period`) and the
// log of configuration commands (`log config`).
//
//	path flash:archive/$h-cfg     flash:archive/BR1-cfg-1
//	maximum 10                    flash:archive/BR1-cfg-2   <- Most Recent
//	                              flash:archive/BR1-cfg-3   the next one
//
// Which copies exist is read from flash: whenever somebody asks: a copy that
// was deleted is gone, and numbers go on where they were after a restart.
//
// Follows facts/ios-cli.md 1.9 for what is printed, facts/diagnosis.md 12.
// Concurrency: every method may be called from any goroutine. The package is a
// service (platform/service): its timer runs from Commit until the next Commit
// or Close. Failure: a copy that cannot be written is an error for who asked,
// and a log message when nobody did; what was there stays, whole. Secrets: the
// command log of syslog never has them, the one on the box only without
// `hidekeys`. Testing: a flash: in a temporary directory, synctest for time.
package archive
