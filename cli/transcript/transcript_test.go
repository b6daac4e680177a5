package transcript_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"option150/cli/transcript"
)

// run writes a transcript into a file, runs it and returns what the file holds
// afterwards.
func run(t *testing.T, w *shell, text string, update bool) (string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "test.txt")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	err := transcript.Run(file, w, update)
	w.waiting.Wait()
	after, e := os.ReadFile(file)
	if e != nil {
		t.Fatal(e)
	}
	return string(after), err
}

// good is a transcript with everything in it.
const good = `# everything a transcript can say

#: say something
something
#: nothing to say

#: connect

hello 1
Box#echo hello
hello
Box#umlauts
Zürich → Bärn
Box#echo any<SPACE>thing <BS>
any<*>ng
Box#mode config
# a comment does not end a session
Box(config)#echo last<^Z>
last
Box#mode config-if
Box(config-if)#half a line<^C>
Box#
# keys
Box#echo ab<LEFT>x
axb
Box#echo <^A><^K>echo y
y
Box#conf <?>
  help for conf

Box#conf<TAB>
Box#configure
Box#conf<TAB>
Box#configure terminal
Box#conf <?>
  help for conf

Box#echo else
else
# questions
Box#ask
Name [none]? me
answer "me" <nil>
Box#ask
Name [none]?
answer "" <nil>
Box#ask
Name [none]? half<^C>
answer "" terminal: interrupted
Box#secret
Password: <hidden four>
4 characters <nil>
Box#sure
Sure? [confirm]y[121]
Box#sure
Sure? [confirm]
[13]
Box#text
Enter TEXT message.  End with the character '#'.
one
\Box#
2 lines <nil>
# what would be read as something else
Box#odd
\# comment?
\Router#prompt?
\...
\\back
# any number of lines
Box#pages
line 1
...
line 12
Box#pages
...
line 3
line 4
...
# lines that come by themselves
#: log *Jan 1: %SYS-5-CONFIG_I: by bob
#: sees
*Jan 1: %SYS-5-CONFIG_I: by bob
Box#echo still here
still here
# another operator
#: session 2
Box#echo two
two
#: hangup
#: connect

hello 2
#: session 1
Box#bye
see you
#: connect

hello 1
Box#
`

func TestRun(t *testing.T) {
	if _, err := run(t, &shell{}, good, false); err != nil {
		t.Error(err)
	}
}

// An update of a transcript that is right changes nothing, wildcards included.
func TestUpdateKeeps(t *testing.T) {
	after, err := run(t, &shell{}, good, true)
	if err != nil {
		t.Error(err)
	}
	if after != good {
		t.Errorf("the update changed a transcript that was right:\n%s", after)
	}
}

// An update of one with nothing but input gives one that is right.
func TestUpdateWrites(t *testing.T) {
	const input = "Box#echo hello\nBox#odd\nBox#ask\nName [none]? me\nBox#sure\nSure? [confirm]y\nBox#secret\nPassword: <hidden x>\n#: say so\nBox#pages\n"
	after, err := run(t, &shell{height: 5}, input, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\nhello\n", "\n\\# comment?\n", "\n\\...\n", "\nName [none]? me\nanswer \"me\" <nil>\n", "[confirm]y[121]\n", "<hidden x>\n1 characters", "\nso\n", "line 4\nline 5\n"} {
		if !strings.Contains(after, want) {
			t.Errorf("the update has no %q:\n%s", want, after)
		}
	}
	if _, err := run(t, &shell{height: 5}, after, false); err != nil {
		t.Error(err)
	}
	const loose = "Box#echo at 12:34 we said 7\nat <*> we said 8\nBox#echo a 1\na <*>\n"
	after, err = run(t, &shell{}, loose, true)
	if want := "Box#echo at 12:34 we said 7\nat 12:34 we said 7\nBox#echo a 1\na <*>\n"; err != nil || after != want {
		t.Errorf("update: %v\n%s", err, after)
	}
}

func TestPages(t *testing.T) {
	const text = "Box#pages\nline 1\nline 2\nline 3\nline 4\n --More-- <SPACE>\nline 5\nline 6\nline 7\nline 8\n --More-- <CR>\nline 9\n --More-- q\nBox#\n"
	if _, err := run(t, &shell{height: 5}, text, false); err != nil {
		t.Error(err)
	}
}

// What Record writes of a session is a transcript of it.
func TestRecorded(t *testing.T) {
	var rec bytes.Buffer
	const text = "Box#echo hello\nhello\nBox#conf <?>\n  help for conf\n\nBox#conf x\nBox#conf<TAB>\nBox#configure terminal\nBox#ask\nName [none]? me\nanswer \"me\" <nil>\nBox#text\nEnter TEXT message.  End with the character '#'.\nbye\n\\#\n2 lines <nil>\nBox#mode config\nBox(config)#echo x<^Z>\nx\nBox#\n"
	if _, err := run(t, &shell{record: &rec}, text, false); err != nil {
		t.Fatal(err)
	}
	_, recorded, _ := strings.Cut(rec.String(), "hello 1\n")
	recorded = strings.ReplaceAll(recorded, "\n#\n", "\n\\#\n") // the line of a banner that looks like a comment
	if _, err := run(t, &shell{}, recorded, false); err != nil {
		t.Errorf("%v\nrecorded was:\n%s", err, recorded)
	}
}

func TestDifferences(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"output", "Box#echo a\na\nBox#echo b\nc\n", "test.txt:3: the output differs from its line 1 on\n    -c\n    +b"},
		{"too much", "Box#echo b\n", "test.txt:1: the output differs"},
		{"too little", "Box#echo b\nb\nb\n", "-b"},
		{"blank line", "Box#echo b\nb\n\nBox#\n", "test.txt:1:"},
		{"prompt", "Box#mode config\nBox#\n", `test.txt:2: the prompt is "Box(config)#", the transcript has "Box#"`},
		{"no prompt", "hello\n", "a prompt was expected here"},
		{"no answer", "Box#ask\nBox#\n", `the box asks "Name [none]?" and the transcript has no answer`},
		{"closed", "Box#bye\nsee you\n#: session 1\n", ""},
		{"tab", "Box#conf<TAB>\nBox#control\n", `after <TAB> the line is "configure "`},
		{"raw key", "Box#echo what?\n", "write <?> and <TAB>"},
		{"world", "#: break\n", "test.txt:1: broken"},
		{"world output", "#: say a\nb\n", "+a"},
		{"world silent", "#: fine\nb\n", "-b"},
		{"banner", "Box#text\nEnter TEXT message.  End with the character '#'.\nno end\n", "does not end"},
		{"nobody", "#: session nobody\nBox#\n", "no such operator"},
		{"session", "#: session\n", "needs a name"},
		{"connect twice", "#: connect\n\nhello 1\n#: connect\n", "is open already"},
		{"greeting", "#: connect\nwelcome\n", "-welcome"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := run(t, &shell{}, c.text, false)
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	if err := transcript.Run(filepath.Join(t.TempDir(), "absent.txt"), &shell{}, false); err == nil {
		t.Error("a file that is not there runs")
	}
}

// With an error, an update keeps the lines that were not run.
func TestUpdateKeepsRest(t *testing.T) {
	after, err := run(t, &shell{}, "Box#echo a\n#: break\nBox#echo b\n", true)
	if err == nil || after != "Box#echo a\na\n#: break\nBox#echo b\n" {
		t.Errorf("%v\n%s", err, after)
	}
}
