//go:build race

package terminal

// The race detector makes a key some fifty times as dear.
const slow = true
