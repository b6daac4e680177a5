// Package browser holds the page of the box to what a browser does with it:
// Debian's Chromium, driven by chromedp, opens it as people do. There is only
// test code here, so that the product does not depend on the driver.
//
// OPTION150_SCREENSHOTS names a folder in which the pictures stay. Without
// Chromium the tests are passed over, in continuous integration they fail.
package browser
