package print

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"kinpict/internal/srgb"
)

// Source types of the IPTC's vocabulary, http://cv.iptc.org/newscodes/digitalsourcetype/.
const (
	vocabulary = "http://cv.iptc.org/newscodes/digitalsourcetype/"
	composite  = vocabulary + "compositeCapture"
	generated  = vocabulary + "compositeWithTrainedAlgorithmicMedia"
)

// A Picture is what is printed.
type Picture struct {
	Data        []byte
	ContentType string // image/jpeg or image/png
	Width       int    // pixels
	Height      int
	// Generative: a trained model redrew people.
	Generative bool
	// At is when the picture was made. The same picture and time are the same sheet.
	At time.Time
}

// Lines of the crop marks, in mm. They begin Gap beyond the bleed.
const (
	markGap   = 1.0
	markLong  = 5.0
	markWidth = 0.09 // a quarter of a point
)

// Sheet is a PDF of one page with the picture as it fits. A JPEG stands in it
// byte for byte.
func Sheet(p Picture, f Fit) ([]byte, error) {
	tw, th := f.Size()
	edge := Bleed + Slug
	w, h := tw+2*edge, th+2*edge
	// Sizes are given as they lie: landscape only tells fpdf to turn them again.
	pdf := fpdf.NewCustom(&fpdf.InitType{OrientationStr: "P", UnitStr: "mm", Size: fpdf.SizeType{Wd: w, Ht: h}})
	pdf.SetMargins(0, 0, 0)
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(p.At.UTC())
	pdf.SetModificationDate(p.At.UTC())
	pdf.SetTitle("Print, "+f.Paper.Name, true)
	pdf.SetCreator("Kinpict", true)
	pdf.SetProducer("Kinpict", true)
	pdf.SetXmpMetadata(packet(p, f))
	pdf.AddOutputIntent(fpdf.OutputIntentType{SubtypeIdent: fpdf.OutputIntent_GTS_PDFA1, OutputConditionIdentifier: srgb.Name, Info: srgb.Name, ICCProfile: srgb.Profile()})
	pdf.SetPageBox("bleed", Slug, Slug, tw+2*Bleed, th+2*Bleed)
	pdf.SetPageBox("trim", edge, edge, tw, th)
	pdf.AddPage()

	kind := map[string]string{"image/jpeg": "JPG", "image/png": "PNG"}[p.ContentType]
	if kind == "" {
		return nil, fmt.Errorf("print: no way to print %q", p.ContentType)
	}
	opts := fpdf.ImageOptions{ImageType: kind}
	pdf.RegisterImageOptionsReader("picture", opts, bytes.NewReader(p.Data))
	dw, dh := float64(p.Width)*f.scale, float64(p.Height)*f.scale
	x, y := (w-dw)/2, (h-dh)/2
	pdf.ClipRect(Slug, Slug, tw+2*Bleed, th+2*Bleed, false)
	pdf.ImageOptions("picture", x, y, dw, dh, false, opts, 0, "")
	if !f.Matted {
		mirror(pdf, opts, x, y, dw, dh, w, h)
	}
	pdf.ClipEnd()
	marks(pdf, edge, tw, th)

	var out bytes.Buffer
	if err := pdf.Output(&out); err != nil {
		return nil, fmt.Errorf("print: %w", err)
	}
	return boxesInOrder(out.Bytes()), nil
}

// boxesInOrder puts the line of the bleed before the line of the trim: fpdf
// writes them as a map has them, and the same picture is to be the same sheet.
// They are neighbours, so that nothing else in the file moves.
func boxesInOrder(pdf []byte) []byte {
	trim := bytes.Index(pdf, []byte("/TrimBox ["))
	bleed := bytes.Index(pdf, []byte("/BleedBox ["))
	if trim < 0 || bleed < trim {
		return pdf
	}
	end := bleed + bytes.IndexByte(pdf[bleed:], '\n') + 1
	return slices.Concat(pdf[:trim], pdf[bleed:end], pdf[trim:bleed], pdf[end:])
}

// mirror draws the picture again beyond those of its edges that end within the
// bleed, each time reflected at the edge.
func mirror(pdf *fpdf.Fpdf, opts fpdf.ImageOptions, x, y, dw, dh, w, h float64) {
	// Where the mirrors stand: 0 is no mirror.
	xs, ys := []float64{0}, []float64{0}
	if x > Slug {
		xs = append(xs, x, w-x)
	}
	if y > Slug {
		ys = append(ys, y, h-y)
	}
	for _, mx := range xs {
		for _, my := range ys {
			if mx == 0 && my == 0 {
				continue
			}
			pdf.TransformBegin()
			if mx != 0 {
				pdf.TransformMirrorHorizontal(mx)
			}
			if my != 0 {
				pdf.TransformMirrorVertical(my)
			}
			pdf.ImageOptions("picture", x, y, dw, dh, false, opts, 0, "")
			pdf.TransformEnd()
		}
	}
}

// marks draws two lines at each corner of the cut.
func marks(pdf *fpdf.Fpdf, edge, tw, th float64) {
	pdf.SetLineWidth(markWidth)
	pdf.SetDrawColor(0, 0, 0)
	far, near := Slug-markGap-markLong, Slug-markGap
	for _, x := range []float64{edge, edge + tw} {
		pdf.Line(x, far, x, near)
		pdf.Line(x, 2*edge+th-near, x, 2*edge+th-far)
	}
	for _, y := range []float64{edge, edge + th} {
		pdf.Line(far, y, near, y)
		pdf.Line(2*edge+tw-near, y, 2*edge+tw-far, y)
	}
}

// packet is the sheet's XMP: what it is, and how its picture came about.
func packet(p Picture, f Fit) []byte {
	source := composite
	if p.Generative {
		source = generated
	}
	at := p.At.UTC().Format(time.RFC3339)
	return []byte(strings.NewReplacer("{source}", source, "{at}", at, "{title}", "Print, "+f.Paper.Name).Replace(
		`<?xpacket begin="` + "\ufeff" + `" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmp:CreatorTool="Kinpict" xmp:CreateDate="{at}" Iptc4xmpExt:DigitalSourceType="{source}">
<dc:format>application/pdf</dc:format><dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>`))
}
