package api

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"kinpict"
	"kinpict/client"
	"kinpict/internal/httpd"
)

// document is openapi.json, made from the operations and their types.
func document() ([]byte, error) {
	named, sent := schemas{}, schemas{}
	problem := named.of(reflect.TypeFor[client.Problem]())
	paths := map[string]map[string]any{}
	for _, op := range operations {
		if paths[op.path] == nil {
			paths[op.path] = map[string]any{}
		}
		paths[op.path][strings.ToLower(op.method)] = op.describe(named, problem)
		if f := op.form(); f != nil {
			maps.Copy(sent, f.named)
		}
	}
	maps.Copy(named, sent)
	doc := map[string]any{
		"openapi": "3.1.0",
		"info": map[string]any{
			"title":   "Kinpict",
			"version": "1",
			"description": "Family pictures from real photos, paid with credits. Errors are problem documents (RFC 9457) with a stable code. " +
				"Calls that spend or buy need an Idempotency-Key: the same key and body get the first answer again, with Idempotent-Replayed: true. " +
				"Times are RFC 3339 in UTC.",
		},
		"servers": []any{map[string]any{"url": "/"}},
		"paths":   paths,
		"components": map[string]any{
			"schemas": named,
			"securitySchemes": map[string]any{
				"token":   map[string]any{"type": "http", "scheme": "bearer", "description": "An API token, kp_ and more."},
				"session": map[string]any{"type": "apiKey", "in": "cookie", "name": "__Host-kp_s", "description": "The site's session; kp_s without https."},
				"guest":   map[string]any{"type": "apiKey", "in": "cookie", "name": "__Host-kp_g", "description": "A guest's device; kp_g without https."},
			},
		},
	}
	b, err := json.MarshalIndent(doc, "", "  ")
	return append(b, '\n'), err
}

// members are what the problem documents of a code say besides.
var members = map[kinpict.Code]reflect.Type{
	kinpict.InsufficientCredits: reflect.TypeFor[client.Shortfall](),
	kinpict.PriceChanged:        reflect.TypeFor[client.PriceChange](),
	kinpict.HeldForReview:       reflect.TypeFor[client.Reading](),
}

func (op *operation) describe(named schemas, problem *schema) map[string]any {
	out := map[string]any{"operationId": op.name, "summary": op.summary}
	allow := map[who][]any{
		anyone:  {},
		account: {scheme("token"), scheme("session")},
		staff:   {scheme("token")},
		visitor: {scheme("token"), scheme("session"), scheme("guest")},
		guest:   {scheme("token"), scheme("session"), scheme("guest"), map[string]any{}},
	}
	out["security"] = allow[op.who]
	if p := op.parameters(); len(p) > 0 {
		out["parameters"] = p
	}
	if b := op.takes(named); b != nil {
		out["requestBody"] = b
	}
	responses := map[string]any{}
	for _, a := range op.answers {
		content := map[string]any{}
		if a.body != nil {
			content["application/json"] = map[string]any{"schema": named.of(reflect.TypeOf(a.body))}
		}
		for _, m := range a.media {
			content[m] = map[string]any{}
		}
		r := map[string]any{"description": a.says}
		if len(content) > 0 {
			r["content"] = content
		}
		if a.replays {
			r["headers"] = map[string]any{"Idempotent-Replayed": map[string]any{
				"description": "true when this answer was given before to the same key.", "schema": &schema{Type: "string"}}}
		}
		responses[strconv.Itoa(a.status)] = r
	}
	byStatus := map[int][]string{}
	for _, code := range op.codes() {
		s := httpd.Means(code).Status
		if !slices.Contains(byStatus[s], string(code)) {
			byStatus[s] = append(byStatus[s], string(code))
		}
	}
	for _, s := range slices.Sorted(maps.Keys(byStatus)) {
		slices.Sort(byStatus[s])
		document := problem
		var each []*schema
		for _, code := range byStatus[s] {
			if more, ok := members[kinpict.Code(code)]; ok {
				each = append(each, &schema{AllOf: []*schema{problem, named.of(more)}})
			}
		}
		switch {
		case len(each) < len(byStatus[s]):
		case len(each) == 1:
			document = each[0]
		default:
			document = &schema{OneOf: each}
		}
		responses[strconv.Itoa(s)] = map[string]any{"description": strings.Join(byStatus[s], ", "),
			"content": map[string]any{httpd.ProblemType: map[string]any{"schema": document}}}
	}
	out["responses"] = responses
	return out
}

func scheme(name string) map[string]any { return map[string]any{name: []string{}} }

func (op *operation) parameters() []any {
	var list []any
	for rest := op.path; ; {
		_, after, ok := strings.Cut(rest, "{")
		if !ok {
			break
		}
		name, tail, _ := strings.Cut(after, "}")
		list = append(list, map[string]any{"name": name, "in": "path", "required": true, "schema": &schema{Type: "string"}})
		rest = tail
	}
	for _, p := range op.query {
		s := &schema{Type: "string", Enum: p.enum}
		if p.min != nil {
			s = &schema{Type: "integer", Minimum: p.min, Maximum: p.max}
		}
		list = append(list, map[string]any{"name": p.name, "in": "query", "description": p.says, "schema": s})
	}
	if op.keyed() {
		list = append(list, map[string]any{"name": "Idempotency-Key", "in": "header", "required": op.key,
			"description": "A new random key for each new request.", "schema": &schema{Type: "string", MinLength: bound(1), MaxLength: bound(maxKey)}})
	}
	return list
}

func (op *operation) takes(named schemas) map[string]any {
	switch {
	case op.upload:
		file := map[string]any{"type": "object", "required": []string{"file"},
			"properties": map[string]any{"file": map[string]any{"type": "string", "format": "binary", "description": "JPEG, PNG, WebP or HEIC; see /api/v1/limits."}}}
		return map[string]any{"required": true, "content": map[string]any{"multipart/form-data": map[string]any{"schema": file}}}
	case op.body != nil:
		return map[string]any{"required": !op.optional,
			"content": map[string]any{"application/json": map[string]any{"schema": named.of(reflect.TypeOf(op.body))}}}
	}
	return nil
}
