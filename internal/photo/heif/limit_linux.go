package heif

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
)

// limit bounds this process for good: memory bytes of address space beyond what
// it has now, cpu of processor time, no further file, no file written, no core
// dump.
func limit(memory uint64, cpu time.Duration) error {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return err
	}
	first, _, _ := bytes.Cut(statm, []byte(" "))
	pages, err := strconv.ParseUint(string(first), 10, 64)
	if err != nil {
		return err
	}
	seconds := uint64(cpu / time.Second)
	var failed error
	for _, l := range []struct {
		what  int
		value uint64
	}{
		{syscall.RLIMIT_AS, pages*uint64(os.Getpagesize()) + memory},
		{syscall.RLIMIT_CPU, seconds},
		{syscall.RLIMIT_NOFILE, 0},
		{syscall.RLIMIT_FSIZE, 0},
		{syscall.RLIMIT_CORE, 0},
	} {
		if err := syscall.Setrlimit(l.what, &syscall.Rlimit{Cur: l.value, Max: l.value}); err != nil {
			failed = errors.Join(failed, fmt.Errorf("limit %d: %w", l.what, err))
		}
	}
	return failed
}

// self is this program, also after its file was replaced by a newer one.
func self() (string, error) { return "/proc/self/exe", nil }

func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
