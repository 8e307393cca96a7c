package studio

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	xdraw "golang.org/x/image/draw"

	"kinpict"
	"kinpict/internal/engine"
	"kinpict/internal/scenario"
)

func BenchmarkStandard(b *testing.B) { each(b, kinpict.Standard) }
func BenchmarkEnhanced(b *testing.B) { each(b, kinpict.Enhanced) }

// phone are five photos as intake leaves them: 3072 pixels on the long side,
// with faces known.
var phone = sync.OnceValue(func() []engine.Photo {
	var out []engine.Photo
	for _, p := range people()[:5] {
		m := picture(p)
		s := 3072 / float64(max(m.Bounds().Dx(), m.Bounds().Dy()))
		o := image.NewRGBA(image.Rect(0, 0, int(float64(m.Bounds().Dx())*s), int(float64(m.Bounds().Dy())*s)))
		xdraw.BiLinear.Scale(o, o.Rect, m, m.Bounds(), xdraw.Src, nil)
		var b bytes.Buffer
		if err := jpeg.Encode(&b, o, &jpeg.Options{Quality: 90}); err != nil {
			panic(err)
		}
		out = append(out, engine.Photo{JPEG: b.Bytes(), Label: p.Label, Faces: p.Faces})
	}
	return out
})

// each draws every scenario with five photos. Besides the time it reports the
// CPU seconds of a picture, which other work on the machine does not change, and
// the most memory the whole process held.
func each(b *testing.B, quality string) {
	for _, s := range scenario.Builtin().All() {
		b.Run(s.ID, func(b *testing.B) {
			e, j := New(), job(s, 5)
			j.Quality, j.Photos = quality, phone()
			debug.FreeOSMemory()
			// Linux starts its count of the peak anew on this; elsewhere the peak is that of the run so far.
			_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
			before, n := cpu(b), 0
			for b.Loop() {
				n++
				if _, err := e.Draw(context.Background(), j); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((cpu(b)-before).Seconds()/float64(n), "cpu-s/op")
			b.ReportMetric(float64(peak(b))/1024, "peak-MiB")
		})
	}
}

func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peak is the largest resident size, KiB.
func peak(b *testing.B) (kib int) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	if _, err := fmt.Sscan(after, &kib); err != nil {
		b.Fatal(err)
	}
	return kib
}
