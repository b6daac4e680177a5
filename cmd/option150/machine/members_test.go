package machine

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"option150/platform/testkit"
)

// members has Debian's etcd be three members by the lines of docs/pair.md, one as the
// unit of the package runs it and two beside it, each with a network and data of its own: a member
// asks of another that it comes from the address its certificate is for. The box has
// their files then.
func members(t *testing.T, m *machine) {
	t.Helper()
	if _, status := m.run("test -x /usr/bin/etcd && test -x /usr/bin/etcdctl && test -x /usr/bin/openssl"); status != 0 {
		if os.Getenv(envRoot) != "" {
			return // another Debian, without them
		}
		testkit.Missing(t, "etcd-server, etcd-client and openssl are not installed")
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "pair.md"))
	if err != nil {
		t.Fatal(err)
	}
	block := func(word string) string {
		t.Helper()
		for _, b := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(b[1], word) {
				return b[1]
			}
		}
		t.Fatalf("docs/pair.md has no block with %q", word)
		return ""
	}
	m.note("Three members of etcd: certificates, two members beside, and the one of the package.")
	m.do("ip link add members type bridge && ip addr add 10.150.0.11/32 dev members && ip link set members up; for n in 12 20; do ip route add 10.150.0.$n dev members src 10.150.0.11; " +
		"ip netns add m$n; ip link add v$n type veth peer name eth0 netns m$n; ip link set v$n master members up; ip -n m$n addr add 10.150.0.$n/24 dev eth0; ip -n m$n link set eth0 up; ip -n m$n link set lo up; done")
	m.do(block("openssl req"))
	install, own, _ := strings.Cut(block("/etc/default/etcd"), "\n")
	own, start, found := strings.Cut(own, "systemctl")
	if !strings.HasPrefix(install, "apt-get install -y etcd-server") || !found || !strings.Contains(own, "A=10.150.0.11\n") {
		t.Fatal("docs/pair.md starts members otherwise")
	}
	for _, a := range []string{"12", "20"} {
		m.do(strings.NewReplacer("A=10.150.0.11\n", "A=10.150.0."+a+"\n", "/var/lib/etcd/BRANCH-17", "/var/lib/etcd/BRANCH-17-"+a).Replace(own) +
			"mv /etc/default/etcd /etc/default/etcd-" + a + "; systemd-run -q --unit etcd-" + a + " -p User=etcd -p NetworkNamespacePath=/run/netns/m" + a + " -p EnvironmentFile=/etc/default/etcd-" + a + " /usr/bin/etcd")
	}
	m.do(own + "systemctl" + start)
	m.until("systemctl is-active etcd | sed s/inactive/no/", "active")
	const address = "A=10.150.0.11\n"
	m.until(address+strings.TrimSpace(block("endpoint health"))+" 2>&1 | grep -c 'is healthy'", "3")
	m.do(address + block("/nvram/fleet-ca.pem"))
	m.says("stat -c '%n %U %a' /var/lib/option150/nvram/fleet-*", "fleet-ca.pem option150 640", "fleet-certificate.pem option150 640", "fleet-key.pem option150 600")
	m.do("systemctl -q disable --now etcd; systemctl stop etcd-12 etcd-20; ip netns del m12; ip netns del m20; ip link del members")
}
