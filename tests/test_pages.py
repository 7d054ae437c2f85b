"""What every page keeps: it renders in both languages, lets nobody's text become markup, and obeys its own policy."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from chalicelib.casework.case import Party
from chalicelib.casework.folds import FOLDS
from chalicelib.errors import DoorstepError, NotAllowed, Unknown
from chalicelib.web import csp, i18n, pages, render, static
from chalicelib.web.look import Look
from chalicelib.web.present_events import ABOUT_REPORTERS, INTERNAL
from chalicelib.web.present_timeline import timeline
from infra.streetfile import compile as streetfile
from infra.streetfile.contrast import luminance
from tests.ladder_street import COMMITTEE
from tests.ladder_walks import in_state
from tests.page_samples import KEY, LINKS, ROOT, TOKEN, _case, _progress, actions, all_pages, look, place, street, viewer
from tests.story_samples import stories

KEPT: list[object] = []
NAMES = tuple(all_pages("zh-CN"))
LANGUAGES = i18n.LANGUAGES
# What a hostile reporter would write: it must come out as letters.
HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 * 7 }}<!--"
FIRST_VIEW = 14 * 1024
# Our own answer carries well under a kilobyte of headers; the policy is the longest.
HEADERS = 1024


@pytest.fixture(autouse=True)
def every_text_must_exist() -> Iterator[None]:
    with i18n.strict():
        yield


class Reader(HTMLParser):
    """All start tags with their attributes, and the text of scripts and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def having(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for found, attrs in self.tags if found == tag]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_every_page_renders_with_its_language_and_one_heading(name: str, lang: str) -> None:
    page = Reader(all_pages(lang)[name]())
    assert page.having("html") == [{"lang": lang}]
    assert len(page.having("h1")) == 1
    assert len(page.having("main")) == 1
    assert len(page.having("title")) == 1


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_what_people_write_never_becomes_markup(name: str, lang: str) -> None:
    clean, hostile = all_pages(lang)[name](), all_pages(lang, HOSTILE)[name]()
    for page in (Reader(clean), Reader(hostile)):
        for tag, attrs in page.tags:
            assert "style" not in attrs, f"<{tag} style> needs 'unsafe-inline'"
            assert not [attr for attr in attrs if attr.startswith("on")], f"<{tag}> has an event handler"
            for attr in ("href", "src", "action"):
                assert re.match(r"(/|#|https://|tel:|data:,|$)", attrs.get(attr) or ""), f"<{tag} {attr}={attrs.get(attr)!r}>"
        for script in page.having("script"):
            assert (script.get("src") or "").startswith("/V1/static/")
        assert len(page.having("style")) == 1
    assert "<script>alert" not in hostile
    assert [tag for tag, _ in Reader(hostile).tags].count("img") == [tag for tag, _ in Reader(clean).tags].count("img")


@pytest.mark.parametrize("name", NAMES)
def test_the_policy_allows_exactly_the_style_sheet_of_the_page(name: str) -> None:
    html = all_pages("zh-CN")[name]()
    sheets = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    policy = csp.csp(html, "https://bucket.example")
    assert [csp.style_hash(sheet) for sheet in sheets] == re.findall(r"'sha256-[^']+'", policy)
    assert "unsafe" not in policy


def test_the_policy_names_the_bucket_where_photos_go_and_nothing_else() -> None:
    policy = dict(part.split(" ", 1) for part in csp.csp("<style>a{}</style>", "https://b.example").split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["form-action"] == "'self' https://b.example"
    assert policy["connect-src"] == "'self' https://b.example"
    assert policy["img-src"] == "'self' data: blob: https://b.example"
    assert policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert csp.csp([], "").count("bucket") == 0


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_first_view_of_the_form_fits_in_14_kb(lang: str) -> None:
    here, places = streetfile.load(ROOT / "infra/streets/changqiao.toml")
    door = next(found for found in places if found.community)
    links = {kind.id: "I" + "2" * 20 for kind in here.kinds}
    html = pages.form(Look(lang, False, "/V1", "/f/issue"), here, "issue", door, "I" + "2" * 20, KEY, links=links)
    assert len(gzip.compress(html.encode(), 6)) + HEADERS <= FIRST_VIEW
    scripts = Reader(html).having("script")
    assert [("defer" in script) for script in scripts] == [True, True]


def test_the_form_works_as_plain_html() -> None:
    page = Reader(all_pages("zh-CN")["form"]())
    (form,) = page.having("form")
    assert (form["method"], form["action"]) == ("post", "/V1/f/issue")
    fields = {attrs["name"] for tag in ("input", "textarea") for attrs in page.having(tag) if attrs.get("name")}
    assert fields == {"code", "key", "photos", "text", "category", "phone", "nickname", "elsewhere", "reporter"}
    required = [attrs["name"] for tag in ("input", "textarea") for attrs in page.having(tag) if "required" in attrs]
    assert required == ["text"]
    assert not [attrs for attrs in page.having("input") if attrs.get("name") == "category" and "checked" in attrs]


def test_a_refused_form_keeps_what_was_typed_and_says_what_to_change() -> None:
    html = all_pages("zh-CN", "我的话")["form with errors"]()
    page = Reader(html)
    (text,) = page.having("textarea")
    assert text["aria-invalid"] == "true"
    assert "e-text" in (text["aria-describedby"] or "")
    assert 'href="#f-text"' in html
    assert "我的话</textarea>" in html


def test_the_summary_of_what_is_wrong_goes_down_the_page() -> None:
    html = all_pages("zh-CN", "我的话")["form with errors"]()
    summary = re.findall(r'<a href="#(f-[a-z]+)"', html[html.index('id="errors"') :])
    assert len(summary) > 1
    assert "<title>有误：" in html
    assert summary == sorted(summary, key=lambda field: html.index(f'id="{field}"'))


def test_each_wrong_line_of_a_list_is_named_in_the_summary() -> None:
    html = all_pages("zh-CN")["desk property, check wrong"]()
    assert re.findall(r'<a href="#[^"]+">([^<]+)</a>', html[html.index('id="errors"') :])[:2] == [
        "保洁：请填写这一项",
        "消防通道：请填写这一项",
    ]


def test_labels_and_descriptions_point_at_fields_that_exist() -> None:
    for name, made in all_pages("zh-CN").items():
        page = Reader(made())
        ids = [attrs["id"] for _, attrs in page.tags if attrs.get("id")]
        assert len(ids) == len(set(ids)), f"{name}: an id stands twice"
        for tag, attrs in page.tags:
            wanted = [attrs.get("for") or ""] if tag == "label" else []
            wanted += (attrs.get("aria-describedby") or "").split()
            if (attrs.get("href") or "").startswith("#"):
                wanted.append((attrs["href"] or "")[1:])
            assert [target for target in wanted if target and target not in ids] == [], f"{name}: <{tag} {attrs}>"


def test_switches_keep_the_stage_and_the_query() -> None:
    html = pages.form(look("zh-CN", "/f/issue?c=I2"), street(), "issue", place(), "I2", KEY)
    assert 'href="/V1/f/issue?c=I2&amp;lang=en"' in html
    assert 'href="/V1/f/issue?c=I2&amp;large=1"' in html


def test_large_print_is_a_class_of_the_page() -> None:
    html = pages.track(look("zh-CN", large=True), street())
    assert Reader(html).having("html") == [{"lang": "zh-CN", "class": "big"}]
    assert "large=0" in html


def test_other_kinds_are_offered_only_with_their_codes() -> None:
    alone = pages.form(look("zh-CN"), street(), "issue", place(), "I2", KEY, links={})
    assert Reader(alone).having("nav") == []
    assert 'href="/V1/f/rental?c=R2AAAAAA"' in pages.form(look("zh-CN"), street(), "issue", place(), "I2", KEY, links=LINKS)


# No story ends with an erasure: nothing is left to read after it.
def test_residents_never_read_names_of_staff_or_internal_steps() -> None:
    walk = in_state("accepted", street())
    walk.do(COMMITTEE, "assign", {"to": Party(id="W7", name="七号网格员", grant="grid_worker@committee:c1"), "note": "先看三楼"})
    page = _progress("zh-CN", walk, "add")
    assert "网格员" in page
    for hidden in ("七号网格员", "先看三楼", COMMITTEE.name):
        assert hidden not in page
    told = stories("话").values()
    assert {event.type for long in told for event in long.events} == set(FOLDS) - {"erased"}
    for long in told:
        seen = timeline(long.street, long.case, long.events, (), None, long.now, "zh-CN")
        assert {line.type for line in seen} & INTERNAL == set()
        assert len(seen) == sum(not (event.type in INTERNAL or event.data.get("internal")) for event in long.events)


# What stands in these fields of an event is for colleagues; `words` are what the office wants the resident to read.
TOLD_TO_RESIDENTS = {"asked", "prelim_given", "answered", "closed", "long_run_started", "cleared", "answered_back", "class_done"}
OWN_WORDS = {"submitted", "replied", "added", "rated", "withdrawn", "reopened"}


@pytest.mark.parametrize("name", stories("话"))
def test_residents_read_the_words_that_are_meant_for_them_and_no_others(name: str) -> None:
    secret = "绝密"
    long = stories("话")[name]
    for event in long.events:
        if event.type in TOLD_TO_RESIDENTS | OWN_WORDS | {"accepted", "allocated", "passed_up", "handled_proposed"}:
            continue
        hidden = json.loads(msgspec.json.encode(event.data).decode().replace('"话"', f'"{secret}"'))
        events = [msgspec.structs.replace(one, data=hidden) if one.seq == event.seq else one for one in long.events]
        lines = timeline(long.street, long.case, events, (), None, long.now, "zh-CN")
        assert [line for line in lines if secret in line.text + line.quote] == [], event.type


def test_the_party_complained_about_does_not_read_how_the_reporter_was_reached() -> None:
    seen = {
        line.type
        for long in stories("话").values()
        for line in timeline(long.street, long.case, long.events, (), None, long.now, "zh-CN", {}, blind=True)
    }
    assert seen == set(FOLDS) - ABOUT_REPORTERS - {"erased"}


def test_staff_see_every_step_and_who_may_see_it() -> None:
    html = _case("zh-CN", stories("写过的话")["written"])
    assert "仅内部" in html
    assert "居民可见" in html


def test_the_party_complained_about_never_sees_the_reporter() -> None:
    walk = stories("三楼住户的话")["written"]
    case = walk.case
    arguments = (case, walk.events, (), actions("zh-CN"), walk.now, KEY)
    seen = pages.case(look("zh-CN"), walk.street, viewer(), *arguments, revealed="13800000000")
    hidden = pages.case(look("zh-CN"), walk.street, viewer(sees_reporter=False), *arguments, revealed="13800000000")
    assert "13800000000" in seen
    assert "13800000000" not in hidden
    assert case.phone_mask not in hidden


def test_who_follows_by_number_reads_the_question_and_how_to_answer_it() -> None:
    """The message of the question says: scan the code, type the number. There it can be read, and answered elsewhere."""
    walk, here = in_state("waiting", street()), street()
    for lang, call in (("zh-CN", "或者打"), ("en", "or call")):
        html = pages.progress(look(lang), here, walk.case, walk.events, [], "", walk.now, set(), place=place())
        assert walk.case.question in html
        phone = here.phone.replace(" ", "\u00a0")
        assert f"{call}{phone}" in html.replace(f"{call} ", call)
        assert "/reply" not in html


def test_progress_found_by_number_is_for_reading_only() -> None:
    html = all_pages("zh-CN")["progress by number"]()
    assert Reader(html).having("form") == []
    assert TOKEN not in html


def test_a_held_back_action_is_named_with_its_reason_and_can_not_be_sent() -> None:
    html = _case("zh-CN", in_state("handling", street()))
    assert "还差给居民的初步反馈" in html
    assert "/confirm" not in html


def test_every_desk_form_carries_token_attempt_and_version() -> None:
    page = Reader(_case("zh-CN", in_state("handling", street())))
    posts = [form for form in page.having("form") if "/desk/cases/" in (form["action"] or "")]
    for name in ("attempt", "version"):
        assert sum(attrs.get("name") == name for attrs in page.having("input")) == len(posts)
    assert sum(attrs.get("name") == "csrf" for attrs in page.having("input")) == len(page.having("form"))


def test_after_a_conflict_the_typed_words_are_still_there() -> None:
    html = all_pages("zh-CN", "刚打的字")["case after a conflict"]()
    assert re.search(r'<details name="act" id="act-ask" open>', html)
    assert "刚打的字</textarea>" in html


def test_problem_objects_and_pages_say_the_same() -> None:
    error: DoorstepError = NotAllowed("state", params={"state": "closed", "action": "assign"})
    made = pages.problem("zh-CN", error, "ref1")
    assert made["type"] == "/errors/not_allowed"
    assert (made["status"], made["ref"]) == (422, "ref1")
    assert "指派" in made["title"]
    assert made["title"] in pages.error(look("zh-CN"), street(), error, "ref1")
    assert pages.problem("en", Unknown("never_heard_of"), "")["title"] == i18n.t("en", "error.not_found.title")


def test_static_files_are_served_under_the_hash_of_their_content() -> None:
    for name in ("form.js", "page.js", "desk.js"):
        hashed = static.static_url(name, "/V1").removeprefix("/V1/static/")
        found = static.read_static(hashed)
        assert found is not None
        assert found[1].startswith("text/javascript")
        assert static.read_static(name) is None
    assert static.read_static("../render.py") is None


def test_precompiled_templates_make_the_same_page(tmp_path: Path) -> None:
    render.precompile(tmp_path)
    from_source, compiled = render.make_environment(None), render.make_environment(tmp_path)
    # Its loader stands among the imported modules by a weak reference, over which others would stumble once it is gone.
    KEPT.append(compiled)
    names = [name for name in from_source.list_templates() if name.endswith(".html")]
    assert names
    for name in names:
        assert compiled.get_template(name).name == name


def test_pages_can_be_imported_without_the_template_engine() -> None:
    check = "import sys, chalicelib.web.pages; sys.exit('jinja2' in sys.modules or 'markupsafe' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], cwd=ROOT, check=False).returncode == 0


# --- Colours and sizes -------------------------------------------------------------------------------------------------

TEXT_ON = (
    ("ink", ("page", "surface", "sunken", "soft", "nearsoft", "donesoft")),
    ("ink2", ("page", "surface", "sunken", "soft")),
    ("action", ("page", "surface", "soft")),
    ("done", ("surface", "donesoft")),
    ("near", ("surface", "nearsoft")),
    ("late", ("surface", "latesoft")),
    ("watch", ("surface", "watchsoft")),
    ("onplate", ("plate",)),
    ("onaction", ("action", "press")),
    ("onlate", ("late",)),
    ("onhazard", ("hazard",)),
)


def _tokens() -> dict[str, dict[str, str]]:
    light, dark = render.css("tokens").split("@media (prefers-color-scheme:dark)")
    read = re.compile(r"--([a-z0-9]+):(#[0-9A-Fa-f]{6})")
    return {"light": dict(read.findall(light)), "dark": {**dict(read.findall(light)), **dict(read.findall(dark))}}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_what_is_under_it(scheme: str) -> None:
    colours = _tokens()[scheme]
    for text, grounds in TEXT_ON:
        for ground in grounds:
            lighter, darker = sorted((luminance(colours[text]), luminance(colours[ground])), reverse=True)
            assert (lighter + 0.05) / (darker + 0.05) >= 4.5, f"{text} on {ground}, {scheme}"


def test_resident_pages_have_no_text_under_18_px() -> None:
    for name in ("resident", "form", "progress"):
        sizes = [float(size) for size in re.findall(r"font-size:([0-9.]+)rem", render.css(name))]
        assert min(sizes) >= 1.125, name
        assert "px" not in "".join(re.findall(r"font-size:[^;}]+", render.css(name)))
