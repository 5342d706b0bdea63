"""Every exception of this package.

OtelTokensError
└── ConfigError      a setting or a price file is wrong; raised by `instrument()`, never by a call
"""


class OtelTokensError(Exception):
    """The root of every exception of this package."""


class ConfigError(OtelTokensError):
    """A setting is wrong. The message has the place, the value and the accepted values."""
