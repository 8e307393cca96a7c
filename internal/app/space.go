package app

import (
	"errors"
	"fmt"
	"syscall"

	"kinpict/internal/blob"
)

// mostSpare is what is kept free at most: of a very large disk a tenth would be
// more than what is under way could ever need.
const mostSpare = 10 << 30

// A space watches the file systems that photos and the database lie on. While one
// of them is nearly full nothing more is taken in, so that pictures that are paid
// for, and the books, still find their place.
type space struct {
	folders []string
	// ask returns how many bytes this process may still write below a folder, and
	// how many its file system holds.
	ask func(folder string) (free, total uint64, err error)
}

// low says in words for whoever runs it which file system is nearly full, or "".
// One that does not tell is taken to have room: a write that fails is told anyway.
func (s *space) low() string {
	for _, folder := range s.folders {
		free, total, err := s.ask(folder)
		if spare := min(total/10, mostSpare); err == nil && free < spare {
			return fmt.Sprintf("nearly full: %d MiB are free below %s, and new photos wait until it is %d", free>>20, folder, spare>>20)
		}
	}
	return ""
}

// hint is what strangers may read of it: where and how much is for the log.
func (s *space) hint() string {
	if s.low() == "" {
		return ""
	}
	return "nearly full: new photos wait, and the log says where"
}

// room is Unavailable while a file system is nearly full.
func (s *space) room() error {
	if low := s.low(); low != "" {
		return blob.Full(errors.New(low))
	}
	return nil
}

func freeSpace(folder string) (free, total uint64, err error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(folder, &st); err != nil {
		return 0, 0, err
	}
	return uint64(st.Bavail) * uint64(st.Bsize), uint64(st.Blocks) * uint64(st.Bsize), nil
}
