package lang

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// Renamed is a catalogue to lay over the embedded one, in which every message of
// every language says to where the embedded one says from: a product's name.
func Renamed(from, to string) (fs.FS, error) {
	lists := map[string][]Entry{}
	names := map[string]bool{}
	for _, k := range known {
		list, err := read(Embedded(), k.code)
		if err != nil {
			return nil, fmt.Errorf("messages of %s: %w", k.code, err)
		}
		lists[k.code] = list
		for _, e := range list {
			names[e.English] = names[e.English] || strings.Contains(e.English, from)
		}
	}
	out := memory{}
	for code, list := range lists {
		out[code] = map[string]any{}
		// A text a language does not have is said in English.
		for name, named := range names {
			if named {
				out[code][name] = strings.ReplaceAll(name, from, to)
			}
		}
		for _, e := range list {
			if text, changed := e.renamed(from, to); changed {
				out[code][e.English] = text
			} else {
				delete(out[code], e.English)
			}
		}
	}
	return out, nil
}

// renamed is what an entry says under another name, in the form of a catalogue.
func (e Entry) renamed(from, to string) (text any, changed bool) {
	if e.Forms == nil {
		return strings.ReplaceAll(e.Text, from, to), strings.Contains(e.Text, from)
	}
	forms := map[string]any{}
	for k, v := range e.Forms {
		changed = changed || strings.Contains(v, from)
		forms[k] = strings.ReplaceAll(v, from, to)
	}
	if e.Arg != 1 {
		forms["arg"] = e.Arg
	}
	return forms, changed
}

// memory is catalogues that lie in no folder, by language.
type memory map[string]map[string]any

// Glob and ReadFile are all that reading a catalogue asks for.
func (m memory) Glob(pattern string) ([]string, error) {
	code, _, _ := strings.Cut(pattern, "/")
	if len(m[code]) == 0 {
		return nil, nil
	}
	return []string{code + "/renamed.yaml"}, nil
}

func (m memory) ReadFile(name string) ([]byte, error) {
	code, _, _ := strings.Cut(name, "/")
	var b bytes.Buffer
	for _, english := range slices.Sorted(maps.Keys(m[code])) {
		// JSON is YAML.
		key, err := json.Marshal(english)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(m[code][english])
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%s: %s\n", key, value)
	}
	return b.Bytes(), nil
}

func (m memory) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}
