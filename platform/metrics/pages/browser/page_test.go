package browser

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"option150/platform/listen"
	"option150/platform/metrics"
	"option150/platform/metrics/pages"
	"option150/telephony/inventory"
)

const (
	rows   = `document.querySelectorAll("#table tbody tr").length`
	isLive = `document.getElementById("live").className === "live on"`
)

// TestPage opens the page of a branch as people do. One browser serves all
// parts: to start one takes longer than each of them.
func TestPage(t *testing.T) {
	d := newDesk(t)
	for name, f := range map[string]func(*testing.T, *desk){"overview": overview, "live": live, "many": thousand, "views": views, "phone": onePhone, "narrow": narrow, "dark": dark, "keyboard": keyboard, "hidden": hidden, "lost": lost, "empty": empty, "day": day} {
		t.Run(name, func(t *testing.T) { f(t, d) })
	}
}

func (x *tab) overview(b *box, query string) {
	x.t.Helper()
	x.open(b.at + "/" + query)
	x.until(isLive + ` && ` + rows + ` + document.querySelectorAll("#grid a").length > 0`)
}

func text(x *tab, id string) string {
	x.t.Helper()
	return js[string](x, fmt.Sprintf("document.getElementById(%q).innerText", id))
}

func overview(t *testing.T, d *desk) {
	b := newBox(t, 100)
	b.foreign = []pages.Foreign{{Server: netip.MustParseAddr("10.150.0.66"), MAC: macOf(9999), Interface: "Vlan150", First: time.Now(), Last: time.Now(), Holding: true}}
	x := d.tab(t)
	x.overview(b, "")
	x.shot("overview", false)
	if s := text(x, "sum"); s != "92 of 101 phones are up" {
		t.Errorf("the head says %q", s)
	}
	if s := text(x, "how"); !strings.Contains(s, "inferred") {
		t.Errorf("what is inferred is not said: %q", s)
	}
	if s := text(x, "causes"); !strings.Contains(s, "3 × R07 the load it is to run is not here") || !strings.Contains(s, "× R25") {
		t.Errorf("causes %q", s)
	}
	if n := js[int](x, `[...document.querySelectorAll("#causes button")].filter(b => b.offsetWidth < 20).length`); n != 0 {
		t.Errorf("%d causes cannot be seen", n)
	}
	if s := text(x, "alarms"); !strings.Contains(s, "10.150.0.66") || !strings.Contains(s, "no option 150") || !strings.Contains(s, "holds its own offers") {
		t.Errorf("the other server: %q", s)
	}
	if s := text(x, "services"); !strings.Contains(s, "port 69 is held by another program") {
		t.Errorf("services %q", s)
	}
	if s := text(x, "transfers"); !strings.Contains(s, "Ward 3 37") || !strings.Contains(s, "cvm41sccp") || !strings.Contains(s, "17 %") {
		t.Errorf("transfers %q", s)
	}
	// A cause is a filter, which the address remembers.
	x.do(chromedp.Click(chromedp.CSS(`#causes button[data-cause="bad.R07"]`)))
	x.until(rows + ` === 3`)
	x.until(`location.search === "?cause=bad.R07" && document.querySelector("#causes button").getAttribute("aria-pressed") === "true"`)
	x.do(chromedp.Click(chromedp.CSS("#all")))
	x.until(rows + ` > 90`)
	// A search in any notation of an address, and a sort.
	for q, want := range map[string]int{"001e.7a00.0007": 1, "00:1e:7a:00:00:07": 1, "SEP001e7A000007": 1, "10.150.0.99": 1, "47 lobby r07": 1, "nobody": 0} {
		_ = js[int](x, `(document.getElementById("q").value = "", 1)`)
		x.do(chromedp.SendKeys(chromedp.CSS("#q"), q))
		x.until(fmt.Sprintf("%s === %d", rows, want))
	}
	x.overview(b, "?sort=-addr&q=7961")
	x.until(`document.querySelector("#table tbody .c-addr").textContent === "10.150.0.97"`)
	x.do(chromedp.Click(chromedp.CSS(`th[data-c="addr"] button`)))
	x.until(`document.querySelector("#table tbody .c-addr").textContent === "10.150.0.1" && document.querySelector('th[data-c="addr"]').ariaSort === "ascending"`)
	x.quiet()
}

func live(t *testing.T, d *desk) {
	b := newBox(t, 30)
	x := d.tab(t)
	x.overview(b, "?cause=up.ok")
	x.do(chromedp.Focus(chromedp.CSS(`a[href="/phones/SEP001E7A000005"]`)))
	b.do(func() {
		b.phones[5].Load = "SCCP41.9-9-9S"
		b.phones[6] = phoneOf(7, time.Now())
		b.phones[6].MAC = macOf(6)
		b.phones = append(b.phones, phoneOf(31, time.Now()))
		b.transfers = nil
	})
	x.until(`[...document.querySelectorAll("#table .c-load")].some(c => c.textContent === "SCCP41.9-9-9S")`)
	x.until(`document.getElementById("causes").textContent.includes("2 × R07")`)
	x.until(`!document.querySelector('a[href="/phones/SEP001E7A000006"]')`)
	x.until(`document.getElementById("t-more").textContent === "No phone is being sent a file."`)
	if at := js[string](x, `document.activeElement.getAttribute("href") || ""`); at != "/phones/SEP001E7A000005" {
		t.Errorf("the focus went to %q", at)
	}
	b.do(func() { b.phones = b.phones[:10] })
	x.until(`!document.querySelector('a[href="/phones/SEP001E7A00001C"]')`)
	x.quiet()
}

func thousand(t *testing.T, d *desk) {
	b := newBox(t, 1000)
	x := d.tab(t)
	x.overview(b, "")
	t.Logf("first row after %.0f ms", js[float64](x, `performance.now()`))
	if n := js[int](x, rows); n > 400 {
		t.Errorf("%d rows are drawn at once", n)
	}
	const paint = `new Promise(done => { const from = performance.now(), q = document.getElementById("q"); q.value = %q; q.dispatchEvent(new Event("input")); requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - from))); })`
	for _, q := range []string{"lobby", "", "r07"} {
		ms := run(x, chromedp.Evaluate[float64](fmt.Sprintf(paint, q), chromedp.EvalAwaitPromise))
		t.Logf("search %q: %.0f ms to the next picture", q, ms)
	}
	x.until(rows + ` === 25`)
	x.do(chromedp.Click(chromedp.CSS("#all")))
	x.until(rows + ` > 100`)
	for js[int](x, rows) < 1001 { // as one scrolls
		_ = js[int](x, `(scrollTo(0, document.body.scrollHeight), 1)`)
		time.Sleep(20 * time.Millisecond)
	}
	x.do(chromedp.Click(chromedp.CSS(`input[value="grid"]`)))
	x.until(`document.querySelectorAll("#grid a").length >= 600`)
	_ = js[int](x, `(scrollTo(0, 0), 1)`)
	x.shot("grid of 1000", false)
	x.quiet()
}

func views(t *testing.T, d *desk) {
	b := newBox(t, 40)
	x := d.tab(t)
	for view, want := range map[string]string{
		"firmware": `document.getElementById("matrix").textContent.includes("jvm70sccp.9-4-2ES26.sbn is absent") && document.getElementById("upgrades").textContent.includes("21 of 50 done") && document.querySelectorAll("#trees svg .node").length === 10`,
		"log":      `document.querySelectorAll("#log div").length === 62 && document.querySelector("#log .s2")`,
		"changes":  `document.querySelectorAll("#changes .add").length === 2 && document.getElementById("changes").textContent.includes("enable secret 9 *****")`,
	} {
		x.open(b.at + "/" + view)
		x.until(want)
		x.shot(view, true)
	}
	x.open(b.at + "/log")
	x.until(`document.querySelectorAll("#log div").length === 62`)
	b.do(func() {
		for n := range 500 {
			b.lines = append(b.lines, fmt.Sprint("line ", n))
		}
	})
	x.until(`document.querySelectorAll("#log div").length === 200 && document.getElementById("log").lastChild.textContent === "line 499"`)
	x.until(`(l => l.scrollTop + l.clientHeight >= l.scrollHeight - 2)(document.getElementById("log"))`)
	x.do(chromedp.SendKeys(chromedp.CSS("#lq"), "line 49"))
	x.until(`document.querySelectorAll("#log div").length === 10`)
	x.quiet()
}

func onePhone(t *testing.T, d *desk) {
	b := newBox(t, 20)
	x := d.tab(t)
	x.open(b.at + "/phones/SEP001E7A000007")
	x.until(`document.querySelectorAll("#p-boot svg .bar").length === 12 && document.querySelectorAll("#p-boot tbody tr").length === 12`)
	x.shot("phone", true)
	if s := js[string](x, `document.querySelector(".fix pre").textContent`); !strings.HasPrefix(s, "configure terminal\ntelephony-service\nload 7961 SCCP41.9-4-2SR3-1S\n") || !strings.HasSuffix(s, "end") {
		t.Errorf("the lines of the fix are %q", s)
	}
	x.do(chromedp.Click(chromedp.CSS(".fix button")))
	x.until(`/^Copied|^Selected/.test(document.querySelector(".fix button").textContent)`)
	// What a station called itself is text, and shows what it hides.
	if s := text(x, "p-boot"); !strings.Contains(s, `<img src=x onerror="alert(1)">\u{202e}\u{7}gnp.exe`) {
		t.Errorf("the name of a file is %q", s)
	}
	if n := js[int](x, `document.querySelectorAll("img, #p-boot script").length`); n != 0 {
		t.Errorf("%d elements came from the network", n)
	}
	x.do(chromedp.Focus(chromedp.CSS(`#b-2`)), chromedp.KeyEvent(kb.ArrowRight))
	x.until(`document.activeElement.id === "b-1" && document.getElementById("b-1").ariaSelected === "true" && document.querySelector("#p-boot caption").textContent === "Lines of boot 1"`)
	b.do(func() { b.phones[7] = phoneOf(8, time.Now()); b.phones[7].MAC = macOf(7) })
	x.until(`document.querySelector("#p-what .tag").textContent === "provisioned" && document.querySelector("#p-verdicts .up")`)
	x.until(`document.getElementById("b-1").ariaSelected === "true"`)
	// One that was never seen has a page as well.
	x.open(b.at + "/phones/SEP001E7A000015")
	x.until(`document.getElementById("p-name").textContent === "Spare in the cellar" && document.getElementById("p-boot").textContent.includes("Nothing was heard")`)
	x.quiet()
}

// narrow: nothing is wider than a telephone of 400 pixels, but what says that it
// can be moved.
func narrow(t *testing.T, d *desk) {
	b := newBox(t, 60)
	b.foreign = []pages.Foreign{{Server: netip.MustParseAddr("10.150.0.66"), Interface: "Vlan150", First: time.Now(), Last: time.Now()}}
	x := d.tab(t)
	x.wide(400, 850)
	for _, p := range []string{"", "?as=grid", "firmware", "log", "changes", "phones/SEP001E7A000007", "phones/SEP001E7A000001"} {
		x.open(b.at + "/" + p)
		x.until(isLive + ` && document.getElementById("host").textContent === "Branch"`)
		x.until(`document.querySelector("#table tbody tr, #grid a, #matrix table, #log div, #changes article, #p-boot svg")`)
		x.shot("narrow "+strings.Trim(strings.Map(func(r rune) rune {
			if r == '/' || r == '?' || r == '=' {
				return '-'
			}
			return r
		}, p), "-"), true)
		if s := js[string](x, `[...document.querySelectorAll("td, th, p, li")].filter(n => n.checkVisibility() && !n.closest(".sr") && n.textContent.length > 3 && n.clientWidth < 20).slice(0, 3).map(n => n.textContent).join("; ")`); s != "" {
			t.Errorf("/%s: a letter in a line: %s", p, s)
		}
		if w := js[int](x, `document.documentElement.scrollWidth`); w > 400 {
			t.Errorf("/%s is %d pixels wide: %s", p, w, js[string](x, `[...document.querySelectorAll("body *")].filter(n => n.getBoundingClientRect().right > 401 && !n.closest(".scroll")).slice(0, 5).map(n => n.tagName + "#" + n.id + "." + n.className).join(" ")`))
		}
	}
	x.quiet()
}

// unclear lists texts that stand out too little from what is behind them, by the
// contrast ratio of WCAG 2.1, 1.4.3.
const unclear = `(() => {
	const rgb = s => { const m = s.match(/[\d.]+/g).map(Number); return m.length > 3 && m[3] === 0 ? null : m; };
	const light = c => { const l = c.slice(0, 3).map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * l[0] + .7152 * l[1] + .0722 * l[2]; };
	const behind = n => { for (; n; n = n.parentElement) { const c = rgb(getComputedStyle(n).backgroundColor); if (c) return c; } return [255, 255, 255]; };
	const out = new Set();
	for (const n of document.querySelectorAll("body *")) {
		if (!n.checkVisibility() || ![...n.childNodes].some(c => c.nodeType === 3 && c.data.trim()) || n instanceof SVGElement) continue;
		const a = light(rgb(getComputedStyle(n).color)), b = light(behind(n)), r = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
		if (r < 4.5) out.add(n.tagName + "." + n.className + " " + n.textContent.slice(0, 20) + " " + r.toFixed(1));
	}
	return [...out].join("; ");
})()`

func dark(t *testing.T, d *desk) {
	b := newBox(t, 60)
	b.foreign = []pages.Foreign{{Server: netip.MustParseAddr("10.150.0.66"), Interface: "Vlan150", First: time.Now(), Last: time.Now()}}
	x := d.tab(t)
	for _, night := range []bool{false, true} {
		if night {
			x.dark()
		}
		for _, p := range []string{"?cause=bad.R07", "firmware", "log", "changes", "phones/SEP001E7A000007"} {
			x.open(b.at + "/" + p)
			x.until(isLive + ` && document.querySelector("#table tbody tr, #matrix table, #log div, #changes article, #p-boot svg")`)
			if s := js[string](x, unclear); s != "" {
				t.Errorf("/%s, dark %v: hard to read: %s", p, night, s)
			}
			if night {
				x.shot("dark "+p[:3], false)
			}
		}
	}
	if bg := js[string](x, `getComputedStyle(document.documentElement).backgroundColor`); bg != "rgb(15, 19, 24)" {
		t.Errorf("the background is %s", bg)
	}
	x.quiet()
}

// nameless lists what a screen reader has no word for.
const nameless = `[...document.querySelectorAll("a, button, input, select, progress, svg[role=img], table, section[aria-labelledby], [role=group], [tabindex='0']")].filter(n => n.checkVisibility() &&
	!(n.getAttribute("aria-label") || n.labels?.[0]?.textContent.trim() || n.textContent.trim() || document.getElementById(n.getAttribute("aria-labelledby") || "-")?.textContent)).map(n => n.outerHTML.slice(0, 80)).join("; ")`

func keyboard(t *testing.T, d *desk) {
	b := newBox(t, 60)
	x := d.tab(t)
	x.overview(b, "")
	key := func(k string) { t.Helper(); x.do(chromedp.KeyEvent(k)) }
	key(kb.Tab)
	x.until(`document.activeElement.className === "skip" && document.activeElement.getBoundingClientRect().left >= 0`)
	key(kb.Enter)
	x.until(`document.activeElement.id === "main"`)
	key("/")
	x.until(`document.activeElement.id === "q"`)
	_ = js[int](x, `(document.getElementById("q").value = "", 1)`) // the driver types a character although its key was taken
	x.do(chromedp.KeyEvent("r07"))
	x.until(rows + ` === 2`)
	x.do(chromedp.Focus(chromedp.CSS(`#causes button[data-cause="up.ok"]`)))
	key(" ")
	x.until(rows + ` === 0 && document.activeElement.getAttribute("aria-pressed") === "true"`)
	x.do(chromedp.Focus(chromedp.CSS("#all")))
	key(kb.Enter)
	x.until(rows + ` > 50 && document.activeElement.id === "q"`)
	x.do(chromedp.Focus(chromedp.CSS(`th[data-c="model"] button`)))
	key(kb.Enter)
	x.until(`document.querySelector('th[data-c="model"]').ariaSort === "ascending"`)
	x.do(chromedp.Focus(chromedp.CSS(`#table tbody a`)))
	key(kb.Enter)
	x.until(`location.pathname.startsWith("/phones/") && document.readyState === "complete" && document.getElementById("p-name").textContent`)
	for _, p := range []string{"", "?as=grid", "firmware", "log", "changes", "phones/SEP001E7A000007"} {
		x.open(b.at + "/" + p)
		x.until(isLive + ` && document.getElementById("host").textContent === "Branch"`)
		if s := js[string](x, nameless); s != "" {
			t.Errorf("/%s: without a name: %s", p, s)
		}
		if s := js[string](x, `[...document.querySelectorAll("h1")].filter(h => h.checkVisibility()).length + " " + document.documentElement.lang + " " + document.querySelectorAll("main").length`); s != "1 en 1" {
			t.Errorf("/%s: headings, language, main: %s", p, s)
		}
	}
	x.quiet()
}

// see makes a page believe that it is hidden, or seen again.
func (x *tab) see(seen bool) {
	x.t.Helper()
	is := `Object.defineProperty(document, "hidden", { configurable: true, value: true })`
	if seen {
		is = `delete document.hidden`
	}
	_ = js[int](x, `(`+is+`, document.dispatchEvent(new Event("visibilitychange")), 1)`)
}

func (b *box) streams(t *testing.T, n int) {
	t.Helper()
	for until := time.Now().Add(patience / 3); b.page.Streams() != n; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("%d streams, not %d", b.page.Streams(), n)
		}
	}
}

func hidden(t *testing.T, d *desk) {
	b := newBox(t, 10)
	x := d.tab(t)
	x.overview(b, "")
	b.streams(t, 1)
	x.see(false)
	b.streams(t, 0)
	b.do(func() { b.phones[3].Load = "SCCP41.9-9-9S" })
	x.see(true)
	x.until(`[...document.querySelectorAll("#table .c-load")].some(c => c.textContent.startsWith("SCCP41.9-9-9S"))`)
	b.streams(t, 1)
	x.open(b.at + "/log")
	x.until(isLive)
	b.streams(t, 1)
	x.quiet()
}

// lost: a box that goes is said to be gone, and the page comes back by itself.
func lost(t *testing.T, d *desk) {
	b := newBox(t, 10)
	x := d.tab(t)
	x.overview(b, "")
	at := b.window.Status().Listeners[0]
	put := func(want any) {
		t.Helper()
		c, err := b.window.Prepare(context.Background(), nil, want)
		if err != nil {
			t.Fatal(err)
		}
		c.Commit()
	}
	put(nil)
	x.until(`document.getElementById("live").textContent === "no connection"`)
	x.until(`!document.getElementById("stale").hidden && document.getElementById("stale").textContent.includes("has not been heard since")`)
	x.shot("lost", false)
	b.do(func() { b.phones = b.phones[:4] })
	put(metrics.Spec{Endpoint: listen.Endpoint{Proto: listen.TCP, Addr: at.Addr, Port: at.Port, Owner: "metrics"}})
	x.until(isLive + ` && document.getElementById("stale").hidden && ` + rows + ` === 9`)
}

func empty(t *testing.T, d *desk) {
	b := newBox(t, 0)
	b.expected, b.transfers, b.lines, b.changes = nil, nil, nil, nil
	x := d.tab(t)
	for _, p := range []string{"", "log", "changes"} {
		x.open(b.at + "/" + p)
		x.until(isLive + ` && document.getElementById("host").textContent === "Branch"`)
	}
	x.open(b.at + "/")
	x.until(`document.getElementById("count").textContent.includes("none was seen")`)
	x.shot("empty", false)
	x.quiet()
}

// day: phones come, change and go for a long time; the page keeps what is there
// and nothing of what was.
func day(t *testing.T, d *desk) {
	b := newBox(t, 120)
	x := d.tab(t)
	x.overview(b, "")
	size := `document.querySelectorAll("*").length`
	before := js[int](x, size)
	for i := range 6 {
		mark := fmt.Sprint("DAY.", i)
		b.do(func() {
			for k := range b.phones {
				b.phones[k].MAC, b.phones[k].Load = macOf(k+i%3*1000), mark
				b.phones[k].State = []inventory.State{inventory.Provisioned, inventory.Loading, inventory.Stuck}[i%3]
			}
		})
		x.until(fmt.Sprintf(`document.querySelector("#table tbody .c-load")?.textContent.startsWith(%q) && %s === Math.min(150, %d)`, mark, rows, []int{121, 121 + 96, 121 + 96}[i%3]))
	}
	b.do(func() {
		for k := range b.phones {
			b.phones[k] = phoneOf(k, time.Now())
		}
	})
	x.until(rows + ` === 121`)
	if now := js[int](x, size); now > before+50 {
		t.Errorf("%d elements have become %d", before, now)
	}
	x.quiet()
}
