// Package kinpict is the vocabulary of the product: credits, accounts, photos,
// generations, purchases, the catalog, and the one error type a customer may
// see. It holds no rules that need a database and does no I/O, so every other
// package may import it and it imports none of them.
//
// It is shared inside this module and carries no compatibility promise.
package kinpict
