"""The service desk: what an account without research, advisors and windows answers.

The account has no subscription to Wall Street Horizon or fundamentals, is nobody's advisor,
has no soft dollars, and its login no branding. Display groups exist and show what clients
put into them, as a Gateway's do, which has no windows either.

**Source**: answers of a real Gateway: docs/evidence/gateway-recordings; IB's table of codes
for the cancellations (10280, 10284).
"""

from __future__ import annotations

from ibelay.gateway.session.desk import Client, Handlers
from ibelay.wire.encode import services as say
from ibelay.wire.requests import services as ask

NO_NEWS_FEED = (10276, "News feed is not allowed.")
NO_FUNDAMENTALS = (10358, "Fundamentals data is not allowed.")
NO_ADVISOR = (
    321,
    "Error validating request.-'b4' : cause - FA data operations ignored for non FA customers.",
)
NO_ID = 0
_GROUPS = 7
_MAX_CONTRACT_INFO = 64


class ServiceDesk:
    """Serves what is neither trading nor prices."""

    def __init__(self, client: Client) -> None:
        self._voice = client.voice
        self._shown: dict[int, str] = {}
        self._groups: dict[int, int] = {}

    def handlers(self) -> Handlers:
        """See ``Desk``."""
        return {
            ask.RequestFundamentalData: self._no_fundamentals,
            ask.CancelFundamentalData: self._no_report_to_cancel,
            ask.RequestWshMetaData: self._no_news_feed,
            ask.RequestWshEventData: self._no_news_feed,
            ask.CancelWshMetaData: self._no_meta_data_to_cancel,
            ask.CancelWshEventData: self._no_events_to_cancel,
            ask.RequestAdvisorData: lambda _request: self._voice.refuse(NO_ID, *NO_ADVISOR),
            ask.ReplaceAdvisorData: self._no_advisor,
            ask.RequestSoftDollarTiers: self._soft_dollar_tiers,
            ask.RequestUserInfo: self._user_info,
            ask.QueryDisplayGroups: self._display_groups,
            ask.SubscribeToGroupEvents: self._subscribe,
            ask.UpdateDisplayGroup: self._update,
            ask.UnsubscribeFromGroupEvents: self._unsubscribe,
            ask.Verify: self._verify,
        }

    def _no_fundamentals(self, request: ask.RequestFundamentalData) -> None:
        self._voice.refuse(request.request_id, *NO_FUNDAMENTALS)

    def _no_report_to_cancel(self, request: ask.CancelFundamentalData) -> None:
        number = request.request_id
        self._voice.refuse(number, 300, f"Can't find EId with tickerId:{number}")

    def _no_news_feed(self, request: ask.RequestWshMetaData | ask.RequestWshEventData) -> None:
        self._voice.refuse(request.request_id, *NO_NEWS_FEED)

    def _no_meta_data_to_cancel(self, request: ask.CancelWshMetaData) -> None:
        self._voice.refuse(request.request_id, 10280, "Failed cancel WSH metadata")

    def _no_events_to_cancel(self, request: ask.CancelWshEventData) -> None:
        self._voice.refuse(request.request_id, 10284, "Failed cancel WSH event data")

    def _no_advisor(self, request: ask.ReplaceAdvisorData) -> None:
        self._voice.refuse(request.request_id, *NO_ADVISOR)

    def _soft_dollar_tiers(self, request: ask.RequestSoftDollarTiers) -> None:
        self._voice.say(say.soft_dollar_tiers_none(request.request_id))

    def _user_info(self, request: ask.RequestUserInfo) -> None:
        self._voice.say(say.user_info(request.request_id, ""))

    def _display_groups(self, request: ask.QueryDisplayGroups) -> None:
        groups = "|".join(map(str, range(1, _GROUPS + 1)))
        self._voice.say(say.display_group_list(request.request_id, groups))

    def _subscribe(self, request: ask.SubscribeToGroupEvents) -> None:
        number, group = request.request_id, request.group
        if not 1 <= group <= _GROUPS:
            text = f"Error validating request: display group {group}, expected 1 to {_GROUPS}"
            self._voice.refuse(number, 321, text)
            return
        if number not in self._groups and len(self._groups) >= _GROUPS:
            text = f"Error validating request: at most {_GROUPS} subscriptions to display groups"
            self._voice.refuse(number, 321, text)
            return
        self._groups[number] = group
        shown = self._shown.get(group, "none")
        self._voice.say(say.display_group_updated(number, shown))

    def _update(self, request: ask.UpdateDisplayGroup) -> None:
        group = self._groups.get(request.request_id)
        if group is None or len(request.contract_info) > _MAX_CONTRACT_INFO:
            text = "Error validating request: expected a subscribed group and con_id@exchange"
            self._voice.refuse(request.request_id, 321, text)
            return
        self._shown[group] = request.contract_info
        for number, subscribed in self._groups.items():
            if subscribed == group:
                self._voice.say(say.display_group_updated(number, request.contract_info))

    def _unsubscribe(self, request: ask.UnsubscribeFromGroupEvents) -> None:
        if self._groups.pop(request.request_id, None) is None:
            text = "Error validating request: not subscribed to a display group"
            self._voice.refuse(request.request_id, 321, text)

    def _verify(self, request: ask.Verify) -> None:
        text = "The gateway does not verify programs: connect without verification"
        self._voice.say(say.verify_completed(text, with_authentication=request.with_authentication))
