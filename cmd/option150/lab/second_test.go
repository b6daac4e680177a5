package lab

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"option150/platform/ether"
	"option150/telephony/inventory"
	"option150/telephony/simphone"
)

// TestSecondGenerationSteps: a 7940, 7960, 7905 and 7912 that cannot check
// signatures ask for an unsigned image, come up with what they run, get the
// stepping stone of their protocol at the next boot and then the load; those that
// can go at once. None is given a signed image before.
func TestSecondGenerationSteps(t *testing.T) {
	if alone(t) {
		return
	}
	const (
		sccp40, stone40 = "P0030801SR02", "P00307020300"
		sip60, stone60  = "P0S3-8-12-00", "P0S3-07-5-00"
		sccp05, stone05 = "CP7905080003SCCP070409A", "CP7905080001SCCP051117A"
		sip12, stone12  = "CP7912010301SIP050414A", "CP7912010101SIP041201A"
	)
	phone := func(n byte, model string, proto simphone.Protocol, load string, unsigned bool) simphone.Spec {
		return simphone.Spec{MAC: ether.MAC{0, 0x1e, 0x7a, 0, 2, n}, Model: model, Protocol: proto, Load: load, Unsigned: unsigned}
	}
	var d diary
	o := Options{Root: t.TempDir(), SSH: "127.0.0.1:0", OnStep: d.note, Pace: 0.001, Hold: true,
		Lines: " load 7960-7940 " + sccp40 + "\n load 7905 " + sccp05 + "\n",
		Phones: []simphone.Spec{
			phone(1, "7940", simphone.SCCP, "P00303020214", false), phone(2, "7960", simphone.SIP, "P0S3-04-4-00", false),
			phone(3, "7905", simphone.SCCP, "CP7905040000SCCP040101A", true), phone(4, "7912", simphone.SIP, "CP7912010000SIP030101A", true),
			phone(5, "7940", simphone.SCCP, "P00308000500", false), phone(6, "7905", simphone.SCCP, stone05, false),
			phone(7, "7912", simphone.SIP, stone12, false),
		}}
	o.Config = strings.Replace(ConfigOf(o), " mode cme\n", " mode cme\n load 7960-7940 "+sip60+"\n load 7912 "+sip12+".sbin\n", 1)
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dir := filepath.Join(o.Root, "flash", "phones")
	for _, load := range []string{sccp40, sip60, sccp05, sip12} {
		if err := Stock(dir, load, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, stone := range []string{stone40 + ".bin", stone60 + ".bin", stone05 + ".zup", stone12 + ".zup"} {
		if err := os.WriteFile(filepath.Join(dir, stone), []byte("synthetic unsigned image"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	up := func(phones []simphone.Spec) {
		t.Helper()
		wait(t, 40*time.Second, "phones to come up", func() string {
			for _, s := range phones {
				if !l.provisioned(s.MAC) {
					return s.MAC.Device() + ": " + strings.Join(d.installed(s.MAC.Device()), ", ")
				}
			}
			return ""
		})
	}
	for _, s := range o.Phones {
		if err := l.Boot(s); err != nil {
			t.Fatal(err)
		}
	}
	up(o.Phones)
	wait(t, 20*time.Second, "verdicts", func() string {
		if out := l.typed(t, "show phones"); strings.Count(out, "R39") != 4 || strings.Contains(out, "stuck ") { // three, and the line that says what it is
			return out
		}
		return ""
	})
	for _, s := range o.Phones[:3] {
		if got := d.installed(s.MAC.Device()); len(got) != 1 || !strings.Contains(got[0], "no such load, goes on with "+s.Load) {
			t.Errorf("%s at its first boot: %q", s.MAC.Device(), got)
		}
		if err := l.Replug(s); err != nil {
			t.Fatal(err)
		}
	}
	// The 7912 reads its profile again by itself.
	wait(t, 40*time.Second, "the loads", func() string {
		var missing []string
		for n, want := range map[int]string{0: sccp40, 1: sip60, 2: sccp05, 3: sip12 + ".sbin"} {
			if got := d.installed(o.Phones[n].MAC.Device()); got[len(got)-1] != want {
				missing = append(missing, strings.Join(got, ", "))
			}
		}
		return strings.Join(missing, "; ")
	})
	if !l.Settle(t.Context(), 60*time.Second) {
		t.Errorf("not all phones came up\n%s", inventory.ShowPhones(l.Box.Box().Inventory.Phones(time.Now()), nil))
	}
	for n, want := range map[int]string{
		0: stone40 + " " + sccp40, 1: stone60 + " " + sip60, 2: stone05 + " " + sccp05, 3: stone12 + ".zup " + sip12 + ".sbin",
		4: sccp40, 5: sccp05, 6: sip12 + ".sbin",
	} {
		device := o.Phones[n].MAC.Device()
		got := d.installed(device)
		if n < 4 {
			got = got[1:]
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s (%s with %s) installed %q, want %q", device, o.Phones[n].Model, o.Phones[n].Load, s, want)
		}
	}
	show := l.typed(t, "show firmware phones")
	for _, s := range o.Phones {
		if !strings.Contains(show, s.MAC.Device()) {
			t.Errorf("show firmware phones lacks %s:\n%s", s.MAC.Device(), show)
		}
	}
	if out := l.typed(t, "show phones"); strings.Contains(out, "stuck") {
		t.Error(out)
	}
}
