package main

import "fmt"

func (c showCmd) adapter(e *env) error {
	return fmt.Errorf("%s: adapters cannot be shown yet", c.Path)
}

func (c showCmd) data(e *env) error {
	return fmt.Errorf("%s: data cannot be shown yet", c.Path)
}
