package web

import (
	"html/template"
	"text/template/parse"
)

// fold says beforehand what a template says to everybody: an action that names
// one of funcs and nothing but words written in the template comes to the same
// text every time, so that text takes its place. A page is half made of those,
// and calling a function from a template costs more than most of them do.
//
// What a function returns must be fit for text and for quoted attributes alike,
// which is all our own templates have. Those of an operator are left as they are.
func fold(t *template.Template, funcs map[string]func(words ...string) (markup string, ok bool)) {
	for _, one := range t.Templates() {
		if one.Tree != nil {
			foldList(one.Tree.Root, funcs)
		}
	}
}

func foldList(list *parse.ListNode, funcs map[string]func(words ...string) (string, bool)) {
	if list == nil {
		return
	}
	for i, n := range list.Nodes {
		switch n := n.(type) {
		case *parse.ActionNode:
			if text, ok := foldPipe(n.Pipe, funcs); ok {
				list.Nodes[i] = &parse.TextNode{NodeType: parse.NodeText, Pos: n.Pos, Text: []byte(text)}
			}
		case *parse.IfNode:
			foldList(n.List, funcs)
			foldList(n.ElseList, funcs)
		case *parse.RangeNode:
			foldList(n.List, funcs)
			foldList(n.ElseList, funcs)
		case *parse.WithNode:
			foldList(n.List, funcs)
			foldList(n.ElseList, funcs)
		}
	}
}

func foldPipe(p *parse.PipeNode, funcs map[string]func(words ...string) (string, bool)) (string, bool) {
	if len(p.Decl) > 0 || len(p.Cmds) != 1 {
		return "", false
	}
	name, ok := p.Cmds[0].Args[0].(*parse.IdentifierNode)
	if !ok || funcs[name.Ident] == nil {
		return "", false
	}
	var words []string
	for _, a := range p.Cmds[0].Args[1:] {
		s, ok := a.(*parse.StringNode)
		if !ok {
			return "", false
		}
		words = append(words, s.Text)
	}
	return funcs[name.Ident](words...)
}
