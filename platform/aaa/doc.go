// Package aaa knows who may log in: users, the enable secret, and passwords in
// the forms IOS writes them (types 0, 4, 5, 7, 8 and 9). New secrets are type 9.
// There is no default credential anywhere.
//
// Follows facts/ios-cli.md 1.2 and 1.11, facts/libraries.md 7.1.
//
// Everything is a function of its arguments and safe for concurrent use. A
// scrypt computation takes 2 MB, so at most ScryptPlaces of them run at a time
// in the process; others wait their turn, whoever asks.
//
// Failure: ErrForm for a value that is not of its type, ErrPassword for a
// password that cannot be kept; a check never fails, it says no. Testing: the
// published vectors.
package aaa
