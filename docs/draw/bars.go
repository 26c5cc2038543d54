package main

import (
	"fmt"
	"html"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
)

// bars are rows of numbers in panels beside each other, one a column.
type bars struct {
	title  string
	names  []string
	panels []panel
}

type panel struct {
	name string
	text []string // as the table has it
	x    []float64
}

// measured reads columns of the first table of a section in a file of results.
func measured(file, heading string, columns ...string) (bars, error) {
	g := bars{title: heading}
	data, err := os.ReadFile(file)
	if err != nil {
		return g, err
	}
	_, section, ok := strings.Cut("\n"+string(data), "\n## "+heading+"\n")
	if !ok {
		return g, fmt.Errorf("draw: %s has no section %q", file, heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var rows [][]string
	for line := range strings.Lines(section) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			if len(rows) > 0 {
				break
			}
			continue
		}
		var cells []string
		for _, c := range strings.Split(strings.Trim(line, "|"), "|") {
			cells = append(cells, strings.TrimSpace(c))
		}
		rows = append(rows, cells)
	}
	if len(rows) < 3 {
		return g, fmt.Errorf("draw: %s, %s: there is no table", file, heading)
	}
	for _, name := range columns {
		at := slices.Index(rows[0], name)
		if at < 0 {
			return g, fmt.Errorf("draw: %s, %s: there is no column %q", file, heading, name)
		}
		p := panel{name: name}
		for _, r := range rows[2:] {
			number, _, _ := strings.Cut(r[at], " ")
			x, err := strconv.ParseFloat(number, 64)
			if err != nil {
				return g, fmt.Errorf("draw: %s, %s: %q is no number", file, heading, r[at])
			}
			p.x, p.text = append(p.x, x), append(p.text, r[at])
		}
		g.panels = append(g.panels, p)
	}
	for _, r := range rows[2:] {
		g.names = append(g.names, r[0])
	}
	return g, nil
}

// SVG writes the picture.
func (g bars) SVG(w io.Writer) error {
	const left, wide, high, gap, top = 150, 250, 24, 40, 60
	var b strings.Builder
	width, height := left+(wide+gap)*len(g.panels)+40, top+(high+8)*len(g.names)+8
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", width, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="white"/>`+"\n", width, height)
	fmt.Fprintf(&b, `<text x="16" y="22" font-size="15" fill="#111">%s</text>`+"\n", html.EscapeString(g.title))
	for i, name := range g.names {
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end" fill="#111">%s</text>`+"\n", left-8, top+(high+8)*i+16, html.EscapeString(name))
	}
	for k, p := range g.panels {
		x := left + (wide+gap)*k
		most := slices.Max(p.x)
		fmt.Fprintf(&b, `<text x="%d" y="%d" fill="#444">%s</text>`+"\n", x, top-10, html.EscapeString(p.name))
		for i, v := range p.x {
			fill := "#9ca3af"
			if strings.HasPrefix(g.names[i], "Rotor") {
				fill = "#2563eb"
			}
			y, long := top+(high+8)*i, v/max(most, 1e-30)*(wide-60)
			fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>`, x, y, long, high, fill)
			fmt.Fprintf(&b, `<text x="%.1f" y="%d" fill="#111">%s</text>`+"\n", float64(x)+long+6, y+16, html.EscapeString(p.text[i]))
		}
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}
