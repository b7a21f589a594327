"""Every error that can reach a client: whose fault, is a retry safe, which status. One filter turns it into a response.

    ProxyError                   status  fault     retry-safe   (linkerd.md sections 5.8 and 5.9, dtab.md section 16)
    ├── ClientError              400     client    –            malformed request, framing, limits: status given
    │   ├── UnknownDst           400                            no identifier named it
    │   ├── BadDtab              400                            l5d-dtab that does not parse
    │   └── TooManyCalls         400                            Via longer than maxCallDepth
    ├── ClientGone               –       client    –            nobody is left to answer
    ├── NamingError              502     naming    –            the name's binding failed
    │   ├── NoBrokers            502                            Neg, Fail, Empty, or nobody there
    │   └── BindingTimeout       502
    ├── UpstreamError            502     upstream  no           broke after the request was sent
    │   ├── UpstreamClosed       502                            closed or reset before the answer was whole
    │   ├── BadResponse          502                            not HTTP, limits, framing
    │   ├── ConnectFailed        502               yes          nothing was sent
    │   └── TooManyWaiters       502               yes          pool queue full
    ├── RequestTimeout           503     upstream  no           attempt, total or server timeout
    └── Rejected                 503     router    yes          maxConcurrentRequests: the nack

`metric` is the class chain of linkerd 1.7.5 under `failures/`, outermost first (observed.md keeps these names).
"""

from __future__ import annotations


class ProxyError(Exception):
    """An error with its answer. `str()` is the text for the client.

    retry_safe: the request is known not to have been processed, so that anybody may send it again.
    retryable_class: class A of linkerd.md section 3.12 (attempt timeouts, broken channels): a classifier may retry.
    close: the client connection's state is unknown; close it after the answer.
    context: told after the text, behind an empty line, in the body alone.
    """

    status = 502
    retry_safe = False
    retryable_class = False
    close = False
    context = ""
    metric: tuple[str, ...] = ("com.twitter.finagle.UnknownException",)


class ClientError(ProxyError):
    """The client broke HTTP. Answered with `status`, then the connection is closed."""

    close = True
    metric = ("com.twitter.finagle.http.BadRequestException",)

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


class UnknownDst(ClientError):
    """No identifier gave the request a name."""

    close = False
    metric = ("io.buoyant.router.RoutingFactory$UnknownDst",)


class BadDtab(ClientError):
    """An l5d-dtab or l5d-ctx-dtab header that does not parse."""

    close = False
    metric = ("java.lang.IllegalArgumentException",)


class TooManyCalls(ClientError):
    """The request went through more proxies than maxCallDepth."""

    close = False
    metric = ("io.buoyant.router.MaxCallDepthFilter$MaxCallDepthExceeded",)


class ClientGone(ProxyError):
    """The client closed or reset its connection: the exchange ends, nothing is answered."""

    metric = ("com.twitter.finagle.CancelledRequestException",)


class NamingError(ProxyError):
    """The logical name could not be bound."""

    metric = ("com.twitter.finagle.naming.buoyant.NamingException",)


class NoBrokers(NamingError):
    """The name is bound to nobody."""

    metric = ("com.twitter.finagle.naming.buoyant.RichNoBrokersAvailableException",)


class BindingTimeout(NamingError):
    """bindingTimeoutMs passed before the name was bound or a connection was there."""

    metric = ("io.buoyant.router.DynBoundTimeoutException",)


class UpstreamError(ProxyError):
    """The endpoint failed the exchange."""

    retryable_class = True
    metric: tuple[str, ...] = ("com.twitter.finagle.ChannelException",)


class UpstreamClosed(UpstreamError):
    """The endpoint closed or reset the connection before its answer was whole."""

    metric = ("com.twitter.finagle.ChannelClosedException",)


class BadResponse(UpstreamError):
    """The endpoint's answer is not acceptable HTTP, or over a limit."""

    retryable_class = False
    metric = ("com.twitter.finagle.UnknownChannelException",)


class ConnectFailed(UpstreamError):
    """No connection to the endpoint: nothing was sent."""

    retry_safe = True
    metric = ("restartable", "com.twitter.finagle.naming.buoyant.RichConnectionFailedExceptionWithPath")


class TooManyWaiters(UpstreamError):
    """The endpoint's pool is full and so is its queue (hostConnectionPool.maxWaiters)."""

    retry_safe = True
    metric = ("rejected", "com.twitter.finagle.TooManyWaitersException")


class RequestTimeout(ProxyError):
    """requestAttemptTimeoutMs, totalTimeoutMs or the server's timeoutMs passed before the response headers came."""

    status = 503
    metric = ("com.twitter.finagle.GlobalRequestTimeoutException",)


class ServerTimeout(RequestTimeout):
    """The server's timeoutMs. Nothing may retry it: its time is over for the whole request."""

    metric = ("com.twitter.finagle.IndividualRequestTimeoutException",)


class AttemptTimeout(RequestTimeout):
    """requestAttemptTimeoutMs: one attempt took too long; a classifier may retry it."""

    retryable_class = True
    metric = ("com.twitter.finagle.IndividualRequestTimeoutException",)


class Rejected(ProxyError):
    """maxConcurrentRequests reached: answered with a nack, safe to send again."""

    status = 503
    retry_safe = True
    metric = ("rejected", "com.twitter.finagle.RejectedExecutionException")
