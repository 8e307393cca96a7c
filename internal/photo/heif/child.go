package heif

import (
	"encoding/binary"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

// Command is the first argument of a process that decodes one photo and ends.
const Command = "decode-heic-from-stdin"

// How a child ends when it has no picture.
const (
	exitDamaged = 3 // the decoder refused the file
	exitLimits  = 4 // the limits could not be set
	exitInput   = 5 // what the parent sent was cut
)

// Bounds of a child beside its memory. An honest photo of 48 MP takes up to 9 s of
// processor time; on the clock it may be there longer, for a machine with more to do.
const (
	maxCPU  = 10 * time.Second
	maxWall = 30 * time.Second
)

// overhead is the address space a child may take beside the decoder's memory:
// the Go runtime, the compiler, the code it makes and the file.
const overhead = 256 << 20

// fault lets tests make a child misbehave; it is nil in a program.
var fault func(args []string)

func init() {
	if len(os.Args) >= 2 && os.Args[1] == Command {
		os.Exit(child(os.Args[2:], os.Stdin, os.Stdout))
	}
}

// An order is what the child reads before the bytes of the file.
type order struct {
	Memory uint64 // of the decoder, bytes
	Length uint64 // of the file
	Pixels uint64 // at most, of the picture
}

// A reply is what the child writes before the planes.
type reply struct {
	Width, Height uint32
	Layout        uint32
	Stride        uint32 // of the first plane
	ChromaStride  uint32
	_             uint32
	Length        uint64 // of all planes
}

func child(args []string, in io.Reader, out io.Writer) int {
	runtime.GOMAXPROCS(1)
	var o order
	if err := binary.Read(in, binary.LittleEndian, &o); err != nil || o.Length > 1<<30 || o.Memory > 1<<32-1 {
		return exitInput
	}
	debug.SetMemoryLimit(int64(o.Memory) + overhead)
	if err := limit(o.Memory+overhead, maxCPU); err != nil {
		return exitLimits
	}
	if fault != nil {
		fault(args)
	}
	data := make([]byte, o.Length)
	if _, err := io.ReadFull(in, data); err != nil {
		return exitInput
	}
	r, planes, err := decode(data, o)
	if err != nil {
		return exitDamaged
	}
	if binary.Write(out, binary.LittleEndian, r) != nil {
		return exitInput
	}
	if _, err := out.Write(planes); err != nil {
		return exitInput
	}
	return 0
}
