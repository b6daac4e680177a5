//go:build !race

package testbox

const raceDetector = false
