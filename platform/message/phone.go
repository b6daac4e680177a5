package message

var phoneMessages = []*Entry{}
