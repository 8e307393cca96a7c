package web

import "time"

// TellEvery has pages told what only time changes at another pace.
func (s *Site) TellEvery(d time.Duration) { s.liveEvery = d }
