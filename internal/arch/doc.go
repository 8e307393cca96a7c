// Package arch holds no code: its test is the rule of who may import whom.
package arch
