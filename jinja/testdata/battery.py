"""Small templates, each for one statement, filter, test or rule, and what jinja2 makes of them.

    python battery.py > battery.json

transformers' own environment renders them. An error is noted as such, without
its text: that there is one is what counts.
"""

import datetime
import json
import sys

import jinja2
import transformers
from transformers.utils import chat_template_utils as ctu


class Clock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2026, 3, 5, 7, 8, 9)


ctu.datetime = Clock

M = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Hello", "tool_calls": [{"name": "f", "arguments": {"b": 1, "a": [1, 2.5, None]}}]},
]
V = {
    "messages": M,
    "n": 7,
    "x": 2.5,
    "s": "Hello, World",
    "zh": "你好，世界 🌍",
    "l": [3, 1, 2],
    "w": ["b", "A", "c"],
    "d": {"b": 1, "a": 2, "C": 0},
    "e": [],
    "t": True,
    "none_": None,
    "lines": "one\n  two\n\nthree\n",
    "people": [{"name": "Bo", "age": 3, "at": {"city": "X"}}, {"name": "al", "age": 2, "at": {"city": "Y"}}, {"name": "Cy", "age": 3}],
}

CASES = r"""
plain text
{{ s }}
{{ missing }}|{{ none_ }}|{{ true }}|{{ False }}|{{ none }}|{{ None }}|{{ 1 }}|{{ 1.0 }}|{{ 'a' "b" }}
a{# a comment #}b{#- trimmed -#} c
{{ [1, 'a', 2.0, none, true, (1,), (1, 2), {'k': "it's"}, "q\"'"] }}
{{ 1e16 }} {{ 1e15 }} {{ 0.0001 }} {{ 0.00001 }} {{ 1.5e300 }} {{ 123456789.123 }} {{ 100.0 }} {{ 1.5E3 }} {{ 2e-7 }}
{{ '\n\t\\\'\x41\u4f60\q' }}|{{ "\"" }}|{{ ['\n\x00\u200b\U0001F30D'] }}
{{ 1 + 2 * 3 - 4 / 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 7.5 // 2 }} {{ -7.5 % 2 }} {{ +3 }} {{ - n }}
{{ 1 / 0 }}
{{ 1 // 0 }}
{{ 1.0 % 0 }}
{{ 'a' + 'b' }} {{ 'ab' * 3 }} {{ 2 * 'x' }} {{ [1] + [2] }} {{ [0] * 3 }} {{ (1,) + (2,) }} {{ 'a' * -1 }}| {{ true + 1 }}
{{ 'a' + 1 }}
{{ [1] + (2,) }}
{{ none + 1 }}
{{ missing + 1 }}
{{ 'a' ~ 1 ~ none ~ missing ~ 2.0 ~ [1] }}
{{ 1 + 1 ~ 2 * 3 }}
{{ 1 < 2 }} {{ 1 < 2 < 3 }} {{ 3 > 2 > 2 }} {{ 1 == 1.0 }} {{ true == 1 }} {{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }} {{ 'a' != 'b' }} {{ 1 >= 1 }} {{ 2 <= 1 }} {{ none == false }} {{ missing == other }} {{ [1] == [1.0] }} {{ {'a': 1, 'b': 2} == {'b': 2, 'a': 1} }} {{ (1,) == [1] }}
{{ 1 < 'a' }}
{{ none < 1 }}
{{ missing < 1 }}
{{ 'ell' in s }} {{ 'x' not in s }} {{ 1 in l }} {{ 'a' in d }} {{ 'z' in d }} {{ 'a' in missing }} {{ 2 in range(3) }} {{ 1 in d.values() }} {{ '' in '' }}
{{ 1 in 'abc' }}
{{ 'a' in none_ }}
{{ 'a' in 5 }}
{{ not true }} {{ not '' }} {{ not not 3 }} {{ 1 and 2 }} {{ 0 and 2 }} {{ 0 or 'x' }} {{ '' or none }} {{ 1 or 2 and 3 }} {{ not 1 == 2 }}
{{ 'yes' if t else 'no' }} {{ 'yes' if not t else 'no' }} {{ 'yes' if not t }}| {{ 1 if false else 2 if false else 3 }} {{ ('a' if t else 'b') ~ 'c' }}
{{ s[0] }} {{ s[-1] }} {{ s[100] }}| {{ l[1] }} {{ l[-4] }}| {{ d['a'] }} {{ d['zz'] }}| {{ zh[0] }} {{ zh[-1] }} {{ l.0 }} {{ (4, 5)[1] }} {{ range(5)[3] }} {{ d.a }} {{ d.C }}
{{ s[1:4] }} {{ s[:-1] }} {{ s[::-1] }} {{ s[::2] }} {{ s[5:2] }}| {{ l[1:] }} {{ l[::-1] }} {{ l[-2:] }} {{ zh[:2] }} {{ zh[::-1] }} {{ l[5:0:-2] }} {{ (1, 2, 3)[1:] }} {{ s[none:3] }} {{ l[10:] }} {{ l[-10:2] }} {{ s[-3:-1] }} {{ s[8:1:-3] }}
{{ s[::0] }}
{{ l['a'] }}|{{ n[0] }}|{{ n.foo }}|{{ none_.foo }}|{{ t['x'] }}
{{ missing.foo }}
{{ missing['foo'] }}
{{ d.missing.foo }}
{{ messages[0].content }} {{ messages[0]['content'] }} {{ messages[-1].tool_calls[0].arguments.a[1] }}
{{ d.items() | length }} {{ d['items']() | length }}
{{ d.keys() | list }} {{ d.values() | list }} {{ d.items() | list }} {{ d.get('a') }} {{ d.get('q') }} {{ d.get('q', 5) }} {{ d.keys() }} {{ d.items() }} {{ d.values() }} {{ d.items() | length }}
{{ d.get() }}
{{ d.update({'x': 1}) }}
{{ l.append(1) }}
{{ l.pop() }}
{{ l.append }}|{{ d.pop }}
{{ s.__class__ }}|{{ s.foo }}
{{ s.upper() }} {{ s.lower() }} {{ 'abc DEF' .title() }} {{ "they're bill's" .title() }} {{ 'aBC dEf'.capitalize() }} {{ 'élan'.upper() }}
{{ '  a b '.strip() }}|{{ '  a b '.lstrip() }}|{{ '  a b '.rstrip() }}|{{ 'xxaxx'.strip('x') }}|{{ 'abcab'.strip('ab') }}|{{ '\u3000a\x1f'.strip() }}|{{ 'xyx'.lstrip('x') }}|{{ 'xyx'.rstrip('x') }}
{{ 'a,b,c'.split(',') }} {{ 'a,b,c'.split(',', 1) }} {{ ' a  b '.split() }} {{ ' a  b c '.split(none, 1) }} {{ ''.split() }} {{ ''.split(',') }} {{ 'a b'.split(' ', maxsplit=5) }} {{ 'aXbX'.split('X') }} {{ 'a'.split('a', 0) }} {{ ' a b'.split(none, 0) }}
{{ 'a'.split('') }}
{{ 'a\nb\r\nc\u2028d\x0be\n'.splitlines() }} {{ ''.splitlines() }}
{{ ', '.join(['a', 'b']) }} {{ '-'.join('abc') }} {{ ''.join([]) }}
{{ ','.join([1]) }}
{{ 'aaa'.replace('a', 'b') }} {{ 'aaa'.replace('a', 'b', 2) }} {{ 'abc'.replace('', '-') }} {{ 'abc'.replace('b', '') }}
{{ s.startswith('He') }} {{ s.startswith(('x', 'H')) }} {{ s.endswith('ld') }} {{ ''.startswith('') }}
{{ s.find('o') }} {{ s.rfind('o') }} {{ s.find('zz') }} {{ s.count('l') }} {{ zh.find('世') }} {{ 'aaa'.count('') }}
{{ 'prefix-x'.removeprefix('prefix-') }} {{ 'x.txt'.removesuffix('.txt') }} {{ 'x'.removesuffix('y') }}
{{ '%d' % 'a' }}
{{ '%s %s' % 'a' }}
{{ '%s' % ('a', 'b') }}
{{ range(3) | list }} {{ range(1, 4) | list }} {{ range(5, 0, -2) | list }} {{ range(3) }} {{ range(1, 9, 2) }} {{ range(0) | list }} {{ range(3) | length }}
{{ range(100001) }}
{{ range('a') }}
{{ {'a': 1, 1: 'one', 1.0: 'still one', none: 0, true: 'also one'} }} {{ {'a': 1,} }} {{ [1, 2,] }} {{ {} }}
{{ {[]: 1} }}
{{ raise_exception('no ' ~ n) }}
{{ strftime_now('%Y-%m-%d %H:%M:%S %d %b %B %a %A %y %j %I %p %% %-d %e') }}
{% if t %}a{% endif %}{% if not t %}b{% else %}c{% endif %}{% if false %}d{% elif n == 7 %}e{% elif true %}f{% else %}g{% endif %}
{% if missing %}a{% else %}b{% endif %}{% if e %}c{% else %}d{% endif %}{% if missing.foo %}x{% endif %}
{% if d.zz %}a{% else %}b{% endif %}
{% if 1, 2 %}tuple{% endif %}
{% for i in l %}{{ i }},{% endfor %}
{% for i in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }};{% endfor %}
{% for i in l %}[{{ loop.previtem }}<{{ i }}>{{ loop.nextitem }}]{% endfor %}
{% for k, v in d.items() %}{{ k }}={{ v }} {% endfor %}{% for k in d %}{{ k }}{% endfor %}{% for c in zh %}{{ c }}.{% endfor %}
{% for (a, b), c in [((1, 2), 3)] %}{{ a }}{{ b }}{{ c }}{% endfor %}
{% for a, b in [(1, 2, 3)] %}{{ a }}{% endfor %}
{% for a, b in [(1,)] %}{{ a }}{% endfor %}
{% for i in e %}x{% else %}empty{% endfor %}{% for i in l %}x{% else %}empty{% endfor %}{% for i in missing %}x{% else %}none{% endfor %}
{% for i in 5 %}x{% endfor %}
{% for i in none_ %}x{% endfor %}
{% for i in l if i > 1 %}{{ loop.index }}/{{ loop.length }}:{{ i }}{{ loop.last }} {% endfor %}{% for i in l if i > 9 %}x{% else %}nothing{% endfor %}
{% for i in range(10) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 5 %}{% break %}{% endif %}{{ i }}{% endfor %}
{% for i in range(3) %}{% for j in range(3) %}{% if j == 1 %}{% break %}{% endif %}{{ i }}{{ j }} {% endfor %}{% endfor %}
{% for i in range(3) %}{% break %}{% else %}else{% endfor %}|
{% break %}
{% set a = 1 %}{% for i in l %}{{ a }}{% set a = i %}{{ a }} {% endfor %}{{ a }}
{% for i in l %}{% set z = i %}{% endfor %}{{ z }}|{% if t %}{% set y = 5 %}{% endif %}{{ y }}
{% for i in l %}{{ loop.index }}{% for j in w %}{{ loop.index }}{{ j }}{% endfor %}{{ loop.index }} {% endfor %}
{% for i in [1, 2, 3] if loop %}{{ i }}{% endfor %}
{% for i in l %}{% if loop.index is odd %}{{ i }}{% endif %}{% endfor %}{% for i in l | sort %}{{ i }}{% endfor %}{% for i in 1, 2 %}{{ i }}{% endfor %}
{% set a = 1 %}{% set b, c = 2, 3 %}{{ a }}{{ b }}{{ c }}{% set (x1, x2) = [4, 5] %}{{ x1 }}{{ x2 }}{% set tup = 1, 2 %}{{ tup }}
{% set a, b = [1] %}
{% set x = missing %}{{ x is defined }}{% set x = x | default('q') %}{{ x }}
{% set b %}  a {{ n }}{% endset %}[{{ b }}]
{% set b %}{% set inner = 1 %}{{ inner }}{% endset %}{{ b }}{{ inner }}
{% set ns = namespace(a=1, b=[]) %}{% for i in l %}{% set ns.a = ns.a + i %}{% set ns.b = ns.b + [i] %}{% endfor %}{{ ns.a }} {{ ns.b }} {{ ns.zz }}| {{ ns.a is defined }} {{ ns['a'] }}
{% set ns = namespace() %}{% set ns.x = 1 %}{{ ns.x }}
{% set ns = namespace() %}{% set ns._x = 1 %}
{% set d.x = 1 %}
{% set missing.x = 1 %}
{% set ns = namespace(x=true) %}{% for i in l if ns.x %}{{ i }}{% set ns.x = false %}{% endfor %}
{% macro f(a, b=2, c=a) %}[{{ a }}{{ b }}{{ c }}]{% endmacro %}{{ f(1) }}{{ f(1, 3) }}{{ f(b=5, a=4) }}{{ f() }}{{ f(1, c=9) }}
{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, 2) }}
{% macro f(a) %}{{ a }}{% endmacro %}{{ f(z=2) }}
{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}{{ f(2) | upper }}{{ f(1) ~ '!' }}
{% set v = 1 %}{% macro f() %}{{ v }}{% set v = 9 %}{{ v }}{% endmacro %}{{ f() }}{% set v = 2 %}{{ f() }}{{ v }}
{% for i in l %}{% macro f() %}{{ i }}{% endmacro %}{{ f() }}{% endfor %}
{{ undefined_function() }}
{{ n() }}
{% generation %}a{{ n }}{% set g = 1 %}{% endgeneration %}{{ g }}|
{% autoescape true %}{{ '<' }}{% endautoescape %}{{ 1 / 0 }}
{% foo %}
{% if t %}
{% endif %}
{% for i in l %}{% endif %}
{{ 
{{ }}
{{ a b }}
{{ (1 }}
{{ 1] }}
{{ 'abc }}
{# open
{{ s | nofilter }}
{{ s is notest }}
{{ 1 is odd is even }}
{{ a = 1 }}
{% set 1 = 2 %}
{% set none = 2 %}
{% macro f(a=1, b) %}{% endmacro %}
{{ f(a=1, 2) }}
{{ s ! }}
{{ s.1a }}
{{ @ }}
a  {%- if t %}  b  {% endif -%}  c
a {{- ' b ' -}} c
  {% if t %}  x{% endif %}  
{{ s | upper }} {{ s | lower }} {{ 'heLLo wORLD' | capitalize }} {{ "hello wORLD-foo (bar's)" | title }} {{ '  a ' | trim }}| {{ 'xax' | trim('x') }} {{ 5 | string }} {{ 'x' | safe }} {{ 5 | upper }} {{ none | string }}
{{ missing | upper }}|{{ missing | default('d') }}|{{ '' | default('d') }}|{{ '' | default('d', true) }}|{{ missing | d }}|{{ none | default('x') }}|{{ none | default('x', boolean=true) }}|{{ 0 | d(5, true) }}
{{ 'aXbX' | replace('X', '-') }} {{ 'aXbX' | replace('X', '-', 1) }} {{ 121 | replace(1, 3) }}
{{ lines | indent }}|{{ lines | indent(2, true) }}|{{ lines | indent(2, blank=true) }}|{{ 'a\nb' | indent('> ') }}|{{ 'a\nb' | indent(width=2, first=true) }}
{{ '42' | int }} {{ '4.7' | int }} {{ 'x' | int }} {{ 'x' | int(-1) }} {{ 4.9 | int }} {{ ' 7 ' | int }} {{ none | int }} {{ true | int }} {{ '1_000' | int }} {{ [] | int(3) }} {{ '-3' | int }}
{{ '4.5' | float }} {{ 'x' | float }} {{ 3 | float }} {{ 'x' | float(1.5) }} {{ 'inf' | float }} {{ none | float }} {{ '1e400' | float }}
{{ missing | int }}
{{ s | length }} {{ zh | length }} {{ l | length }} {{ d | count }} {{ '' | length }} {{ missing | length }}
{{ 5 | length }}
{{ none | length }}
{{ l | select | length }}
{{ 'abc' | list }} {{ d | list }} {{ (1, 2) | list }} {{ missing | list }} {{ range(2) | list }}
{{ l | first }} {{ l | last }} {{ 'abc' | first }} {{ 'abc' | last }} {{ e | first }}| {{ e | last }}| {{ d | first }} {{ d | last }}
{{ l | select | last }}
{{ none | first }}
{{ l | reverse | list }} {{ 'abc' | reverse }} {{ d | reverse | list }} {{ l | select | reverse }}
{{ l | join }} {{ l | join(', ') }} {{ people | join(',', attribute='name') }} {{ 'abc' | join('-') }} {{ [none, missing, 1.5] | join('|') }} {{ people | join(d='+', attribute='age') }}
{{ d | items | list }} {% for k, v in d | items %}{{ k }}{{ v }}{% endfor %}{{ missing | items | list }}
{{ l | items | list }}
{{ d | dictsort }} {{ d | dictsort(true) }} {{ d | dictsort(false, 'value') }} {{ d | dictsort(reverse=true) }} {{ d | dictsort(by='value', reverse=true) }}
{{ d | dictsort(by='x') }}
{{ l | sort }} {{ w | sort }} {{ w | sort(case_sensitive=true) }} {{ l | sort(true) }} {{ people | sort(attribute='age') | map(attribute='name') | list }} {{ people | sort(attribute='age,name', reverse=true) | map(attribute='name') | list }} {{ 'cab' | sort }}
{{ [1, 'a'] | sort }}
{{ ['a', 'A', 'b', 'a'] | unique | list }} {{ ['a', 'A'] | unique(true) | list }} {{ people | unique(attribute='age') | map(attribute='name') | list }} {{ [1, true, 1.0, 2] | unique | list }}
{{ people | map(attribute='name') | list }} {{ w | map('upper') | list }} {{ people | map(attribute='at.city', default='?') | list }} {{ people[:2] | map(attribute='at.city') | list }} {{ l | map('string') | map('replace', '1', 'one') | join(',') }} {{ [[1, 2]] | map(attribute=1) | list }} {{ e | map('nofilter') | list }} {{ people | map(attribute='zz') | list }}
{{ l | map | list }}
{{ people | map(attribute='at.city') | list }}
{{ [0, 1, '', 'a'] | select | list }} {{ l | select('odd') | list }} {{ l | select('>', 1) | list }} {{ l | reject('odd') | list }} {{ l | select('in', [1, 2]) | list }} {{ [0, 1] | reject | list }} {{ missing | select | list }}
{{ people | selectattr('age', 'equalto', 3) | map(attribute='name') | list }} {{ people | selectattr('at') | list | length }} {{ people | rejectattr('at', 'defined') | map(attribute='name') | join }} {{ people | selectattr('age', '==', 2) | first }} {{ messages | selectattr('role', 'in', ['user', 'system']) | map(attribute='content') | join('/') }} {{ people | rejectattr('at') | list | length }}
{{ l | select('nope') | list }}
{{ people | selectattr | list }}
{% if l | select('>', 100) %}a generator is true{% endif %}{% set g = l | map('string') %}{{ g | list }}{{ g | list }}
{{ d | tojson }} {{ l | tojson }} {{ s | tojson }} {{ zh | tojson }} {{ none | tojson }} {{ true | tojson }} {{ 1.0 | tojson }} {{ (1, 2) | tojson }} {{ '"\\/\n\t\x01\x7f<>&' | tojson }} {{ {} | tojson }} {{ [] | tojson }} {{ [[], {}] | tojson(indent=1) }} {{ 1e16 | tojson }} {{ 1e22 | tojson }} {{ '\u2028' | tojson }}
{{ d | tojson(indent=2) }} {{ messages[2] | tojson(indent=4) }} {{ d | tojson(indent=0) }} {{ l | tojson(indent='\t') }}
{{ zh | tojson(ensure_ascii=true) }} {{ '\x7f' | tojson(true) }} {{ d | tojson(separators=(',', ':')) }} {{ [1, {'a': 2}] | tojson(separators=(', ', ' : '), indent=2) }}
{{ {1: 'a', none: 'b', true: 'c', 2.5: 'd'} | tojson }}
{{ {(1, 2): 'a'} | tojson }}
{{ missing | tojson }}
{{ range(3) | tojson }}
{{ d.items() | tojson }}
{{ 'nan' | float | tojson }} {{ 'inf' | float | tojson }}
{{ n is defined }} {{ missing is defined }} {{ missing is undefined }} {{ d.zz is defined }} {{ none is none }} {{ n is none }} {{ n is not none }} {{ not n is none }}
{{ t is boolean }} {{ 1 is boolean }} {{ t is true }} {{ 1 is true }} {{ false is false }} {{ 0 is false }}
{{ 1 is integer }} {{ true is integer }} {{ 1.0 is integer }} {{ 1.0 is float }} {{ 1 is float }} {{ 1 is number }} {{ true is number }} {{ '1' is number }}
{{ s is string }} {{ 1 is string }} {{ d is mapping }} {{ l is mapping }} {{ l is sequence }} {{ d is sequence }} {{ s is sequence }} {{ 1 is sequence }} {{ missing is sequence }} {{ d.items() is sequence }} {{ range(2) is sequence }}
{{ l is iterable }} {{ d is iterable }} {{ s is iterable }} {{ 1 is iterable }} {{ none is iterable }} {{ missing is iterable }} {{ (l | select) is iterable }}
{{ 3 is odd }} {{ 4 is even }} {{ 9 is divisibleby 3 }} {{ 9 is divisibleby(2) }} {{ 2.0 is even }}
{{ 'a' is odd }}
{{ 1 is in [1, 2] }} {{ 3 is not in [1, 2] }} {{ 'a' is in 'abc' }} {{ 1 is eq 1 }} {{ 1 is equalto 1 }} {{ 1 is ne 2 }} {{ 2 is gt 1 }} {{ 2 is greaterthan 2 }} {{ 2 is ge 2 }} {{ 1 is lt 2 }} {{ 1 is lessthan(1) }} {{ 1 is le 1 }} {{ 5 is not divisibleby 2 }}
{{ l | select('==', 1) | list }} {{ l | select('!=', 1) | list }} {{ l | select('<', 2) | list }} {{ l | select('<=', 2) | list }} {{ l | select('>=', 2) | list }} {{ l | select('gt', 2) | list }}
{{ s | length > 3 and s is string }} {{ not s is string }} {{ s | length + 1 }} {{ (s | length) * 2 }} {{ -1 | string }} {{ 1 if s is defined else 2 }} {{ n + 1 is odd }}
{{ messages | length - 1 }} {{ messages[messages | length - 1].role }} {{ loop is defined }} {{ 'x' if messages[0]['role'] == 'system' else 'y' }} {{ messages[1:] | length }}
{{ "a" "b" ~ 'c' }} {{ 1,2 }} {{ 1, }} {{ () }} {{ (1) }} {{ ((1, 2)) }} {{ [(1, 2), [3]] }} {{ s [0] }} {{ d . a }} {{ ( n ) }}
{{ s|upper|lower|replace("l","L")|length }} {{ l|map("string")|join("")|int + 1 }}
{{ namespace(a=1) is mapping }}
{{ [1, 2, 3] | first + 1 }} {{ {'a': {'b': [1, {'c': 'deep'}]}}.a.b[1].c }} {{ [[1, 2], [3, 4]][1][0] }} {{ ('a', 'b') | join }} {{ 'abc'[1] }} {{ 'abc'.upper()[0] }} {{ {'x': 1}['x'] }} {{ {'x': 1}.x }}
{{ '你好'.split('好') }} {{ ['你', 'é', '\u00a0', '\u3000'] }}
""".strip("\n").split("\n")

# Rules of white space, and whatever needs lines.
BLOCKS = [
    "a\n{% if t %}\nb\n{% endif %}\nc\n",
    "  {% if t %}\n    b\n  {% endif %}\n  c",
    "a {% if t %} b {% endif %} c",
    "a\n  {%+ if t %}\nb\n  {% endif +%}\nc",
    "a\n  {%- if t -%}\n b\n {%- endif -%} \nc",
    "a\n  {{ n }}\n  {{- n }}\n  {{ n -}}\n  b",
    "a\n  {# c #}\nb\n  {#- c -#}\nd {# e #} f\n  {#+ g +#}\nh",
    "{% for i in l %}\n  {{ i }}\n{% endfor %}\n",
    "{% for i in l -%}\n  {{ i }}\n{%- endfor %}\n\n",
    "{% for i in l %}{% if i > 1 %}\n{{ i }}\n{% endif %}{% endfor %}",
    "\n\n{% if t %}\n\n{% endif %}\n\n",
    "a\r\nb\rc\r\n{% if t %}\r\nd{% endif %}\r\n",
    "  {% set a = 1 %}\n  {% set b = 2 %}\n{{ a }}{{ b }}",
    "x\t{% if t %}\ty{% endif %}\n\t{% if t %}z{% endif %}",
    "{{ 'a\nb' }}{{ \"c\r\nd\" }}",
    "{{\n  n\n  +\n  1\n}}\n{%\n if t\n%}\nq{% endif %}",
    "{%if t%}x{%endif%}{%-if t-%} y {%-endif-%}",
    "{% macro f(x) %}\n  <{{ x }}>\n{% endmacro %}\n{{ f(1) }}\n{{- f(2) }}",
    "{% set b %}\n  line\n{% endset %}\n[{{ b }}]",
    "{% for i in l %}\n{%- if loop.first %}first{% endif -%}\n{{ i }}\n{% endfor %}",
    "a\x0b{%- if t %}b{% endif %}\u3000{%- if t %}c{% endif %}\x1f\u00a0{%- if t %}d{% endif %}",
    "no newline at the end is added\n\n",
    "{% generation %}\n a {{ n }}\n{% endgeneration %}\nb",
    "{% if t %}{# c #}\n{% endif %}\nx {#- y -#}\n z",
    "{{ n }}\n{{ n }}\n",
    "{{ n -}}\n\n x",
    "{% if true -%}\n\n  x\n{%- endif +%}\n y",
    "{{ {'a': '}}', 'b': '%}'}['a'] }}{% if '%}' %}z{% endif %}",
    "{{ [1,\n 2] }}{# {{ n }} {% if %} #}",
    "{ { {% if t %}{{'{{'}}{% endif %} } } {{ '{%' }} {",
    "%} }} #} {%- set q = 1 -%} {{ q }}",
    "{%- set ns = namespace(found=false) -%}\n{%- for m in messages -%}\n{%- if m.role == 'user' -%}\n{%- set ns.found = true -%}\n{%- endif -%}\n{%- endfor -%}\n{{ ns.found }}",
]


def run(source, variables):
    try:
        compiled = ctu._compile_jinja_template(source)
        text = compiled.render(**variables)
    except Exception as e:  # whatever it is
        return {"template": source, "error": type(e).__name__, "message": str(e) if source.find("raise_exception") >= 0 else ""}
    return {"template": source, "text": text}


cases = [run(source, V) for source in CASES + BLOCKS]
json.dump(
    {"made_by": f"battery.py, jinja2 {jinja2.__version__}, transformers {transformers.__version__}", "now": "2026-03-05T07:08:09Z", "variables": V, "cases": cases},
    sys.stdout,
    ensure_ascii=False,
    indent=1,
)
print()
