"""`asyncapi.yaml`: the socket's protocol, as the msgspec types say it.

The one rule: nothing is listed here. Commands, replies, events and codes are found in
their modules, so that what is added there is described at once. A message has the name
of its class, because all replies share one `type`; a command's ends in `Command`,
because both sides have a `ping`.
"""

from typing import Any

import yaml

from .messages import message, operations
from .prose import channel, close_codes, error_codes, info, security_schemes, servers
from .schemas import command_schemas, merged, sent_schemas
from .surface import Json, Struct, commands, name_of, sent


def document() -> Json:
    """The whole of it, in the order in which it is read."""
    schemas = merged(command_schemas(), sent_schemas())
    messages = {name_of(cls): message(cls, schemas) for cls in _types()}
    return {
        "asyncapi": "3.0.0",
        "info": info(),
        "defaultContentType": "application/json",
        "servers": servers(),
        "channels": {"socket": channel(messages)},
        "operations": dict(operations()),
        "components": {
            "messages": messages,
            "schemas": schemas,
            "securitySchemes": security_schemes(),
        },
        "x-error-codes": error_codes(),
        "x-close-codes": close_codes(),
    }


def as_yaml() -> str:
    return yaml.dump(
        document(),
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
    )


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        """What comes twice is written twice: people read this file."""
        return True


def _types() -> list[Struct]:
    return [*commands(), *sent()]
