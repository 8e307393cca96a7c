package api

import "time"

// Beat sets how often a stream shows that it lives, after Routes.
func (a *API) Beat(d time.Duration) { a.beat = d }
