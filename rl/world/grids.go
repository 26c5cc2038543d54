package world

import "embed"

// The drawings of the books, as files like a user's.
//
//go:embed grids/*.txt
var grids embed.FS

func init() {
	files, err := grids.ReadDir("grids")
	if err != nil {
		panic(err)
	}
	for _, f := range files {
		text, err := grids.ReadFile("grids/" + f.Name())
		if err != nil {
			panic(err)
		}
		d, err := ParseDrawing(string(text))
		if err != nil {
			panic(f.Name() + ": " + err.Error())
		}
		e := drawn(d.Settings["name"], string(text))
		e.About, e.Source = d.Settings["about"], d.Settings["source"]
		Register(e)
	}
}
