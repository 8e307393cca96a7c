// Package photo turns an uploaded file into something the rest of the product
// may trust: it decides by content what the file is, refuses what would cost
// too much before decoding anything, decodes, turns the picture upright,
// flattens it on white, converts it to sRGB, limits its size and writes it
// again as a plain JPEG that carries pixels and nothing else.
//
// It keeps nothing: bytes in, bytes out. HEIC is decoded in a child process, see
// package heif; nothing else here does I/O. The standard decoders
// cannot be stopped by a context while they work on bytes they already hold,
// so every bound here is on work, counted from the headers: bytes, pixels,
// memory of the decoder, and samples visited over all scans of a JPEG. A Gate
// bounds what a whole process decodes at once.
//
// Known limits: the first picture of a file is the only one taken; the HDR
// gain map, video or second frame behind it is dropped. Colour is converted
// from RGB profiles made of a matrix and three curves (Display P3, Adobe RGB,
// ProPhoto); any other profile (tables as mft2 and mAB, grey, CMYK) is dropped and the numbers
// are read as sRGB.
package photo
