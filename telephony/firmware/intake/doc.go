// Package intake opens what firmware and languages of phones are shipped in: tar, gzipped tar, zip
// and the signed containers of the call manager (.cop.sgn, .cop.sha512), which
// are a signature header before a gzipped tar. What a file is is read from its
// first bytes, never from its name.
//
//	Open     reads the package once from end to end: the list of its files,
//	         or why it is refused. Nothing has been written by then.
//	Each     reads it again and hands out the content of each file.
//
// Packages of languages are taken too, by ImportLanguage: those of the call manager
// are a gzipped tar that holds another (Unpacked), with directories in small
// letters, those of Unified CME are flat and are named for their language.
//
// Refused as a whole are packages with a name that leaves the directory, with
// links or devices, with a name twice (compared without case, as phones' names
// are), with more than MaxEntries files or MaxTotal bytes, that unpack to more
// than MaxRatio times their size, and those that end too early. Signatures are
// not verified: there is no key for it; a container whose header makes no sense
// is refused.
//
// Follows RFC 1952, POSIX.1-2001 pax, PKWARE APPNOTE by way of the standard
// library, and the tags of signed firmware that telephony/firmware reads.
//
// Failure: an *Error with a reason of this package. Concurrency: a Package is
// for one goroutine. Testing: synthetic packages of each kind, hostile ones, a
// fuzz target.
package intake
