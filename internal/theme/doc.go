// Package theme is what an operator changes about the look of a site without
// building it: its name, its accent, its logo, and files laid over ours.
//
// Whatever would make a page hard to read or break it is refused when the site
// starts, with what to do about it: an accent by its contrast, a logo by what it
// holds, a file by its name and size. Templates are parsed and tried by the web
// package, which knows what they are given.
package theme
