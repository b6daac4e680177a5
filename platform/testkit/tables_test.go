package testkit

import (
	"encoding/json"
	"strings"
	"testing"

	"option150/platform/columns"
)

// TestTables: tables as the commands print them: aligned to the left and to the
// right, with heads one blank apart, heads of two lines, rules below the heads,
// captions above them, values too long for their column.
func TestTables(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"two blanks apart": {`
Device           Address          Model    Load                  State        Verdict
SEP001E7A000001  10.150.0.11      7961     SCCP41.9-4-2SR3-1S    provisioned  ok
SEP001E7A000002  -                -        -                     seen         R02
`, `[{"device":"SEP001E7A000001","address":"10.150.0.11","model":"7961","load":"SCCP41.9-4-2SR3-1S","state":"provisioned","verdict":"ok"},
{"device":"SEP001E7A000002","address":"-","model":"-","load":"-","state":"seen","verdict":"R02"}]`},
		"one blank apart": {`
Interface                  IP-Address      OK? Method Status                Protocol
GigabitEthernet0/0         10.150.0.1      YES manual up                    up
GigabitEthernet0/1         unassigned      YES unset  administratively down down
`, `[{"interface":"GigabitEthernet0/0","ip_address":"10.150.0.1","ok":"YES","method":"manual","status":"up","protocol":"up"},
{"interface":"GigabitEthernet0/1","ip_address":"unassigned","ok":"YES","method":"unset","status":"administratively down","protocol":"down"}]`},
		"rule below the heads": {`
Pool ID              IP Address      Ln DN  Number               State
==== =============== =============== == === ==================== ============
1    001E.7A00.0006  10.150.0.15     1  1   1006                 UNREGISTERED
                                     2  2   1007                 UNREGISTERED
`, `[{"pool":"1","id":"001E.7A00.0006","ip_address":"10.150.0.15","ln":"1","dn":"1","number":"1006","state":"UNREGISTERED"},
{"pool":"","id":"","ip_address":"","ln":"2","dn":"2","number":"1007","state":"UNREGISTERED"}]`},
		"to the right": {`
Client                 File                                 %      KB/s     RTT  Rexm Age
10.1.1.5:49152         jar41sccp.9-4-2ES26.sbn            12%    1234.5     1ms     0 3s
10.1.1.6:49152         apps41.9-4-2ES26.sbn              100%      10.0    20ms    12 1m0s
`, `[{"client":"10.1.1.5:49152","file":"jar41sccp.9-4-2ES26.sbn","percent":"12%","kb_s":"1234.5","rtt":"1ms","rexm":"0","age":"3s"},
{"client":"10.1.1.6:49152","file":"apps41.9-4-2ES26.sbn","percent":"100%","kb_s":"10.0","rtt":"20ms","rexm":"12","age":"1m0s"}]`},
		"heads of several lines": {`
Bindings from all pools not associated with VRF:
IP address          Client-ID/              Lease expiration        Type
                    Hardware address/
                    User name
10.150.0.10         0100.1e7a.0000.02       Mar 01 2026 05:00 PM    Automatic
`, `[{"ip_address":"10.150.0.10","client_id_hardware_address_user_name":"0100.1e7a.0000.02","lease_expiration":"Mar 01 2026 05:00 PM","type":"Automatic"}]`},
		"captions, an indented tree, notes": {`
Subnet: 10.0.0.0/24  Family: 41  Load: SCCP41.9-4-2SR3-1S
Files: 3, from a to b
Phone                Role   Parent           Depth  Bytes
SEP001E7A000001      root   -                0      479461
  SEP001E7A000002    child  SEP001E7A000001  1      479461

SEP001E7A000004: sharing is off in its file

Subnet: 10.0.1.0/24  Family: 42  Load: -
Files: x
Phone            Role  Parent  Depth  Bytes
SEP001E7A000009  self  -       -      12
`, `[{"phone":"SEP001E7A000001","role":"root","parent":"-","depth":"0","bytes":"479461"},
{"phone":"SEP001E7A000002","role":"child","parent":"SEP001E7A000001","depth":"1","bytes":"479461"},
{"phone":"SEP001E7A000009","role":"self","parent":"-","depth":"-","bytes":"12"}]`},
		"text around": {`
Peer Firmware Sharing is observed. This box opens no socket on port 4051.

Interface           Mode     Frames  Dropped  State
GigabitEthernet0/0  observe  12      0        running
Log server: off
`, `[{"interface":"GigabitEthernet0/0","mode":"observe","frames":"12","dropped":"0","state":"running"}]`},
		"value too long": {`
Name   Size  Kind
short  1     x
a-very-long-name  2     y
`, `[{"name":"short","size":"1","kind":"x"},{"name":"a-very-long-name","size":"2","kind":"y"}]`},
		"last column is prose": {`
Service      State      Listening                      Why
dhcp         running    udp 67 eth0
pfs          waiting                                   GigabitEthernet0/0 the right to look at frames is missing
`, `[{"service":"dhcp","state":"running","listening":"udp 67 eth0","why":""},
{"service":"pfs","state":"waiting","listening":"","why":"GigabitEthernet0/0 the right to look at frames is missing"}]`},
		"nothing yet": {"No phone has been seen to share firmware\n", `[]`},
		"nothing":     {"", `[]`},
		"quotes":      {"Name   Text\na\"b    c\\d\n", `[{"name":"a\"b","text":"c\\d"}]`},
	} {
		var got []map[string]string
		for _, x := range Tables(strings.TrimPrefix(c.text, "\n")) {
			for _, row := range x.Rows {
				o := map[string]string{}
				for i, h := range x.Heads {
					o[columns.Snake(h)] = row[i]
				}
				got = append(got, o)
			}
		}
		var want []map[string]string
		if err := json.Unmarshal([]byte(c.want), &want); err != nil {
			t.Fatal(err)
		}
		p, _ := json.Marshal(got)
		q, _ := json.Marshal(want)
		if len(got)+len(want) > 0 && string(p) != string(q) {
			t.Errorf("%s:\n%s\n%s", name, p, q)
		}
	}
	if got := Tables("Router uptime is 1 day\nSystem image file is \"flash:x\"\n\nConfiguration register is 0x2102\n"); len(got) > 0 {
		t.Errorf("a text is no table: %s", got)
	}
}

func FuzzTables(f *testing.F) {
	f.Add("Name   Size  Kind\nshort  1     x\n")
	f.Add("Subnet: 1  X: 2\nA  B\n1  2\n\nIP address  C/\n            D/\nx  y\n")
	f.Add("Pool ID    Ln DN\n==== ===== == ==\n1    2     3  4\n")
	f.Fuzz(func(t *testing.T, s string) {
		for _, x := range Tables(s) {
			for _, row := range x.Rows {
				if len(row) != len(x.Heads) {
					t.Fatalf("%d values under %d heads: %q", len(row), len(x.Heads), row)
				}
			}
		}
	})
}
