package appliance_test

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"option150/cli/command"
	"option150/cmd/option150/appliance"
	"option150/platform/config"
	"option150/platform/console"
	"option150/platform/netns"
	"option150/platform/running"
	"option150/platform/service"
	"option150/platform/settings"
	"option150/telephony/inventory"
)

// A phone boots at a box with `[metrics] listen`; Prometheus, a browser and a
// script see the same as the operator.
func TestMetricsOfABoot(t *testing.T) {
	netns.Need(t)
	w := newWorld(t)
	w.startup = strings.Split(`hostname Branch
ip dhcp excluded-address 10.150.0.1 10.150.0.9
ip dhcp pool VOICE
 network 10.150.0.0 255.255.255.0
 option 150 ip 10.150.0.1
interface GigabitEthernet0/0
 ip address 10.150.0.1 255.255.255.0
ip http server
no phone-probe call-control
telephony-service
 max-ephones 10
 max-dn 10
 ip source-address 10.150.0.1 port 2000
 hfs enable port 6970
 auto assign 1 to 1
ephone-dn 1
 number 1001
ephone 1
 description Reception
 mac-address 001E.7A00.0001
 type 7961
 button 1:1
end`, "\n")
	box := w.watched(t)
	if st := box.Box().Supervisor.Status("metrics"); st.State != service.Running {
		t.Fatalf("%+v", st)
	}
	if err := w.phone([]string{"7961", "001e.7a00.0001", "boots"}); err != nil {
		t.Fatal(err)
	}
	if p := box.Box().Inventory.Phones(time.Now()); len(p) != 1 || p[0].State != inventory.Provisioned {
		t.Fatalf("%+v", p)
	}
	text := see(t, "/metrics")
	for _, want := range []string{
		`option150_dhcp_leases{pool="VOICE",state="leased"} 1`, `option150_dhcp_messages_total{direction="sent",type="ack"} 1`, `option150_dhcp_pool_addresses{pool="VOICE"} 254`,
		`option150_phones{model="7961",state="provisioned"} 1`, `option150_phone_verdict{code="ok"} 1`, `option150_service_up{service="hfs"} 1`, `option150_service_up{service="metrics"} 1`,
		`option150_service_configured{service="sshd"} 0`, `option150_build_info{commit="0000000"`,
		`option150_prov_requests_total{kind="config",proto="http",result="served"}`, `option150_prov_transfer_seconds_count{kind="config",proto="http"}`, "option150_prov_inflight 0",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("not there: %s\n%s", want, text)
		}
	}
	typed := "enable secret hunter2\nusername bob password 0 hunter2\nsnmp-server community hunter2 RO\nntp authentication-key 1 md5 hunter2\ntelephony-service\n service phone sshPassword hunter2\n"
	if _, err := box.Box().Store.Change(t.Context(), running.Who{User: "admin", Line: "vty0"}, func(c *config.Config) error {
		r, err := box.Box().Language.Load(typed, c, nil)
		if err == nil {
			*c = *r.Config
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	changes := see(t, "/api/v1/changes")
	if strings.Contains(changes, "hunter2") || strings.Contains(changes, "$9$") || strings.Contains(changes, "$1$") || strings.Count(changes, "*****") != 5 {
		t.Errorf("a secret is shown, or that it changed is not: %s", changes)
	}
	for path, want := range map[string][]string{
		"/":                       {"<!doctype html>", "/app.js"},
		"/phones/SEP001E7A000001": {"<!doctype html>"},
		"/api/v1/overview":        {`"host": "Branch"`, `"up": 1`, `"total": 1`, `"name": "VOICE"`, `"name": "hfs"`},
		"/api/v1/phones/SEP001E7A000001/timeline": {`"section": "ephone 1"`, `"name": "Reception"`, "DISCOVER", "SEP001E7A000001.cnf.xml"},
		"/api/v1/firmware":                        {`"model": "7961"`, `"upgrades": []`, `"trees": []`},
		"/api/v1/log":                             {"%SYS-5-RESTART"},
		"/api/v1/changes":                         {`"who": "admin on vty0"`, `"who": "startup-config"`, "+enable secret"},
	} {
		page := see(t, path)
		for _, x := range want {
			if !strings.Contains(page, x) {
				t.Errorf("%s has no %q:\n%s", path, x, page)
			}
		}
	}
	var list []struct{ Device, State string }
	if err := json.Unmarshal([]byte(see(t, "/api/v1/phones")), &list); err != nil || len(list) != 1 || list[0].State != "provisioned" {
		t.Errorf("%v %+v", err, list)
	}
}

// watched starts the box with a metrics listener.
func (w *world) watched(t *testing.T) *appliance.Appliance {
	t.Helper()
	if err := w.wire(); err != nil {
		t.Fatal(err)
	}
	s := settings.Default()
	s.Root, s.Console.Device, s.SSH.Listen, s.Metrics.Listen = w.root, console.None, "", "127.0.0.1:9150"
	s.Interfaces = []settings.Interface{{Name: "GigabitEthernet0/0", Device: "eth0", Managed: true}, {Name: "GigabitEthernet0/1", Device: "eth1", Managed: true}}
	box, err := appliance.Open(appliance.Options{Settings: s, Version: "1.0.0", Commit: "0000000"})
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	w.box, w.ran = box, ran
	go func() { ran <- box.Run(w.ctx) }()
	return box
}

// A foreign process has port 6970 when the box starts. Whoever asks how HFS
// stands is told the same: the supervisor, `show services`, Prometheus, the
// page; and again when the port is free.
func TestForeignPortIsOneTruth(t *testing.T) {
	netns.Need(t)
	w := newWorld(t)
	w.startup = strings.Split("interface GigabitEthernet0/0\n ip address 10.150.0.1 255.255.255.0\nip http server\ntelephony-service\n hfs enable port 6970\nend", "\n")
	if _, err := w.Do("hold tcp 6970"); err != nil {
		t.Fatal(err)
	}
	box := w.watched(t).Box()
	agree := func(state service.State, figure, listed string) {
		t.Helper()
		if st := box.Supervisor.Status("hfs"); st.State != state {
			t.Errorf("the supervisor: %+v", st)
		}
		if text := see(t, "/metrics"); !strings.Contains(text, `option150_service_up{service="hfs"} `+figure+"\n") || !strings.Contains(text, `option150_service_configured{service="hfs"} 1`) {
			t.Errorf("Prometheus:\n%s", text)
		}
		if text := command.ServicesText(box).String(); !strings.Contains(text, "\nhfs          "+listed) {
			t.Errorf("show services:\n%s", text)
		}
		// The page is made of one picture a second, for all who look.
		for end := time.Now().Add(15 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			var page struct {
				Services []struct{ Name, State string }
			}
			text := see(t, "/api/v1/overview")
			err := json.Unmarshal([]byte(text), &page)
			if err == nil && slices.ContainsFunc(page.Services, func(s struct{ Name, State string }) bool { return s.Name == "hfs" && s.State == listed }) {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("the page: %v\n%s", err, text)
			}
		}
	}
	agree(service.Failed, "0", "failed")
	if _, err := w.Do("release tcp 6970"); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(15 * time.Second); box.Supervisor.Status("hfs").State != service.Running && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
	}
	agree(service.Running, "1", "running")
}

func see(t *testing.T, path string) string {
	t.Helper()
	a, err := http.Get("http://127.0.0.1:9150" + path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	if err != nil || a.StatusCode != 200 {
		t.Fatalf("%s: %d %v %s", path, a.StatusCode, err, b)
	}
	return string(b)
}
