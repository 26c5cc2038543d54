package tokenizer

import (
	"reflect"
	"testing"
)

func TestChatML(t *testing.T) {
	msgs := []Message{{"system", "Be brief."}, {"user", "Hi"}, {"assistant", "Hello"}, {"user", "Bye"}, {"assistant", "Ciao"}}
	want := []Segment{
		{"<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", false},
		{"Hello<|im_end|>", true},
		{"\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n", false},
		{"Ciao<|im_end|>", true},
		{"\n", false},
	}
	if got := ChatML(msgs, false); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	want = []Segment{{"<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", false}}
	if got := ChatML([]Message{{"user", "Hi"}}, true); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := ChatML(nil, false); got != nil {
		t.Errorf("%+v of no messages", got)
	}
}
