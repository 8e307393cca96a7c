package api

import "time"

// Beat sets how often a stream shows that it lives, after Routes.
func (a *API) Beat(d time.Duration) { a.beat = d }

// TakeStatement takes somebody's place for a statement as a table, after Routes.
func (a *API) TakeStatement(who string) (release func(), err error) { return a.statements.Take(who) }
