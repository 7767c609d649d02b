"""Refusals as RFC 9457 problem details: each has a stable type, and a page that says the mend."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import msgspec

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "/problems/"
RETRY_SECONDS = 1

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of refusal: the status of its answer, what it is, and how to mend it."""

    status: int
    title: str
    hint: str


_BAD_TEXT, _UNAUTHENTICATED, _UNREADABLE, _AWAY = 400, 401, 422, 503

PROBLEMS: Mapping[str, Problem] = MappingProxyType(
    {
        # The request as a whole.
        "malformed-request": Problem(
            _BAD_TEXT,
            "This is no HTTP/1.1 request",
            "Send one length of the body, by Content-Length or chunked, and plain header lines.",
        ),
        "body-incomplete": Problem(
            _BAD_TEXT,
            "The body ended before its announced length",
            "Send the request again; the same transaction_id makes that safe.",
        ),
        "token-missing": Problem(
            _UNAUTHENTICATED,
            "A bearer token is needed",
            "Send one header `Authorization: Bearer <token>`; "
            "`watchkeeper token --role service` makes one for a local stack.",
        ),
        "token-invalid": Problem(
            _UNAUTHENTICATED,
            "The bearer token is not valid here",
            "Get a new token: HS256, typ at+jwt, with iss, aud, sub, tenant, role, iat, exp, jti, "
            "and a life of one hour at most.",
        ),
        "forbidden": Problem(
            403, "Your role may not do this", "Ask for a token with another role; see docs/api.md."
        ),
        "not-found": Problem(
            404, "There is nothing at this address", "See /openapi.json for the addresses."
        ),
        "transaction-not-found": Problem(
            404,
            "No such transaction within your reach",
            "Check the id and the tenant; a customer sees its own accounts, a teller its branch.",
        ),
        "account-not-found": Problem(
            404,
            "No such account within your reach",
            "Check the id and the tenant; a customer sees its own accounts, a teller its branch.",
        ),
        "method-not-allowed": Problem(
            405, "This address does not take this method", "The header Allow says what it takes."
        ),
        "not-acceptable": Problem(
            406, "Only JSON is answered here", "Leave the header Accept out, or send */*."
        ),
        "body-too-slow": Problem(
            408, "The body came too slowly", "Send the whole body within ten seconds."
        ),
        "head-too-slow": Problem(
            408, "The head of the request came too slowly", "Send all headers within ten seconds."
        ),
        "body-too-large": Problem(
            413,
            "The body is too large",
            "Send 64 KiB at most, a batch 1 MiB and 1,000 transactions, a rule set 4 MiB packed.",
        ),
        "not-json-type": Problem(
            415,
            "Only JSON in UTF-8 is taken",
            "Send `Content-Type: application/json` and no Content-Encoding.",
        ),
        "head-too-large": Problem(
            431, "The headers are too large", "Send 16 KiB of headers and 8 KiB of token at most."
        ),
        "internal": Problem(
            500,
            "Something broke on our side",
            "Try again with the same transaction_id; if it stays, tell us the request id.",
        ),
        "log-away": Problem(
            _AWAY,
            "The log does not take transactions at the moment",
            "Send the same request again after Retry-After; nothing is booked twice.",
        ),
        "books-away": Problem(
            _AWAY, "The books do not answer at the moment", "Ask again after Retry-After."
        ),
        "busy": Problem(
            _AWAY,
            "Too many requests are inside at once",
            "Send the same request again after Retry-After; batches carry more than single posts.",
        ),
        # Ids that make a retry safe.
        "conflict": Problem(
            409,
            "This transaction_id was used for another transaction",
            "Give each transaction an id of its own; send a retry unchanged.",
        ),
        "in-progress": Problem(
            409,
            "The same transaction is being written right now",
            "Send the same request again after Retry-After.",
        ),
        "account-conflict": Problem(
            409, "The account stands in the books otherwise", "The currency of an account stays."
        ),
        # Pages, and times that are asked for.
        "cursor": Problem(
            _UNREADABLE,
            "The cursor is not of this question",
            "Send `next_cursor` as it came with the filters it came for, or none to begin anew.",
        ),
        "not-yet": Problem(
            _UNREADABLE,
            "The instant that is asked for lies in the future",
            "Leave `at` out for the balance of now.",
        ),
        # Rule sets by two persons, lists and breakers.
        "rule-set-not-found": Problem(
            404,
            "No such rule set was proposed or published",
            "`watchkeeper rules log` names them; `watchkeeper rules propose` adds one.",
        ),
        "rule-set-unsound": Problem(
            _UNREADABLE,
            "The rule set cannot be put to work",
            "`watchkeeper rules lint` shows what is wrong; propose with the version that runs.",
        ),
        "own-proposal": Problem(
            403,
            "Nobody approves a rule set of their own",
            "Let another person than the author say yes: `watchkeeper rules approve HASH`.",
        ),
        "approved-before": Problem(
            409,
            "You have approved this rule set before",
            "Each person counts once; publish it with `watchkeeper rules apply HASH`.",
        ),
        "not-approved": Problem(
            409,
            "No second person has approved this rule set",
            "Ask another person than the author: `watchkeeper rules approve HASH`. Then apply it.",
        ),
        "nothing-before": Problem(
            409,
            "There is no rule set to go back to",
            "`watchkeeper rules log` shows what was published; propose and apply another one.",
        ),
        "rule-not-tripped": Problem(
            409,
            "No breaker holds this rule in shadow",
            "`watchkeeper rules log` shows trips and resets.",
        ),
        "list-not-found": Problem(
            404,
            "The rules that decide have no such list",
            "`watchkeeper lists show` names them; a new list comes with a rule set.",
        ),
        "entry-not-found": Problem(
            404, "The value is not on the list", "`watchkeeper lists show LIST` shows its entries."
        ),
        "entry-time": Problem(
            _UNREADABLE,
            "The entry would never count",
            "Let it end in the future, and after it begins.",
        ),
        "allowance-without-limit": Problem(
            _UNREADABLE,
            "An allowance has an end and a cap",
            "Send expires_at and amount_minor_max (`--expires`, `--amount-max`).",
        ),
        # What the door says of a body.
        "not-json": Problem(_BAD_TEXT, "The body is not JSON in UTF-8", "No BOM, no NaN, no rest."),
        "duplicate-key": Problem(_BAD_TEXT, "A key stands twice in one object", "Send it once."),
        "not-as-agreed": Problem(
            _UNREADABLE, "A field is not as the contract says", "See /openapi.json for each field."
        ),
        "batch-size": Problem(_UNREADABLE, "A batch has 1 to 1,000 transactions", "Cut it up."),
        "time-in-the-future": Problem(
            _UNREADABLE, "The transaction lies in the future", "Check the sender's clock."
        ),
        "time-too-old": Problem(
            _UNREADABLE, "The transaction is from before the year 2000", "Check the date."
        ),
        "time-too-fine": Problem(
            _UNREADABLE, "The time is finer than a millisecond", "Cut it to milliseconds."
        ),
        "nul-character": Problem(_UNREADABLE, "A text holds a NUL character", "Take it out."),
        "card-number": Problem(
            _UNREADABLE,
            "A text holds what looks like a card number",
            "Send a token in card_token; card numbers never enter.",
        ),
        "identifier": Problem(
            _UNREADABLE, "An id is not plain", "Use 1 to 64 printable ASCII characters, no space."
        ),
        "currency": Problem(_UNREADABLE, "The currency is not known", "Use ISO 4217, as EUR."),
        "country": Problem(_UNREADABLE, "The country is not known", "Use ISO 3166-1, as DE."),
        "merchant-category": Problem(
            _UNREADABLE, "The merchant category is not known", "Use the four digits of ISO 18245."
        ),
        "ip-address": Problem(_UNREADABLE, "The IP address is none", "Use IPv4 or IPv6 as text."),
        "half-a-place": Problem(
            _UNREADABLE, "A place has latitude and longitude", "Send both, or neither."
        ),
    }
)


class Refusal(Exception):
    """The answer is no: which problem, where, and what is to be known beyond its page."""

    def __init__(
        self,
        code: str,
        detail: str = "",
        pointer: str | None = None,
        headers: Mapping[str, str] = _NO_HEADERS,
    ) -> None:
        """Never put what was sent into `detail`."""
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
        self.pointer = pointer
        self.headers = headers

    @property
    def problem(self) -> Problem:
        """The page of this refusal."""
        return PROBLEMS[self.code]


def retry_later(code: str, detail: str = "") -> Refusal:
    """A refusal that a second try may not meet."""
    return Refusal(code, detail, headers={"retry-after": str(RETRY_SECONDS)})


class Place(msgspec.Struct, frozen=True):
    """Where in the body (RFC 6901), and which rule."""

    pointer: str
    code: str
    detail: str


class ProblemDetails(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An RFC 9457 document; it never repeats what was sent."""

    type: str
    title: str
    status: int
    detail: str = ""
    code: str
    request_id: str
    hint: str
    errors: Sequence[Place] = ()


def details(refusal: Refusal, request_id: str) -> ProblemDetails:
    """The document of a refusal."""
    problem, code = refusal.problem, refusal.code
    is_placed = refusal.pointer is not None
    return ProblemDetails(
        type=TYPE_PREFIX + code,
        title=problem.title,
        status=problem.status,
        detail=refusal.detail,
        code=code,
        request_id=request_id,
        hint=problem.hint,
        errors=[Place(refusal.pointer or "", code, refusal.detail or problem.title)]
        if is_placed
        else (),
    )
