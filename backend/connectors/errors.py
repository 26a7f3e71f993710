"""Errors of connectors and of their providers. No message contains a key."""

from backend.errors import Conflict, HubError, Invalid, NotFound
from schemas.errors import ErrorCode


class ConnectorNotFound(NotFound):
    """There is no such connector in this tenant. `connectors.list` lists them."""


class ConnectorNameTaken(Conflict):
    """A connector already has this name. Choose another name."""


class ConnectorInUse(Conflict):
    """This connector is in use. End its users first, or disable the connector."""


class ConnectorDisabled(Conflict):
    """This connector is disabled. Enable it first."""

    code = ErrorCode.PRECONDITION_FAILED


class BaseUrlRefused(Invalid):
    """This hub does not call this base URL. Use a public https address, or have the operator list the host in TILTYARD_PRIVATE_HOSTS."""


class NoKek(HubError):
    """This installation has no key-encryption key, so it stores no keys. Set TILTYARD_KEK (see the guide's page on connectors) and start it again."""

    code = ErrorCode.PRECONDITION_FAILED


class BadKek(HubError):
    """TILTYARD_KEK differs from the key that encrypted this installation's secrets. Set the right key."""

    code = ErrorCode.PRECONDITION_FAILED


class KeyUnreadable(HubError):
    """The stored key cannot be read for this provider and address. Enter it again."""

    code = ErrorCode.PRECONDITION_FAILED


class ProviderError(HubError):
    """The provider did not answer as it should."""

    code = ErrorCode.BAD_GATEWAY


class ProviderDown(ProviderError):
    """The provider cannot be reached or has a fault. Try again later."""

    code = ErrorCode.SERVICE_UNAVAILABLE


class ProviderSlow(ProviderError):
    """The provider did not answer in time. Try again, or choose a smaller model."""

    code = ErrorCode.GATEWAY_TIMEOUT


class ProviderBusy(ProviderError):
    """The provider refuses more calls for now. Wait, or raise the limit at the provider."""

    code = ErrorCode.TOO_MANY_REQUESTS


class ProviderKeyRefused(ProviderError):
    """The provider does not accept the key. Check it there, then replace it."""


class ProviderRequestRefused(ProviderError):
    """The provider does not accept the request. Check the model's name and the settings."""


class ProviderRedirected(ProviderError):
    """The provider answered with a redirect, which is never followed. Use the redirect's target as the base URL."""


class ProviderAnswerTooLarge(ProviderError):
    """The provider's answer is larger than this hub reads. Check the base URL."""


class ProviderAnswerUnreadable(ProviderError):
    """The provider's answer does not have the expected form. Check the base URL, or choose another model."""


class ModelRefused(ProviderError):
    """The model declined to answer. Choose another model, or change the prompt."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class AnswerCutOff(ProviderError):
    """The model's answer was cut off at its length limit. Choose another model, or shorten the request."""

    code = ErrorCode.UNPROCESSABLE_CONTENT
