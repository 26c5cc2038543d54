package tokenizer

import (
	"errors"
	"fmt"
	"strings"
)

// byString makes the splitters of a Split by a string, by its behavior.
var byString = map[string]func(string) splitter{
	"Isolated": splitAround, "MergedWithPrevious": splitAfter, "MergedWithNext": splitBefore,
}

// splitPattern is what a Split or a Replace looks for.
type splitPattern struct {
	Regex  *string `json:"Regex"`
	String *string `json:"String"`
}

func (p splitPattern) splitter(behavior string, invert bool) (splitter, error) {
	switch {
	case p.Regex != nil && p.String != nil, p.Regex == nil && p.String == nil:
		return nil, errors.New("a Split by neither a string nor a regular expression")
	case p.Regex != nil:
		return byRegex(*p.Regex, behavior, invert)
	case *p.String == "":
		return nil, errors.New("a Split by the empty string is not supported")
	}
	by, ok := byString[behavior]
	if !ok || invert {
		return nil, fmt.Errorf("a Split by a string with behavior %q and invert %v is not supported; supported: Isolated, MergedWithNext, MergedWithPrevious and false", clip(behavior), invert)
	}
	return by(*p.String), nil
}

// byRegex finds the scanner of a pattern. Nearly all of them match everything
// between any two matches, so that to isolate the matches and to remove what is
// none is the same.
func byRegex(pattern, behavior string, invert bool) (splitter, error) {
	next, ok := patterns[pattern]
	if !ok {
		return nil, fmt.Errorf("a Split by the pattern %q is not supported; supported: %s", clip(pattern), knownPatterns())
	}
	if (behavior != "Isolated" || invert) && (behavior != "Removed" || !invert || pattern == hanPattern) {
		return nil, fmt.Errorf("a Split by this pattern with behavior %q and invert %v is not supported; supported: \"Isolated\" and false", clip(behavior), invert)
	}
	return next, nil
}

// splitAround makes every mark a piece of its own.
func splitAround(mark string) splitter {
	return func(s string) int {
		switch n := strings.Index(s, mark); n {
		case -1:
			return len(s)
		case 0:
			return len(mark)
		default:
			return n
		}
	}
}

// splitAfter ends a piece with every mark.
func splitAfter(mark string) splitter {
	return func(s string) int {
		if n := strings.Index(s, mark); n >= 0 {
			return n + len(mark)
		}
		return len(s)
	}
}

// splitBefore begins a piece with every mark.
func splitBefore(mark string) splitter {
	return func(s string) int {
		skip := 0
		if strings.HasPrefix(s, mark) {
			skip = len(mark)
		}
		if n := strings.Index(s[skip:], mark); n >= 0 {
			return skip + n
		}
		return len(s)
	}
}
