"""The types of a command's values, each with the form it is written in."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from ibelay.model.faults import forms
from ibelay.model.faults.forms import Ratio, Span, Target
from ibelay.model.faults.messages import Message
from ibelay.model.ids import ClientId

Length = Annotated[Span, forms.SPAN]
MaybeLength = Annotated[Span | None, forms.SPAN]
Amount = Annotated[Decimal, forms.AMOUNT]
MaybeAmount = Annotated[Decimal | None, forms.AMOUNT]
Symbol = Annotated[str, forms.SYMBOL]
OneOrder = Annotated[Target, forms.TARGET]
Shares = Annotated[Ratio, forms.RATIO]
Kind = Annotated[Message, forms.MESSAGE]
Count = Annotated[int | None, forms.COUNT]
Who = Annotated[ClientId | None, forms.CLIENT]
Client = Annotated[ClientId, forms.CLIENT]
Number = Annotated[int, forms.NUMBER]
Code = Annotated[int, forms.CODE]
Port = Annotated[int, forms.PORT]
Text = Annotated[str, forms.TEXT]
YesNo = Annotated[bool, forms.YES_NO]
Side = Annotated[str, forms.SIDE]
Speed = Annotated[Decimal, forms.SPEED]
Rate = Annotated[int, forms.SIZE]
Size = Annotated[int, forms.SIZE]
Way = Annotated[str, forms.words("both", "to-client", "to-gateway")]
Farm = Annotated[str, forms.words("market", "historical", "definitions")]
TimeForm = Annotated[str, forms.words("utc", "met", "zoneless")]
Late = Annotated[str, forms.words("resubmit", "lose")]
