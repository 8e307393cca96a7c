package provenance

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
)

const (
	rdfSpace  = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
	iptcSpace = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
	xmpSpace  = "http://ns.adobe.com/xap/1.0/"
)

// packet is the XMP packet of a file: the source type, the program, and the word
// Preview on a preview. Nothing in it is about a person.
func packet(source, tool string, preview bool) []byte {
	var b bytes.Buffer
	b.WriteString("<?xpacket begin=\"\ufeff\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>" +
		`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="` + rdfSpace + `"><rdf:Description rdf:about=""` +
		` xmlns:xmp="` + xmpSpace + `" xmlns:Iptc4xmpExt="` + iptcSpace + `"`)
	attr := func(name, value string) {
		fmt.Fprintf(&b, " %s=\"", name)
		// A buffer takes every write.
		_ = xml.EscapeText(&b, []byte(value))
		b.WriteByte('"')
	}
	attr("xmp:CreatorTool", tool)
	if preview {
		attr("xmp:Label", "Preview")
	}
	attr("Iptc4xmpExt:DigitalSourceType", source)
	b.WriteString(`/></rdf:RDF></x:xmpmeta><?xpacket end="r"?>`)
	return b.Bytes()
}

// maxXMP bounds a packet that is read.
const maxXMP = 64 << 10

// sourceOf finds the digital source type in an XMP packet, as an attribute, as
// text or as a reference, "" where there is none that can be read.
func sourceOf(xmp []byte) string {
	if len(xmp) == 0 || len(xmp) > maxXMP {
		return ""
	}
	d := xml.NewDecoder(bytes.NewReader(xmp))
	for inside := false; ; {
		t, err := d.Token()
		if err != nil { // the end, or a packet that breaks off
			return ""
		}
		switch t := t.(type) {
		case xml.StartElement:
			inside = t.Name == xml.Name{Space: iptcSpace, Local: "DigitalSourceType"}
			for _, a := range t.Attr {
				if a.Name.Space == iptcSpace && a.Name.Local == "DigitalSourceType" || inside && a.Name.Space == rdfSpace && a.Name.Local == "resource" {
					return term(a.Value)
				}
			}
		case xml.CharData:
			if inside {
				if s := term(string(t)); s != "" {
					return s
				}
			}
		}
	}
}

// term is a source type as it is shown: of IPTC's vocabulary, in its own
// spelling of the address, or "".
func term(s string) string {
	s = strings.TrimSpace(s)
	s = strings.Replace(s, "https://cv.iptc.org/", "http://cv.iptc.org/", 1) // some write it so
	name, ok := strings.CutPrefix(s, vocabulary)
	if !ok || name == "" || len(name) > 64 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return ""
	}
	return s
}
