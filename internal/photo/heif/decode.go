package heif

import (
	"bytes"
	"compress/gzip"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

//go:embed heif.wasm.gz
var program []byte

// maxProgram is far above what the program inflates to.
const maxProgram = 16 << 20

const page = 64 << 10 // of WebAssembly memory

// Colour spaces and samplings as libheif numbers them.
const (
	spaceYCbCr = 0
	spaceRGB   = 1
	spaceGrey  = 2

	chroma420 = 1
	chroma422 = 2
	chroma444 = 3
)

// Layouts of the planes in a reply.
const (
	layout420 = iota + 1
	layout422
	layout444
	layoutGrey
	layoutRGBA
)

// decode runs the decoder. It belongs into a child: nothing here ends it in time.
// The planes lie in the decoder's memory.
func decode(data []byte, o order) (reply, []byte, error) {
	ctx := context.Background()
	// All the memory is reserved at once and touched as needed: growing would
	// copy it, and hold it twice while it does.
	cfg := wazero.NewRuntimeConfig().WithMemoryLimitPages(uint32(o.Memory / page)).WithMemoryCapacityFromMax(true)
	rt := wazero.NewRuntimeWithConfig(ctx, cfg)
	z, err := gzip.NewReader(bytes.NewReader(program))
	if err != nil {
		return reply{}, nil, err
	}
	code, err := io.ReadAll(io.LimitReader(z, maxProgram))
	if err != nil {
		return reply{}, nil, err
	}
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, rt); err != nil {
		return reply{}, nil, err
	}
	compiled, err := rt.CompileModule(ctx, code)
	if err != nil {
		return reply{}, nil, err
	}
	mod, err := rt.InstantiateModule(ctx, compiled, wazero.NewModuleConfig())
	if err != nil {
		return reply{}, nil, err
	}
	d := decoder{ctx: ctx, mod: mod}
	return d.picture(data, o)
}

type decoder struct {
	ctx context.Context
	mod api.Module
}

// alloc returns the address of n bytes inside the decoder.
func (d *decoder) alloc(n uint64) (uint32, error) {
	res, err := d.mod.ExportedFunction("malloc").Call(d.ctx, n)
	if err != nil {
		return 0, err
	}
	if res[0] == 0 {
		return 0, errors.New("no memory left")
	}
	return uint32(res[0]), nil
}

// call runs the program's one function. With out 0 it only reads the header.
func (d *decoder) call(in uint32, n int, facts, out uint32) error {
	header := uint64(0)
	if out == 0 {
		header = 1
	}
	f := uint64(facts)
	res, err := d.mod.ExportedFunction("decode").Call(d.ctx, uint64(in), uint64(n), header, f, f+4, f+8, f+12, f+16, uint64(out))
	if err != nil {
		return err
	}
	if res[0] == 0 {
		return errors.New("refused")
	}
	return nil
}

func (d *decoder) picture(data []byte, o order) (reply, []byte, error) {
	in, err := d.alloc(uint64(len(data)))
	if err != nil {
		return reply{}, nil, err
	}
	facts, err := d.alloc(5 * 4)
	if err != nil {
		return reply{}, nil, err
	}
	if !d.mod.Memory().Write(in, data) {
		return reply{}, nil, errors.New("input does not fit")
	}
	if err := d.call(in, len(data), facts, 0); err != nil {
		return reply{}, nil, err
	}
	r, err := d.layout(facts, o)
	if err != nil {
		return reply{}, nil, err
	}
	out, err := d.alloc(r.Length)
	if err != nil {
		return reply{}, nil, err
	}
	if err := d.call(in, len(data), facts, out); err != nil {
		return reply{}, nil, err
	}
	if again, err := d.layout(facts, o); err != nil || again != r {
		return reply{}, nil, errors.New("header and picture differ")
	}
	planes, ok := d.mod.Memory().Read(out, uint32(r.Length))
	if !ok {
		return reply{}, nil, errors.New("planes lie outside")
	}
	return r, planes, nil
}

// layout reads what the program found and says how its planes will lie.
func (d *decoder) layout(facts uint32, o order) (reply, error) {
	var v [4]uint32 // width, height, colour space, chroma
	for i := range v {
		x, ok := d.mod.Memory().ReadUint32Le(facts + uint32(4*i))
		if !ok {
			return reply{}, errors.New("facts lie outside")
		}
		v[i] = x
	}
	r := reply{Width: v[0], Height: v[1]}
	if v[0] == 0 || v[1] == 0 || uint64(v[0])*uint64(v[1]) > o.Pixels {
		return reply{}, fmt.Errorf("%d x %d pixels", v[0], v[1])
	}
	switch {
	case v[2] == spaceGrey:
		r.Layout = layoutGrey
	case v[2] == spaceRGB:
		r.Layout = layoutRGBA
	case v[2] == spaceYCbCr && v[3] == chroma420:
		r.Layout = layout420
	case v[2] == spaceYCbCr && v[3] == chroma422:
		r.Layout = layout422
	case v[2] == spaceYCbCr && v[3] == chroma444:
		r.Layout = layout444
	default:
		return reply{}, fmt.Errorf("colour space %d, chroma %d", v[2], v[3])
	}
	r.Stride, r.ChromaStride, r.Length = planes(r.Width, r.Height, r.Layout)
	return r, nil
}

// planes is how the program lays out a picture: rows padded to 16 bytes.
func planes(w, h, layout uint32) (stride, chroma uint32, length uint64) {
	pad := func(n uint32) uint32 { return (n + 15) &^ 15 }
	cw, ch := w, h
	switch layout {
	case layoutGrey:
		stride = pad(w)
		return stride, 0, uint64(stride) * uint64(h)
	case layoutRGBA:
		stride = pad(4 * w)
		return stride, 0, uint64(stride) * uint64(h)
	case layout422:
		cw = (w + 1) / 2
	case layout420:
		cw, ch = (w+1)/2, (h+1)/2
	}
	stride, chroma = pad(w), pad(cw)
	return stride, chroma, uint64(stride)*uint64(h) + 2*uint64(chroma)*uint64(ch)
}
