package app

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image/jpeg"
	mrand "math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"kinpict"
	"kinpict/internal/config"
	"kinpict/internal/engine/studio"
)

// clock is the product's time: the machine's, shifted by the content of a file
// where one is named, so that tests can let days pass.
func clock(file string) (func() time.Time, error) {
	if file == "" {
		return time.Now, nil
	}
	read := func() (time.Duration, error) {
		text, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
		s := strings.TrimSpace(string(text))
		if s == "" {
			return 0, nil
		}
		return time.ParseDuration(s)
	}
	first, err := read()
	if err != nil {
		return nil, fmt.Errorf("KINPICT_CLOCK: %w", err)
	}
	var shift atomic.Int64
	shift.Store(int64(first))
	return func() time.Time {
		// A file that is being written says nothing yet: the last shift holds.
		if d, err := read(); err == nil {
			shift.Store(int64(d))
		}
		return time.Now().Add(time.Duration(shift.Load()))
	}, nil
}

// secretFile is where an installation without the setting keeps its secret.
const secretFile = "secret.key"

// secretKey is the master secret: the setting, or one made once in the data folder.
func secretKey(cfg *config.Config) ([]byte, error) {
	if cfg.SecretKey != "" {
		return []byte(cfg.SecretKey), nil
	}
	path := filepath.Join(cfg.Data, secretFile)
	fresh := make([]byte, 32)
	if _, err := rand.Read(fresh); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		_, err = f.WriteString(hex.EncodeToString(fresh) + "\n")
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err != nil && !errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("secret key: %w", err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("secret key: %w", err)
	}
	if text = bytes.TrimSpace(text); len(text) < 32 {
		return nil, fmt.Errorf("secret key: %s is too short; delete it and sign in again", path)
	}
	return text, nil
}

// lock makes sure that one process serves an embedded database.
func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, &kinpict.Error{Code: kinpict.Conflict, Message: "Another process already serves this data folder.",
			Hint: "Stop it, or choose another folder with --data."}
	}
	return func() { f.Close() }, nil
}

// jitter spreads retries.
func jitter() float64 { return mrand.Float64() }

// faces finds the faces of a normalised upload once, so that engines need not.
func faces(data []byte) []kinpict.Face {
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return nil
	}
	return studio.Faces(img)
}

// turns tells how a normalised upload without an upright face is to be turned.
func turns(data []byte) int {
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return 0
	}
	return studio.Turns(img)
}

// shareKey is the part of the master secret that makes tokens of private links.
func shareKey(master []byte) []byte {
	mac := hmac.New(sha256.New, master)
	mac.Write([]byte("kinpict share links"))
	return mac.Sum(nil)
}
