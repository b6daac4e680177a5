//go:build !race

package testbox

const raceDetector = false

const patience = 1
