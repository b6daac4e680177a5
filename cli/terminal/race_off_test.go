//go:build !race

package terminal

const slow = false
