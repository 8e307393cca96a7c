package engine

import (
	"fmt"

	"kinpict"
)

// CheckJob answers a Bad *Error for a job no attempt could draw: an unknown
// quality, an aspect that is none, no scenario, no photos, or more photos than
// the engine takes. Engines call it before they spend time or money.
func CheckJob(job *Job, info Info) error {
	if job.Quality != kinpict.Standard && job.Quality != kinpict.Enhanced {
		return &Error{Outcome: Bad, Detail: fmt.Sprintf("quality %q is unknown", job.Quality)}
	}
	if _, _, err := job.Aspect.Ratio(); err != nil {
		return &Error{Outcome: Bad, Detail: "the aspect cannot be drawn", Err: err}
	}
	if job.Scenario == nil {
		return &Error{Outcome: Bad, Detail: "the job has no scenario"}
	}
	if len(job.Photos) == 0 {
		return &Error{Outcome: Bad, Detail: "the job has no photos"}
	}
	if info.MaxPhotos > 0 && len(job.Photos) > info.MaxPhotos {
		return &Error{Outcome: Bad, Detail: fmt.Sprintf("%d photos, the engine takes %d", len(job.Photos), info.MaxPhotos)}
	}
	return nil
}
