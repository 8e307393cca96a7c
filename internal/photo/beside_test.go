package photo

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// ingestOne names a file; a test process that finds it makes one photo of that
// file and ends, so that its own use of the machine can be measured. drawOne has
// it draw the file: a process starts with the peak of the one that started it, so
// that one must stay small.
const (
	ingestOne = "KINPICT_BENCH_INGEST"
	drawOne   = "KINPICT_BENCH_DRAW"
)

func init() {
	if name := os.Getenv(drawOne); name != "" {
		data, err := photographed()
		if err = errors.Join(err, os.WriteFile(name, data, 0o600)); err != nil {
			panic(err)
		}
		os.Exit(0)
	}
	name := os.Getenv(ingestOne)
	if name == "" {
		return
	}
	data, err := os.ReadFile(name)
	if err == nil {
		var n *Normal
		if n, err = Normalise(context.Background(), data, DefaultLimits()); err == nil {
			err = errors.Join(os.WriteFile(name+".picture.jpg", n.JPEG, 0o600), os.WriteFile(name+".thumb.jpg", n.Thumb, 0o600))
		}
	}
	if err != nil {
		panic(err) // ends the child, and its parent reports it
	}
	os.Exit(0)
}

// BenchmarkBesideVips makes the same two files of a 12 MP photo, whole process
// against whole process: the picture and its thumbnail. vipsthumbnail writes one
// file a call, so its two calls are added up.
func BenchmarkBesideVips(b *testing.B) {
	file := filepath.Join(b.TempDir(), "photo.jpg")
	run := func(env string, name string, args ...string) (time.Duration, int64) {
		cmd := exec.CommandContext(b.Context(), name, args...)
		cmd.Env = append(os.Environ(), env)
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%s (scripts/deps bench installs it): %v\n%s", name, err, out)
		}
		u := cmd.ProcessState.SysUsage().(*syscall.Rusage)
		return time.Duration(u.Utime.Nano() + u.Stime.Nano()), u.Maxrss
	}
	run(drawOne+"="+file, os.Args[0])
	var ours, vips time.Duration
	var oursMax, vipsMax int64
	for b.Loop() {
		cpu, rss := run(ingestOne+"="+file, os.Args[0])
		ours, oursMax = ours+cpu, max(oursMax, rss)
		for _, size := range []string{"4096x4096>", "480x480>"} {
			out := filepath.Join(b.TempDir(), strings.TrimSuffix(size, ">")+".jpg")
			cpu, rss := run("VIPS=", "vipsthumbnail", file, "--size", size, "--eprofile", "srgb", "-o", out+"[Q=90,strip]")
			vips, vipsMax = vips+cpu, max(vipsMax, rss)
		}
	}
	n := float64(b.N)
	b.ReportMetric(ours.Seconds()*1000/n, "our-cpu-ms")
	b.ReportMetric(vips.Seconds()*1000/n, "vips-cpu-ms")
	b.ReportMetric(ours.Seconds()/vips.Seconds(), "cpu-ratio")
	b.ReportMetric(float64(oursMax)/1024, "our-peak-MiB")
	b.ReportMetric(float64(vipsMax)/1024, "vips-peak-MiB")
	b.ReportMetric(0, "ns/op")
}
