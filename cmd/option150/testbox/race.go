//go:build race

package testbox

// raceDetector: the tests were built with it, so the box is too.
const raceDetector = true

// patience multiplies every wait: the box is slower by as much.
const patience = 4
