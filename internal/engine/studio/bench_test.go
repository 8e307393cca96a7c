package studio

import (
	"context"
	"runtime"
	"testing"
	"time"

	"kinpict"
	"kinpict/internal/scenario"
)

func BenchmarkStandard(b *testing.B) { each(b, kinpict.Standard) }
func BenchmarkEnhanced(b *testing.B) { each(b, kinpict.Enhanced) }

// each draws every scenario with five photos and reports the largest heap seen.
func each(b *testing.B, quality string) {
	for _, s := range scenario.Builtin().All() {
		b.Run(s.ID, func(b *testing.B) {
			j := job(s, 5)
			j.Quality = quality
			peak, done := watchHeap()
			for b.Loop() {
				if _, err := New().Draw(context.Background(), j); err != nil {
					b.Fatal(err)
				}
			}
			close(done)
			b.ReportMetric(float64(<-peak)/(1<<20), "peak-MiB")
		})
	}
}

// watchHeap samples the heap until done is closed, then sends the largest.
func watchHeap() (peak chan uint64, done chan struct{}) {
	peak, done = make(chan uint64, 1), make(chan struct{})
	go func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		var most uint64
		for {
			select {
			case <-done:
				peak <- most
				return
			case <-tick.C:
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapInuse)
			}
		}
	}()
	return peak, done
}
