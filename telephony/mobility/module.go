package mobility

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"option150/platform/ether"
	"option150/telephony/cnf"
)

// Path is where the pages of the services key are: the place Cisco Unified CME
// has them at.
const Path = "/CMEserverForPhone/"

// Name is that of the module.
const Name = "SERVICES"

// The pages.
const (
	pageMenu   = cnf.ServicesPage
	pageLogin  = "login"
	pageLogout = "logout"
	pageDials  = "fastdials"
)

// Module is the module of the HTTP server.
type Module struct {
	Desk *Desk
	// Phone is the phone at an address, as far as the box knows.
	Phone func(netip.Addr) (ether.MAC, bool)
}

// Name implements httpd.Module.
func (*Module) Name() string { return Name }

// Description implements httpd.Module.
func (*Module) Description() string {
	return "Services key of phones: extension mobility, personal speed dials"
}

// Knows implements httpd.Module.
func (*Module) Knows(path string) bool { return strings.HasPrefix(path, Path) }

// ServeHTTP implements http.Handler.
func (m *Module) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "Method not allowed", http.StatusMethodNotAllowed)
		return
	}
	page := strings.TrimPrefix(r.URL.Path, Path)
	from, _ := netip.ParseAddrPort(r.RemoteAddr)
	mac, known := ether.MAC{}, false
	if m.Phone != nil {
		mac, known = m.Phone(from.Addr().Unmap())
	}
	var p *cnf.RegisterPool
	if known {
		p = pool(m.Desk.o.Config(), mac)
	}
	var body any
	switch {
	case p == nil:
		body = text("Services", "This phone is not known here. It has to have its address and its files from this box.")
	case page == pageMenu:
		m.Desk.use(mac)
		body = m.menu(base(r), mac, p)
	case page == pageLogin:
		m.Desk.use(mac)
		body = m.login(base(r), mac, r)
	case page == pageLogout:
		body = m.logout(mac)
	case page == pageDials:
		m.Desk.use(mac)
		body = directory(m.Desk.o.Config().FastDialsOf(p))
	default:
		http.Error(w, "No such page", http.StatusNotFound)
		return
	}
	var out bytes.Buffer
	out.WriteString(xml.Header)
	if err := xml.NewEncoder(&out).Encode(body); err != nil {
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	h.Set("Content-Type", "text/xml; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(out.Len()))
	if r.Method == http.MethodGet {
		_, _ = w.Write(out.Bytes())
	}
}

// base is the address the phone asked, which it can reach.
func base(r *http.Request) string {
	host := r.Host
	if a, ok := r.Context().Value(http.LocalAddrContextKey).(interface{ String() string }); ok {
		host = a.String() // what stands in the request may be anything
	}
	return "http://" + host + Path
}

func (m *Module) menu(base string, mac ether.MAC, p *cnf.RegisterPool) any {
	out := menu{Title: "Services", Prompt: "Select a service"}
	if s, in := m.Desk.At(mac); in {
		out.Prompt = clip("Logged in: " + s.User)
		out.Items = append(out.Items, item{"Log out", base + pageLogout})
	} else if p.Logout != 0 {
		out.Items = append(out.Items, item{"Extension Mobility", base + pageLogin})
	}
	if len(m.Desk.o.Config().FastDialsOf(p)) > 0 {
		out.Items = append(out.Items, item{"Personal Speed Dials", base + pageDials})
	}
	if len(out.Items) == 0 {
		return text("Services", "There are no services for this phone.")
	}
	return out
}

func (m *Module) login(base string, mac ether.MAC, r *http.Request) any {
	q := r.URL.Query()
	name, pin := q.Get("user"), q.Get("pin")
	if name == "" && pin == "" {
		return input{Title: "Extension Mobility", Prompt: "Log in", URL: base + pageLogin,
			Items: []inputItem{{"User", "user", "A", ""}, {"PIN", "pin", "AP", ""}}}
	}
	err := m.Desk.Login(mac, name, pin)
	var wait ErrWait
	var hold ErrHold
	switch {
	case err == nil:
		return text("Extension Mobility", "Logged in: "+name+". The file of this phone has the new lines. Restart the phone: nothing here can do that.")
	case errors.As(err, &wait):
		return text("Extension Mobility", fmt.Sprintf("Too many attempts failed. Try again in %d minutes.", int((wait.For+time.Minute-1)/time.Minute)))
	case errors.As(err, &hold):
		return text("Extension Mobility", "Not logged in: "+hold.Why+".")
	case errors.Is(err, ErrNotHere):
		return text("Extension Mobility", "Nobody can log in at this phone: its voice register pool has no logout-profile.")
	}
	return text("Extension Mobility", "Not logged in: the name or the PIN is wrong.")
}

func (m *Module) logout(mac ether.MAC) any {
	if m.Desk.Logout(mac, "logged out") != nil {
		return text("Extension Mobility", "Nobody is logged in at this phone.")
	}
	return text("Extension Mobility", "Logged out. The file of this phone has its own lines again. Restart the phone: nothing here can do that.")
}
