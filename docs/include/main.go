// Include puts what files hold into pages, so that no output, number or program
// in a page is typed by hand:
//
//	go run ./docs/include README.md docs/*.md
//
// It renews what stands between these two lines of a page:
//
//	<!-- include PATH [NAME ...] -->
//	<!-- end -->
//
// PATH is relative to the root of the repository. Of a Go file, NAMEs are the
// functions and types to take; of a Markdown file, the heading of the section to
// take, whose text goes in as it is. Anything else goes in as a block of code.
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	log.SetFlags(0)
	for _, page := range os.Args[1:] {
		old, err := os.ReadFile(page)
		if err != nil {
			log.Fatal(err)
		}
		text, err := renew(".", string(old))
		if err != nil {
			log.Fatalf("%s: %v", page, err)
		}
		if text != string(old) {
			if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
				log.Fatal(err)
			}
		}
	}
}

var block = regexp.MustCompile(`(?ms)^<!-- include (\S+)((?: [^\n]+?)?) -->\n.*?^<!-- end -->$`)

// renew fills all blocks of a page with what the files under root hold.
func renew(root, page string) (string, error) {
	var first error
	page = block.ReplaceAllStringFunc(page, func(old string) string {
		m := block.FindStringSubmatch(old)
		text, err := fetch(root, m[1], strings.TrimSpace(m[2]))
		if err != nil {
			if first == nil {
				first = err
			}
			return old
		}
		head, _, _ := strings.Cut(old, "\n")
		return head + "\n" + text + "\n<!-- end -->"
	})
	return page, first
}

func fetch(root, path, names string) (string, error) {
	data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
	if err != nil {
		return "", err
	}
	text := strings.ReplaceAll(string(data), "\r\n", "\n")
	switch filepath.Ext(path) {
	case ".md":
		return section(text, names)
	case ".go":
		text, err = declarations(text, strings.Fields(names))
		return fenced("go", text), err
	}
	return fenced("text", text), nil
}

func fenced(language, text string) string {
	return "```" + language + "\n" + strings.TrimRight(text, "\n") + "\n```"
}

// section is the text under a heading, to the next one of its level or above.
func section(text, heading string) (string, error) {
	var out []string
	level := 0
	for _, line := range strings.Split(text, "\n") {
		hashes := len(line) - len(strings.TrimLeft(line, "#"))
		if level > 0 && hashes > 0 && hashes <= level {
			break
		}
		if level > 0 {
			if !strings.HasPrefix(line, "<!--") {
				out = append(out, line)
			}
		} else if hashes > 0 && strings.TrimSpace(line[hashes:]) == heading {
			level = hashes
		}
	}
	if level == 0 {
		return "", fmt.Errorf("there is no section %q", heading)
	}
	return strings.TrimSpace(strings.Join(out, "\n")), nil
}

// declarations are the functions and types of those names, with their comments.
func declarations(text string, names []string) (string, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "", text, parser.ParseComments)
	if err != nil {
		return "", err
	}
	at := func(p token.Pos) int { return fset.Position(p).Offset }
	var out []string
	found := map[string]bool{}
	for _, d := range f.Decls {
		name, doc := named(d)
		if len(names) > 0 && !slices.Contains(names, name) {
			continue
		}
		found[name] = true
		from := d.Pos()
		if doc != nil {
			from = doc.Pos()
		}
		out = append(out, text[at(from):at(d.End())])
	}
	for _, name := range names {
		if !found[name] {
			return "", fmt.Errorf("there is no %s", name)
		}
	}
	return strings.Join(out, "\n\n"), nil
}

// named is the name of a declaration, a method's as Type.Method.
func named(d ast.Decl) (string, *ast.CommentGroup) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			return d.Name.Name, d.Doc
		}
		typ := d.Recv.List[0].Type
		if star, ok := typ.(*ast.StarExpr); ok {
			typ = star.X
		}
		return fmt.Sprintf("%s.%s", typ, d.Name.Name), d.Doc
	case *ast.GenDecl:
		if spec, ok := d.Specs[0].(*ast.TypeSpec); ok {
			return spec.Name.Name, d.Doc
		}
	}
	return "", nil
}
