// Package mib is the phones of a box as a part of the tree of SNMP, below an
// agent that has the rest: Debian's snmpd starts `option150 snmp` and asks it
// line by line (pass_persist of snmpd.conf(5)). What the objects mean is written
// in packaging/snmp/OPTION150-MIB.txt.
//
// The facts are those of the page, asked from its JSON at the listener of
// [metrics] ([Source]); there is no other way into the box. An answer is kept for
// a few seconds, so a walk over a thousand phones is one question.
//
// The tree is read only. Where the box does not answer, it says that and why,
// and is otherwise empty: what was true a minute ago is not told as true.
//
// Bounds: a line of the agent, a value, the rows, the answer of the box and the
// time it may take.
//
// Concurrency: none; one agent asks one question after the other.
//
// Testing: tables and a fuzz target for the protocol; smilint for the MIB; a real
// snmpd over the real box in cmd/option150/gates.
package mib
