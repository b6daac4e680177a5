// Package firmware understands the firmware files of Cisco IP phones: which
// files a load consists of, whether a file is whole, and which files of a
// configured load are absent. It can also write files of the same form with
// synthetic bytes, for tests and the lab; it never signs anything.
//
// Three forms of a list of components exist, told apart by their first bytes:
//
//	signed   tags 01 02 03 07 0c 0e 0d, then the text     7906 ... 7975, 69xx, 894x, 99xx
//	G5       magic ab1234cd, SHA-256, then an INI text     78xx, 88xx
//	text     the bare text                                 792x and unpacked lists
//
// Follows facts/phones.md 3 and facts/files.md 5; facts there were
// checked on real files. Component names are never derived from the name of
// the load (SCCP41.9-4-2SR3-1S lists *.9-4-2ES26.sbn): they are parsed.
//
// Everything here is a function of its arguments and safe for concurrent use.
//
// Failure: parsers return ErrFormat or ErrTooLarge wrapped with the place;
// lists are bounded by MaxList and MaxComponents. Check never fails, it
// reports. Testing: Synthesise makes whole loads; parsers have fuzz targets.
package firmware
