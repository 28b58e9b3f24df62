"""Reads reports with readers that are not ours: check.py KIND FILE SCHEMA. Says what is wrong, or nothing."""
import json
import sys

kind, path, schema = sys.argv[1:]
text = open(path, encoding="utf-8").read()
if kind == "sarif":
    import jsonschema

    schema = json.load(open(schema, encoding="utf-8"))
    validator = jsonschema.validators.validator_for(schema)
    validator.check_schema(schema)
    for error in validator(schema).iter_errors(json.loads(text)):
        print(error.json_path, error.message)
elif kind == "junit":
    import junitparser

    suites = junitparser.JUnitXml.fromstring(text.encode())
    cases = [case for suite in suites for case in suite]
    if len(cases) != 14:
        print(f"{len(cases)} cases instead of the verdict and 13 checks")
    if suites.failures != sum(1 for case in cases for result in case.result if result._tag == "failure"):
        print(f"says {suites.failures} failures")
elif kind == "html":
    import html5lib

    parser = html5lib.HTMLParser()
    parser.parse(text)
    for place, code, data in parser.errors:
        print(place, code, data)
elif kind == "markdown":
    import markdown_it

    tokens = markdown_it.MarkdownIt("commonmark").enable("table").parse(text)
    raw = [token for token in tokens if token.type == "html_block"]
    raw += [child for token in tokens for child in token.children or [] if child.type == "html_inline"]
    for token in raw:
        if not token.content.startswith(("<details", "</details", "<summary", "</summary")):
            print("raw HTML:", token.content)
    if not any(token.type == "heading_open" for token in tokens):
        print("no heading")
