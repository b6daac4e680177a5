//go:build race

package tftp

// raceDetector makes long transfers slow; they add nothing to what it can see.
const raceDetector = true
