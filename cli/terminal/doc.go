// Package terminal is the terminal of one operator: prompts, the line editor,
// `?`, TAB, history, ^Z and ^C, --More--, questions and passwords, over any
// byte stream (SSH channel, serial line, standard input and output, a pipe).
// It knows no command: help and completion come in as functions.
//
// chzyer/readline v1.5.1 serves as the editing engine and as nothing else. It
// never sees the stream, prints nothing and gets one harmless key at a time:
//
//	stream -> pump -> queue -> gate -> engine -> listener -> screen -> stream
//	                    |-> --More--, [confirm], passwords read keys here
//	                    '-> ^C and ^^ while a command runs cancel it
//
// Used the documented way that library lets a user stop or freeze the whole
// process with two keys (^T panics in a goroutine of its own, ^Z sends SIGTSTP
// to us, NUL is end of file, width 0 loops for ever) and repaints the row with
// escape sequences at every key, which no expect script survives. Here:
//
//   - the gate's table decides which bytes reach the engine; ^T, ^W, ^Z, ^D,
//     NUL and escape sequences never do. Keys with a meaning of ours travel as
//     private-use runes which nobody can type, and are carried out by us;
//   - the engine's screen width is a constant, its terminal test says no, its
//     raw mode, its history and its signals are never used. Instance.Close,
//     which hangs, is never called;
//   - the screen draws the difference only, with blanks and backspaces: a typed
//     character is echoed alone, and there is no escape sequence on the wire.
//     Bytes below blank in any text are shown as '.', so a name sent by a phone
//     cannot drive the operator's terminal.
//
// Documents: the key list, pager bytes and dialogues of the IOS Configuration
// Fundamentals guides; the editing vectors stand in vectors_test.go.
//
// Concurrency: one goroutine at a time reads (ReadLine, ReadAnswer, ReadText,
// ReadPassword, ReadKey, Pager.Write, Run). Writer, Async, SetWidth, SetHeight,
// Resize, Record and Close may be called from any goroutine. A peer that reads
// nothing blocks whoever writes to its terminal, and nobody else: asynchronous
// lines must be brought by a goroutine of that session, never by the one who
// logs. Resize, SetWidth and SetHeight never wait for the peer. While the queue
// of type-ahead is full nothing more is read, so ^C is seen late: commands that
// print much look at their context (the Pager does it for them).
//
// Failure: a hang-up is io.EOF and throws a half-typed line away. A failed
// write is remembered and returned by every later one. The caller closes the
// stream, which ends the last goroutine.
//
// Columns are counted one per rune: wide and combining characters are taken,
// but the row is not aligned behind them.
//
// Testing: any io.ReadWriter will do; the tests feed keys and compare bytes.
package terminal
