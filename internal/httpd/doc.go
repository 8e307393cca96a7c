// Package httpd is what every HTTP surface of the product shares: handlers that
// return errors, the one table from error codes to statuses, problem documents
// (RFC 9457), and the Edge, which every request passes on its way in.
//
// The Edge gives each request an id, sets the security headers, refuses what
// another site sent, bounds how long and how slow a body may be, and writes the
// access log. The log names routes, not paths, and neither queries, addresses
// nor people.
//
// Serve refuses a request that has both Content-Length and Transfer-Encoding, and
// closes the connection after every chunked one.
package httpd
