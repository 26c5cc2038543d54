package main

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/alecthomas/kong"

	"github.com/rotor-lm/rotor/train"
)

// settingFlags has a flag for every key of train.Config and of every method, under
// the same name. They are made from the keys, so that a new method brings its own.
type settingFlags struct {
	kong.Plugins // one struct, with a pointer a key
	names        []string
}

func newSettingFlags() settingFlags {
	var f settingFlags
	var fields []reflect.StructField
	for _, method := range slices.Sorted(maps.Keys(train.Methods())) {
		for _, k := range train.Keys(method) {
			if k.Name == "seed" || slices.Contains(f.names, k.Name) {
				continue // every command has a seed
			}
			f.names = append(f.names, k.Name)
			fields = append(fields, flagOf(k, len(fields)))
		}
	}
	f.Plugins = kong.Plugins{reflect.New(reflect.StructOf(fields)).Interface()}
	return f
}

// flagOf is a key as a field that kong reads: a text that is looked at later,
// together with what a file says, or a switch.
func flagOf(k train.Key, i int) reflect.StructField {
	typ, holder := reflect.TypeFor[*string](), "…"
	if k.Bool() {
		typ, holder = reflect.TypeFor[*bool](), ""
	}
	help := k.Help
	if k.Default != "" && k.Default != "0" {
		help += " (" + k.Default + ")"
	}
	tag := fmt.Sprintf("name:%q help:%q placeholder:%q", k.Name, help+".", holder)
	if k.Name == "model" {
		tag += ` short:"m"`
	}
	return reflect.StructField{Name: fmt.Sprintf("Key%d", i), Type: typ, Tag: reflect.StructTag(tag)}
}

// set hands over the flags that were given.
func (f settingFlags) set(s train.Settings) error {
	for _, name := range f.names {
		if text := f.value(name); text != "" {
			if err := s.Set(name, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// value is what was given for a key, "" if nothing.
func (f settingFlags) value(name string) string {
	v := reflect.ValueOf(f.Plugins[0]).Elem().Field(slices.Index(f.names, name))
	if v.IsNil() {
		return ""
	}
	return fmt.Sprint(v.Elem().Interface())
}
