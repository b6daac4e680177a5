package main

import (
	"context"
	"testing"
)

// TestVerdicts: every figure is there, and the healthy phones of the story are.
func TestVerdicts(t *testing.T) {
	b := &bench{quick: true}
	if err := measureVerdicts(context.Background(), b); err != nil {
		t.Fatal(err)
	}
	rows := b.report.Tables[0].Rows
	if len(rows) != 4 {
		t.Fatalf("%d figures", len(rows))
	}
	for _, r := range rows {
		t.Logf("%s: %.1f %s, at most %.0f", r.Name, r.Values[option150.name], r.Unit, r.Aim)
	}
	t.Log(b.report.Tables[0].Notes)
}
