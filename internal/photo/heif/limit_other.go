//go:build !linux

package heif

import (
	"os"
	"syscall"
	"time"
)

// limit does nothing where address space cannot be bounded: the decoder's own
// memory and the parent's clock remain.
func limit(uint64, time.Duration) error { return nil }

func self() (string, error) { return os.Executable() }

func attributes() *syscall.SysProcAttr { return nil }
