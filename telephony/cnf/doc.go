// Package cnf builds the configuration files of Cisco IP phones out of the
// telephony part of the configuration: XMLDefault.cnf.xml, SEP<MAC>.cnf.xml
// for SCCP and SIP, SIPDefault.cnf and SIP<MAC>.cnf, ld<mac>, gk<mac>,
// ata<mac>, syncinfo.xml, softkeys, feature policy and dial rules. It also
// checks that part of the configuration and renders the binding lists of the
// show commands.
//
//	Config --Validate--> []Problem          what to refuse, what to warn about
//	Config --Build-----> *Set               name -> File, immutable
//	old, new *Set --Summarise--> Summary    what `create cnf-files` prints
//
// It follows facts/phones.md 2 (formats, order of the elements) and
// facts/cme.md 2 to 8 and 11 (what feeds what, names, bindings, checks).
//
// The package is pure: configuration in, bytes out, no files, no sockets, no
// clock. The same Config and Options give the same bytes. Version stamps are
// made of the content, so a stamp changes exactly when the file says something
// else, and never because a file was built again.
//
// A Set and its Files are never changed after Build, any number of goroutines
// may read them; who gets Content must not write to it.
//
// Failure: what cannot be built is left out and named in Set.Problems; Build
// returns an error only when the whole would exceed MaxFiles or MaxTotal.
//
// Testing: goldens in testdata (go test -update), a property test that every
// XML file stays well formed whatever the texts are, fuzz targets.
package cnf
