// Package grammar is the engine of the command language: syntax strings become
// one graph per mode, and the graph answers every question about a line: what
// it means, where it is wrong, what may follow (`?`), how a word goes on (Tab),
// and how a command is written in a running-config. It knows no command.
//
//	syntax string --Parse--> Syntax --Graph.Add--> Graph --+-- Match     the command and its arguments
//	                           |                           +-- Help      `show ip ?` and `co?`
//	                           +--Render--> canonical line +-- Complete  Tab
//
// # Notation
//
// Help stands beside its token, so that it cannot drift from it:
//
//	ip("IP settings") http("HTTP server") port("Port") <port:1-65535>("TCP port")
//
//	word("help")           a keyword
//	word$name("help")      a keyword that stores itself in Args[name]
//	word~("help")          a keyword that an abbreviation means rather than the
//	                       longer words that begin with it (phone~ and phones)
//	word                   a keyword whose help an earlier command of the graph gave
//	`|`("help")            a keyword with characters of the notation in it
//	<name:TYPE>("help")    an argument of a named type
//	<name:1-65535>("help") a number; int, or int64 if the range does not fit 31 bits
//	<name:TYPE>("help")+8  one to eight of them; the value is []any, see List
//	[ ... ]  [ a | b ]     optional
//	( a | b )              exactly one
//	{ a | b }              any order, each at most once, none at all is fine
//	![ ... ]               optional in the forms `no X` and `default X`, required otherwise
//
// # Matching
//
// Words are separated by blanks (space, tab); keywords do not mind case and may
// be shortened, arguments are kept as typed. Each word is decided by itself,
// never by what follows it: with `show ip` and `show inventory` the line
// `sh i` is ambiguous, whatever comes next. At one place this wins, first to last:
//
//  1. the keyword written in full (`ip` although `ipv6` exists);
//  2. a number or an address, rank 1 and 2: nobody abbreviates to those;
//  3. the only keyword the word is a prefix of, longer forms of one declared
//     with ~ not counted; several are Ambiguous even if a name would fit, so
//     that a careless abbreviation does not become a name;
//  4. an argument of host, word, line rank, the lowest rank first. If several
//     types of the same rank fit, the one that takes most words wins; if they
//     take the same, what follows decides.
//
// Commands above the privilege level of the operator do not exist for him.
// Hidden commands are matched but not listed, and never make another
// abbreviation ambiguous. Empty lines and comments (`!`) are Empty.
//
// The offset of an invalid line is the character IOS puts its caret under: the
// first that no keyword of that place can continue, the first of an argument
// that does not fit, the first of a surplus word.
//
// The forms `no X` and `default X` are made here for negatable commands; no
// command is declared with these words.
//
// # Promises
//
// Follows facts/ios-cli.md 1.3 to 1.5 and 6, DESIGN 5. Pure: no clock, no files,
// standard library only. A Syntax is immutable.
// A Graph is filled first (Add), checked by a test, and may then be used by any number of
// goroutines at once. Lines are bounded by MaxLine and MaxTokens. The graph
// keeps a bounded cache of the places lines have been at; a line of known
// places costs a few comparisons a word.
//
// Check finds what the laws forbid: a word without help, two commands that give
// one word two help texts, two commands that match the same line, a syntax that
// reads one line in two ways. Of commands that break them the one added first
// gets the line. So it is with what Check cannot see: whether two different types
// of the same rank below word accept the same text.
//
// Testing: tables for the acceptance checks, properties over random grammars,
// fuzz targets for Parse, Match, Help and Complete, a benchmark. A test of a
// mode needs nothing but a Graph.
package grammar
