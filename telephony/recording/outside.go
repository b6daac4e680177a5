package recording

import (
	"encoding/json"
	"reflect"
	"sync"

	"option150/platform/ether"
	"option150/telephony/inventory"
)

// Answers are what the verdict asked and what it was told: by the name of the
// question in inventory.Outside and by its arguments as JSON. A question that is
// added there is recorded without a word here.
type Answers map[string]map[string]json.RawMessage

// listening gives the answers of another Outside and writes them down.
type listening struct {
	mac ether.MAC // what is configured for other phones is not written down

	mu sync.Mutex
	a  Answers
}

// outside wraps an Outside.
func (l *listening) outside(o inventory.Outside) inventory.Outside {
	l.a = Answers{}
	var w inventory.Outside
	from, to := reflect.ValueOf(o), reflect.ValueOf(&w).Elem()
	for i := range from.NumField() {
		f := from.Field(i)
		if f.Kind() != reflect.Func || f.IsNil() {
			continue
		}
		name := from.Type().Field(i).Name
		to.Field(i).Set(reflect.MakeFunc(f.Type(), func(args []reflect.Value) []reflect.Value {
			out := f.Call(args)
			l.note(name, args, out[0])
			return out
		}))
	}
	return w
}

func (l *listening) note(question string, args []reflect.Value, answer reflect.Value) {
	if len(args) == 1 {
		if m, ok := args[0].Interface().(ether.MAC); ok && m != l.mac {
			return
		}
	}
	text, err := json.Marshal(answer.Interface())
	if err != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.a[question] == nil {
		l.a[question] = map[string]json.RawMessage{}
	}
	l.a[question][key(args)] = text
}

// key is the arguments of a question as text.
func key(args []reflect.Value) string {
	list := []any{}
	for _, a := range args {
		list = append(list, a.Interface())
	}
	text, _ := json.Marshal(list)
	return string(text)
}

// outside gives what was written down; what was not asked has no answer.
func (a Answers) outside() inventory.Outside {
	var w inventory.Outside
	to := reflect.ValueOf(&w).Elem()
	for i := range to.NumField() {
		t := to.Type().Field(i)
		known, asked := a[t.Name]
		if t.Type.Kind() != reflect.Func || !asked {
			continue
		}
		to.Field(i).Set(reflect.MakeFunc(t.Type, func(args []reflect.Value) []reflect.Value {
			answer := reflect.New(t.Type.Out(0))
			if text, ok := known[key(args)]; ok && json.Unmarshal(text, answer.Interface()) != nil {
				answer = reflect.New(t.Type.Out(0))
			}
			return []reflect.Value{answer.Elem()}
		}))
	}
	return w
}
