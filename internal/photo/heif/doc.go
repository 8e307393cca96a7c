// Package heif reads HEIC photos: a bounded reader for the boxes of the file,
// and a decoder that runs in a child process.
//
// Inspect reads what the file says about itself without decoding. Decode starts
// this same program again, hands it the bytes on its standard input and takes
// the planes from its standard output. The child has no environment, no file
// beyond those two pipes, and hard bounds on memory, processor time and wall
// time; it ends with the context. Inside it the decoder is WebAssembly, which
// reaches nothing but its own memory. What a hostile file can do is end its own
// child.
//
// Importing the package is enough: its init takes over a process that was
// started with Command as its first argument, so that the child works in any
// program, test programs included.
//
// heif.wasm.gz is libheif 1.18.2 with libde265 1.0.15 (both LGPL-3), built by
// heif.mk from heif.c.txt as in github.com/gen2brain/heic 0.4.5 (MIT). It is kept
// here because that module loads the system's own libheif into every process
// that imports it; see
// docs/adr/0009.
package heif
