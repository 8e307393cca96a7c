// Package e2e holds no code: its tests are the proof, over HTTP, that the
// product keeps the promises of the credits policy. They start the whole product
// in this process, or the real binary where it has to be killed, and look at it
// only as a person, a script or a payment provider could; after every test the
// books are audited.
//
//	policy_test.go     one test named after each rule of the policy: what is free,
//	                   what is sold, what an account and a guest may do
//	return_test.go     the rest of them: failure, retry, review, changing prices
//	parallel_test.go   many at once: one balance, one key, one checkout
//	payment_test.go    every outcome of the sandbox's checkout
//	input_test.go      what a broken or hostile client sends
//	foreign_test.go    two accounts and a guest, with each other's ids
//	kill_test.go       kill -9 at random points under load
//	crash_test.go      kill -9 at one known point each
//	browser_install_test.go  the worker, the offline page and the share sheet
//	browser_*_test.go  the journeys in a real browser, with and without scripts
//	bench_test.go      rates, beside a bare handler that writes the same rows
package e2e
