package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// desk is a browser; one for all tests, each of them has tabs of its own.
type desk struct {
	ctx   context.Context
	shots string
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("OPTION150_CI") != "" {
			t.Fatal("chromium is not installed")
		}
		t.Skip("chromium is not installed")
	}
	o := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.Flag("disable-dev-shm-usage", true), chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1280, 900))
	if os.Geteuid() == 0 {
		o = append(o, chromedp.NoSandbox)
	}
	all, end := chromedp.NewExecAllocator(context.Background(), o...)
	t.Cleanup(end)
	ctx, quit := chromedp.NewContext(all)
	t.Cleanup(quit)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	d := &desk{ctx: ctx, shots: os.Getenv("OPTION150_SCREENSHOTS")}
	if d.shots == "" {
		d.shots = t.TempDir()
	} else if err := os.MkdirAll(d.shots, 0o755); err != nil {
		t.Fatal(err)
	}
	return d
}

// patience bounds what a test waits for; a machine under load is slow.
const patience = 90 * time.Second

// tab is one page; what its console says is kept.
type tab struct {
	t   *testing.T
	d   *desk
	ctx context.Context

	mu   sync.Mutex
	said []string
}

func (d *desk) tab(t *testing.T) *tab {
	t.Helper()
	ctx, quit := chromedp.NewContext(d.ctx)
	t.Cleanup(quit)
	x := &tab{t: t, d: d}
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	var end context.CancelFunc
	x.ctx, end = context.WithTimeout(ctx, patience)
	t.Cleanup(end)
	if err := chromedp.Listen(x.ctx, x.hear); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(x.ctx, log.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(x.ctx, runtime.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	return x
}

func (x *tab) hear(e any) {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch v := e.(type) {
	case *runtime.EventExceptionThrown:
		text := fmt.Sprintf("%s:%d:%d %s", v.ExceptionDetails.URL, v.ExceptionDetails.LineNumber+1, v.ExceptionDetails.ColumnNumber+1, v.ExceptionDetails.Text)
		if o := v.ExceptionDetails.Exception; o != nil {
			text += " " + o.Description
		}
		x.said = append(x.said, text)
	case *runtime.EventConsoleAPICalled:
		x.said = append(x.said, "console."+string(v.Type))
	case *log.EventEntryAdded:
		x.said = append(x.said, string(v.Entry.Level)+": "+v.Entry.Text+" "+v.Entry.URL)
	}
}

func (x *tab) do(a ...chromedp.Action[chromedp.Void]) {
	x.t.Helper()
	if err := chromedp.Do(x.ctx, a...); err != nil {
		x.t.Fatalf("%v; the console has %q", err, x.console())
	}
}

func run[T any](x *tab, a chromedp.Action[T]) T {
	x.t.Helper()
	v, err := chromedp.Run(x.ctx, a)
	if err != nil {
		x.t.Fatalf("%v; the console has %q", err, x.console())
	}
	return v
}

func (x *tab) console() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return append([]string(nil), x.said...)
}

// quiet: nothing was said on the console.
func (x *tab) quiet() {
	x.t.Helper()
	_ = js[int](x, "1") // what was said before is here then
	if c := x.console(); len(c) > 0 {
		x.t.Errorf("the console has %q", c)
	}
}

func (x *tab) open(url string) { x.t.Helper(); x.do(chromedp.Navigate(url)) }

// js is the value of an expression.
func js[T any](x *tab, expr string) T { x.t.Helper(); return run(x, chromedp.Evaluate[T](expr)) }

// until waits for an expression to be true.
func (x *tab) until(expr string) {
	x.t.Helper()
	for { // a page that is left on the way is asked again
		_, err := chromedp.Run(x.ctx, chromedp.Poll[bool]("!!("+expr+")", chromedp.WithPollingInterval(50*time.Millisecond), chromedp.WithPollingTimeout(patience/3)))
		if err == nil {
			return
		}
		if s := err.Error(); !strings.Contains(s, "context") || x.ctx.Err() != nil {
			x.t.Fatalf("%s: %v; the page has %q; the console has %q", expr, err, js[string](x, "document.body.innerText.slice(0,1500)"), x.console())
		}
	}
}

// shot keeps a picture of what is seen, whole of all there is.
func (x *tab) shot(name string, whole bool) {
	x.t.Helper()
	take := chromedp.CaptureScreenshot()
	if whole {
		take = chromedp.FullScreenshot(100)
	}
	b := run(x, take)
	if err := os.WriteFile(filepath.Join(x.d.shots, strings.ReplaceAll(name, " ", "-")+".png"), b, 0o644); err != nil {
		x.t.Fatal(err)
	}
}

func (x *tab) wide(w, h int64) {
	x.t.Helper()
	o := chromedp.EmulateLandscape
	if w < 600 {
		o = chromedp.EmulateMobile
	}
	x.do(chromedp.EmulateViewport(w, h, o))
}

func (x *tab) dark() {
	x.t.Helper()
	if _, err := chromedp.Call(x.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}}); err != nil {
		x.t.Fatal(err)
	}
}
