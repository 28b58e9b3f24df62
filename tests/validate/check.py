"""Reads reports with readers that are not ours: check.py KIND SCHEMA FILE... Says what is wrong, or nothing."""
import json
import sys

kind, schema, *paths = sys.argv[1:]


def sarif(text):
    log = json.loads(text)
    for error in VALIDATOR.iter_errors(log):
        yield f"{error.json_path} {error.message}"
    for run in log["runs"]:
        rules = [rule["id"] for rule in run["tool"]["driver"].get("rules", [])]
        if len(rules) != len(set(rules)):
            yield "a rule is declared twice"
        for result in run["results"]:
            if rules[result["ruleIndex"]] != result["ruleId"]:
                yield f"ruleIndex {result['ruleIndex']} is not {result['ruleId']}"


def junit(text):
    suites = junitparser.JUnitXml.fromstring(text.encode())
    cases = [case for suite in suites for case in suite]
    if len(cases) != 14:
        yield f"{len(cases)} cases instead of the verdict and 13 checks"
    for said, tag in [(suites.failures, "failure"), (suites.errors, "error"), (suites.skipped, "skipped")]:
        found = sum(1 for case in cases for result in case.result if result._tag == tag)
        if said != found:
            yield f"says {said}, has {found} of {tag}"


def html(text):
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
    document = parser.parse(text)
    yield from (f"{place} {code} {data}" for place, code, data in parser.errors)
    names = [element.get("id") for element in document.iter() if element.get("id")]
    if len(names) != len(set(names)):
        yield "an id stands twice"
    for element in document.iter():
        for attribute in ("aria-labelledby", "aria-describedby"):
            if element.get(attribute) and element.get(attribute) not in names:
                yield f"{attribute} names {element.get(attribute)}, which is nowhere"
        target = element.get("href", "")
        if target.startswith("#") and target[1:] not in names:
            yield f"a link leads to {target}, which is nowhere"
        if element.get("src") or target.startswith(("http:", "https:", "//")):
            yield f"something from elsewhere: {element.get('src') or target}"


def markdown(text):
    tokens = markdown_it.MarkdownIt("commonmark").enable("table").parse(text)
    raw = [token for token in tokens if token.type == "html_block"]
    raw += [child for token in tokens for child in token.children or [] if child.type == "html_inline"]
    for token in raw:
        if not token.content.startswith(("<details", "</details", "<summary", "</summary", "<br>")):
            yield f"raw HTML: {token.content}"
    if not any(token.type == "heading_open" for token in tokens):
        yield "no heading"


if kind == "sarif":
    import jsonschema

    published = json.load(open(schema, encoding="utf-8"))
    VALIDATOR = jsonschema.validators.validator_for(published)
    VALIDATOR.check_schema(published)
    VALIDATOR = VALIDATOR(published)
elif kind == "junit":
    import junitparser
elif kind == "html":
    import html5lib
elif kind == "markdown":
    import markdown_it

read = {"sarif": sarif, "junit": junit, "html": html, "markdown": markdown}[kind]
for path in paths:
    for wrong in read(open(path, encoding="utf-8").read()):
        print(f"{path}: {wrong}")
