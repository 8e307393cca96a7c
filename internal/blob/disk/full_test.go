package disk

import (
	"os"
	"syscall"
	"testing"

	"kinpict"
)

func TestAFullDiskPassesABrokenOneDoesNot(t *testing.T) {
	for errno, want := range map[syscall.Errno]kinpict.Code{
		syscall.ENOSPC: kinpict.Unavailable, syscall.EDQUOT: kinpict.Unavailable, syscall.EMFILE: kinpict.Unavailable,
		syscall.EIO: kinpict.Internal, syscall.EROFS: kinpict.Internal, syscall.EACCES: kinpict.Internal,
	} {
		err := explain("photos/1.jpg", &os.PathError{Op: "write", Path: "x", Err: errno})
		if kinpict.CodeOf(err) != want {
			t.Errorf("%v is %v, want %s", errno, err, want)
		}
	}
}
