package cli

import (
	"fmt"
	"io"
	"os"
)

// openFile opens what somebody named to be read. Opening a pipe would wait for
// its other end, out of reach of every signal, so only a regular file will do.
func openFile(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	return os.Open(path)
}

// readFile returns the first limit bytes of a regular file.
func readFile(path string, limit int64) ([]byte, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}
