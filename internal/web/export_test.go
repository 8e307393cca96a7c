package web

import (
	"time"

	"kinpict/internal/httpd"
)

// TellEvery has pages told what only time changes at another pace.
func (s *Site) TellEvery(d time.Duration) { s.liveEvery = d }

// Crowd leaves no place to upload.
func (s *Site) Crowd() { s.uploads = &httpd.Slots{} }
