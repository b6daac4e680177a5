package gates

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"option150/cmd/option150/testbox"
	"option150/platform/testkit"
)

// playTime bounds a playbook: Ansible starts an interpreter for every task.
const playTime = 3 * time.Minute

// recap is the last line of a run.
var recap = regexp.MustCompile(`(?m)^branch +: ok=(\d+) +changed=(\d+) +unreachable=(\d+) +failed=(\d+) `)

// ansible is a control machine at the desk with the playbooks of testdata.
type ansible struct {
	w        *world
	playbook string
	dir      string
}

func newAnsible(t *testing.T) *ansible {
	t.Helper()
	playbook := testkit.NeedProgram(t, "ansible-playbook", "ansible")
	testkit.NeedFile(t, "/usr/lib/python3/dist-packages/paramiko", "python3-paramiko")
	w := newWorld(t, setup{})
	a := &ansible{w: w, playbook: playbook, dir: filepath.Join(w.Dir, "ansible")}
	if err := os.CopyFS(a.dir, os.DirFS("testdata/ansible")); err != nil {
		t.Fatal(err)
	}
	return a
}

// play runs a playbook; failed and unreachable have to be 0. It returns how
// many tasks changed something.
func (a *ansible) play(name string) (out, changed string) {
	t := a.w.T
	t.Helper()
	out, err := a.w.output(playTime, []string{"ANSIBLE_CONFIG=" + filepath.Join(a.dir, "ansible.cfg"), "ANSIBLE_NOCOLOR=1"}, nil,
		a.playbook, "-v", "-i", filepath.Join(a.dir, "inventory.ini"), filepath.Join(a.dir, name))
	m := recap.FindStringSubmatch(out)
	if err != nil || m == nil || m[3] != "0" || m[4] != "0" {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return out, m[2]
}

// TestAnsibleGathersFacts: ios_command, ios_facts with gather_subset all, and
// the facts of resource modules; the playbook compares them itself.
func TestAnsibleGathersFacts(t *testing.T) {
	t.Parallel()
	a := newAnsible(t)
	a.play("facts.yml")
}

// TestAnsibleConfiguresAndChangesNothingTwice: ios_config, ios_banner, ios_user,
// ios_logging_global, backup and saving.
func TestAnsibleConfiguresAndChangesNothingTwice(t *testing.T) {
	t.Parallel()
	a := newAnsible(t)
	if out, changed := a.play("configure.yml"); changed != "10" {
		t.Errorf("the first run changed %s tasks:\n%s", changed, changedTasks(out))
	}
	for i, want := range []string{"1", "0"} {
		if out, changed := a.play("backup.yml"); changed != want {
			t.Errorf("backup %d changed %s tasks:\n%s", i+1, changed, out)
		}
	}
	backup, err := os.ReadFile(filepath.Join(a.dir, "backup", "branch.cfg"))
	if err != nil {
		t.Fatal(err)
	}
	testbox.Contains(t, "the backup", string(backup), " description uplink of Ansible", "ip dhcp pool GUESTS")
	a.w.Saved(" description uplink of Ansible", " max-ephones 300", "ip domain name branch.example.net", "ip dhcp pool GUESTS",
		" network 192.0.2.0 255.255.255.0", "This box belongs to the branch.", "logging buffered 65536", "logging host 10.150.0.5", "logging trap warnings", " mac-address 001E.7A00.0002")
	if out, changed := a.play("configure.yml"); changed != "0" {
		t.Errorf("the second run changed %s tasks:\n%s", changed, changedTasks(out))
	}
	if out, changed := a.play("undo.yml"); changed != "4" {
		t.Errorf("undoing changed %s tasks:\n%s", changed, out)
	}
	run := a.w.Exec("show running-config")
	for _, gone := range []string{"operator", "belongs to the branch", "GUESTS"} {
		if strings.Contains(run, gone) {
			t.Errorf("%q is still there:\n%s", gone, run)
		}
	}
}

// changedTasks is the part of the output that says what changed.
func changedTasks(out string) string {
	task, list := "", []string{}
	for l := range strings.Lines(out) {
		if strings.HasPrefix(l, "TASK ") {
			task = l
		}
		if strings.HasPrefix(l, "changed:") {
			list = append(list, fmt.Sprint(task, l))
		}
	}
	return strings.Join(list, "")
}
