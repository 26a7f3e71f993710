"""What can go wrong with connectors and with the providers behind them. No message ever holds a key."""

from backend.errors import Conflict, HubError, Invalid, NotFound
from schemas.errors import ErrorCode


class ConnectorNotFound(NotFound):
    """There is no such connector in this tenant."""


class ConnectorNameTaken(Conflict):
    """There already is a connector of this name; choose another."""


class ConnectorInUse(Conflict):
    """This connector is in use; end what uses it first, or disable it."""


class ConnectorDisabled(Conflict):
    """This connector is disabled; enable it first."""

    code = ErrorCode.PRECONDITION_FAILED


class BaseUrlRefused(Invalid):
    """The base URL is not one that this hub calls."""


class NoKek(HubError):
    """This installation has no key-encryption key, so it stores no keys. Set TILTYARD_KEK (see the guide's page on connectors) and start it again."""

    code = ErrorCode.PRECONDITION_FAILED


class BadKek(HubError):
    """TILTYARD_KEK is not the key that this installation's secrets were stored with."""

    code = ErrorCode.PRECONDITION_FAILED


class KeyUnreadable(HubError):
    """The stored key cannot be read for this provider and address. Enter it again."""

    code = ErrorCode.PRECONDITION_FAILED


class ProviderError(HubError):
    """The provider did not answer as it should."""

    code = ErrorCode.BAD_GATEWAY


class ProviderDown(ProviderError):
    """The provider cannot be reached or is out of order; try again later."""

    code = ErrorCode.SERVICE_UNAVAILABLE


class ProviderSlow(ProviderError):
    """The provider took longer than this call may."""

    code = ErrorCode.GATEWAY_TIMEOUT


class ProviderBusy(ProviderError):
    """The provider refuses more calls for now."""

    code = ErrorCode.TOO_MANY_REQUESTS


class ProviderKeyRefused(ProviderError):
    """The provider does not accept the key. Check it there, then replace it."""


class ProviderRequestRefused(ProviderError):
    """The provider does not accept the request."""


class ProviderRedirected(ProviderError):
    """The provider answered with a redirect, which is never followed. Use the address it leads to as the base URL."""


class ProviderAnswerTooLarge(ProviderError):
    """The provider's answer is larger than this hub reads."""


class ProviderAnswerUnreadable(ProviderError):
    """The provider's answer is not what was asked for."""


class ModelRefused(ProviderError):
    """The model declined to answer."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class AnswerCutOff(ProviderError):
    """The model's answer was cut off at its length limit."""

    code = ErrorCode.UNPROCESSABLE_CONTENT
