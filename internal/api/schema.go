package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"kinpict/client"
)

// A schema is the part of JSON Schema (2020-12) that the API needs, both to
// describe its types and to check what is sent.
type schema struct {
	Ref         string             `json:"$ref,omitempty"`
	Type        any                `json:"type,omitempty"` // a string, or two with "null"
	Format      string             `json:"format,omitempty"`
	Description string             `json:"description,omitempty"`
	Enum        []string           `json:"enum,omitempty"`
	Minimum     *int               `json:"minimum,omitempty"`
	Maximum     *int               `json:"maximum,omitempty"`
	MinLength   *int               `json:"minLength,omitempty"`
	MaxLength   *int               `json:"maxLength,omitempty"`
	MinItems    *int               `json:"minItems,omitempty"`
	MaxItems    *int               `json:"maxItems,omitempty"`
	Items       *schema            `json:"items,omitempty"`
	Properties  map[string]*schema `json:"properties,omitempty"`
	Required    []string           `json:"required,omitempty"`
	// Additional is the schema of a map's values, or false for what is sent to
	// us. What we answer may get more fields in time.
	Additional any       `json:"additionalProperties,omitempty"`
	OneOf      []*schema `json:"oneOf,omitempty"`
	AllOf      []*schema `json:"allOf,omitempty"`
}

// schemas collects the named types of a document.
type schemas map[string]*schema

var timeType = reflect.TypeFor[time.Time]()

// of is the schema of a Go type; structs are named and referred to.
func (s schemas) of(t reflect.Type) *schema {
	switch {
	case t == timeType:
		return &schema{Type: "string", Format: "date-time"}
	case t.Kind() == reflect.Pointer:
		in := s.of(t.Elem())
		if in.Ref != "" {
			return &schema{OneOf: []*schema{in, {Type: "null"}}}
		}
		null := *in
		null.Type = []string{in.Type.(string), "null"}
		return &null
	}
	switch t.Kind() {
	case reflect.Bool:
		return &schema{Type: "boolean"}
	case reflect.Int, reflect.Int64:
		return &schema{Type: "integer", Format: "int64"}
	case reflect.Float64:
		return &schema{Type: "number"}
	case reflect.String:
		return &schema{Type: "string"}
	case reflect.Slice:
		return &schema{Type: "array", Items: s.of(t.Elem())}
	case reflect.Map:
		return &schema{Type: "object", Additional: s.of(t.Elem())}
	case reflect.Struct:
		name := strings.ToUpper(t.Name()[:1]) + t.Name()[1:]
		if _, known := s[name]; !known {
			s[name] = nil // a type may hold itself
			s[name] = s.object(t)
		}
		return &schema{Ref: "#/components/schemas/" + name}
	}
	panic("api: no schema for " + t.String())
}

func (s schemas) object(t reflect.Type) *schema {
	o := &schema{Type: "object", Properties: map[string]*schema{}}
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			panic("api: " + t.String() + "." + f.Name + " has no JSON name")
		}
		p := s.of(f.Type)
		p.Description = f.Tag.Get("doc")
		if e := f.Tag.Get("enum"); e != "" {
			p.Enum = strings.Split(e, ",")
		}
		p.bound(tag(f, "min"), tag(f, "max"))
		o.Properties[name] = p
		if options != "omitempty" {
			o.Required = append(o.Required, name)
		}
	}
	return o
}

func tag(f reflect.StructField, name string) *int {
	v := f.Tag.Get(name)
	if v == "" {
		return nil
	}
	n, err := strconv.Atoi(v)
	if err != nil {
		panic("api: tag of " + f.Name + ": " + err.Error())
	}
	return &n
}

func (s *schema) bound(lo, hi *int) {
	switch s.Type {
	case "string":
		s.MinLength, s.MaxLength = lo, hi
	case "array":
		s.MinItems, s.MaxItems = lo, hi
	case "integer":
		s.Minimum, s.Maximum = lo, hi
	}
}

// A form checks what is sent against a schema.
type form struct {
	root  *schema
	named schemas
}

// form is the shape of the operation's body, nil without one.
func (op *operation) form() *form {
	if op.body == nil {
		return nil
	}
	f := &form{named: schemas{}}
	f.root = f.named.of(reflect.TypeOf(op.body))
	for _, s := range f.named {
		s.Additional = false
	}
	return f
}

// check appends what is wrong with v, which stands at path.
func (f *form) check(s *schema, path string, v any, wrong []client.FieldError) []client.FieldError {
	if s.Ref != "" {
		s = f.named[s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]]
	}
	bad := func(format string, a ...any) []client.FieldError {
		return append(wrong, client.FieldError{Field: path, Message: fmt.Sprintf(format, a...)})
	}
	switch s.Type {
	case "string":
		text, ok := v.(string)
		if !ok {
			return bad("must be text")
		}
		n := utf8.RuneCountInString(text)
		switch {
		case strings.ContainsRune(text, 0):
			return bad("must not hold a NUL character")
		case s.Enum != nil && !slices.Contains(s.Enum, text) && text != "":
			return bad("must be one of: %s", strings.Join(s.Enum, ", "))
		case s.MinLength != nil && n < *s.MinLength:
			return bad("must not be empty")
		case s.MaxLength != nil && n > *s.MaxLength:
			return bad("must have at most %d characters; it has %d", *s.MaxLength, n)
		}
	case "integer":
		number, ok := v.(json.Number)
		if !ok {
			return bad("must be a whole number")
		}
		n, err := strconv.ParseInt(number.String(), 10, 64)
		switch {
		case err != nil:
			return bad("must be a whole number of at most %d", int64(math.MaxInt64))
		case s.Minimum != nil && n < int64(*s.Minimum):
			return bad("must be at least %d", *s.Minimum)
		case s.Maximum != nil && n > int64(*s.Maximum):
			return bad("must be at most %d", *s.Maximum)
		}
	case "boolean":
		if _, ok := v.(bool); !ok {
			return bad("must be true or false")
		}
	case "array":
		list, ok := v.([]any)
		switch {
		case !ok:
			return bad("must be a list")
		case s.MinItems != nil && len(list) < *s.MinItems:
			return bad("must have at least %d", *s.MinItems)
		case s.MaxItems != nil && len(list) > *s.MaxItems:
			return bad("must have at most %d; it has %d", *s.MaxItems, len(list))
		}
		for i, item := range list {
			wrong = f.check(s.Items, fmt.Sprintf("%s[%d]", path, i), item, wrong)
		}
	case "object":
		object, ok := v.(map[string]any)
		if !ok {
			return bad("must be an object")
		}
		return f.checkObject(s, path, object, wrong)
	default:
		panic(fmt.Sprintf("api: bodies of type %v are not checked", s.Type))
	}
	return wrong
}

func (f *form) checkObject(s *schema, path string, object map[string]any, wrong []client.FieldError) []client.FieldError {
	at := func(name string) string {
		if path == "" {
			return name
		}
		return path + "." + name
	}
	for _, name := range s.Required {
		if _, ok := object[name]; !ok {
			wrong = append(wrong, client.FieldError{Field: at(name), Message: "is required"})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		p, ok := s.Properties[name]
		if !ok {
			known := strings.Join(slices.Sorted(maps.Keys(s.Properties)), ", ")
			wrong = append(wrong, client.FieldError{Field: at(name), Message: "is not a field here; there are: " + known})
			continue
		}
		wrong = f.check(p, at(name), object[name], wrong)
	}
	return wrong
}
