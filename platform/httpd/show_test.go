package httpd

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"option150/platform/listen"
)

func TestRender(t *testing.T) {
	now := time.Date(2024, 3, 28, 8, 44, 31, 0, time.UTC)
	ap := netip.MustParseAddrPort
	v := View{Config: Config{Server: true, Port: 80}, Supplementary: []uint16{6970}, Limits: DefaultLimits(), Now: now,
		Listeners: []ListenerStatus{
			{State: listen.State{Endpoint: listen.Endpoint{Proto: listen.TCP, Port: 80, Owner: Owner}, Up: true, Since: now}, Modules: []string{NameHome}},
			{State: listen.State{Endpoint: listen.Endpoint{Proto: listen.TCP, Port: 6970, Owner: "HFS"}, Why: "address already in use, held by nginx (pid 812)", NextRetry: now.Add(4500 * time.Millisecond)}, Modules: []string{"HFS"}}},
		Modules:     []ModuleStatus{{"HFS", "HTTP File-fetch Server", true}, {NameHome, "Home page of the box", false}},
		Connections: []Connection{{Local: ap("10.0.0.1:6970"), Remote: ap("10.0.0.23:49152"), In: 64, Out: 5231}},
		Statistics:  Statistics{Accepted: 12, RefusedPerAddress: 1},
		History:     []Connection{{Local: ap("10.0.0.1:6970"), Remote: ap("10.0.0.23:49151"), In: 64, Out: 131, End: now}}}
	want := `HTTP server status: Enabled
HTTP server port: 80
HTTP server active supplementary listener ports: 6970
HTTP server authentication method: enable
HTTP server access class: 0
HTTP server base path:
Maximum number of concurrent server connections allowed: 4096
Server idle time-out: 180 seconds
Server life time-out: 86400 seconds
Maximum number of requests allowed on a connection: 10000
HTTP server active session modules: ALL
HTTP secure server capability: Not present

HTTP server application session modules:
Session module Name  Handle Status   Secure-status  Description
HFS                  1      Active   Inactive       HTTP File-fetch Server
HOME_PAGE            2      Inactive Inactive       Home page of the box

HTTP server listeners:
Owner            Configured               Modules                Working
IP HTTP server   tcp 0.0.0.0:80           HOME_PAGE              yes, since 08:44:31 28/03
HFS              tcp 0.0.0.0:6970         HFS                    no: address already in use, held by nginx (pid 812), next try in 5 s

HTTP server current connections:
local-ipaddress:port  remote-ipaddress:port in-bytes  out-bytes
        10.0.0.1:6970        10.0.0.23:49152       64       5231

HTTP server statistics:
Accepted connections total: 12
Connections answered 503, too many of one address: 1
Connections answered 503, too many in all: 0

HTTP server history:
local-ipaddress:port  remote-ipaddress:port in-bytes  out-bytes  end-time
        10.0.0.1:6970        10.0.0.23:49151       64        131  08:44:31 28/03`
	if d := cmp.Diff(want, strings.TrimSuffix(RenderAll(v).String(), "\n")); d != "" {
		t.Error(d)
	}
	v.Config.Server, v.Supplementary = false, nil
	if got := strings.Split(strings.TrimSpace(RenderStatus(v).String()), "\n"); got[0] != "HTTP server status: Disabled" || len(got) != 11 {
		t.Error(got)
	}
}
