// Package provenance writes into a JPEG or PNG what the picture is, signs that,
// and reads it back. It is pure: bytes, keys and time come in, bytes and reports
// go out.
//
// A marked file holds two marks that say the same. An XMP packet (ISO 16684-1)
// names the IPTC digital source type for every program that reads metadata. A
// C2PA manifest (Content Credentials, specification 2.2) says it again with the
// steps that led to the picture, a hash of every other byte of the file, and a
// signature over both:
//
//	manifest store            JUMBF (ISO 19566-5), in APP11 segments or a caBX chunk
//	├─ former manifests       byte for byte as they came, each named by the next
//	└─ active manifest
//	   ├─ assertions          actions, the file's hash, the former manifest
//	   ├─ claim               the assertions' hashes
//	   └─ signature           COSE_Sign1 (RFC 9052) with Ed25519 over the claim
//
// The certificates are made from the installation's secret: see Issuer.
package provenance
