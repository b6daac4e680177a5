package aaa

import (
	"errors"
	"strings"
	"sync"
	"testing"
)

// Published hashes, see facts/libraries.md 7.1 and facts/ios-cli.md 1.11.
var vectors = []struct {
	typ            int
	value, correct string
}{
	{0, "lab", "lab"},
	{4, "LcV6aBcc/53FoCJjXQMd7rBUDEpeevrK8V5jQVoJEhU", "password"},
	{5, "$1$mERr$A419.HL58lq743wXS4kSM1", "dolphinsforever"},
	{5, "$1$mERr$yhf7f2RnC74CxKANvoekD.", "P@ssw0rd!1"},
	{5, "$1$rFbM$8.aXocHg6yHrM/zzeNkAT.", "todd"},
	{7, "02050D480809", "cisco"},
	{7, "094F471A1A0A", "cisco"},
	{7, "52540D00050B", "cisco"},
	{7, "0835434A0D", "todd"},
	{7, "111D160113", "todd"},
	{7, "071B2E484A", "todd"},
	{8, "$8$dsYGNam3K1SIJO$7nv/35M/qr6t.dVc7UY9zrJDWRVqncHub1PE9UlMQFs", "cisco"},
	{8, "$8$mTj4RZG8N9ZDOk$elY/asfm8kD3iDmkBe3hD2r4xcA/0oWS5V3os.O91u.", "cisco"},
	{8, "$8$TnGX/fE4KGHOVU$pEhnEvxrvaynpi8j4f.EMHr6M.FzU8xnZnBr/tJdFWk", "hashcat"},
	{9, "$9$2MJBozw/9R3UsU$2lFhcKvpghcyw8deP25GOfyZaagyUOGBymkryvOdfo6", "hashcat"},
	{9, "$9$nhEmQVczB7dqsO$X.HsgL6x1il0RxkOSSvyQYwucySCt7qFm4v7pqCxkKM", "cisco"},
}

func TestVectors(t *testing.T) {
	for _, v := range vectors {
		s, err := ParseSecret(v.typ, v.value)
		if err != nil {
			t.Errorf("type %d %q: %v", v.typ, v.value, err)
			continue
		}
		if !Check(s, v.correct) {
			t.Errorf("type %d %q does not accept %q", v.typ, v.value, v.correct)
		}
		for _, wrong := range []string{"", v.correct + "x", strings.ToUpper(v.correct), v.value} {
			if wrong != v.correct && Check(s, wrong) {
				t.Errorf("type %d %q accepts %q", v.typ, v.value, wrong)
			}
		}
		if want := v.typ == 0 || v.typ == 7; s.Plain != want {
			t.Errorf("type %d: Plain %v", v.typ, s.Plain)
		}
		if plain, ok := s.Reveal(); ok != s.Plain || ok && plain != v.correct {
			t.Errorf("type %d reveals %q %v", v.typ, plain, ok)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct {
		typ   int
		value string
	}{
		{0, ""}, {0, "a\nb"}, {0, strings.Repeat("x", MaxPassword+1)},
		{1, "x"}, {6, "x"}, {-1, "x"}, {10, "x"},
		{4, ""}, {4, "short"}, {4, "LcV6aBcc/53FoCJjXQMd7rBUDEpeevrK8V5jQVoJEhV"}, {4, "LcV6aBcc/53FoCJjXQMd7rBUDEpeevrK8V5jQVoJE U"},
		{5, "cisco"}, {5, "$1$rFbM$short"}, {5, "$1$$8.aXocHg6yHrM/zzeNkAT."}, {5, "$1$rounds=9$8.aXocHg6yHrM/zzeNkAT."},
		{7, ""}, {7, "09"}, {7, "094"}, {7, "xx4F471A1A0A"}, {7, "534F471A1A0A"}, {7, "09ZZ"}, {7, "092C"},
		{8, "$9$dsYGNam3K1SIJO$7nv/35M/qr6t.dVc7UY9zrJDWRVqncHub1PE9UlMQFs"},
		{8, "$8$dsYGNam3K1SIJ$7nv/35M/qr6t.dVc7UY9zrJDWRVqncHub1PE9UlMQFs"},
		{9, "$9$2MJBozw/9R3UsU$2lFhcKvpghcyw8deP25GOfyZaagyUOGBymkryvOdfo"},
		{9, "$9$2MJBozw/9R3UsU"}, {9, "cisco"},
	} {
		if s, err := ParseSecret(c.typ, c.value); err == nil {
			t.Errorf("type %d %q accepted as %+v", c.typ, c.value, s)
		}
		if Check(Secret{Type: c.typ, Value: c.value}, "cisco") {
			t.Errorf("type %d %q matches", c.typ, c.value)
		}
	}
	if _, err := ParseSecret(9, "cisco"); !errors.Is(err, ErrForm) {
		t.Errorf("error is %v", err)
	}
}

func TestNewSecret(t *testing.T) {
	a, err := NewSecret("pa ss")
	if err != nil {
		t.Fatal(err)
	}
	b, _ := NewSecret("pa ss")
	if a.Type != 9 || a.Plain || a == b || len(a.Value) != 3+saltLen+1+textLen {
		t.Errorf("secrets %+v %+v", a, b)
	}
	if p, err := ParseSecret(9, a.Value); err != nil || p != a {
		t.Errorf("does not parse: %v", err)
	}
	if !Check(a, "pa ss") || Check(a, "pass") {
		t.Error("check is wrong")
	}
	for _, plain := range []string{"", "a\rb", strings.Repeat("x", MaxPassword+1)} {
		if _, err := NewSecret(plain); !errors.Is(err, ErrPassword) {
			t.Errorf("%q: %v", plain, err)
		}
	}
}

func TestType7RoundTrip(t *testing.T) {
	long := strings.Repeat("longer than the key ", 6)
	for start := range len(key7) {
		if got, err := Decode7(encode7(long, start)); err != nil || got != long {
			t.Fatalf("start %d: %q %v", start, got, err)
		}
	}
	for range 50 {
		v := Encode7("cisco")
		if got, err := Decode7(v); err != nil || got != "cisco" || v > "16" {
			t.Fatalf("%q: %q %v", v, got, err)
		}
	}
}

func TestAuthenticate(t *testing.T) {
	secret, _ := NewSecret("lab")
	cfg := Config{Users: []User{
		{Name: "admin", Privilege: 15, Secret: secret},
		{Name: "clear", Privilege: 1, Secret: Secret{Value: "lab2", Plain: true}},
		{Name: "none", Privilege: 15},
		{Name: "old", Secret: Secret{Type: 5, Value: "$1$rFbM$8.aXocHg6yHrM/zzeNkAT."}},
	}}
	for _, c := range []struct {
		user, password string
		ok             bool
	}{
		{"admin", "lab", true}, {"admin", "lab2", false}, {"admin", "", false}, {"ADMIN", "lab", false},
		{"clear", "lab2", true}, {"clear", "lab", false}, {"none", "", false}, {"none", "lab", false},
		{"old", "todd", true}, {"nobody", "lab", false}, {"", "", false},
		{"admin", strings.Repeat("x", MaxPassword+1), false},
	} {
		u, ok := Authenticate(cfg, c.user, c.password)
		if ok != c.ok || ok && u.Name != c.user || !ok && u != (User{}) {
			t.Errorf("%q %q: %+v %v", c.user, c.password, u, ok)
		}
	}
	if !cfg.CanLogin() || (&Config{}).CanLogin() || (&Config{Users: []User{{Name: "none"}}}).CanLogin() {
		t.Error("CanLogin is wrong")
	}
	if _, ok := Authenticate(Config{}, "admin", "lab"); ok {
		t.Error("nobody is configured and somebody came in")
	}
}

func TestDecoysAreWellFormed(t *testing.T) {
	for _, typ := range []int{5, 8, 9} {
		d := decoy(typ)
		if _, err := ParseSecret(d.Type, d.Value); err != nil || d.Type != typ {
			t.Errorf("decoy %d: %v", typ, err)
		}
	}
}

func TestParallelChecks(t *testing.T) {
	secret, _ := NewSecret("lab")
	var wg sync.WaitGroup
	for range 3 * ScryptPlaces {
		wg.Go(func() {
			if !Check(secret, "lab") {
				t.Error("refused")
			}
			if n := len(places); n > ScryptPlaces {
				t.Errorf("%d places taken", n)
			}
		})
	}
	wg.Wait()
}

func FuzzParseSecret(f *testing.F) {
	for _, v := range vectors {
		f.Add(v.typ, v.value)
	}
	f.Fuzz(func(t *testing.T, typ int, value string) {
		s, err := ParseSecret(typ, value)
		if err != nil {
			return
		}
		if s.Type != typ || s.Value != value {
			t.Errorf("%d %q became %+v", typ, value, s)
		}
		if plain, ok := s.Reveal(); ok {
			if !Check(s, plain) {
				t.Errorf("%+v does not accept its own text %q", s, plain)
			}
			if back, err := Decode7(Encode7(plain)); err != nil || back != plain {
				t.Errorf("type 7 of %q gives %q, %v", plain, back, err)
			}
		}
	})
}
