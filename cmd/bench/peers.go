package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// The peers, each set up as well as it can be: more than one worker, sendfile
// and cached descriptors for nginx; as many transfers as come for dnsmasq; no
// address probing for dnsmasq, which would take three seconds an address.

var nginx = kind{
	name: "nginx", program: "nginx", pkg: "nginx-light",
	command: func(b *bench, dir string) ([]string, error) {
		if err := b.filesTo(dir); err != nil {
			return nil, err
		}
		conf := filepath.Join(dir, "nginx.conf")
		text := fmt.Sprintf(nginxConf, dir, dir)
		return []string{"nginx", "-e", "stderr", "-p", dir, "-c", conf}, os.WriteFile(conf, []byte(text), 0o644)
	},
}

const nginxConf = `daemon off;
user root;
worker_processes auto;
worker_rlimit_nofile 8192;
pid %[1]s/nginx.pid;
error_log stderr crit;
events { worker_connections 4096; }
http {
	access_log off;
	sendfile on;
	tcp_nopush on;
	keepalive_requests 10000000;
	open_file_cache max=100;
	client_body_temp_path %[1]s/t1;
	proxy_temp_path %[1]s/t2;
	fastcgi_temp_path %[1]s/t3;
	uwsgi_temp_path %[1]s/t4;
	scgi_temp_path %[1]s/t5;
	server {
		listen 6970 backlog=4096;
		root %[2]s;
	}
}
`

var tftpdHPA = kind{
	name: "tftpd-hpa", program: "in.tftpd", pkg: "tftpd-hpa", forks: true, says: "tftp-hpa",
	command: func(b *bench, dir string) ([]string, error) {
		return []string{"in.tftpd", "--listen", "--foreground", "--ipv4", "--user", "root", "--secure", dir}, b.filesTo(dir)
	},
}

var dnsmasqTFTP = kind{name: "dnsmasq", program: "dnsmasq", pkg: "dnsmasq-base", command: dnsmasqCommand}

var dnsmasqDHCP = kind{name: "dnsmasq", program: "dnsmasq", pkg: "dnsmasq-base", command: dnsmasqCommand}

func dnsmasqCommand(b *bench, dir string) ([]string, error) {
	if err := b.filesTo(dir); err != nil {
		return nil, err
	}
	conf := filepath.Join(dir, "dnsmasq.conf")
	return []string{"dnsmasq", "--no-daemon", "--conf-file=" + conf}, os.WriteFile(conf, fmt.Appendf(nil, dnsmasqConf, dir), 0o644)
}

const dnsmasqConf = `port=0
no-hosts
no-resolv
enable-tftp
tftp-root=%[1]s
tftp-max=4000
dhcp-range=10.150.64.0,10.150.255.254,255.255.0.0,24h
dhcp-option=option:router,10.150.0.1
dhcp-option=150,10.150.0.1
dhcp-leasefile=%[1]s/leases
dhcp-lease-max=100000
no-ping
quiet-dhcp
quiet-tftp
log-facility=/dev/null
`
