package heif

import (
	"encoding/binary"
	"os"
	"syscall"
	"time"
)

// WithArgs lets f run with children that get further arguments.
func WithArgs(args []string, f func()) {
	extra = args
	defer func() { extra = nil }()
	f()
}

// WithWall lets f run with children that may be there so long.
func WithWall(d time.Duration, f func()) {
	wall = d
	defer func() { wall = maxWall }()
	f()
}

// Set before init takes over in a child.
var _ = func() bool { fault = misbehave; return true }()

// misbehave is what a child does when a test's argument asks for it. Its exit
// status is that of a refusal where a bound did not hold.
func misbehave(args []string) {
	if len(args) == 0 {
		return
	}
	answer := func(r reply, n int) {
		if err := binary.Write(os.Stdout, binary.LittleEndian, r); err == nil {
			_, _ = os.Stdout.Write(make([]byte, n)) // the parent may have heard enough
		}
		os.Exit(0)
	}
	gone := func(kept bool) {
		if kept {
			os.Exit(exitLimits)
		}
		os.Exit(exitDamaged)
	}
	honest := reply{Width: 640, Height: 480, Layout: layout420}
	honest.Stride, honest.ChromaStride, honest.Length = planes(640, 480, layout420)
	switch args[0] {
	case "hang":
		for {
			_ = syscall.Pause() // until it is killed
		}
	case "spin":
		if err := syscall.Setrlimit(syscall.RLIMIT_CPU, &syscall.Rlimit{Cur: 1, Max: 1}); err != nil {
			os.Exit(exitLimits)
		}
		for i := 0; ; i++ {
			_ = i
		}
	case "eat":
		var all [][]byte
		for {
			b := make([]byte, 16<<20)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			all = append(all, b)
			if len(all) > 1000 {
				os.Exit(exitDamaged)
			}
		}
	case "open":
		_, err := os.Open("/proc/self/statm")
		gone(err != nil)
	case "create":
		_, err := os.CreateTemp("", "kinpict-heic")
		gone(err != nil)
	case "environment":
		gone(len(os.Environ()) == 0)
	case "long":
		answer(honest, int(honest.Length)+1)
	case "flood":
		answer(honest, 64<<20)
	case "short":
		answer(honest, int(honest.Length)-1)
	case "large":
		honest.Width = 1 << 20
		answer(honest, int(honest.Length))
	case "stride":
		honest.Stride = 16
		answer(honest, int(honest.Length))
	case "kill":
		p, _ := os.FindProcess(os.Getpid())
		_ = p.Kill()
		select {}
	}
}
