package heif

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
	"os/exec"
	"runtime"
	"time"
)

// Why there is no picture. Any other error is that of a done context.
var (
	ErrDamaged   = errors.New("the decoder refused the file")
	ErrTooLong   = errors.New("decoding took more than it may")
	ErrNoProcess = errors.New("no process could be started")
	// ErrStarved: the machine gave a child too little time, which is no fault of
	// the file.
	ErrStarved = errors.New("decoding did not get the time it needs")
)

// extra are arguments for the children of a test, and wall is theirs to shorten.
var (
	extra []string
	wall  = maxWall
)

// Decode decodes the primary picture of a file that Inspect let pass, turned
// and cropped as the file says. The picture has at most maxPixels.
func Decode(ctx context.Context, data []byte, memory, maxPixels int64) (image.Image, error) {
	timed, cancel := context.WithTimeout(ctx, wall)
	defer cancel()
	name, err := self()
	if err != nil {
		return nil, errors.Join(ErrNoProcess, err)
	}
	// The child dies with the thread that started it, so this one must stay.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	cmd := exec.CommandContext(timed, name, append([]string{Command}, extra...)...)
	cmd.Env = []string{}
	cmd.Dir = "/"
	cmd.SysProcAttr = attributes()
	cmd.WaitDelay = time.Second
	var head bytes.Buffer
	o := order{Memory: uint64(memory), Length: uint64(len(data)), Pixels: uint64(maxPixels)}
	if err := binary.Write(&head, binary.LittleEndian, o); err != nil {
		return nil, err
	}
	cmd.Stdin = io.MultiReader(&head, bytes.NewReader(data))
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, errors.Join(ErrNoProcess, err)
	}
	if err := cmd.Start(); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if timed.Err() != nil {
			return nil, fmt.Errorf("%w: %v", ErrStarved, wall)
		}
		return nil, errors.Join(ErrNoProcess, err)
	}
	m, readErr := readPicture(out, maxPixels)
	_ = out.Close() // at which a child that still writes ends
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case timed.Err() != nil:
		return nil, fmt.Errorf("%w: %v", ErrStarved, wall)
	case errors.Is(readErr, errReply), err == nil && readErr != nil:
		return nil, fmt.Errorf("%w: %w", ErrDamaged, readErr)
	case err != nil:
		return nil, verdict(err)
	}
	return m, nil
}

// verdict says why a child has no picture, from how it ended by itself.
func verdict(err error) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return fmt.Errorf("%w: %w", ErrNoProcess, err)
	}
	switch exit.ExitCode() {
	case exitDamaged, exitInput:
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	case exitLimits:
		return fmt.Errorf("%w: %w", ErrNoProcess, err)
	}
	// Killed at its processor time, or ended by the runtime at its memory.
	return fmt.Errorf("%w: %w", ErrTooLong, err)
}

// errReply is for a child that answers what it must not.
var errReply = errors.New("the child broke the protocol")

// readPicture takes a reply and exactly the planes it announces.
func readPicture(in io.Reader, maxPixels int64) (image.Image, error) {
	var r reply
	if err := binary.Read(in, binary.LittleEndian, &r); err != nil {
		return nil, err
	}
	if r.Width == 0 || r.Height == 0 || uint64(r.Width)*uint64(r.Height) > uint64(maxPixels) {
		return nil, fmt.Errorf("%w: a picture of %d x %d pixels", errReply, r.Width, r.Height)
	}
	stride, chroma, length := planes(r.Width, r.Height, r.Layout)
	if r.Layout < layout420 || r.Layout > layoutRGBA || stride != r.Stride || chroma != r.ChromaStride || length != r.Length {
		return nil, fmt.Errorf("%w: planes of another size than %d x %d pixels have", errReply, r.Width, r.Height)
	}
	b := make([]byte, length)
	if _, err := io.ReadFull(in, b); err != nil {
		return nil, err
	}
	if n, _ := io.ReadFull(in, make([]byte, 1)); n > 0 {
		return nil, fmt.Errorf("%w: more bytes than the planes have", errReply)
	}
	rect := image.Rect(0, 0, int(r.Width), int(r.Height))
	switch r.Layout {
	case layoutGrey:
		return &image.Gray{Pix: b, Stride: int(stride), Rect: rect}, nil
	case layoutRGBA:
		return &image.NRGBA{Pix: b, Stride: int(stride), Rect: rect}, nil
	}
	luma := uint64(stride) * uint64(r.Height)
	rest := (length - luma) / 2
	m := &image.YCbCr{Y: b[:luma:luma], Cb: b[luma : luma+rest : luma+rest], Cr: b[luma+rest:], YStride: int(stride), CStride: int(chroma), Rect: rect}
	switch r.Layout {
	case layout420:
		m.SubsampleRatio = image.YCbCrSubsampleRatio420
	case layout422:
		m.SubsampleRatio = image.YCbCrSubsampleRatio422
	default:
		m.SubsampleRatio = image.YCbCrSubsampleRatio444
	}
	return m, nil
}
