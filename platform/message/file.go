package message

var fileMessages = []*Entry{}
