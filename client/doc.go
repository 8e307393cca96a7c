// Package client is a typed client of Kinpict's JSON API, and the one
// definition of what travels: the server writes these very types, so the two
// cannot drift apart.
//
// Failures are *kinpict.Error with the code, sentence and hint the server sent.
package client
