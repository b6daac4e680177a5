package browser

import "testing"

func TestPage(t *testing.T) {
	d := newDesk(t)
	b := newBox(t, 200)
	x := d.tab(t)
	x.open(b.at + "/")
	x.until(`document.querySelectorAll("#table tbody tr").length > 100`)
	x.shot("overview", true)
	for _, v := range []string{"firmware", "log", "changes", "phones/SEP001E7A000007"} {
		x.open(b.at + "/" + v)
		x.until(`document.getElementById("host").textContent === "Branch"`)
		x.shot("view "+v[:3], true)
	}
	x.quiet()
}
