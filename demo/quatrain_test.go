package demo

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// 登鹳雀楼, 春晓, 静夜思, 江雪 and 寻隐者不遇 as they are printed today.
var classics = []struct {
	text   string
	rhymes bool
}{
	{"白日依山尽，\n黄河入海流。\n欲穷千里目，\n更上一层楼。\n", true},
	{"春眠不觉晓，\n处处闻啼鸟。\n夜来风雨声，\n花落知多少。\n", true},
	{"床前明月光，\n疑是地上霜。\n举头望明月，\n低头思故乡。", true},
	// 灭 (ie) and 雪 (üe): an entering tone then, a rhyme still.
	{"千山鸟飞绝，\n万径人踪灭。\n孤舟蓑笠翁，\n独钓寒江雪。\n", true},
	// 去 (ü) and 处 (u) rhymed in the Tang and no longer do.
	{"松下问童子，\n言师采药去。\n只在此山中，\n云深不知处。\n", false},
}

func TestClassics(t *testing.T) {
	for _, c := range classics {
		if !WellFormed(c.text) {
			t.Errorf("%q: %v", c.text, Check(c.text))
		}
		if Rhymes(c.text) != c.rhymes {
			t.Errorf("%q: rhymes %v", c.text, !c.rhymes)
		}
	}
}

func TestBrokenForms(t *testing.T) {
	const whole = "白日依山尽，\n黄河入海流。\n欲穷千里目，\n更上一层楼。\n"
	replace := func(old, new string) string { return strings.Replace(whole, old, new, 1) }
	for name, c := range map[string]struct {
		text string
		want Form
	}{
		"empty":              {"", Form{false, false, false}},
		"two lines":          {"白日依山尽，\n黄河入海流。\n", Form{false, true, true}},
		"three lines":        {"白日依山尽，\n黄河入海流。\n欲穷千里目，\n", Form{false, true, true}},
		"eight lines":        {whole + whole, Form{false, true, true}},
		"seven characters":   {replace("白日依山尽", "白日昏昏依山尽"), Form{true, false, true}},
		"four characters":    {replace("层楼", "楼"), Form{true, false, true}},
		"a Latin letter":     {replace("白", "a"), Form{true, false, false}},
		"half-width comma":   {replace("，", ","), Form{true, true, false}},
		"exchanged marks":    {replace("尽，", "尽。"), Form{true, true, false}},
		"no mark at the end": {replace("楼。\n", "楼"), Form{true, true, false}},
		"two marks":          {replace("楼。", "楼。。"), Form{true, true, false}},
		"mark in the middle": {replace("白日", "白，日"), Form{true, true, false}},
		"mark moved inside":  {replace("尽，", "，尽"), Form{true, true, false}},
		"space":              {" " + whole, Form{true, true, false}},
		"blank line":         {replace("流。\n", "流。\n\n"), Form{false, false, false}},
		"blank line after":   {whole + "\n", Form{false, false, false}},
		"on two lines":       {strings.ReplaceAll(whole, "，\n", "，"), Form{false, false, false}},
		"carriage returns":   {strings.ReplaceAll(whole, "\n", "\r\n"), Form{true, true, false}},
		"half a character":   {whole[:len(whole)-2] + "\n", Form{true, true, false}},
		"character missing":  {replace("日", "\xe6\x97"), Form{true, false, false}},
	} {
		if got := Check(c.text); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		if WellFormed(c.text) {
			t.Errorf("%s: well-formed", name)
		}
	}
}

func TestRhymes(t *testing.T) {
	line := func(last string) string { return "春来江水" + last + "，\n" }
	for _, c := range []struct {
		second, fourth string
		want           bool
	}{
		{"山", "年", true},  // an, ian
		{"山", "川", true},  // an, uan
		{"山", "园", true},  // an, üan
		{"诗", "期", true},  // the vowel of shi, i
		{"居", "迟", true},  // ü, the vowel of chi
		{"中", "生", true},  // ong, eng
		{"春", "人", true},  // un, en
		{"水", "飞", true},  // ui, ei
		{"长", "行", true},  // háng is one of 行's readings
		{"行", "明", true},  // and xíng another
		{"山", "生", false}, // an, eng
		{"人", "明", false}, // n and ng
		{"山", "山", false}, // a character is no rhyme for itself
		{"a", "b", false},
	} {
		if got := Rhymes(line("天") + line(c.second) + line("地") + line(c.fourth)); got != c.want {
			t.Errorf("%s, %s: rhymes %v", c.second, c.fourth, got)
		}
	}
	if text := line("山") + line("年") + line("川"); Rhymes(text) {
		t.Error("three lines rhyme")
	}
	if text := line("天") + line("山") + line("地") + line("年") + line("书") + line("生"); !Rhymes(text) {
		t.Error("a longer poem is judged by lines two and four")
	}
}

// The embedded poems are in the form, rhyme, and no line is on both sides of the split.
func TestEmbeddedPoems(t *testing.T) {
	tuning, heldOut := poems(t, Tuning), poems(t, HeldOut)
	if len(tuning) < 2000 || len(heldOut) < 128 {
		t.Fatalf("%d poems to tune on, %d held out", len(tuning), len(heldOut))
	}
	hidden, titles := map[string]bool{}, map[string]bool{}
	for _, p := range heldOut {
		if titles[p.Prompt] {
			t.Errorf("held-out title %q twice", p.Prompt)
		}
		titles[p.Prompt] = true
		for _, l := range split(p.Completion) {
			hidden[l[:len(l)-len("。")]] = true
		}
	}
	for _, p := range append(tuning, heldOut...) {
		if !WellFormed(p.Completion) || !Rhymes(p.Completion) {
			t.Errorf("%q: %v, rhymes %v", p.Completion, Check(p.Completion), Rhymes(p.Completion))
		}
		if !strings.HasSuffix(p.Prompt, "\n") || strings.Count(p.Prompt, "\n") != 1 {
			t.Errorf("prompt %q is not one line", p.Prompt)
		}
	}
	for _, p := range tuning {
		for _, l := range split(p.Completion) {
			if hidden[l[:len(l)-len("。")]] {
				t.Errorf("%s is held out and tuned on", l)
			}
		}
	}
}

type poem struct{ Prompt, Completion string }

func poems(t *testing.T, jsonl []byte) (all []poem) {
	for d := json.NewDecoder(bytes.NewReader(jsonl)); d.More(); {
		var p poem
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

// The rate that the script measured over every quatrain of the sources is what the comment of Rhymes states.
func TestStatedRate(t *testing.T) {
	raw, err := os.ReadFile("sources.json")
	if err != nil {
		t.Fatal(err)
	}
	var facts map[string]float64
	if err := json.Unmarshal(raw, &facts); err != nil {
		t.Fatal(err)
	}
	if rate := facts["share of quatrains that rhyme"]; rate < 0.85 || rate > 0.87 {
		t.Errorf("real quatrains rhyme at %v", rate)
	}
}

func FuzzCheck(f *testing.F) {
	for _, c := range classics {
		f.Add(c.text)
	}
	f.Add("\xe6\n，\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		Rhymes(text)
		if WellFormed(text) && len(strings.TrimSuffix(text, "\n")) < 4*5*3+4*3+3 {
			t.Errorf("%q is too short to be well-formed", text)
		}
	})
}
