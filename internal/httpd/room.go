package httpd

import (
	"net/http"
	"strings"
)

// A Room is a part of the site with routes of its own. Who may not enter is
// answered as at any address where nothing is, whatever they ask for: not even
// the methods it takes are told.
type Room struct {
	Prefix string // such as /console: that address and what lies below it
	Mux    *http.ServeMux
	// Enter reports whether the sender of r may know of the room.
	Enter func(r *http.Request) bool
}

// room is the one an address lies in, nil for none.
func (e *Edge) room(r *http.Request) *Room {
	for i, room := range e.Rooms {
		if rest, ok := strings.CutPrefix(r.URL.Path, room.Prefix); ok && (rest == "" || rest[0] == '/') {
			return &e.Rooms[i]
		}
	}
	return nil
}
