"""The smallest street that a template or a package can be built for; what it contains of ladders and clocks does not matter
there.
"""

from __future__ import annotations

from chalicelib.street import Calendar, FollowUp, Kind, Label, Retention, Sms, Street


def small_street(street_id: str = "sample", region: str = "cn-north-1") -> Street:
    return Street(
        schema=1,
        id=street_id,
        name=Label("示例街道", "Sample street"),
        brand=Label("示例二维码", "Sample code"),
        city=Label("上海", "Shanghai"),
        district=Label("示例区", "Sample district"),
        phone="021-0012 0000",
        domain="door.example",
        region=region,
        timezone="Asia/Shanghai",
        languages=("zh-CN", "en"),
        plate="",
        kinds=(Kind("issue", Label("问题意见征集", "Report a problem")),),
        categories=(),
        zones=(),
        committees=(),
        communities=(),
        rungs=(),
        classes=(),
        clocks={},
        notices=(),
        sms=Sms(provider="local", sign="示例街道"),
        retention=Retention(case_days=1095, photo_days=400, register_days=730, log_days=200, message_days=180),
        follow_up=FollowUp(),
        calendar=Calendar(known_to="2026-12-31"),
        notice_version="1",
    )
