"""One matter told in many words at many doors is found; what only sounds like it stays outside: measured on labelled texts."""

from __future__ import annotations

import random
import sys
from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.casework import clusters
from chalicelib.casework.clusters import Decided, Doc
from tests.labelled import Labelled, Score, labelled, score

# The plain way: a text's matter is the first of these words that stands in it. Made, like the numbers of the rules, for part A.
KEYWORDS = (
    *(
        "电瓶车",
        "电动车",
        "充电",
        "电梯",
        "楼道",
        "路灯",
        "停车",
        "车位",
        "消防通道",
        "狗",
        "垃圾",
        "装修",
        "广场舞",
        "下水",
        "污水",
    ),
    *("漏水", "渗水", "理发", "灯"),
)
# And what part B needs beside them, which nobody can know before the reports are there.
ALL_KEYWORDS = (
    *KEYWORDS,
    *(
        "门禁",
        "防盗门",
        "大门",
        "树",
        "草坪",
        "蚊",
        "老鼠",
        "水压",
        "停水",
        "物业费",
        "维修基金",
        "食堂",
        "配药",
        "公交",
        "摊",
        "油烟",
    ),
    *("施工", "路面", "积水", "健身", "快递", "鸽子", "高空"),
)


def by_keyword(reports: list[Labelled], words: tuple[str, ...] = KEYWORDS) -> list[list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for at, one in enumerate(reports):
        word = next((word for word in words if word in one.text), None)
        if word:
            found[word].append(at)
    return list(found.values())


def say(capsys: pytest.CaptureFixture[str], *lines: str) -> None:
    """The figures that a test is for, whether it fails or not."""
    with capsys.disabled():
        sys.stdout.write("".join(f"\n{line}" for line in lines))


def docs(reports: list[Labelled]) -> list[Doc]:
    return [
        Doc(f"N{at:03d}", one.text, one.category, f"c{at % 7}", f"2026-11-{at % 28 + 1:02d}") for at, one in enumerate(reports)
    ]


def test_precision_and_recall_on_the_labelled_texts_beside_keywords(capsys: pytest.CaptureFixture[str]) -> None:
    every = labelled()
    assert len(every) >= 300
    assert len({one.text for one in every}) == len(every)
    found: dict[str, tuple[Score, Score, Score]] = {}
    for part in ("A", "B", ""):
        reports = labelled(part)
        ours = clusters.groups(docs(reports))
        ways = (ours, by_keyword(reports), by_keyword(reports, ALL_KEYWORDS))
        found[part] = (score(reports, ways[0]), score(reports, ways[1]), score(reports, ways[2]))
    names = ("clusters", "keywords", "keywords that know both parts")
    for part, scores in found.items():
        lines = [{"A": "part A, chosen with it", "B": "part B, held out", "": "both together"}[part]]
        say(capsys, *lines, *(f"  {name}: {one}" for name, one in zip(names, scores, strict=True)))
    (tuned, _, _), (held, plain, _), (both, both_plain, knowing) = found["A"], found["B"], found[""]
    assert tuned.precision > 0.70
    assert tuned.recall > 0.65
    assert held.precision > 0.40
    assert held.recall > 0.35
    assert held.f1 > 1.5 * plain.f1
    assert both.precision > 2 * max(both_plain.precision, knowing.precision)
    assert both.f1 > 1.5 * max(both_plain.f1, knowing.f1)


def proposals() -> list[tuple[str, clusters.Cluster]]:
    """What would be proposed of all texts, with the label that most of its reports carry."""
    every = labelled()
    label = {f"N{at:03d}": one.label for at, one in enumerate(every)}
    found = []
    for cluster in clusters.clusters(docs(every)):
        (most, _) = Counter(label[doc.no] for doc in cluster.docs).most_common(1)[0]
        found.append((most, cluster))
    return found


def test_most_of_what_is_proposed_is_one_matter_and_the_large_matters_are_among_it(capsys: pytest.CaptureFixture[str]) -> None:
    every = labelled()
    label = {f"N{at:03d}": one.label for at, one in enumerate(every)}
    found = proposals()
    held = sum(sum(label[doc.no] == most != "" for doc in cluster.docs) for most, cluster in found)
    size = sum(len(cluster.docs) for _, cluster in found)
    say(capsys, f"{len(found)} proposals of {size} reports; {held / size:.0%} belong to their proposal's matter")
    assert held / size > 0.7
    assert {"ebike_charge", "lift_broken", "stair_light", "rubbish_full"} <= {most for most, _ in found}
    for _, cluster in found:
        assert len(cluster.docs) >= clusters.LEAST
        assert len(cluster.committees) >= clusters.COMMITTEES
        assert cluster.words


WISHES = (
    "希望小区里装电动车充电桩",
    "电瓶车没地方充电，能不能建个充电棚",
    "我们这里助动车充电太难了，想增设几个充电口",
    "楼下能否加装电瓶车充电设施",
)
NEAR = ("电瓶车停在车棚被偷了", "邻居把电动车停在走廊里", "电梯坏了", "电动车上牌照去哪里办", "楼道灯不亮", "垃圾没人清运")


def test_four_committees_wish_is_one_matter_and_it_says_why() -> None:
    reports = [Doc(f"W{at}", text, "", f"c{at}", f"2026-11-0{at + 1}") for at, text in enumerate(WISHES)]
    others = [Doc(f"X{at}", text, "", f"c{at}", "2026-11-09") for at, text in enumerate(NEAR)]
    (found,) = clusters.clusters([*others, *reports])
    assert [doc.no for doc in found.docs] == ["W0", "W1", "W2", "W3"]
    assert found.committees == ("c0", "c1", "c2", "c3")
    assert any("充电" in word for word in found.words)
    # One committee alone, or three reports, are no class of matters.
    assert clusters.clusters([Doc(one.no, one.text, "", "c1") for one in reports]) == []
    assert clusters.clusters([*others, *reports[:3]]) == []


def test_a_chain_of_neighbours_is_not_one_matter() -> None:
    chain = ("电动车充电桩太少", "电动车停在楼道充电", "楼道停车堆物", "楼道堆物生蟑螂", "蟑螂消杀打药", "河边打药除草")
    groups = clusters.groups([Doc(str(at), text) for at, text in enumerate(chain)])
    assert max(map(len, groups)) <= 3


def test_what_was_dismissed_stays_so_until_it_has_grown() -> None:
    reports = [Doc(f"W{at}", f"{text}，{at}号门", "", f"c{at % 4}") for at, text in enumerate(WISHES * 2)]
    (small,) = clusters.clusters(reports[:4])
    known = Decided("d1", frozenset(doc.no for doc in small.docs), small.centre)
    (large,) = clusters.clusters(reports)
    assert clusters.first([known], small) == clusters.first([known], large) == known
    assert not clusters.grown(small, known)
    assert clusters.grown(large, known)
    # Known again by its words, when all its reports are new ones.
    (later,) = clusters.clusters([Doc(f"Z{at}", doc.text, "", doc.committee) for at, doc in enumerate(reports[:5])])
    assert clusters.same(later, known)
    assert not clusters.grown(later, known)
    lifts = [Doc(f"L{at}", "电梯坏了没人修", "", f"c{at}") for at in range(4)]
    assert not clusters.same(clusters.clusters(lifts)[0], known)


@given(st.lists(st.text(alphabet="电梯灯车充坏停楼道水垃圾 a1，", max_size=12), max_size=14), st.randoms())
@settings(max_examples=40, deadline=None)
def test_every_text_is_in_exactly_one_group_whatever_their_order(texts: list[str], chance: random.Random) -> None:
    made = [Doc(str(at), text) for at, text in enumerate(texts)]
    found = clusters.groups(made)
    assert sorted(at for group in found for at in group) == list(range(len(texts)))
    mixed = list(made)
    chance.shuffle(mixed)
    again = clusters.groups(mixed)
    assert sorted(map(len, again)) == pytest.approx(sorted(map(len, found))) or len(set(texts)) < len(texts)
