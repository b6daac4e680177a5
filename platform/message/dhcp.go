package message

var dhcpMessages = []*Entry{}
